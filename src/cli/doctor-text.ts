import { type Finding, isFit, type Report, type Severity, worstFirst } from '../doctor/findings.js';
import { unreachable } from '../licence/fault.js';
import { printable } from './words.js';

/** What doctor found, in words: what it is, what it means for seats, what to do. */
interface Told {
  readonly found: string;
  readonly meaning: string;
  /** Null: nothing is to be done. */
  readonly advice: string | null;
}

const tell = (found: string, meaning: string, advice: string | null = null): Told => ({
  found,
  meaning,
  advice,
});
const s = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
const list = (names: readonly string[]): string =>
  printable(names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : ''));
const ms = (value: number): string =>
  value < 10_000 ? `${Math.round(value * 10) / 10} ms` : `${Math.round(value / 1000)} s`;
const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

function bytes(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, count)) / 10)));
  return `${Math.round(count / 1024 ** step)} ${units[step]}`;
}

const MOVE = 'Keep the licence on a file share (SMB or NFS) that all PCs mount directly.';

function describeFinding(finding: Finding): Told {
  switch (finding.check) {
    case 'leftOvers':
      return tell(
        `directories of other runs of doctor, running or killed: ${list(finding.names)}` +
          `${finding.cleared > 0 ? `; ${finding.cleared} removed` : ''}`,
        'They do no harm.',
        finding.cleared === finding.names.length
          ? null
          : 'Remove the rest when no doctor runs here any more.',
      );
    case 'fileSystem':
      return describeFileSystem(finding);
    case 'space':
      if (finding.freeBytes === null)
        return tell('free space: this system does not tell', 'On a full disk no user can take a seat.');
      return tell(
        `${bytes(finding.freeBytes)} free` +
          `${finding.freeFiles === undefined ? '' : `, ${finding.freeFiles} file entries (inodes) left`}`,
        finding.severity === 'ok'
          ? 'Room for the table: all kept revisions together stay below 256 MiB.'
          : 'On a full disk no user can take a seat, and no heartbeat can be written.',
        finding.severity === 'ok'
          ? null
          : 'Free at least 256 MiB. If few file entries are left, remove small files too, or enlarge the file system.',
      );
    case 'notMounted':
      return tell(
        `${printable(finding.source)} is not mounted on ${printable(finding.point)}, where /etc/fstab wants it`,
        'What lies there now is a directory of this computer. A licence made there would have a seat table of its own.',
        `Connect the share (mount ${printable(finding.point)}), and run doctor again.`,
      );
    case 'wrongPlace':
      return tell(printable(finding.trouble), 'Nothing else was tried there.');
    case 'cloudFolder':
      if (finding.folder === null)
        return tell('no sign of a synchronising client', 'All PCs use one and the same folder.');
      return tell(
        `a folder that ${finding.folder.service} synchronises (${printable(finding.folder.marker)})`,
        'Every PC has its own copy, and the copies are merged later: the same seat is granted twice.',
        MOVE,
      );
    case 'litter':
      if (finding.names.length === 0)
        return tell('no conflicting copies', 'Nothing synchronises this folder.');
      return tell(
        `conflicting copies beside the licence: ${list(finding.names)}`,
        'A program has synchronised this folder between PCs. If it goes on, seats are granted twice.',
        'Find the program that made the copies, exclude this folder there, and delete the copies.',
      );
    case 'mappedDrive':
      return tell(
        `${finding.drive} is a mapped drive for ${printable(finding.unc)}`,
        'It is the same folder. Services and other users may not have the drive.',
        `Name the licence by ${printable(finding.unc)}.`,
      );
    case 'pathLength':
      return tell(
        `the longest name below it has ${finding.longest} characters`,
        finding.severity === 'ok'
          ? 'Short enough for every program.'
          : `Windows tools that allow no more than ${finding.most} (Explorer, backups) cannot open it; seatfile can.`,
        finding.severity === 'ok' ? null : 'Move the licence nearer to the top of the share.',
      );
    case 'rights':
      return describeRights(finding);
    case 'othersRights':
      return describeOthers(finding);
    case 'exclusiveCreate':
      return finding.severity === 'ok'
        ? tell('a file that exists is not created again', 'Two processes cannot create the same file.')
        : tell(
            'a file that exists was created again',
            'What one process writes, another one overwrites.',
            MOVE,
          );
    case 'readBack':
      return finding.isWhole
        ? tell(
            `${bytes(finding.bytes)} written, synced and read back whole under a new path`,
            'A revision is read as it was written.',
          )
        : tell(
            `${bytes(finding.bytes)} written and synced did not read back whole under a new path`,
            'The table would be garbled or lost.',
            MOVE,
          );
    case 'directoryRename':
      return describeRename(finding);
    case 'freshness':
      return finding.late === 0
        ? tell(
            'a listing shows at once what this PC has made and removed',
            'A poll sees the latest revision.',
          )
        : tell(
            `${finding.late} of ${2 * finding.rounds} changes of this PC were not in the next listing ` +
              `(up to ${ms(finding.slowestMs)} late)`,
            'Seats are safe, but commits are slow: they try revision numbers that are taken already.',
            'Mount without caching of directories (cifs: actimeo=0 or cache=none; NFS: lookupcache=positive).',
          );
    case 'stamps':
      return describeStamps(finding);
    case 'caseFolding':
      return tell(
        finding.isFolded ? 'file names are not case-sensitive' : 'file names are case-sensitive',
        'Both are fine: all names of seatfile are lower-case.',
      );
    case 'roundTrips': {
      const worst = finding.operations
        .map((one) => `${one.operation} ${one.medianMs}/${one.maxMs}`)
        .join(', ');
      const isSlow = finding.severity !== 'ok';
      return tell(
        `round trips, median/longest in ms: ${worst}`,
        isSlow
          ? 'Every commit is a dozen of these: taking a seat takes long.'
          : 'A commit is a dozen of these.',
        isSlow
          ? `Find out why ${finding.slowest} takes ${ms(finding.slowestMedianMs)} (line, virus scanner, server load).`
          : null,
      );
    }
    case 'licence':
      return describeLicence(finding);
    case 'peer':
      return describePeer(finding);
    case 'hammer':
      return describeHammer(finding);
    case 'failed':
      return tell(
        `the check of ${finding.during} ended with: ${printable(finding.message)}`,
        'The share does not offer what a seat table needs, or failed at that moment.',
        'Run doctor again. If the check fails again, keep the licence elsewhere.',
      );
    case 'cleanUp':
      return tell(
        `${printable(finding.left)} could not be removed`,
        'It does no harm. A later doctor removes it when its process is gone.',
        'Remove it when the share answers again.',
      );
    default:
      return unreachable(finding);
  }
}

