/**
 * Looks again and again until its stdin is closed. Each look must give a whole document; the revision never goes down,
 * and the tally only ever grows at its end: what was read once stays read.
 */
import os from 'node:os';
import { openStore } from '../../dist/modules/client/open-store.js';
import { realSystem } from '../../dist/modules/client/system.js';
import { awake } from '../../dist/modules/share/clock.js';

const { file, boundMs, options } = JSON.parse(process.argv[2]);
os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL); // a reader lets the others work
let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();

const { store } = await awake(() => openStore(file, realSystem(options)));
const found = { reads: 0, worstMs: 0, newest: 0 };
let before = [];
process.stdout.write('reading\n');
while (!isOver) {
  const startedMs = performance.now();
  const { licence } = await awake(() => store.read({ untilMs: startedMs + boundMs }));
  const tally = licence.tally ?? [];
  if (licence.revision < found.newest)
    throw new Error(`went back from ${found.newest} to ${licence.revision}`);
  if (tally.length !== licence.revision)
    throw new Error(`${tally.length} changes in revision ${licence.revision}`);
  if (before.some((id, index) => tally[index] !== id))
    throw new Error(`revision ${licence.revision} rewrote the past`);
  before = tally;
  found.reads++;
  found.newest = licence.revision;
  found.worstMs = Math.max(found.worstMs, Math.round(performance.now() - startedMs));
}
process.stdout.write(`${JSON.stringify(found)}\n`);
