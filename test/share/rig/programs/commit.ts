/**
 * Commits again and again; each change appends one unique id to the unknown key `tally`. Says of each what was tried
 * and what became of it, at once, so that the controller knows every id that was acknowledged, whatever happens to us
 * after.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { openStore } from '../../../../src/client/open-store.js';
import { realSystem } from '../../../../src/client/system.js';
import type { Licence } from '../../../../src/licence/document.js';
import { SeatfileFault } from '../../../../src/licence/fault.js';
import { awake } from '../../../../src/share/clock.js';
import { diskFiles } from '../../../../src/share/disk.js';
import type { ShareFiles } from '../../../../src/share/files.js';
import type { StoreOptions } from '../../../../src/store/store-options.js';
import { loopDelay } from './loop-delay.js';
import { sayNow, standStill } from './said.js';

export interface CommitJob {
  readonly file: string;
  readonly name: string;
  readonly commits: number;
  readonly boundMs: number;
  readonly eventEvery: number;
  readonly paceMs: number;
  readonly umask?: number;
  readonly options: Partial<StoreOptions>;
  /** Signals it sends itself, by the count of commits after which, so many share operations later. */
  readonly traps: Readonly<
    Record<number, { readonly signal: NodeJS.Signals; readonly afterOperations: number }>
  >;
}

/** Each may take as long as one operation; an operation that never returns keeps a thread of its own. */
const MOST_OPENINGS = 3;

type Tallied = Licence & { readonly tally?: readonly string[] };

const job = JSON.parse(process.argv[2] ?? '') as CommitJob;
if (job.umask !== undefined) process.umask(job.umask);
let trap: { signal: NodeJS.Signals; left: number } | null = null;
let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();

function step(): void {
  if (trap === null || trap.left-- > 0) return;
  const { signal } = trap;
  trap = null;
  sayNow(signal);
  if (process.platform === 'win32' && signal === 'SIGSTOP') standStill();
  else process.kill(process.pid, signal);
}

const trapped = Object.fromEntries(
  Object.entries(diskFiles).map(([name, act]) => [
    name,
    (...words: never[]) => {
      step();
      return (act as (...words: never[]) => unknown)(...words);
    },
  ]),
) as unknown as ShareFiles;

const loop = loopDelay();
const { store } = await awake(opened);

/** The share may be out of reach at the start too, as at a commit: then it is tried again. */
async function opened(): ReturnType<typeof openStore> {
  for (let tries = 1; ; tries++) {
    try {
      return await openStore(job.file, { ...realSystem(job.options), files: trapped });
    } catch (error) {
      if (tries === MOST_OPENINGS || !(error instanceof SeatfileFault && error.code === 'SHARE_UNREACHABLE'))
        throw error;
    }
  }
}

async function commitOne(id: string, hasEvent: boolean): Promise<string> {
  let attempts = 0;
  const append = ({ licence: base }: { readonly licence: Licence }) => {
    attempts++;
    const tally = [...((base as Tallied).tally ?? []), id];
    const events = hasEvent ? [{ kind: 'tally' }] : [];
    return { answer: id, draft: { licence: { ...base, tally }, events } as never };
  };
  const startedMs = performance.now();
  const took = () => `${attempts} ${Math.round(performance.now() - startedMs)}`;
  try {
    await awake(() => store.commit(append, { untilMs: startedMs + job.boundMs }));
    return `ack ${id} ${took()}`;
  } catch (error) {
    if (!(error instanceof SeatfileFault)) throw error;
    return `${error.code} ${id} ${took()} ${error.message}`;
  }
}

let done = 0;
sayNow('ready');
for (let n = 0; done < job.commits && !isOver; n++) {
  const id = `${job.name}-${n}`;
  sayNow(`try ${id}`);
  const fate = await commitOne(id, n % job.eventEvery === 0);
  sayNow(fate);
  if (fate.startsWith('ack ')) {
    const planned = job.traps[++done];
    if (planned) trap = { signal: planned.signal, left: planned.afterOperations };
  }
  if (job.paceMs > 0) await delay(job.paceMs);
}
await awake(() => store.settled());
sayNow(`loop ${Math.round(loop.worstMs())}`);
process.exit(0);
