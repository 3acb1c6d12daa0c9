/**
 * Reads `licence.json` as an editor or a backup would, again and again until its stdin is closed, and says what it met.
 */
import { readdir, readFile } from 'node:fs/promises';
import os from 'node:os';
import { parseLicence } from '../../dist/modules/licence/text.js';

const { file } = JSON.parse(process.argv[2]);
os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL); // an observer lets the others work
let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();

/**
 * `back`: reads of an older revision than one read before; people may see that, and nothing depends on it. `backMs`:
 * for how long at most. `lateMs`: the longest time for which a revision was there and neither it nor a later one shown.
 */
const found = { whole: 0, absent: 0, refused: 0, torn: 0, back: 0, backMs: 0, lateMs: 0 };
let newest = 0;
let forwardMs = performance.now();
/** When the folder was first seen to end this high, lowest first. */
let published = [];

function judge(text) {
  try {
    const { revision } = parseLicence(text, file);
    noteBack(revision);
    published = published.filter(({ number }) => number > revision);
    const [missing] = published;
    if (missing) found.lateMs = Math.max(found.lateMs, Math.round(performance.now() - missing.atMs));
    return 'whole';
  } catch {
    return 'torn';
  }
}

function noteBack(revision) {
  if (revision >= newest) {
    newest = revision;
    forwardMs = performance.now();
    return;
  }
  found.back++;
  found.backMs = Math.max(found.backMs, Math.round(performance.now() - forwardMs));
}

async function list() {
  const names = await readdir(`${file}.revisions`).catch(() => []);
  const number = Math.max(0, ...names.filter((name) => /^\d{12}$/.test(name)).map(Number));
  if (number > Math.max(newest, published.at(-1)?.number ?? 0))
    published.push({ number, atMs: performance.now() });
}

process.stdout.write('reading\n');
while (!isOver) {
  await list();
  const kind = await readFile(file, 'utf8').then(judge, (error) =>
    error.code === 'ENOENT' ? 'absent' : 'refused',
  );
  found[kind]++;
}
process.stdout.write(`${JSON.stringify(found)}\n`);
