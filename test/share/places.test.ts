import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAt, mayBeAt, type Place, placeOf, placeOnServer, spellingOf } from '../../src/share/places.js';
import { mountOf } from '../../src/share/volumes.js';

/** One place, many spellings: what agrees, what does not, and what cannot be told. */

const place = (text: string, platform: NodeJS.Platform = 'linux'): Place => {
  const found = placeOf(text, platform);
  if (found === null) throw new Error(`no place: ${text}`);
  return found;
};

const name = fc.stringMatching(/^[a-z0-9äöß_$-]{1,12}$/).filter((one) => one !== 'licence.json');
const server = fc.stringMatching(/^[a-z][a-z0-9-]{1,10}(?:\.[a-z]{2,5})?$/);
const way = fc.array(name, { minLength: 1, maxLength: 4 });
const file = fc.tuple(server, way).map(([on, names]) => ({ on, names: [...names, 'licence.json'] }));

/** Each ASCII letter in one of its cases, as an administrator or a program may write it. */
const recased = (text: string) =>
  fc
    .infiniteStream(fc.boolean())
    .map((upper) => text.replace(/[a-z]/g, (one) => (upper.next().value ? one.toUpperCase() : one)));

const slash = fc.constantFrom('/', '\\', '//', '\\\\', '/./');
const spelling = (on: string, names: readonly string[]) =>
  fc
    .tuple(
      recased(on),
      fc.tuple(...names.map((one) => fc.tuple(slash, recased(one)))),
      fc.constantFrom(
        '\\\\',
        '//',
        '\\\\?\\UNC\\',
        '//?/UNC/',
        '\\\\.\\unc\\',
        'smb://',
        'SMB://ada@',
        'cifs://',
      ),
      fc.constantFrom('', '.'),
    )
    .map(([host, rest, prefix, dot]) => {
      const [[, share], ...below] = rest as [[string, string], ...[string, string][]];
      return `${prefix}${host}${dot}\\${share}${below.map(([between, one]) => between + one).join('')}`;
    });

describe('one place on a server', () => {
  test('agrees with itself in every spelling', () => {
    const pair = file.chain(({ on, names }) => fc.tuple(spelling(on, names), spelling(on, names)));
    fc.assert(
      fc.property(pair, ([one, other]) => {
        expect(placeOf(one, 'linux')).toEqual(placeOf(other, 'win32'));
        expect(isAt(place(one), place(other))).toBe(true);
      }),
    );
  });

  test('is meant by its directory, too, with and without a slash at the end', () => {
    const pair = file.chain(({ on, names }) =>
      fc.tuple(spelling(on, names), spelling(on, names.slice(0, -1)), fc.constantFrom('', '/', '\\')),
    );
    fc.assert(
      fc.property(pair, ([whole, directory, end]) => {
        expect(isAt(place(whole), place(directory + end))).toBe(true);
      }),
    );
  });

  test('is not where another server, another share, or another name is', () => {
    fc.assert(
      fc.property(file, file, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        const [here, there] = [one, other].map(({ on, names }) => place(`//${on}/${names.join('/')}`));
        expect(here && there && isAt(here, there)).toBe(false);
      }),
    );
  });

  test('another file in a directory that is bound is a copy: only licence.json is meant', () => {
    expect(isAt(place('//srv/acme/copy.json'), place('//srv/acme'))).toBe(false);
    expect(isAt(place('//srv/acme/copy.json'), place('//srv/acme/licence.json'))).toBe(false);
    expect(isAt(place('//srv/acme/old/licence.json'), place('//srv/acme'))).toBe(false);
    expect(isAt(place('//srv/acme/copy.json'), place('//srv/acme/copy.json'))).toBe(true);
  });

  test('what it is written as is read as the same place', () => {
    fc.assert(
      fc.property(file, ({ on, names }) => {
        const share = place(`//${on}/${names.join('/')}`);
        expect(placeOf(spellingOf(share), 'linux')).toEqual(share);
      }),
    );
    for (const text of ['server:/export/licence.json', 'c:/acme/licence.json', '/srv/Acme/licence.json'])
      expect(spellingOf(place(text))).toBe(text);
  });
});