type Of<Check extends Finding['check']> = Extract<Finding, { check: Check }>;

function describeFileSystem({ name, type, fitness, mount, weakOptions }: Of<'fileSystem'>): Told {
  const from = mount ? ` (${printable(mount.source)} on ${printable(mount.point)})` : '';
  const known = name ?? (type === 0 ? 'this system does not tell' : `type 0x${(type >>> 0).toString(16)}`);
  const found = `file system: ${known}${from}`;
  switch (fitness) {
    case 'share':
      if (weakOptions.length === 0) return tell(found, 'A network share.');
      return tell(
        `${found}, mounted with ${weakOptions.join(', ')}`,
        'An operation may report a failure although it was done, or show an old state: ' +
          'more commits end with an unknown outcome.',
        'Mount without these options (NFS: hard, the default; cifs: cache=strict, the default).',
      );
    case 'local':
      return tell(found, 'This is a local disk. Other PCs cannot use it unless you share the folder.');
    case 'doubtful':
      return tell(
        found,
        'Whether seats are safe depends on the storage behind it, and on its caches.',
        'Test it with --peer on two PCs and with --hammer before you rely on it, or use SMB or NFS directly.',
      );
    case 'unfit':
      return tell(found, 'PCs do not see one common state there: the same seat is granted twice.', MOVE);
    case 'unknown':
      return tell(found, 'seatfile does not know it. The checks below decide.');
    default:
      return unreachable(fitness);
  }
}

