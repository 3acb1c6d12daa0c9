import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import nodePath from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { judgePlace, type Whereabouts } from '../../src/share/binding.js';
import { diskFiles } from '../../src/share/disk.js';
import type { ShareFiles } from '../../src/share/files.js';

/** A licence that is bound to a place: links lead there, copies do not. On a real disk. */

let place: string;
let file: string;

beforeEach(async () => {
  place = await realpath(await mkdtemp(nodePath.join(tmpdir(), 'seatfile-bound-')));
  await mkdir(nodePath.join(place, 'acme'));
  file = nodePath.join(place, 'acme', 'licence.json');
  await writeFile(file, '{}');
});
afterEach(() => rm(place, { recursive: true }));

const opened = (path: string, more: Partial<Whereabouts> = {}): Whereabouts => ({
  ...{ file: path, spelt: path, platform: 'linux', mountinfo: null, ...more },
});
const answer = async (bound: readonly string[], where: Whereabouts, files: ShareFiles = diskFiles) =>
  (await judgePlace(bound, where, files)).kind;

describe('the place itself', () => {
  test('the file, its directory, and links to either', async () => {
    const link = nodePath.join(place, 'link');
    const linked = nodePath.join(place, 'linked.json');
    await symlink(nodePath.join(place, 'acme'), link);
    await symlink(file, linked);
    for (const bound of [file, nodePath.dirname(file), `${link}/licence.json`, link, `${link}/`, linked])
      expect(await answer([bound], opened(file)), bound).toBe('here');
  });

  test('one spelling of several is enough', async () => {
    expect(await answer(['\\\\fileserver\\acme', file], opened(file))).toBe('here');
  });

  test('the share that is mounted, by the name that its server has', async () => {
    const mountinfo = `1 0 0:40 / ${place} rw - cifs //fileserver/data rw`;
    const where = opened(file, { mountinfo });
    expect(await answer(['\\\\?\\UNC\\FILESERVER\\Data\\Acme\\LICENCE.JSON'], where)).toBe('here');
    expect(await answer(['//fileserver/data'], where)).toBe('elsewhere');
  });

  test('on Windows as it was asked for, too: a name of DFS may be resolved to that of a server', async () => {
    const where = opened('\\\\fs1\\data$\\acme\\licence.json', {
      ...{ platform: 'win32', spelt: '\\\\acme.local\\dfs\\acme\\licence.json' },
    });
    for (const bound of ['\\\\ACME.LOCAL\\dfs\\acme', '//fs1/data$/acme/licence.json'])
      expect(await answer([bound], where), bound).toBe('here');
  });
});

describe('another place', () => {
  test('a copy, also one beside it, is refused with both places named', async () => {
    for (const name of ['copy.json', '../licence.json']) {
      const copy = nodePath.join(nodePath.dirname(file), name);
      await writeFile(copy, '{}');
      const verdict = await judgePlace([nodePath.dirname(file)], opened(copy), diskFiles);
      expect(verdict).toMatchObject({ kind: 'elsewhere', why: expect.stringContaining(copy) });
      expect(verdict).toMatchObject({ why: expect.stringContaining(nodePath.dirname(file)) });
      expect(verdict).toMatchObject({
        why: expect.stringMatching(/A copy in another place gives no seats/),
      });
    }
  });

  test('only paths of this computer are looked up, no name of a server', async () => {
    const asked: string[] = [];
    const resolve = (path: string) => {
      asked.push(path);
      return diskFiles.resolve(path);
    };
    const bound = ['//other/share', 'other:/export', 'Z:\\acme', 'acme', '/nowhere'];
    expect(await answer(bound, opened(file), { ...diskFiles, resolve })).toBe('elsewhere');
    expect([...new Set(asked)].sort()).toEqual(['/nowhere', '/nowhere/licence.json']);
  });

  test('what may be another spelling is not called a copy', async () => {
    const where = opened(file, { mountinfo: `1 0 0:40 / ${place} rw - cifs //10.0.0.7/data rw` });
    const verdict = await judgePlace(['//fileserver/data/acme'], where, diskFiles);
    if (verdict.kind !== 'unsure') throw new Error(`it is ${verdict.kind}`);
    expect(verdict.why).toMatch(/may be the same place in another spelling/);
    expect(verdict.why).toContain('//10.0.0.7/data/acme/licence.json');
    expect(verdict.why).not.toMatch(/copy/i);
  });

  test.each([
    ['Kunden', '\u212aunden'],
    ['caf\u00e9', 'cafe\u0301'],
  ])('a copy in a folder whose name only looks the same: %j, %j', async (name, alike) => {
    for (const one of [name, alike]) {
      await mkdir(nodePath.join(place, one)).catch(() => undefined); // where the two are one, it is there
      await writeFile(nodePath.join(place, one, 'licence.json'), '{}');
    }
    const areTwo = (await readdir(place)).length === 3;
    const copy = await realpath(nodePath.join(place, alike, 'licence.json'));
    const bound = [nodePath.join(place, name)];
    expect(await answer(bound, opened(copy))).toBe(areTwo ? 'unsure' : 'here');
  });
});