describe('names that look alike are two, and may be one in another spelling', () => {
  /** What Unicode composes to the same letters: kelvin, angstrom and ohm signs, and an accent apart. */
  const composed = [
    ['K', '\u212a'],
    ['\u00c5', '\u212b'],
    ['\u03a9', '\u2126'],
    ['\u00e9', 'e\u0301'],
  ] as const;
  /** What differs in letter case beyond ASCII. */
  const folded = [
    ['k', '\u212a'],
    ['s', '\u017f'],
    ['\u00e4', '\u00c4'],
    ['\u03c3', '\u03a3'],
  ] as const;
  const pairs = (alike: readonly (readonly [string, string])[]) =>
    fc
      .tuple(fc.constantFrom(...alike), name, name, way)
      .map(([[one, other], before, after, names]) =>
        [one, other].map((letter) => [...names, `${before}${letter}${after}`, 'licence.json'].join('/')),
      );
  const holds = (alike: readonly (readonly [string, string])[], prefix: string, isMaybe: boolean) =>
    fc.assert(
      fc.property(pairs(alike), ([one, other]) => {
        for (const [file, bound] of [
          [one, other],
          [other, one],
        ]) {
          const [here, there] = [place(`${prefix}${file}`), place(`${prefix}${bound}`)];
          expect(isAt(here, there)).toBe(false);
          expect(mayBeAt(here, there)).toBe(isMaybe);
        }
      }),
    );

  test.each(['//srv/share/', 'c:/', 'z:/', 'srv:/export/', '/srv/'])('%s: by composition', (prefix) => {
    holds(composed, prefix, true);
  });

  test.each(['//srv/share/', 'c:/', 'z:/'])('%s: by letter case', (prefix) => {
    holds(folded, prefix, true);
  });

  test.each(['srv:/export/', '/srv/'])('%s: where letter case counts, it is another place', (prefix) => {
    holds(folded, prefix, false);
  });

  test.each([
    ['//srv/share/\u212aunden/licence.json', '\\\\srv\\share\\kunden'],
    ['//srv/share/\u212aunden/licence.json', '\\\\srv\\share\\Kunden'],
    ['//\u212arv/share/licence.json', '//krv/share'],
    ['//srv/\u212aunden/licence.json', '//srv/kunden'],
    ['/nb/\u212aunden/licence.json', '/nb/Kunden'],
    ['/nb/cafe\u0301/licence.json', '/nb/caf\u00e9'],
    ['C:\\\u212aunden\\licence.json', 'c:/kunden'],
  ])('%j, bound to %j', (file, bound) => {
    expect(isAt(place(file), place(bound))).toBe(false);
    expect(mayBeAt(place(file), place(bound))).toBe(true);
  });

  test('on macOS its file systems take them for one', () => {
    const [file, bound] = ['/nb/CAFE\u0301/licence.json', '/nb/caf\u00e9'];
    expect(isAt(place(file, 'darwin'), place(bound, 'darwin'))).toBe(true);
  });

  test('what a mount shows of the server keeps its letters, too', () => {
    const mount = mountOf('/mnt/x', '1 0 0:40 / /mnt rw - cifs //srv/share rw');
    const found = mount && placeOnServer('/mnt/\u212aunden/licence.json', mount, 'linux');
    expect(found && isAt(found, place('//srv/share/kunden'))).toBe(false);
  });
});

test.each([
  ['C:\\Acme\\licence.json', '\\\\?\\c:\\acme\\LICENCE.json', 'win32', true],
  ['C:\\Acme\\licence.json', 'd:/acme/licence.json', 'win32', false],
  ['/srv/acme/licence.json', '/srv//./acme/x/../licence.json', 'linux', true],
  ['/srv/acme/licence.json', '/srv/Acme/licence.json', 'linux', false],
  ['/srv/acme/licence.json', '/srv/Acme/licence.json', 'darwin', true],
  ['server:/export/acme/licence.json', 'nfs://SERVER/export/acme', 'linux', true],
  ['server:/export/acme/licence.json', 'server:/Export/acme', 'linux', false],
  ['[fe80::1]:/export/licence.json', '[FE80::1]:/export', 'linux', true],
] as const)('%s and %s on %s: %s', (one, other, platform, agrees) => {
  expect(isAt(place(one, platform), place(other, platform))).toBe(agrees);
});

