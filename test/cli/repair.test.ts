import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Licence } from '../../src/licence/document.js';
import { acme } from '../helpers/vendor.js';
import {
  atTerminal,
  CTRL_C,
  freshPlace,
  hold,
  recordOf,
  seatfile,
  tableOf,
  told,
  until,
} from './seatfile.js';

/**
 * A lost table: what the live instances do by themselves (with the real minute), and `seatfile repair` where none
 * lives.
 */

const place = freshPlace();
const folder = () => `${place.file}.revisions`;
const newest = () => path.join(folder(), String(tableOf(place.file).revision).padStart(12, '0'));
const entries = () => readdirSync(place.directory, { recursive: true }).map(String).sort();

const quickly = { store: { cachesMs: 300 } };
const repair = (answer = 'y', ...words: readonly string[]) =>
  atTerminal(['repair', place.file, ...words], answer, quickly);

beforeEach(async () => {
  await seatfile(['init', place.file, '--module', 'M1=3', '--check-interval', '8s']);
});

/** The face shows the newest revision: that happens some seconds behind the answer. */
const shown = () =>
  until('the newest revision in licence.json', 10_000, () =>
    JSON.parse(readFileSync(place.file, 'utf8')).revision === tableOf(place.file).revision ? true : undefined,
  );

/** A holder sat here, and no process is alive any more. */
async function abandoned(): Promise<Licence> {
  const ada = hold(place.file, 'ada', 'pc-1');
  await told(ada, 'seated');
  await shown();
  ada.process.kill('SIGKILL');
  await ada.ended;
  return tableOf(place.file);
}

/** An application is at work in the folder. */
const writing = () =>
  setInterval(() => {
    mkdirSync(path.join(folder(), 'lock'), { recursive: true });
    rmSync(path.join(folder(), 'lock'), { recursive: true });
  }, 50);