const whyRefused = (kind: string): string =>
  kind === 'full' ? 'no space' : kind === 'readOnly' ? 'read-only' : 'refused';

function describeRights(finding: Of<'rights'>): Told {
  const { refused, mode } = finding;
  if (refused)
    return tell(
      `${refused.operation} ${printable(refused.path)}: ${whyRefused(refused.kind)}`,
      'This user cannot take a seat here. status may still work.',
      refused.kind === 'full'
        ? 'Free space or file entries (inodes), or raise the quota.'
        : 'Grant the right to read, create, rename and delete in the folder (Windows: Modify).',
    );
  if (finding.isSticky)
    return tell(
      `the directory is sticky (mode ${octal(mode)})`,
      "Users cannot delete each other's files: no user could remove what another one left.",
      `Use another directory, without the sticky bit, or: chmod -t ${quoted(finding.around)}`,
    );
  if (finding.where === 'folder')
    return tell(
      'this user may write only in the folder of revisions',
      'Seats work. licence.json is refreshed by users that may write beside it.',
    );
  const around = quoted(finding.around);
  if (finding.others === 'nobody')
    return tell(
      `only its owner may write there (mode ${octal(mode)})`,
      'Other users cannot take a seat.',
      `For everybody: ${opened(finding, 'ugo', 'chmod 2777')}. ` +
        `For one group: ${opened(finding, 'ug', 'chgrp GROUP', 'chmod 2770')}`,
    );
  if (finding.others === 'group' && !finding.keepsGroup)
    return tell(
      `the group may write, but new directories get their maker's own group (mode ${octal(mode)})`,
      'Users with another main group cannot remove what others left.',
      `Set the group bit: chmod g+s ${around}`,
    );
  const also = finding.keepsModes ? '' : '; the share sets rights by itself';
  return tell(
    `this user can create, list, rename and delete files; ${WRITERS[finding.others]} (mode ${octal(mode)})${also}`,
    'This user can take seats. To check another user, run doctor as that user.',
  );
}
const WRITERS = {
  everybody: 'everybody can write there',
  group: 'the group can write there',
  unknown: 'the server decides which other users can write there',
} as const;

/** What opens a place to others, with the licence that is there by then: it keeps the rights that it was made with. */
function opened(
  { around, licence }: Pick<Of<'rights'>, 'around' | 'licence'>,
  whose: string,
  ...commands: readonly string[]
): string {
  const first = commands.map((command) => `${command} ${quoted(around)}`);
  if (licence === null) return first.join(' && ');
  const folder = `${licence}.revisions`;
  const paths = `${quoted(licence)} ${quoted(folder)}`;
  const group = commands
    .filter((command) => command.startsWith('chgrp'))
    .map((command) => `${command.replace('chgrp', 'chgrp -R')} ${paths}`);
  return [
    ...first,
    ...group,
    `chmod -R ${whose}+rwX ${paths}`,
    `find ${quoted(folder)} -type d -exec chmod g+s {} +`,
  ].join(' && ');
}

