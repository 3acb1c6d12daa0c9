import {
  FORMAT,
  type Licence,
  type LicenceEvent,
  MAX_RECENT,
  type SealedEntitlement,
  type Settings,
} from './document.js';
import type { Policy } from './entitlement.js';
import { hashOf } from './event-hash.js';
import { toIso } from './time.js';

/** What a change says happened; its id, time and link in the chain are added when the revision is made. */
export interface EventDraft {
  readonly kind: string;
  readonly [detail: string]: unknown;
}

/** The outcome of a pure change: the new table and settings, and what to tell the journal. */
export interface Draft {
  readonly licence: Licence;
  readonly events: readonly EventDraft[];
}

/** The table that a change starts from, what holds at this site, and the time. The store makes one for each attempt. */
export interface ChangeContext {
  readonly licence: Licence;
  readonly policy: Policy;
  /** Share time. Milliseconds since 1970. */
  readonly nowMs: number;
}

/** One more step of a change: it sees the table as the steps before have left it, and null leaves that as it is. */
export function andThen(
  context: ChangeContext,
  draft: Draft,
  step: (context: ChangeContext) => Draft | null,
): Draft {
  const next = step({ ...context, licence: draft.licence });
  return next ? { licence: next.licence, events: [...draft.events, ...next.events] } : draft;
}

/** What makes one attempt to publish unlike every other. */
export interface Stamp {
  /** One id for all attempts of a change. */
  readonly changeId: string;
  /** New for every attempt. */
  readonly commit: string;
  readonly shareTimeMs: number;
}

/** The licence as first written: revision 0, without seats. */
export function firstLicence(
  entitlement: SealedEntitlement,
  settings: Settings,
  ids: { lineage: string; commit: string },
): Licence {
  return {
    format: FORMAT,
    entitlement,
    settings,
    revision: 0,
    parent: null,
    lineage: ids.lineage,
    commit: ids.commit,
    recent: [],
    formerEntitlements: [],
    committedAt: null,
    instances: [],
    waiting: [],
    gone: [],
    events: [],
    lastEventHash: null,
  };
}

/** The child of `base`: one number higher, linked to its parent, its events chained. */
export function nextRevision(base: Licence, draft: Draft, stamp: Stamp): Licence {
  const revision = base.revision + 1;
  const at = toIso(stamp.shareTimeMs);
  const { events, lastEventHash } = chainEvents(base, draft.events, revision, at);
  return {
    ...draft.licence,
    revision,
    parent: { revision: base.revision, commit: base.commit },
    commit: stamp.commit,
    recent: [...base.recent, stamp.changeId].slice(-MAX_RECENT),
    committedAt: at,
    events,
    lastEventHash,
  };
}

function chainEvents(base: Licence, drafts: readonly EventDraft[], revision: number, at: string) {
  let lastEventHash = base.lastEventHash;
  const events = drafts.map((draft, n): LicenceEvent => {
    const event = { ...draft, id: `${base.lineage}.${revision}.${n}`, at, before: lastEventHash };
    lastEventHash = hashOf(event);
    return event;
  });
  return { events, lastEventHash };
}
