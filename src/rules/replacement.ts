import { SeatfileFault } from '../licence/fault.js';
import type { ChangeContext, Draft } from '../licence/revision.js';
import { parseLicence } from '../licence/text.js';
import { shownKeyId, type Trust } from '../licence/trust.js';
import { install } from './installation.js';
import { type NewLicence, readNewLicence } from './new-licence.js';

/** What becomes of a replacement file: one that an administrator put over `licence.json`. */
export type ReplacementOutcome =
  | { readonly kind: 'adopted'; readonly draft: Draft }
  | { readonly kind: 'same' } // the table has all that is in it: it may be written over
  | { readonly kind: 'refused'; readonly why: string };

/** What can be said of a replacement file before it is compared with the table. */
export type ReplacementRead =
  | { readonly kind: 'read'; readonly next: NewLicence }
  | { readonly kind: 'left'; readonly why: string } // this process has not the key to judge it by; another may
  | { readonly kind: 'refused'; readonly why: string };

export function readReplacement(text: string, trust: Trust): ReplacementRead {
  try {
    const isLeft = !trust.isAsked && parseLicence(text, 'it').entitlement.signature !== undefined;
    if (isLeft) return { kind: 'left', why: 'has no public key to verify it with' };
    return { kind: 'read', next: readNewLicence(text, 'it', trust).next };
  } catch (error) {
    if (!(error instanceof SeatfileFault)) throw error;
    if (error.code !== 'LICENCE_UNTRUSTED') return { kind: 'refused', why: error.message };
    const { keyId } = parseLicence(text, 'it').entitlement;
    return { kind: 'left', why: `does not know the key ${shownKeyId(keyId)} that it names` };
  }
}

/**
 * A signed file is installed as `seatfile install` would do it. An unsigned one over an unsigned licence of the same id
 * is adopted as it is, with its settings.
 */
export function judgeReplacement(
  context: ChangeContext,
  { next, actor }: { readonly next: NewLicence; readonly actor: string },
): ReplacementOutcome {
  const outcome = install(context, { next, actor, kind: 'installed', force: false });
  switch (outcome.kind) {
    case 'installed':
      return { kind: 'adopted', draft: outcome.draft };
    case 'refused':
      return { kind: 'refused', why: outcome.refusal.why };
    case 'same':
      return outcome;
  }
}