/** A path as a shell takes it. */
const quoted = (path: string): string => `'${printable(path).replaceAll("'", `'\\''`)}'`;

function describeOthers({ lacking, closed, mode, group, face, folder }: Of<'othersRights'>): Told {
  if (lacking.length + closed.length === 0)
    return tell(
      'what lies there is as open to other users as the directory around it',
      'By its modes and groups.',
    );
  const entries = lacking.map(
    (one) => `${one.path} (mode ${octal(one.mode)}${one.isOtherGroup ? ', another group' : ''})`,
  );
  const found = [
    ...(lacking.length > 0
      ? [`less open to other users than the directory around it: ${list(entries)}`]
      : []),
    ...(closed.length > 0 ? [`no way for other users through ${list(closed)}`] : []),
  ].join('; ');
  const whose = (mode & 0o003) === 0o003 ? 'ugo' : 'ug';
  const both = [face, folder].filter((path) => path === folder || lacking.some((one) => one.path === face));
  const there = lacking.some((one) => one.path.startsWith(folder)) ? both : [face];
  const paths = there.map(quoted).join(' ');
  const commands = [
    ...(lacking.some((one) => one.isOtherGroup) && group !== null ? [`chgrp -R ${group} ${paths}`] : []),
    ...(lacking.length > 0 ? [`chmod -R ${whose}+rwX ${paths}`] : []),
    ...(lacking.length > 0 && there.includes(folder)
      ? [`find ${quoted(folder)} -type d -exec chmod ${(mode & 0o2000) === 0 ? '-t' : 'g+s,-t'} {} +`]
      : []),
    ...closed.map((path) => `chmod ${whose === 'ugo' ? 'a' : 'g'}+x ${quoted(path)}`),
  ];
  return tell(
    found,
    'Other users may not be able to take a seat, to read the table, or to remove what others left ' +
      '(with an access list, the group bits are its mask).',
    `Type: ${commands.join(' && ')}`,
  );
}

function describeRename({ isRefused, isWhole, ontoEmpty }: Of<'directoryRename'>): Told {
  if (!isRefused)
    return tell(
      'a directory was renamed onto one that is not empty',
      'Two PCs could publish the same revision: the same seat is granted twice, and the table is lost.',
      MOVE,
    );
  if (!isWhole)
    return tell(
      'the server refused to rename a directory onto one that is not empty, but damaged one of them',
      'A refused commit would destroy the table.',
      MOVE,
    );
  return tell(
    'the server never lets two PCs take the same revision ' +
      `(a directory is renamed only onto a free name; onto an empty one: ${ontoEmpty})`,
    'So no seat is granted twice.',
  );
}

function describeStamps(finding: Of<'stamps'>): Told {
  const { offsetMs, uncertaintyMs, granularityMs, by } = finding;
  const apart = `${ms(Math.abs(offsetMs))} ${offsetMs < 0 ? 'behind' : 'ahead of'} this PC`;
  const limit = granularityMs === 1 ? ' or finer' : granularityMs === 1000 ? ' or coarser' : '';
  const found = `server clock: ${apart} (+/- ${ms(uncertaintyMs)}), file times exact to ${granularityMs} ms${limit}`;
  if (finding.goesBack)
    return tell(
      'the file times of the share go back, or are zero',
      'Times in status and the last day of a licence cannot be trusted.',
      'Set the clock of the file server.',
    );
  if (!finding.isMoving)
    return tell(
      'the time of a directory does not change when its content changes',
      'A PC may see an old listing for up to a minute. Seats stay safe, but waits are longer.',
      'Mount without caching of directories.',
    );
  if (by === 'client')
    return tell(
      found,
      'This file system uses the clock of each PC. Times in status differ, but no seat depends on them.',
      'Keep the clocks of the PCs together (NTP).',
    );
  if (finding.severity === 'note')
    return tell(
      found,
      "No user loses a seat by it: no two clocks are ever compared. Times in status are the server's.",
      'Correct the clock that is wrong.',
    );
  return tell(found, 'No seat depends on it.');
}

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
    case 'inOrder': {
      const left = finding.stages + finding.clearing;
      const parts = [
        `revision ${revision}`,
        `${s(finding.revisions, 'revision')} kept, about ${bytes(finding.revisions * finding.newestBytes)}`,
        ...(left > 0 ? [`${s(left, 'unfinished piece')} of work`] : []),
        ...(finding.others > 0 ? [`${s(finding.others, 'thing')} that are not seatfile's`] : []),
      ];
      const found = `the table: ${parts.join(', ')}`;
      const faces = {
        wreck: 'licence.json does not read as a licence',
        missing: 'licence.json is missing',
        foreign: 'licence.json is another document',
        linked: 'licence.json has a second name (a hard link, as some backups make)',
        unread: 'licence.json cannot be read',
      } as const;
      if (finding.isFaceLate)
        return tell(
          `${found}; licence.json is ${s(finding.faceBehind ?? 0, 'revision')} behind, and was not refreshed`,
          'No user loses a seat by it, but people and backups see an old state.',
          'Allow users to write licence.json and the directory around it, and close programs that keep it open. ' +
            'The next commit refreshes it.',
        );
      if (finding.face === null || finding.face === 'ours') {
        const behind = finding.faceBehind
          ? `licence.json is ${s(finding.faceBehind, 'revision')} behind, until the next commit.`
          : 'licence.json shows the newest.';
        return tell(found, behind);
      }
      return tell(
        `${found}; ${faces[finding.face]}`,
        finding.face === 'linked'
          ? 'No user loses a seat by it, but licence.json is not refreshed while it has two names.'
          : 'No user loses a seat by it. A later commit replaces a missing file, or one that is no licence.',
        finding.face === 'foreign'
          ? 'Move it aside if it does not belong there.'
          : finding.face === 'linked'
            ? 'Copy it (cp -p), rename the copy over it, and let the backup make copies instead of links.'
            : null,
      );
    }
    default:
      return unreachable(state);
  }
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

