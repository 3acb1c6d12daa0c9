import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { numbersAmong } from '../../src/share/layout.js';
import { freshPlace, seatfile } from '../cli/seatfile.js';
import { start } from './children.js';

const place = freshPlace();

/** With a lock that was left behind the next process would wait until it may take it for dead. Milliseconds. */
const PATIENCE_MS = 5000;

test('a process that ends as soon as it has its seat leaves no lock for the next one to wait for', async () => {
  await seatfile([
    'init',
    place.file,
    '--module',
    'M1=9',
    '--count-by',
    'instance',
    '--check-interval',
    '120s',
  ]);
  for (let n = 0; n < 4; n++) {
    const child = start(new URL('early-exit-worker.mjs', import.meta.url), { file: place.file });
    expect(await child.ended).toMatchObject({ status: 0 });
    const [kind, tookMs] = child.lines[0]?.split(' ') ?? [];
    expect([kind, Number(tookMs) < PATIENCE_MS]).toEqual(['seated', true]);
    expect(existsSync(`${place.file}.revisions/lock`)).toBe(false);
  }
});

test('a process that gives its seat back and has no more to do shows that in licence.json', async () => {
  await seatfile(['init', place.file, '--module', 'M1=9', '--check-interval', '120s']);
  const child = start(new URL('early-exit-worker.mjs', import.meta.url), {
    ...{ file: place.file, isReleased: true },
  });
  expect(await child.ended).toMatchObject({ status: 0 });
  const latest = numbersAmong(readdirSync(`${place.file}.revisions`)).at(-1);
  const shown = JSON.parse(readFileSync(place.file, 'utf8'));
  expect([shown.revision, shown.instances]).toEqual([latest, []]);
});
