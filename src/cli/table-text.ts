import { unreachable } from '../licence/fault.js';
import { bytes, counted, list, MOVE, ms, type Of, type Told, tell, type Words } from './told.js';
import { clockTime, printable } from './words.js';

/** The seat table, a second PC, the stress test, and the examination itself. */
export const TABLE_WORDS = {
  licence: describeLicence,
  peer: describePeer,
  hammer: describeHammer,
  leftOvers: (finding) =>
    tell(
      `directories of other runs of doctor, running or killed: ${list(finding.names)}` +
        `${finding.cleared > 0 ? `; ${finding.cleared} removed` : ''}`,
      'They do no harm.',
      finding.cleared === finding.names.length ? null : 'Remove the rest when no doctor runs here any more.',
    ),
  failed: (finding) =>
    tell(
      `the check of ${finding.during} ended with: ${printable(finding.message)}`,
      'The share does not offer what a seat table needs, or failed at that moment.',
      'Run doctor again. If the check fails again, keep the licence elsewhere.',
    ),
  cleanUp: (finding) =>
    tell(
      `${printable(finding.left)} could not be removed`,
      'It does no harm. A later doctor removes it when its process is gone.',
      'Remove it when the share answers again.',
    ),
} satisfies Partial<Words>;

function describeLicence(finding: Of<'licence'>): Told {
  const { state, revision, trouble } = finding;
  switch (state) {
    case 'none':
      return tell(
        'no licence file there',
        'doctor examined the directory as a place for a new one.',
        'If one should be there: connect the share, or correct the path.',
      );
    case 'notBegun':
      return tell('the licence is new', 'Its first seat begins the table.');
    case 'noFolder':
      return tell(
        `licence.json is at revision ${revision}, but its folder of revisions is not there`,
        'It is a copy, or the table was lost. No new user is seated.',
        'Put the folder back beside it, or use the original.',
      );
    case 'damaged':
      return tell(
        printable(trouble ?? 'the table is damaged'),
        'No user can take a seat while it stays so.',
        'If it stays so: put back the newest copy of licence.json and its folder together.',
      );
    case 'inOrder':
      return describeInOrder(finding);
    default:
      return unreachable(state);
  }
}

/** What `licence.json` is when it is not the copy that seatfile shows. */
const DISPLAY_COPY_WORDS = {
  wreck: 'licence.json does not read as a licence',
  missing: 'licence.json is missing',
  foreign: 'licence.json is another document',
  linked: 'licence.json has a second name (a hard link, as some backups make)',
  unread: 'licence.json cannot be read',
} as const;

function describeInOrder(finding: Of<'licence'>): Told {
  const table = describeTable(finding);
  const { face, faceBehind, putOverIssuedAt } = finding;
  const behind = `licence.json is ${counted(faceBehind ?? 0, 'revision')} behind`;
  if (finding.isFaceLate)
    return tell(
      `${table}; ${behind}, and was not refreshed`,
      'No user loses a seat by it, but people and backups see an old state.',
      'Allow users to write licence.json and the directory around it, and close programs that keep it open. ' +
        'The next commit refreshes it.',
    );
  if (putOverIssuedAt !== null)
    return tell(
      `${table}; licence.json is a licence issued ${clockTime(putOverIssuedAt)}, which is not in force`,
      'No user loses a seat by it, and what it grants is not granted yet.',
      'Put it in force: seatfile install FILE FILE --public-key KEY, with this licence file twice.',
    );
  if (face === null || face === 'ours')
    return tell(table, faceBehind ? `${behind}, until the next commit.` : 'licence.json shows the newest.');
  return describeDisplayCopy(face, `${table}; ${DISPLAY_COPY_WORDS[face]}`);
}

function describeDisplayCopy(face: keyof typeof DISPLAY_COPY_WORDS, found: string): Told {
  if (face === 'linked')
    return tell(
      found,
      'No user loses a seat by it, but licence.json is not refreshed while it has two names.',
      'Copy it (cp -p), rename the copy over it, and let the backup make copies instead of links.',
    );
  return tell(
    found,
    'No user loses a seat by it. A later commit replaces a missing file, or one that is no licence.',
    face === 'foreign' ? 'Move it aside if it does not belong there.' : null,
  );
}

function describeTable({ revision, revisions, newestBytes, others, ...pieces }: Of<'licence'>): string {
  const left = pieces.stages + pieces.clearing;
  const parts = [
    `revision ${revision}`,
    `${counted(revisions, 'revision')} kept, about ${bytes(revisions * newestBytes)}`,
    ...(left > 0 ? [`${counted(left, 'unfinished piece')} of work`] : []),
    ...(others > 0 ? [`${counted(others, 'thing')} that are not seatfile's`] : []),
  ];
  return `the table: ${parts.join(', ')}`;
}

function describePeer(finding: Of<'peer'>): Told {
  if (finding.host === null)
    return tell(
      `no other doctor --peer was seen within ${ms(finding.waitedMs)}`,
      'How fast a change is seen on another PC was not measured.',
      'Run seatfile doctor --peer on the same path on another PC at the same time.',
    );
  if (finding.rounds === 0)
    return tell(
      `doctor --peer on ${printable(finding.host)} was seen, but did not answer within ${ms(finding.waitedMs)}`,
      'It was killed, or does not see what is written here.',
      'Start both again.',
    );
  const same = finding.isSameComputer ? ', which is this same computer' : '';
  return tell(
    `a change is seen on ${printable(finding.host)}${same} after ${ms(finding.medianMs)} ` +
      `(median of ${finding.rounds}; longest ${ms(finding.maxMs)})`,
    finding.severity === 'ok'
      ? 'PCs see changes as soon as the design assumes (a minute at most).'
      : 'Other PCs learn of a seat that much later. No seat is granted twice by it.',
    finding.isSameComputer
      ? 'Run it on another PC.'
      : finding.severity === 'ok'
        ? null
        : 'Mount with shorter caches.',
  );
}

function describeHammer(finding: Of<'hammer'>): Told {
  const { acknowledged, lost, twice, unknown, failed } = finding;
  const pace = `${finding.perSecond} a second, slowest ${ms(finding.slowestMs)}`;
  const doubt = [
    unknown > 0 ? `${unknown} in doubt` : '',
    failed > 0 ? `${failed} failed (${printable(finding.firstFailure ?? '')})` : '',
  ];
  const rest = doubt
    .filter(Boolean)
    .map((one) => `, ${one}`)
    .join('');
  const run = `${finding.workers} processes for ${finding.seconds} s`;
  const found = `${run}: ${acknowledged} commits acknowledged (${pace})${rest}`;
  if (lost + twice > 0)
    return tell(
      `${found}; ${lost} lost, ${twice} made twice`,
      'The table is not safe there: seats are lost or granted twice.',
      MOVE,
    );
  if (acknowledged === 0) return tell(found, 'No user could take a seat there.', 'See the first failure.');
  return tell(
    `${found}; every one of them there once`,
    'No commit was lost or made twice.',
    unknown + failed > 0 ? 'Find out what disturbs the share (virus scanner, full disk, line).' : null,
  );
}