describe('repair', () => {
  test('nothing to repair: says so, 0', async () => {
    expect(await repair()).toMatchObject({
      status: 0,
      out: expect.stringMatching(/revision 1 can be read; there is nothing to repair/),
    });
  });

  test('the folder is gone: from what licence.json shows', async () => {
    const before = await abandoned();
    rmSync(folder(), { recursive: true });
    const { status, out, err, asked } = await repair();
    expect({ status, asked }).toEqual({ status: 0, asked: 'Write it? [y/N] ' });
    expect(err).toMatch(/is not there; nothing was written\. If this is a copy, use the original/);
    expect(err).not.toContain('seatfile repair'); // this is it
    expect(out).toMatch(/revisions: not there\n.*licence\.json: revision 2 of lineage .*, 1 seat\n/);
    expect(out).toMatch(
      /Will rebuild the seat table from licence\.json \(revision 2\), as revision 1000, with 1 seat in use\./,
    );
    expect(out).toMatch(/Restored: revision 1000, 1 seat\. No new user is seated for 2 s/);
    const table = tableOf(place.file);
    expect(table.restored).toMatchObject({ revision: 2, lineage: before.lineage });
    expect(recordOf(table, 'ada')).toBeDefined();
    expect(readdirSync(place.directory).sort()).toEqual(['licence.json', 'licence.json.revisions']);
  });

  test('the newest revision is damaged: from the one before, and it stays where it is', async () => {
    await abandoned();
    writeFileSync(path.join(newest(), 'licence.json'), '{"format"');
    const { status, out } = await repair('y');
    expect(status).toBe(0);
    expect(out).toMatch(/\n {2}2 cannot be read: .*it breaks off at line 1.*; nothing was written\.\n/);
    expect(out).not.toContain('seatfile repair'); // this is it
    expect(out).toMatch(/newest that can be read: revision 1 of lineage/);
    expect(out).toMatch(/Will rebuild the seat table from licence\.json \(revision 2\), as revision 1000/);
    expect(readFileSync(path.join(folder(), '000000000002', 'licence.json'), 'utf8')).toBe('{"format"');
  });

  test('an older backup of the folder that lacks fewer than 16 revisions: what is there is the table', async () => {
    cpSync(folder(), path.join(place.directory, 'backup'), { recursive: true });
    await abandoned();
    rmSync(folder(), { recursive: true });
    renameSync(path.join(place.directory, 'backup'), folder());
    const { status, out, err } = await repair();
    expect(status).toBe(0);
    expect(out + err).toContain('there is nothing to repair');
    expect(tableOf(place.file).restored).toBeUndefined();
  });

  test('a file named like the highest number there can be: renamed, and kept, also while users work', async () => {
    writeFileSync(path.join(folder(), '999999999999'), 'x');
    const alive = writing();
    const { status, out } = await repair().finally(() => clearInterval(alive));
    expect(status).toBe(0);
    expect(out).toMatch(/999999999999 leaves no room above it/);
    expect(readdirSync(folder()).some((name) => name.startsWith('damaged-999999999999-'))).toBe(true);
    expect(out).toMatch(/revision 1 is the newest again/);
    expect(tableOf(place.file).revision).toBe(1);
  });

  test.each([
    ['a dry run', ['--dry-run'], 0],
    ['a "no"', [], 1],
  ])('%s changes nothing', async (_, words, expected) => {
    rmSync(folder(), { recursive: true });
    const before = entries();
    const { status, out } = await repair('n', ...words);
    expect(status).toBe(expected);
    expect(out).toMatch(/(Would|Will) rebuild the seat table from .*, as revision 1000/);
    expect(entries()).toEqual(before);
  });

  test('Ctrl-C at the question: nothing is written, 130', async () => {
    rmSync(folder(), { recursive: true });
    const before = entries();
    expect((await repair(CTRL_C)).status).toBe(130);
    expect(entries()).toEqual(before);
  });

  test('an unsigned licence, where a key was given, is not called forged', async () => {
    const pem = path.join(place.directory, 'public.pem');
    writeFileSync(pem, acme.pem);
    const before = entries();
    const { status, out, err } = await repair('y', '--public-key', pem);
    expect(status).toBe(3);
    expect(out).toMatch(
      /\n {2}1 cannot be read: .*licence\.json is not signed \(.*found none.*nothing was written\.\n/,
    );
    expect(out + err).not.toMatch(/forged|seatfile repair/);
    expect(entries()).toEqual(before);
  });

  test('not on a terminal it wants --yes', async () => {
    rmSync(folder(), { recursive: true });
    const words = ['repair', place.file];
    const bare = await atTerminal(words, '', { ...quickly, isInteractive: false });
    expect(bare).toMatchObject({ status: 2, err: expect.stringContaining('add --yes') });
    const sure = await atTerminal([...words, '--yes'], '', { ...quickly, isInteractive: false });
    expect(sure.status).toBe(0);
  });

  test('nothing that can be trusted: refused, 3, and nothing is written', async () => {
    rmSync(folder(), { recursive: true });
    mkdirSync(folder());
    writeFileSync(place.file, 'garbage');
    writeFileSync(path.join(folder(), 'notes.txt'), 'mine');
    const before = entries();
    const { status, out, err } = await repair();
    expect(status).toBe(3);
    expect(out).toMatch(/there, and no revision in it\n {2}not ours, and left alone: notes\.txt/);
    expect(err).toMatch(/no file that is left surely belongs to this licence/);
    expect(entries()).toEqual(before);
  });

  test('somebody writes there: left to him, 1', async () => {
    await abandoned();
    writeFileSync(path.join(newest(), 'licence.json'), '');
    const alive = writing();
    const { status, err } = await repair('y').finally(() => clearInterval(alive));
    expect({ status, err }).toEqual({ status: 1, err: expect.stringMatching(/An application is writing/) });
    expect(tableOf.bind(null, place.file)).toThrow();
  });
});

/** A licence of its own in a directory beside the others, with T of a minute and two live holders. */
async function inhabited(name: string) {
  const directory = path.join(place.directory, name);
  const file = path.join(directory, 'licence.json');
  mkdirSync(directory);
  await seatfile(['init', file, '--module', 'M1=3', '--check-interval', '60s']);
  const people = ['ada', 'bob'].map((user) => hold(file, user, `pc-${user}`));
  for (const one of people) await told(one, 'seated');
  return { directory, file, people };
}

/**
 * The real minute for which a loss may be no more than an old listing; so all of it at once, on shares of their own.
 */
describe('live instances, by themselves', () => {
  async function rebuilt(name: string, happen: (folder: string, newest: string) => void): Promise<void> {
    const { file, people } = await inhabited(name);
    const top = String(tableOf(file).revision).padStart(12, '0');
    happen(`${file}.revisions`, path.join(`${file}.revisions`, top));
    const table = await until(`a restored table with both in it (${name})`, 150_000, () => {
      try {
        const found = tableOf(file);
        return found.restored && recordOf(found, 'ada') && recordOf(found, 'bob') ? found : undefined;
      } catch {
        return undefined;
      }
    });
    expect(table.revision).toBeGreaterThanOrEqual(1000);
    for (const one of people) expect(one.lines.some((line) => /"(lost|suspended)"/.test(line))).toBe(false);
  }

  async function unmounted(name: string): Promise<void> {
    const { directory, file, people } = await inhabited(name);
    renameSync(directory, `${directory}-elsewhere`);
    mkdirSync(directory);
    for (const one of people) await told(one, 'jeopardy');
    expect(readdirSync(directory)).toEqual([]);
    rmSync(directory, { recursive: true });
    renameSync(`${directory}-elsewhere`, directory);
    for (const one of people) await told(one, 'safe');
    expect(tableOf(file).restored).toBeUndefined();
  }

  test('a deleted folder and a damaged top are rebuilt with all seats; an unmounted share is left alone', async () => {
    await Promise.all([
      rebuilt('deleted', (folder) => rmSync(folder, { recursive: true })),
      rebuilt('damaged', (_, newest) => writeFileSync(path.join(newest, 'licence.json'), '{')),
      unmounted('unmounted'),
    ]);
  }, 180_000);
});
