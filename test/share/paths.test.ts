import { describe, expect, test } from 'vitest';
import { SeatfileFault } from '../../src/licence/fault.js';
import { toFault } from '../../src/share/deadline.js';
import { ShareError, type ShareFiles } from '../../src/share/files.js';
import { untrusted } from '../../src/share/layout.js';
import { hintFor, refuseInside, refuseMounted, wholePath } from '../../src/share/paths.js';
import { createLicenceFile } from '../../src/store/create.js';
import { locate } from '../../src/store/locate.js';
import { clientOf } from '../helpers/memory-share.js';
import { bareLicence, codeOf, Table } from '../helpers/table.js';

/** Paths as people give them: one line that says what was found, what was expected, and what to do. */

const refusal = (act: () => unknown): SeatfileFault => {
  try {
    act();
  } catch (error) {
    if (error instanceof SeatfileFault) return error;
    throw error;
  }
  throw new Error('not refused');
};

describe('what is no path: BAD_ARGUMENT', () => {
  test.each([
    ['', 'linux', /got ""/],
    ['/srv/a\0b.json', 'linux', /NUL/],
    ['smb://fileserver/acme/licence.json', 'linux', /an address \(smb:.*mount.*\/mnt\/share/],
    ['smb://fileserver/acme/licence.json', 'darwin', /\/Volumes\/share/],
    ['smb://fileserver/acme/licence.json', 'win32', /\\\\server\\share/],
    ['nfs://fileserver/acme/licence.json', 'linux', /an address \(nfs:/],
    ['https://acme.sharepoint.com/licence.json', 'win32', /an address \(https:/],
    ['file:///srv/acme%20ltd/licence.json', 'linux', /give it as a path: \/srv\/acme ltd\/licence\.json/],
    ['file://%', 'linux', /give it as a path: %/],
    ['\\\\fileserver\\acme\\licence.json', 'linux', /as Windows writes it.*mount/],
  ] as const)('%j on %s', (path, platform, words) => {
    const fault = refusal(() => wholePath(path, platform));
    expect(fault.code).toBe('BAD_ARGUMENT');
    expect(fault.message).toMatch(words);
    expect(fault.message).not.toContain('\n');
  });

  test.each([
    ['S:\\acme\\licence.json:seats', /a stream of one \(licence\.json:seats\)/],
    ['a:b:c', /a stream of one \(b:c\)/],
    ['NUL', /keeps for a device/],
    ['S:\\acme\\Nul.json', /Nul\.json is a name/],
    ['\\\\server\\share\\COM1\\licence.json', /COM1 is a name/],
    ['\\\\?\\S:\\aux\\licence.json', /aux is a name/],
    ['S:/acme/licence.json.', /"licence\.json\." ends/],
    ['S:/acme /licence.json', /"acme " ends/],
  ])('%j on Windows, for what it means there', (path, words) => {
    const fault = refusal(() => wholePath(path, 'win32'));
    expect(fault.code).toBe('BAD_ARGUMENT');
    expect(fault.message).toMatch(words);
    expect(() => wholePath(path, 'linux')).not.toThrow(/stream|device|ends/);
  });

  test.each([
    'S:\\acme\\licence.json',
    's:licence.json',
    '..\\acme\\.\\licence.json',
    '\\\\server\\share\\acme\\licence.json',
    '\\\\?\\UNC\\server\\share\\licence.json',
    '\\\\?\\S:\\acme\\licence.json',
    'S:/console/nullable/com10/lpt/auxiliary.json',
  ])('%j is a path on Windows', (path) => {
    expect(() => wholePath(path, 'win32')).not.toThrow();
  });

  test.each(['C:/acme/licence.json', '/srv/a:b//licence.json', 'c://licence.json', '/srv/smb:x', './smb:/x'])(
    '%s is a path',
    (path) => {
      expect(wholePath(path)).toContain(path.replace(/^\.\//, '').replace('//', '/'));
    },
  );
});

test.each([
  ['Z:\\acme\\licence.json', 'linux', /Windows drive/],
  ['z:/licence.json', 'darwin', /Windows drive/],
  ['//fileserver/acme/licence.json', 'linux', /no address of a server/],
  ['//fileserver/acme/licence.json', 'win32', /^$/],
  ['/srv/licence.json', 'linux', /^$/],
] as const)(
  '%s on %s, with nothing there, is told what it may have been meant for',
  (path, platform, words) => {
    expect(hintFor(path, platform)).toMatch(words);
  },
);

describe('one file, two tables', () => {
  test.each([
    '/srv/licence.json.revisions/000000000005/licence.json',
    '/srv/licence.json.revisions/restored-abc/licence.json',
    '/srv/licence.json.revisions',
    '/srv/licence.json.revisions/new.json',
    'Z:\\acme\\licence.json.REVISIONS\\000000000005\\licence.json',
  ])('%s lies in a folder of revisions: refused, and the licence is named', (path) => {
    const fault = refusal(() => refuseInside(path));
    expect(fault.code).toBe('SHARE_UNFIT');
    expect(fault.message).toMatch(/second seat table\. Use .*licence\.json$/);
  });

  test.each(['/srv/licence.json', '/srv/revisions/licence.json', '/srv/a.revisions.old/licence.json'])(
    '%s does not',
    (path) => {
      expect(() => refuseInside(path)).not.toThrow();
    },
  );

  const mountinfo = [
    '1 0 0:1 / / rw - overlay overlay rw',
    '2 1 0:2 /srv/licence.json /app/one/licence.json rw - ext4 /dev/sda rw',
    '3 1 0:2 /srv/acme /app/acme rw - ext4 /dev/sda rw',
  ].join('\n');

  test.each([
    ['/app/one/licence.json', mountinfo, 'SHARE_UNFIT'],
    ['/app/acme/licence.json', mountinfo, null],
    ['/app/one/licence.json', null, null],
  ])('%s as a mount point of its own', async (licenceFile, info, code) => {
    const asked = Promise.resolve().then(() => refuseMounted(licenceFile, info));
    expect(
      await asked.then(
        () => null,
        () => codeOf(asked),
      ),
    ).toBe(code);
  });

  test('such a file is not opened', async () => {
    const table = new Table();
    const info = '1 0 0:1 / /share/licence.json rw - ext4 /dev/sda rw';
    const { files } = clientOf(table.server);
    expect(await codeOf(locate(table.paths.licenceFile, files, info))).toBe('SHARE_UNFIT');
    table.grow(3);
    expect(await codeOf(locate(table.documentPath(3), files))).toBe('SHARE_UNFIT');
    expect((await locate(table.paths.licenceFile, files)).licenceFile).toBe(table.paths.licenceFile);
  });

  test('and none is created there', async () => {
    const table = new Table();
    table.grow(1);
    const path = `${table.paths.folder}/new.json`;
    const created = createLicenceFile(
      path,
      bareLicence(),
      clientOf(table.server).files,
      async () => undefined,
    );
    expect(await codeOf(created)).toBe('SHARE_UNFIT');
    expect(table.others()).toEqual([]);
  });
});

describe('a licence file with a second name', () => {
  const linked = () => {
    const table = new Table();
    table.server.hardLink('/share/backup.json', table.paths.licenceFile);
    return { table, files: clientOf(table.server).files };
  };

  test('is refused where a table would begin beside each', async () => {
    const { table, files } = linked();
    expect(await codeOf(locate(table.paths.licenceFile, files))).toBe('SHARE_UNFIT');
  });

  test('is opened once there is a folder: nothing depends on that file then', async () => {
    const { table, files } = linked();
    table.grow(1);
    expect((await locate(table.paths.licenceFile, files)).licenceFile).toBe(table.paths.licenceFile);
  });
});

describe('what the file system says of a path', () => {
  test('too long: the name is named, and not the server', async () => {
    const tooLong = Object.assign(new Error('ENAMETOOLONG: name too long'), { code: 'ENAMETOOLONG' });
    const fault = toFault(new ShareError('unsaid', 'make directory', '/srv/lll', tooLong)) as SeatfileFault;
    expect(fault.code).toBe('LICENCE_UNREADABLE');
    expect(fault.message).toMatch(/lll: the name is too long .* at most 190 bytes/);
    expect(fault.message).not.toContain('server');
  });

  test('full: file entries may be what is missing', () => {
    expect((toFault(new ShareError('full', 'write', '/srv/x')) as SeatfileFault).message).toMatch(/inodes/);
  });

  test('nothing there, and a path that looks like a drive', async () => {
    const { files } = clientOf(new Table().server);
    const lost: ShareFiles = {
      ...files,
      resolve: (path) => Promise.reject(new ShareError('missing', 'resolve', path)),
    };
    await expect(locate('Z:\\licence.json', lost)).rejects.toMatchObject({
      code: 'LICENCE_MISSING',
      message: expect.stringMatching(/whether the share is connected \(a Windows drive/),
    });
  });
});

test('trust ends at the first directory of ours, whichever path was asked for before', () => {
  const inside = { trusted: '/srv', names: ['l.json.revisions', '000000000001', 'licence.json'] };
  const asked = [
    ['/srv/l.json.revisions/000000000001/licence.json', inside],
    ['/srv/l.json.revisions', { trusted: '/srv', names: ['l.json.revisions'] }],
    ['/srv/l.json.revisions-old/x', { trusted: '/srv/l.json.revisions-old/x', names: [] }],
    ['/srv/l.json.revisions//lock', { trusted: '/srv', names: ['l.json.revisions', '', 'lock'] }],
    ['/srv/l.json', { trusted: '/srv/l.json', names: [] }],
    ['/l.json.revisions/lock', { trusted: '/', names: ['l.json.revisions', 'lock'] }],
    ['/srv/a.revisions/b.revisions', { trusted: '/srv', names: ['a.revisions', 'b.revisions'] }],
  ] as const;
  for (const [path, expected] of [...asked, ...asked, ...asked.toReversed()])
    expect(untrusted(path)).toEqual(expected);
});
