/**
 * Reads `licence.json` as an editor or a backup would, again and again until its stdin is closed, and says what it met.
 */
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { parseLicence } from '../../dist/licence/text.js';

const { file } = JSON.parse(process.argv[2]);
os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL); // an observer lets the others work
let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();

/** `back`: an older revision than the one read before; people may see that, and nothing depends on it. */
const found = { whole: 0, absent: 0, refused: 0, torn: 0, back: 0 };
let newest = 0;

function judge(text) {
  try {
    const { revision } = parseLicence(text, file);
    if (revision < newest) found.back++;
    newest = Math.max(newest, revision);
    return 'whole';
  } catch {
    return 'torn';
  }
}

process.stdout.write('reading\n');
while (!isOver) {
  const kind = await readFile(file, 'utf8').then(judge, (error) =>
    error.code === 'ENOENT' ? 'absent' : 'refused',
  );
  found[kind]++;
}
process.stdout.write(`${JSON.stringify(found)}\n`);
