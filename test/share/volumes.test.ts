import { describe, expect, test } from 'vitest';
import {
  awayMount,
  cloudByEntries,
  cloudByPath,
  fitnessOf,
  type Home,
  litterAmong,
  mountOf,
  nameOfType,
} from '../../src/share/volumes.js';

const linux: Home = { platform: 'linux', environment: {}, dropboxInfos: [] };
const windows: Home = {
  platform: 'win32',
  environment: { OneDriveCommercial: 'C:\\Users\\ada\\Acme Files' },
  dropboxInfos: ['{"personal":{"path":"D:\\\\Box","host":1}}', 'garbage', '{"business":null}'],
};

test.each([
  [0x6969, 'nfs', 'share'],
  [0xff534d42, 'cifs', 'share'],
  [0xff534d42 | 0, 'cifs', 'share'], // as a system with signed numbers tells it
  [0xef53, 'ext4', 'local'],
  [0x65735546, 'fuse', 'doubtful'],
  [0, null, 'unknown'],
])('type %d is %s: %s', (type, name, fitness) => {
  expect([nameOfType(type), fitnessOf(nameOfType(type))]).toEqual([name, fitness]);
});

describe('the mount a path lies on', () => {
  const info = [
    '1 0 8:1 / / rw,relatime - ext4 /dev/sda rw',
    '2 1 0:40 / /srv/acme rw,relatime shared:7 - cifs //srv/acme rw,vers=3.1.1,username=ada,password=x',
    '3 2 0:41 / /srv/acme\\040two rw - nfs4 srv:/two rw,soft',
    '4 2 0:42 / /srv/acme/in rw - fuse.rclone remote: rw',
    '5 2 0:43 / /srv/acme/in rw - nfs srv:/in rw',
    'garbage',
  ].join('\n');

  test.each([
    ['/srv/acme/licence.json', 'cifs'],
    ['/srv/acme', 'cifs'],
    ['/srv/acme two/x', 'nfs4'],
    ['/srv/acmelike', 'ext4'],
    ['/srv/acme/in/x', 'nfs'], // the later of two on one point hides the earlier
  ])('%s: %s', (path, name) => {
    expect(mountOf(path, info)?.name).toBe(name);
  });

  test('no password is handed on', () => {
    expect(JSON.stringify(mountOf('/srv/acme', info))).not.toContain('password');
  });

  test('nothing is known of a path without a mount', () => {
    expect(mountOf('/x', '')).toBeNull();
  });
});

test.each([
  ['/home/ada/Dropbox/acme', linux, 'Dropbox'],
  ['/home/ada/Dropbox (Acme)/x', linux, 'Dropbox'],
  ['/Users/ada/Library/Mobile Documents/x', linux, 'iCloud'],
  ['/Users/ada/Library/CloudStorage/Box-Box/x', linux, 'a cloud service of macOS'],
  ['/home/ada/Nextcloud/x', linux, 'Nextcloud'],
  ['C:\\Users\\ada\\OneDrive - Acme\\x', windows, 'OneDrive'],
  ['c:\\users\\ADA\\acme files\\x', windows, 'OneDrive'],
  ['D:\\Box\\acme', windows, 'Dropbox'],
  ['G:\\My Drive\\acme', windows, 'Google Drive'],
  ['D:\\Boxes\\acme', windows, undefined],
  ['/srv/dropboxes/onedriver', linux, undefined],
])('%s: %s', (path, home, service) => {
  expect(cloudByPath(path, home)?.service).toBe(service);
});

test.each([
  [['.stfolder', 'x'], 'Syncthing'],
  [['.sync_1a2b3c.db'], 'Nextcloud or ownCloud'],
  [['.sync_1a2b3c.db-wal'], 'Nextcloud or ownCloud'],
  [['licence.json', 'sync.db', 'dropbox'], undefined],
])('entries %s: %s', (names, service) => {
  expect(cloudByEntries(names)?.service).toBe(service);
});

test('copies that two writers left, and not the backups people make', () => {
  const litter = [
    "licence (Ada's conflicted copy 2026-11-21).json",
    'licence-PC17.json',
    'licence-DESKTOP-4F2K.json',
    'licence-ada-laptop.json',
    'licence.sync-conflict-20261121-101010-ABCDEFG.json',
    'licence (2).json',
    'licence_conflict-20261121-101010.json',
  ];
  const others = [
    'licence.json',
    'licence.json.revisions',
    'licence-old.json',
    'licence.json.bak',
    'licence-2025.json',
    'licences.json',
  ];
  expect(litterAmong([...others, ...litter], 'licence.json', ['Ada-Laptop'])).toEqual(litter);
});

describe('a share that /etc/fstab wants mounted, and that is not', () => {
  const fstab = [
    '# a comment',
    '//srv/acme /mnt/acme cifs credentials=/root/c 0 0',
    'srv:/home /mnt/with\\040blank nfs4 hard 0 0',
    '/dev/sda1 /data ext4 defaults 0 2',
    '#//srv/old /mnt/old cifs x 0 0',
  ].join('\n');
  const local = '1 0 0:1 / / rw - ext4 /dev/sda rw';
  const mounted = `${local}\n2 1 0:2 / /mnt/acme rw - cifs //srv/acme rw`;

  test.each([
    ['/mnt/acme', local, '/mnt/acme'],
    ['/mnt/acme/sub', local, '/mnt/acme'],
    ['/mnt/with blank/x', local, '/mnt/with blank'],
    ['/mnt/acme', mounted, null],
    ['/mnt/acme/sub', `${mounted}\n3 2 0:3 / /mnt/acme/sub rw - nfs4 srv:/x rw`, null],
    ['/mnt/acme2', local, null],
    ['/data/x', local, null],
    ['/mnt/old', local, null],
  ])('%s', (path, mountinfo, point) => {
    expect(awayMount(path, mountinfo, fstab)?.point ?? null).toBe(point);
  });
});
