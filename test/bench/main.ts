/** How fast: npm run bench -- [ROW...]. See README.md here. */
import { mkdtempSync, rmSync } from 'node:fs';
import nodePath from 'node:path';
import { draw } from './figures/draw.js';
import { type Measured, measureAll } from './measure.js';
import { markdownText, tableText } from './report.js';
import type { Setting } from './row.js';
import { rows, shareRows } from './rows/all.js';
import { onShare } from './shares.js';
import { launchHere } from './voice.js';
import { chosenOf, USAGE, type Wish, wishOf } from './wish.js';

const FULL_MS = 20 * 60_000;
const QUICK_MS = 3 * 60_000;

const texts: Readonly<Record<Wish['form'], (measured: Measured) => string>> = {
  table: ({ lines, notes }) => [tableText(lines), ...notes].join('\n'),
  json: ({ lines, notes }) => JSON.stringify({ lines, notes }, null, 2),
  markdown: ({ lines, notes }) => [markdownText(lines), ...notes].join('\n\n'),
};

async function tell(wish: Wish, measured: Measured): Promise<number> {
  console.log(texts[wish.form](measured));
  const { lines, failures } = measured;
  const drawn = wish.figures === null ? [] : await draw(lines, wish.figures);
  for (const file of drawn) console.error(`drawn: ${file}`);
  for (const failure of failures) console.error(`FAILED ${failure}`);
  return failures.length === 0 ? 0 : 1;
}

async function bench(wish: Wish): Promise<number> {
  const chosen = chosenOf(wish, wish.share === null ? rows : shareRows(wish.share));
  const { runs, delayMs } = wish;
  const mostMs = wish.isQuick ? QUICK_MS : FULL_MS;
  const measure = (place: Pick<Setting, 'directory' | 'seenAt' | 'launch'>) =>
    measureAll(chosen, mostMs, { runs, delayMs, ...place });
  if (wish.share !== null) return await onShare(wish.share, measure, (measured) => tell(wish, measured));
  const directory = mkdtempSync(nodePath.join(wish.directory, 'seatfile-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));
  return await tell(wish, await measure({ directory, seenAt: directory, launch: launchHere }));
}

/** The wish, or null where it was not understood, which is then told. */
function understood(words: readonly string[]): Wish | null {
  try {
    return wishOf(words);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    return null;
  }
}

// By way of process.exit(), which ends what was started, and removes what was made.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

const wish = understood(process.argv.slice(2));
process.exit(wish === null ? 2 : await bench(wish));
