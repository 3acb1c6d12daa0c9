import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { freshPlace, seatfile, start, until } from './seatfile.js';

/** `seatfile doctor` as people run it: the built program, on a real disk. */
const place = freshPlace();
const init = () => seatfile(['init', place.file, '--module', 'M1=3']);

interface Document {
  readonly schemaVersion: number;
  readonly verdict: string;
  readonly findings: readonly Record<string, unknown>[];
}
const documentOf = (out: string): Document => JSON.parse(out) as Document;
const findingOf = (out: string, check: string) =>
  documentOf(out).findings.find((one) => one['check'] === check);

test('a directory in order: fit, in one sentence first, and nothing stays behind', async () => {
  chmodSync(place.directory, 0o2770);
  const { status, out, err } = await seatfile(['doctor', place.directory]);
  expect([status, err]).toEqual([0, expect.not.stringContaining('seatfile:')]);
  expect(out.split('\n')[0]).toBe(`${place.directory}: fit to hold seats.`);
  expect(readdirSync(place.directory)).toEqual([]);
});

test('a licence in order, as one document', async () => {
  await init();
  const { status, out } = await seatfile(['doctor', place.file, '--json']);
  expect(status).toBe(0);
  expect(documentOf(out)).toMatchObject({ schemaVersion: 1, verdict: 'fit' });
  expect(findingOf(out, 'licence')).toMatchObject({ severity: 'ok', state: 'inOrder', revision: 1 });
  for (const finding of documentOf(out).findings) {
    expect(finding).toMatchObject({ found: expect.any(String), meaning: expect.any(String) });
    expect(['string', 'object']).toContain(typeof finding['advice']);
  }
});

describe('what is wrong', () => {
  test('a damaged table, by whoever never heard of it: 1', async () => {
    await init();
    writeFileSync(path.join(`${place.file}.revisions`, '000000000001', 'licence.json'), 'garb\u001b[31mage');
    const { status, out } = await seatfile(['doctor', place.file]);
    expect(status).toBe(1);
    expect(out).toContain('UNFIT to hold seats, for 1 reason');
    expect(out).not.toContain('\u001b');
  });

  test('a synchronised folder: 1, and worst first', async () => {
    const folder = path.join(place.directory, 'Dropbox');
    mkdirSync(folder);
    const { status, out } = await seatfile(['doctor', folder]);
    expect(status).toBe(1);
    expect(out.split('\n')[2]).toMatch(/^UNFIT {4}a folder that Dropbox synchronises/);
  });

  test('neither a file nor a directory: 3', async () => {
    expect((await seatfile(['doctor', '/dev/null'])).status).toBe(3);
  });

  test('nothing there: 3, also with --json, and the first question is whether the share is connected', async () => {
    const gone = path.join(place.directory, 'gone', 'licence.json');
    for (const file of [gone, place.file]) {
      const { status, out } = await seatfile(['doctor', file, '--json']);
      expect([status, documentOf(out).verdict]).toEqual([3, 'missing']);
      const inWords = await seatfile(['doctor', file]);
      expect(inWords.status).toBe(3);
      expect(inWords.out).toMatch(/^[^ ]*: is the share connected, and the path right\? Found /);
      expect(inWords.out).not.toMatch(/: fit to hold seats|seatfile init/);
      const status3 = await seatfile(['status', file]);
      expect([status3.status, status3.err]).toEqual([
        3,
        expect.stringMatching(/whether the share is connected/),
      ]);
    }
    expect(readdirSync(place.directory)).toEqual([]);
  });

  test('a name that is too long: usage for init, and the name is spoken of', async () => {
    const name = path.join(place.directory, `${'l'.repeat(215)}.json`);
    const { status, err } = await seatfile(['init', name, '--module', 'M1=1', '--force']);
    expect([status, err]).toEqual([2, expect.stringMatching(/not created: .*the name is too long/)]);
    expect(err).not.toMatch(/server|--force/);
    expect(readdirSync(place.directory)).toEqual([]);
  });

  test.each([['--hammer', 'soon'], ['--hammer', '2h'], ['--wait', 'x'], ['--peers']])(
    '%s %s: usage',
    async (...words) => {
      expect((await seatfile(['doctor', place.directory, ...words])).status).toBe(2);
    },
  );
});