/** In one line, for a command that has another task. */
export function describeBriefly(finding: Finding): string {
  const { found, meaning, advice } = describeFinding(finding);
  return [`${found}.`, meaning, ...(advice ? [advice] : [])].join(' ');
}

const LABEL: Readonly<Record<Severity, string>> = {
  unfit: 'UNFIT  ',
  warning: 'warning',
  note: 'note   ',
  ok: 'ok     ',
};

export function verdictOf(report: Report): 'fit' | 'unfit' | 'missing' | 'unreachable' {
  if (report.unreachable !== null) return 'unreachable';
  if (report.missing !== null) return 'missing';
  return isFit(report.findings) ? 'fit' : 'unfit';
}

/** One sentence, then the findings, worst first. */
export function describeReport(report: Report): string {
  const lines = worstFirst(report.findings).map((finding) => {
    const { found, meaning, advice } = describeFinding(finding);
    const more = finding.severity === 'ok' ? [] : [meaning, ...(advice ? [`-> ${advice}`] : [])];
    return `${[`${LABEL[finding.severity]}  ${found}`, ...more.map((line) => `         ${line}`)].join('\n')}\n`;
  });
  return `${headline(report)}\n\n${lines.join('')}`;
}

function headline(report: Report): string {
  const path = printable(report.path);
  const of = (severity: Severity) => report.findings.filter((one) => one.severity === severity).length;
  const warnings = of('warning') > 0 ? `, with ${s(of('warning'), 'warning')}` : '';
  const unfit = `UNFIT to hold seats, for ${s(of('unfit'), 'reason')}${warnings}`;
  const fitness = isFit(report.findings) ? `fit to hold seats${warnings}` : unfit;
  switch (verdictOf(report)) {
    case 'fit':
    case 'unfit':
      return `${path}: ${fitness}.`;
    case 'missing': {
      const instead =
        report.findings.length > 0 ? ` As a place for a new licence that directory is ${fitness}.` : '';
      return `${path}: is the share connected, and the path right? Found ${printable(report.missing ?? '')}.${instead}`;
    }
    case 'unreachable':
      return describeSilence(path, report);
  }
}

function describeSilence(path: string, { unreachable, findings }: Report): string {
  const why = `at the check of ${unreachable?.during} (${printable(unreachable?.message ?? '')})`;
  return `${path}: the share stopped answering ${why}; ${s(findings.length, 'finding')} before that.`;
}

/** The one document of --json. */
export function reportDocument(report: Report): object {
  return {
    schemaVersion: 1,
    path: report.path,
    verdict: verdictOf(report),
    missing: report.missing,
    unreachable: report.unreachable,
    findings: worstFirst(report.findings).map((finding) => ({ ...finding, ...describeFinding(finding) })),
  };
}
