import type { Licence, SealedEntitlement } from '../licence/document.js';
import { parseJson } from '../licence/json.js';
import { LOST_BELOW } from './known-numbers.js';

/** The keys that tell which table a document is of, and which revision of it. */
export interface Shown {
  readonly lineage: unknown;
  readonly entitlement: SealedEntitlement;
  readonly revision: unknown;
  readonly commit: unknown;
  readonly settings: unknown;
}

/** What is shown of a revision. */
export const shownOf = ({ lineage, entitlement, revision, commit, settings }: Licence): Shown => ({
  ...{ lineage, entitlement, revision, commit, settings },
});

/** The rest is not checked: this runs whenever the file has changed. */
export function readLoosely(bytes: Uint8Array): Shown | null {
  try {
    const value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes), '');
    if (typeof value !== 'object' || value === null || !('entitlement' in value)) return null;
    const { entitlement } = value;
    if (typeof entitlement !== 'object' || entitlement === null) return null;
    if (!('payload' in entitlement) || typeof entitlement.payload !== 'string') return null;
    if ('signature' in entitlement && typeof entitlement.signature !== 'string') return null;
    return {
      lineage: 'lineage' in value ? value.lineage : undefined,
      revision: 'revision' in value ? value.revision : undefined,
      commit: 'commit' in value ? value.commit : undefined,
      settings: 'settings' in value ? value.settings : undefined,
      entitlement: entitlement as SealedEntitlement,
    };
  } catch {
    return null;
  }
}

/** How what is shown stands to a revision: numbers of another lineage say nothing, and it is the one before. */
export function orderOf(shown: Shown, { lineage, revision, commit }: Licence): 'older' | 'same' | 'higher' {
  if (shown.lineage !== lineage || typeof shown.revision !== 'number') return 'older';
  if (shown.revision === revision && shown.commit === commit) return 'same';
  return shown.revision > revision ? 'higher' : 'older';
}

/** So far below what is shown that revisions may be lost. */
export const isLostBelow = (top: Licence, shown: Shown): boolean =>
  typeof shown.revision === 'number' && shown.revision - top.revision >= LOST_BELOW;
