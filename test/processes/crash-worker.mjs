/**
 * Takes a seat, beats, evicts, releases, removes or folds on a real share, and kills itself at the n-th share operation
 * of that one commit: before it, after it, or in the middle of writing a file. Counting begins with the first operation
 * that makes something.
 */
import { writeFileSync } from 'node:fs';
import { openWith } from '../../dist/modules/client/open-licence.js';
import { openStore } from '../../dist/modules/client/open-store.js';
import { realSystem } from '../../dist/modules/client/system.js';
import { remove } from '../../dist/modules/rules/admin.js';
import { awake } from '../../dist/modules/share/clock.js';
import { diskFiles } from '../../dist/modules/share/disk.js';

const { file, verb, at, when, machine, removal } = JSON.parse(process.argv[2]);
/**
 * Time goes eight times faster here, so that a beat is due soon; ten times slower where a round must not run out of
 * time.
 */
const PACE = verb === 'fold' ? 0.1 : 8;
const real = realSystem();
const clock = {
  elapsedMs: () => PACE * real.clock.elapsedMs(),
  wallMs: () => PACE * real.clock.elapsedMs() + performance.timeOrigin,
  uptimeMs: () => PACE * real.clock.elapsedMs(),
  alarm: (ms, act) => real.clock.alarm(ms / PACE, act),
  sleep: (ms, signal) => real.clock.sleep(ms / PACE, signal),
  awake,
};

const operations = [];
let isArmed = false;
let isCounting = false;
const unlocked = new Set();

const die = () => process.kill(process.pid, 'SIGKILL');

/** What a kill in the middle of a write leaves: half a file; for the licence file, half a temporary one beside it. */
function leaveHalf(operation, path, text) {
  const where = operation === 'replace' ? `${path}.4000000001` : path;
  writeFileSync(where, text.slice(0, text.length / 2));
}

const deadly = ([operation, act]) => [
  operation,
  async (...args) => {
    if (isArmed && operation === 'makeDirectory') isCounting = true;
    const isFatal = isCounting && operations.push(operation) === at;
    if (isFatal && when === 'within') leaveHalf(operation, ...args);
    if (isFatal && when !== 'after') die();
    try {
      return await act(...args);
    } finally {
      if (isFatal) die();
      if (operation === 'removeDirectory' && /[\\/]lock$/.test(args[0])) for (const wake of unlocked) wake();
    }
  },
];

/** Resolves when a commit is over, its lock given back. What follows the answer is not counted. */
const nextUnlock = () =>
  new Promise((resolve) => {
    unlocked.add(() => {
      isArmed = false;
      isCounting = false;
      resolve();
    });
  });

const system = {
  ...real,
  files: Object.fromEntries(Object.entries(diskFiles).map(deadly)),
  clock,
  facts: { ...real.facts, machine, isBootKnown: false },
  isProcessGone: (...who) => isArmed && real.isProcessGone(...who), // so that the dead one is there until we count
  watching: null,
  store: { answerMs: 600_000, turnMs: 60_000 },
};

async function act() {
  const licence = await openWith(file, { user: 'victim', releaseOnExit: false }, system);
  isArmed = verb === 'acquire';
  let over = nextUnlock();
  const claim = await licence.acquire(verb === 'evict' ? 'M2' : 'M1');
  await over;
  if (verb === 'acquire') return;
  over = nextUnlock();
  isArmed = true;
  if (verb === 'release') await claim.seat.release();
  await over;
}

/** What the command `remove` does: the administrator has no seat himself. */
async function removeHolder() {
  const { store } = await openStore(file, system);
  const isChosen = (record) => record.user === 'holder';
  isArmed = true;
  await store.commit((context) => ({ answer: null, draft: remove(context, { isChosen, ...removal }) }), {
    untilMs: clock.elapsedMs() + 600_000,
  });
  await store.settled();
}

/** What follows the answer of a commit: events are folded into the journal, and their revisions cleared away. */
async function fold() {
  const clearing = { segmentNumbers: 4, supersededMs: 0, abandonedMs: 86_400_000 };
  const { store } = await openStore(file, { ...system, store: { ...system.store, clearing } });
  const happen = ({ licence: base }) => {
    const events = [{ kind: 'test', word: `e${base.revision + 1}` }];
    return { answer: null, draft: { licence: base, events } };
  };
  const commit = () => store.commit(happen, { untilMs: clock.elapsedMs() + 600_000 });
  for (let n = 1; n < 4; n++) await commit();
  await commit().then(() => {
    isCounting = true;
  });
  await store.settled();
}

const acts = { remove: removeHolder, fold };
await awake(acts[verb] ?? act);
process.stdout.write(`${JSON.stringify(operations)}\n`);
process.exit(0);
