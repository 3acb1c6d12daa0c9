import { unreachable } from '../licence/fault.js';
import { bytes, list, MOVE, type Of, type Told, tell, type Words } from './told.js';
import { printable } from './words.js';

/** What the path and its file system tell. */
export const PLACE_WORDS = {
  fileSystem: describeFileSystem,
  space: (finding) => {
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
  },
  notMounted: (finding) =>
    tell(
      `${printable(finding.source)} is not mounted on ${printable(finding.point)}, where /etc/fstab wants it`,
      'What lies there now is a directory of this computer. A licence made there would have a seat table of its own.',
      `Connect the share (mount ${printable(finding.point)}), and run doctor again.`,
    ),
  wrongPlace: (finding) => tell(printable(finding.trouble), 'Nothing else was tried there.'),
  cloudFolder: (finding) => {
    if (finding.folder === null)
      return tell('no sign of a synchronising client', 'All PCs use one and the same folder.');
    return tell(
      `a folder that ${finding.folder.service} synchronises (${printable(finding.folder.marker)})`,
      'Every PC has its own copy, and the copies are merged later: the same seat is granted twice.',
      MOVE,
    );
  },
  litter: (finding) => {
    if (finding.names.length === 0) return tell('no conflicting copies', 'Nothing synchronises this folder.');
    return tell(
      `conflicting copies beside the licence: ${list(finding.names)}`,
      'A program has synchronised this folder between PCs. If it goes on, seats are granted twice.',
      'Find the program that made the copies, exclude this folder there, and delete the copies.',
    );
  },
  mappedDrive: (finding) =>
    tell(
      `${finding.drive} is a mapped drive for ${printable(finding.unc)}`,
      'It is the same folder. Services and other users may not have the drive.',
      `Name the licence by ${printable(finding.unc)}.`,
    ),
  pathLength: (finding) =>
    tell(
      `the longest name below it has ${finding.longest} characters`,
      finding.severity === 'ok'
        ? 'Short enough for every program.'
        : `Windows tools that allow no more than ${finding.most} (Explorer, backups) cannot open it; seatfile can.`,
      finding.severity === 'ok' ? null : 'Move the licence nearer to the top of the share.',
    ),
} satisfies Partial<Words>;

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
