/**
 * Commits again and again; each change appends one unique id to the unknown key `tally`. What was tried, and what
 * became of it, goes into a local log file, synchronously, before anything else is done. So the log of a killed process
 * has every id that it was told `done` for.
 */
import { openSync, writeSync } from 'node:fs';
import { openStore } from '../../dist/modules/client/open-store.js';
import { realSystem } from '../../dist/modules/client/system.js';
import { SeatfileFault } from '../../dist/modules/licence/fault.js';
import { awake } from '../../dist/modules/share/clock.js';
import { diskFiles } from '../../dist/modules/share/disk.js';

/** `traps`: signals this process sends itself, by the count of commits after which, so many share operations later. */
const { file, log, name, commits, boundMs, eventEvery, options, traps = {} } = JSON.parse(process.argv[2]);
const descriptor = openSync(log, 'a');
const note = (...words) => writeSync(descriptor, `${words.join(' ')}\n`);

let done = 0;
let trap = null;

function step() {
  if (trap === null || trap.afterOperations-- > 0) return;
  const { signal } = trap;
  trap = null;
  process.stdout.write(`${signal}\n`);
  process.kill(process.pid, signal);
}

const trapped = ([operation, act]) => [
  operation,
  (...args) => {
    step();
    return act(...args);
  },
];
const files = Object.fromEntries(Object.entries(diskFiles).map(trapped));
const { store } = await awake(() => openStore(file, { ...realSystem(options), files }));

for (let n = 0; done < commits; n++) {
  const id = `${name}-${n}`;
  note('try', id);
  const startedMs = performance.now();
  let attempts = 0;
  const append = ({ licence: base }) => {
    attempts++;
    const events = n % eventEvery === 0 ? [{ kind: 'tally' }] : [];
    return { answer: id, draft: { licence: { ...base, tally: [...(base.tally ?? []), id] }, events } };
  };
  let reason = '';
  const fate = await awake(() => store.commit(append, { untilMs: startedMs + boundMs })).then(
    () => 'ack',
    (error) => {
      if (!(error instanceof SeatfileFault)) throw error;
      reason = error.message;
      return error.code === 'COMMIT_UNKNOWN' ? 'unknown' : error.code;
    },
  );
  note(fate, id, attempts, Math.round(performance.now() - startedMs), reason);
  if (fate !== 'ack') continue;
  done++;
  trap = traps[done] ?? trap;
  process.stdout.write('ack\n');
}
await awake(() => store.settled());
process.stdout.write('done\n');
