import type { Loss, Warning } from '../api.js';
import type { Finding } from '../doctor/findings.js';
import type { Tombstone } from '../licence/document.js';
import type { Leaving } from '../licence/seat-marks.js';
import type { RenewalTrouble } from '../rules/renewal-state.js';
import type { DisplayCopyState } from '../store/display-copy.js';

export const displayCopyWarnings: Partial<Record<DisplayCopyState, string>> = {
  wreck: 'no longer reads as a licence; no user loses a seat, and it is shown whole again soon',
  missing:
    'is not there any more; no user loses a seat by that alone, ' +
    'and it is shown again at the next commit as long as the folder beside it (.revisions) is there',
  linked:
    'has a second name (a hard link, as some backups make); no user loses a seat, ' +
    'but while it has it is not refreshed: copy it to a name of its own, and rename that copy over it',
  foreign: 'is another document now; no user loses a seat, and it is left as it is',
};

export const displayCopyTrouble = (licenceFile: string, trouble: string): Warning => ({
  code: 'FACE',
  message:
    `${licenceFile} could not be refreshed, and shows an older state: ${trouble}; ` +
    'no user loses a seat by it (seatfile doctor tells more)',
});

/** What makes a place unfit at first sight; null for every other finding. */
export function placeWords(finding: Finding): string | null {
  if (finding.severity !== 'unfit') return null;
  const end = 'run seatfile doctor, and move the licence to a file share';
  if (finding.check === 'cloudFolder' && finding.folder !== null)
    return (
      `is synchronised by ${finding.folder.service}: ` +
      `every PC has a copy of its own, and the same seat is granted twice; ${end}`
    );
  if (finding.check === 'fileSystem')
    return `is on ${finding.name ?? 'a file system'} that cannot decide who gets a seat; ${end}`;
  return null;
}

/** What a holder is told from the tombstone of its seat. Without a tombstone, the seat was simply taken. */
export function lossOf(tombstone: Tombstone | null): Loss {
  if (tombstone === null) return { reason: 'place taken', by: null, words: null, at: null };
  return { reason: tombstone.reason, by: tombstone.actor, words: tombstone.words, at: tombstone.at };
}

/** What a holder is told whose seat is removed gently: the same, before there is a tombstone. */
export const lossOfLeaving = ({ actor: by, words, at }: Leaving): Loss => ({
  ...{ reason: 'removed', by, words, at },
});

export const renewalWarning = ({ why, sinceAt, closesAt, isClosed }: RenewalTrouble): string =>
  isClosed
    ? `the licence could not be renewed since ${sinceAt} (${why}); no new user is seated any more, held seats stay`
    : `the licence could not be renewed since ${sinceAt} (${why}); work goes on until ${closesAt}`;

export const renewalClosed = ({ why, sinceAt, closesAt }: RenewalTrouble): string =>
  `the licence could not be renewed since ${sinceAt} (${why}), and was to be by ${closesAt}: no new user is seated, ` +
  'held seats stay; run seatfile renew where the address can be reached, or install a new licence file';