test.each([
  'licence.json',
  './x',
  '..\\x',
  'c:licence.json',
  '\\acme',
  '',
  '//server',
  '\\\\?\\Volume{1}\\x',
])('%j names no place by itself', (text) => {
  expect(placeOf(text, 'win32')).toBeNull();
});

describe('a file on a mounted share is where its server has it', () => {
  const info = [
    '1 0 8:1 / / rw - ext4 /dev/sda rw',
    '2 1 0:40 / /mnt/acme rw - cifs //Srv/Acme rw',
    '3 1 0:41 /Sub /mnt/prefixed rw - cifs //srv/acme/sub rw',
    '4 1 0:42 / /mnt/apart rw - cifs \\134\\134srv\\134acme\\134sub rw', // mounted below what it may not list
    '5 2 0:40 /sub /mnt/bound rw - cifs //srv/acme rw', // mount --bind
    '6 1 0:43 / /mnt/nfs rw - nfs4 srv:/export/acme rw',
    '7 1 0:44 / /mnt/other rw - fuse.sshfs srv:/x rw',
  ].join('\n');

  test.each([
    ['/mnt/acme/sub/licence.json', '//srv/acme/sub/licence.json'],
    ['/mnt/prefixed/licence.json', '//srv/acme/sub/licence.json'],
    ['/mnt/apart/licence.json', '//srv/acme/sub/licence.json'],
    ['/mnt/bound/licence.json', '//srv/acme/sub/licence.json'],
    ['/mnt/nfs/licence.json', 'srv:/export/acme/licence.json'],
    ['/mnt/other/licence.json', null],
    ['/srv/licence.json', null],
  ])('%s: %s', (path, onServer) => {
    const mount = mountOf(path, info);
    const found = mount && placeOnServer(path, mount, 'linux');
    expect(found && spellingOf(found)).toBe(onServer);
  });
});

describe('what cannot be told is not called another place', () => {
  test.each([
    ['//fileserver/acme/licence.json', '//fileserver.acme.local/acme', true],
    ['//10.0.0.7/acme/licence.json', '//fileserver/acme/licence.json', true],
    ['//localhost/acme/licence.json', '//fileserver/acme/licence.json', true],
    ['//fileserver/data/acme/licence.json', 'fileserver:/export/data/acme', true],
    ['Z:\\licence.json', '\\\\fileserver\\acme\\licence.json', true],
    ['Z:\\acme\\licence.json', '\\\\fileserver\\data\\acme', true],
    ['\\\\fileserver\\data\\acme\\licence.json', 'Z:\\acme\\licence.json', true],
    ['Z:\\copy\\licence.json', '\\\\fileserver\\acme\\licence.json', false],
    ['C:\\acme\\licence.json', '\\\\fileserver\\acme\\licence.json', false],
    ['//fileserver/other/licence.json', '//fileserver/acme/licence.json', false],
    ['//fileserver2/acme/licence.json', '//fileserver/acme/licence.json', false],
    ['/home/bob/licence.json', '//fileserver/acme/licence.json', false],
  ])('%s, bound to %s: %s', (found, bound, isMaybe) => {
    expect(mayBeAt(place(found, 'win32'), place(bound, 'win32'))).toBe(isMaybe);
  });

  test('a share that macOS has mounted does not tell its server', () => {
    expect(
      mayBeAt(place('/Volumes/acme/licence.json', 'darwin'), place('//srv/acme/licence.json', 'darwin')),
    ).toBe(true);
    expect(
      mayBeAt(place('/Users/bob/licence.json', 'darwin'), place('//srv/acme/licence.json', 'darwin')),
    ).toBe(false);
  });
});
