import type { Tombstone } from '../core/licence.js';
import type { FaceState } from '../share/face.js';
import type { Loss } from './seat.js';

/** Something the user should know, and that costs nobody a seat. */
export interface Warning {
  /** FACE: `licence.json` is not what it should be. SHARE: the share is in trouble, and it is tried again. JOURNAL: a part of it is damaged. */
  readonly code: 'FACE' | 'SHARE' | 'JOURNAL';
  readonly message: string;
}

export const faceWarnings: Partial<Record<FaceState, string>> = {
  wreck: 'no longer reads as a licence; nobody loses a seat, and it is shown whole again soon',
  missing: 'was deleted; nobody loses a seat, and it is shown again at the next commit',
  foreign: 'is another document now; nobody loses a seat, and it is left as it is',
};

/** What a holder is told from the tombstone of his seat; without one, his place was simply taken. */
export function lossOf(tombstone: Tombstone | null): Loss {
  if (tombstone === null) return { reason: 'place taken', by: null, words: null, at: null };
  return { reason: tombstone.reason, by: tombstone.actor, words: tombstone.words, at: tombstone.at };
}