test('the hammer: four processes, nothing lost, nothing left', async () => {
  const { status, out } = await seatfile(['doctor', place.directory, '--hammer', '2s', '--json']);
  const found = findingOf(out, 'hammer');
  expect(found).toMatchObject({ severity: 'ok', workers: 4, lost: 0, twice: 0, unknown: 0, failed: 0 });
  expect(found?.['acknowledged']).toBeGreaterThan(4);
  expect([status, readdirSync(place.directory)]).toEqual([0, []]);
});

test('two at once with --peer measure each other', async () => {
  const other = start(['doctor', place.directory, '--peer', '--json'], {
    SEATFILE_HOST: 'pc-2',
    SEATFILE_MACHINE: 'pc-2',
  });
  const { out } = await seatfile(['doctor', place.directory, '--peer', '--json'], { SEATFILE_HOST: 'pc-1' });
  await other.ended;
  expect(findingOf(out, 'peer')).toMatchObject({ severity: 'ok', host: 'pc-2', rounds: 5 });
  expect(findingOf(other.lines.join('\n'), 'peer')).toMatchObject({
    severity: 'ok',
    host: 'pc-1',
    rounds: 5,
  });
  expect(readdirSync(place.directory)).toEqual([]);
});

test.each([['--hammer', '60s'], ['--peer']])(
  'interrupted in the middle of %s: nothing stays behind',
  async (...words) => {
    const child = start(['doctor', place.directory, ...words]);
    await until('it has begun', 20_000, () => readdirSync(place.directory)[0]);
    await until('it is in the middle', 20_000, () => {
      const [own = ''] = readdirSync(place.directory).filter((name) => !name.endsWith('doctor-peer'));
      const isAt =
        words[0] === '--peer'
          ? readdirSync(place.directory).length === 2
          : readdirSync(path.join(place.directory, own)).includes('hammer');
      return isAt || undefined;
    });
    child.process.kill('SIGINT');
    expect((await child.ended).status).toBe(130);
    expect(readdirSync(place.directory)).toEqual([]);
  },
);

test('the directory of a killed one is cleared away by the next', async () => {
  const child = start(['doctor', place.directory, '--peer']);
  await until('it has begun', 20_000, () => readdirSync(place.directory)[1]);
  child.process.kill('SIGKILL');
  await child.ended;
  expect(readdirSync(place.directory)).toHaveLength(2);
  const { out } = await seatfile(['doctor', place.directory, '--peer', '--wait', '1s', '--json']);
  expect(findingOf(out, 'leftOvers')).toMatchObject({ severity: 'note', cleared: 1 });
  expect(readdirSync(place.directory)).toEqual([]);
});

describe('init examines the place first', () => {
  test('and refuses an unfit one, naming what is wrong, and leaves nothing', async () => {
    const folder = path.join(place.directory, 'OneDrive - Acme');
    mkdirSync(folder);
    const words = ['init', path.join(folder, 'licence.json'), '--module', 'M1=3'];
    const refused = await seatfile(words);
    expect([refused.status, readdirSync(folder)]).toEqual([6, []]);
    expect(refused.err).toMatch(/OneDrive synchronises.*--force/s);
    const forced = await seatfile([...words, '--force']);
    expect([forced.status, readdirSync(folder)]).toEqual([0, ['licence.json', 'licence.json.revisions']]);
    expect(forced.err).toContain('OneDrive');
  });

  test('and a fit one gets its licence within seconds, with nothing beside it', async () => {
    const startedMs = performance.now();
    expect((await init()).status).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(readdirSync(place.directory)).toEqual(['licence.json', 'licence.json.revisions']);
    expect(statSync(place.file).isFile()).toBe(true);
  });
});
