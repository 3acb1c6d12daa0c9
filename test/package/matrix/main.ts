/** Every way to take the package in: npm run matrix -- [--only NAME,NAME]. See test/README.md. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import nodePath from 'node:path';
import { type Place, packInto } from './place.js';
import type { Case, Row } from './row.js';
import { rows } from './rows.js';

const AT_ONCE = 2;

interface Turn {
  readonly row: Row;
  readonly one: Case;
}

/** One case; a line of what came of it. True if it worked. */
async function play(place: Place, { row, one }: Turn, project: string): Promise<boolean> {
  const sinceMs = performance.now();
  const { word, text } = await one.play(place, project).then(
    (note) => ({ word: 'ok', text: note }),
    (error: Error) => ({ word: 'FAILED', text: error.message }),
  );
  const seconds = ((performance.now() - sinceMs) / 1000).toFixed(1).padStart(6);
  console.log(`${seconds} s  ${word.padEnd(6)}  ${row.name} ${one.name}${text === '' ? '' : `: ${text}`}`);
  return word === 'ok';
}

/** All turns, a few at once. How many failed. */
async function playAll(place: Place, turns: readonly Turn[]): Promise<number> {
  const left = turns.map((turn, index) => ({ turn, project: `project-${index}` }));
  let failed = 0;
  const next = async (): Promise<void> => {
    const first = left.shift();
    if (first === undefined) return;
    if (!(await play(place, first.turn, first.project))) failed++;
    await next();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return failed;
}

async function matrix(chosen: readonly Row[]): Promise<number> {
  const folder = mkdtempSync(nodePath.join(tmpdir(), 'seatfile-matrix-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  const place = { folder, tarball: await packInto(folder) };
  for (const { name, versions } of chosen.filter(({ cases }) => cases.length === 0))
    console.log(`          ${name}: ${versions}`);
  const turns = chosen.flatMap((row) => row.cases.map((one) => ({ row, one })));
  const failed = await playAll(place, turns);
  console.log(`${turns.length - failed} ways in work, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

// By way of process.exit(), which ends what was started, and removes what was made.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

const [option, names = ''] = process.argv.slice(2);
const wanted = option === '--only' ? names.split(',') : rows.map(({ name }) => name);
const unknown = wanted.filter((name) => !rows.some((row) => row.name === name));
if ((option !== undefined && option !== '--only') || unknown.length > 0) {
  console.error(
    `usage: npm run matrix -- [--only NAME,NAME]\nrows: ${rows.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}
process.exit(await matrix(rows.filter(({ name }) => wanted.includes(name))));
