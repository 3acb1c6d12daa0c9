import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { freshPlace, seatfile } from '../cli/seatfile.js';
import { start } from './children.js';

/** The package is a guest in the process of an application: what it changes there, in real, fresh processes. */

const place = freshPlace();
const built = (name: string) => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));

/** What had changed at each step of an application, and how many timers it has left at the end. */
async function changes(job: object): Promise<Record<string, unknown>> {
  const child = start(new URL('guest-worker.mjs', import.meta.url), { file: place.file, ...job });
  expect(await child.ended).toMatchObject({ status: 0 });
  return Object.fromEntries(
    child.lines.map((line) => [line.split(' ')[0], JSON.parse(line.slice(line.indexOf(' ')))]),
  );
}

/** The one thing that stays: other copies of the package in this process find the instance by it. */
const OURS = ['', ' set', ' flags'].map((part) => `globalThis.Symbol(seatfile.instances)${part}`);
const LISTENERS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'beforeExit'].map((event) => `listener of ${event} 0`);

const licence = async () => expect((await seatfile(['init', place.file, '--module', 'M1=1'])).status).toBe(0);

describe.each(['index.js', 'index.cjs'])('dist/%s', (name) => {
  test('leaves the process as it found it, but for its symbol, and listeners while a seat is held', async () => {
    await licence();
    expect(await changes({ module: built(name) })).toEqual({
      imported: [],
      opened: OURS,
      seated: [...OURS, ...LISTENERS],
      shown: [...OURS, ...LISTENERS],
      closed: OURS,
      timers: 0,
    });
  });

  test('listens for nothing with releaseOnExit: false', async () => {
    await licence();
    const all = { imported: [], opened: OURS, seated: OURS, shown: OURS, closed: OURS, timers: 0 };
    expect(await changes({ module: built(name), releaseOnExit: false })).toEqual(all);
  });
});

test.each([
  ...['fs.close', 'fs.promises.open', 'process.emit', 'process.reallyExit', 'globalThis.planted'],
  ...['Error.prepareStackTrace', 'listener of SIGINT 0', 'warning DeprecationWarning', 'timers'],
])('the test sees what it looks for: %s', async (plant) => {
  const found = await changes({ module: built('index.js'), plant });
  const seen = found['imported'] as string[];
  expect(found['timers'] === 0 ? seen : [...seen, 'timers']).toContain(plant);
});
