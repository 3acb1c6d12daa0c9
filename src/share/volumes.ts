/** What is known of file systems and of folders that are no shares: pure tables and text, no I/O. */

/** How a kind of file system stands to a seat table. */
export type Fitness =
  | 'share' // a network file system with the promises we need
  | 'local' // a disk of this computer: instances must run here, or reach it as a share
  | 'doubtful' // depends on what is behind it, or relaxes what we need
  | 'unfit' // cannot refuse a rename onto what is there, or has no common state
  | 'unknown';

/** statfs(2) types by name; from linux/magic.h and the file systems' own headers. */
const TYPES: Readonly<Record<number, string>> = {
  26985: 'nfs',
  4283649346: 'cifs',
  4266872130: 'smb2',
  20859: 'smb',
  1702057286: 'fuse',
  16914839: '9p',
  12805120: 'ceph',
  198183888: 'lustre',
  18225520: 'gfs2',
  1952539503: 'ocfs2',
  1196443219: 'gpfs',
  2035054128: 'overlay',
  61267: 'ext4', // ext2 and ext3 too
  1481003842: 'xfs',
  2435016766: 'btrfs',
  801189825: 'zfs',
  16914836: 'tmpfs',
  4076150800: 'f2fs',
  19780: 'fat',
  538032816: 'exfat',
  1936814952: 'squashfs',
  2020557398: 'vboxsf',
  3133910204: 'vmhgfs',
};

const FITNESS: Readonly<Record<Exclude<Fitness, 'unknown'>, ReadonlySet<string>>> = {
  share: new Set([
    'nfs',
    'nfs4',
    'cifs',
    'smb',
    'smb2',
    'smb3',
    'ceph',
    'lustre',
    'gfs2',
    'ocfs2',
    'gpfs',
    'fuse.glusterfs',
  ]),
  local: new Set([
    ...['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'zfs', 'tmpfs', 'f2fs', 'overlay'],
    ...['ntfs', 'ntfs3', 'apfs', 'hfs', 'fuseblk'],
  ]),
  doubtful: new Set([
    'fuse',
    '9p',
    'vboxsf',
    'vmhgfs',
    'fuse.sshfs',
    'fat',
    'vfat',
    'exfat',
    'fuse.mergerfs',
    'virtiofs',
  ]),
  unfit: new Set([
    ...[
      'fuse.rclone',
      'rclone',
      'fuse.s3fs',
      'fuse.goofys',
      'fuse.gcsfuse',
      'fuse.blobfuse',
      'fuse.blobfuse2',
    ],
    ...[
      'fuse.davfs',
      'davfs',
      'fuse.geesefs',
      'fuse.mount-s3',
      'fuse.google-drive-ocamlfuse',
      'fuse.onedriver',
    ],
    ...['squashfs', 'iso9660'],
  ]),
};

/** statfs gives a signed number on some platforms. */
export const nameOfType = (type: number): string | null => TYPES[type >>> 0] ?? null;

export function fitnessOf(name: string | null): Fitness {
  if (name === null) return 'unknown';
  const kinds = ['share', 'local', 'doubtful', 'unfit'] as const;
  const kind = kinds.find((one) => FITNESS[one].has(name));
  return kind ?? (name.startsWith('fuse.') ? 'doubtful' : 'unknown');
}

/** One line of /proc/self/mountinfo. */
export interface Mount {
  readonly point: string;
  /** The directory of its file system that is shown there; `/` for all of it. */
  readonly root: string;
  /** `cifs`, `nfs4`, `fuse.sshfs` ... */
  readonly name: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** The mount that a path lies on: the deepest; of two on one point the later, which hides the earlier. */
export function mountOf(path: string, mountinfo: string): Mount | null {
  const mounts = mountinfo.split('\n').flatMap(parseMount);
  const around = mounts.filter(
    ({ point }) => path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`),
  );
  return around.reduce<Mount | null>(
    (deepest, one) => (one.point.length >= (deepest?.point.length ?? 0) ? one : deepest),
    null,
  );
}

function parseMount(line: string): Mount[] {
  const [before = '', after] = line.split(' - ');
  const [, , , root = '/', point, options = ''] = before.split(' ');
  const [name, source = '', superOptions = ''] = after?.split(' ') ?? [];
  if (!point || !name) return [];
  const all = [...options.split(','), ...superOptions.split(',')].filter(
    (word) => !/^(?:password|pass|cred)/.test(word),
  );
  return [{ point: unescaped(point), root: unescaped(root), name, source: unescaped(source), options: all }];
}

/** A share that /etc/fstab wants mounted around a path, and that is not. */
export interface AwayMount {
  readonly point: string;
  readonly source: string;
}

/** File systems of the network by the names that mount(8) knows, some of which mountinfo does not. */
const NETWORK = /^(?:nfs4?|cifs|smb3?|ceph|lustre|glusterfs|sshfs|davfs|9p|fuse\..+)$/;

/** On the empty mount point of a share that is away everything seems to be in order, and nothing is there. */
export function awayMount(path: string, mountinfo: string, fstab: string): AwayMount | null {
  const mounted = mountOf(path, mountinfo)?.point ?? '/';
  for (const line of fstab.split('\n')) {
    const [source = '', point = '', type = ''] = line.trim().split(/\s+/).map(unescaped);
    const isAround = path === point || path.startsWith(`${point}/`);
    if (!source.startsWith('#') && NETWORK.test(type) && isAround && !`${mounted}/`.startsWith(`${point}/`))
      return { point, source };
  }
  return null;
}

/** Blanks and the like stand as \040 there. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** Mount options under which a client may be told of failure, or of an old state, where it should wait or look. */
const WEAK_OPTIONS = new Set([
  'soft',
  'softerr',
  'softreval',
  'nocto',
  'cache=loose',
  'cache=ro',
  'cache=singleclient',
]);
export const weakOptionsOf = (mount: Mount): string[] =>
  mount.options.filter((option) => WEAK_OPTIONS.has(option));

/** Where programs of this computer keep what they synchronise. */
export interface Home {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Texts of Dropbox's `info.json`, where there are any. */
  readonly dropboxInfos: readonly string[];
}

export interface CloudFolder {
  readonly service: string;
  /** What gave it away: a folder, a file, or a variable. */
  readonly marker: string;
}

/** Segments of a path that a synchronising client gives to its folders. */
const CLOUD_SEGMENTS: readonly (readonly [RegExp, string])[] = [
  [/^onedrive(?: - .+)?$/i, 'OneDrive'],
  [/^dropbox(?: \(.+\))?$/i, 'Dropbox'],
  [/^(?:google ?drive|googledrive-.+)$/i, 'Google Drive'],
  [/^(?:icloud ?drive|com~apple~clouddocs|mobile documents)$/i, 'iCloud'],
  [/^cloudstorage$/i, 'a cloud service of macOS'],
  [/^nextcloud$/i, 'Nextcloud'],
  [/^owncloud$/i, 'ownCloud'],
];
const DRIVE_ROOTS = /^[a-z]:\\(?:my drive|shared drives)(?:\\|$)/i;

/** By what a path is called, and by what this computer's clients say of themselves. */
export function cloudByPath(path: string, home: Home): CloudFolder | null {
  const roots = [
    ...['OneDrive', 'OneDriveCommercial', 'OneDriveConsumer'].map((name) => ({
      service: 'OneDrive',
      root: home.environment[name],
    })),
    ...home.dropboxInfos.flatMap(dropboxRoots).map((root) => ({ service: 'Dropbox', root })),
  ];
  for (const { service, root } of roots)
    if (root && isBelow(path, root, home.platform)) return { service, marker: root };
  if (DRIVE_ROOTS.test(path)) return { service: 'Google Drive', marker: path.slice(0, 3) };
  for (const segment of path.split(/[\\/]/))
    for (const [pattern, service] of CLOUD_SEGMENTS)
      if (pattern.test(segment)) return { service, marker: segment };
  return null;
}

function dropboxRoots(text: string): string[] {
  try {
    const accounts = Object.values(JSON.parse(text) as Record<string, { path?: unknown } | null>);
    return accounts.flatMap((account) => (typeof account?.path === 'string' ? [account.path] : []));
  } catch {
    return [];
  }
}

function isBelow(path: string, root: string, platform: NodeJS.Platform): boolean {
  const plain = (text: string) => {
    const forward = text.replaceAll('\\', '/').replace(/\/+$/, '');
    return platform === 'linux' ? forward : forward.toLowerCase();
  };
  return `${plain(path)}/`.startsWith(`${plain(root)}/`);
}

/** Entries that a synchronising client leaves in the folders it keeps. */
const CLOUD_ENTRIES: readonly (readonly [RegExp, string])[] = [
  [/^\.dropbox(?:\.cache|\.attr)?$/, 'Dropbox'],
  [/^\.stfolder$/, 'Syncthing'],
  [/^(?:\._sync_|\.sync_).*\.db(?:-.*)?$/, 'Nextcloud or ownCloud'],
  [/^\.owncloudsync\.log$/, 'ownCloud'],
  [/^\.tmp\.driveupload$|^\.tmp\.drivedownload$/, 'Google Drive'],
  [/^\.SynologyWorkingDirectory$/, 'Synology Drive'],
  [/^\.resilio$|^\.sync$/i, 'Resilio Sync'],
];

export function cloudByEntries(names: readonly string[]): CloudFolder | null {
  for (const name of names)
    for (const [pattern, service] of CLOUD_ENTRIES) if (pattern.test(name)) return { service, marker: name };
  return null;
}

/**
 * Copies of a synchronising client after two PCs wrote at once: `licence (conflicted copy).json`, `licence-PC17.json`.
 */
export function litterAmong(
  names: readonly string[],
  licenceFile: string,
  hosts: readonly string[],
): string[] {
  const dot = licenceFile.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [licenceFile.slice(0, dot), licenceFile.slice(dot)] : [licenceFile, ''];
  return names.filter((name) => {
    if (!name.startsWith(stem) || name === licenceFile) return false;
    if (/conflicted copy|\.sync-conflict-|_conflict-|\bConflict\b.*\d/i.test(name)) return true;
    if (!name.endsWith(ending)) return false;
    const middle = name.slice(stem.length, name.length - ending.length);
    return (
      /^ ?\(\d+\)$/.test(middle) ||
      hosts.some((host) => middle.toLowerCase() === `-${host.toLowerCase()}`) ||
      /^-(?:DESKTOP|LAPTOP|PC|WIN)-?[A-Z0-9]+$/.test(middle)
    );
  });
}
