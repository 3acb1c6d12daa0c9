import { BroadcastChannel, threadId } from 'node:worker_threads';

/**
 * Signals reach only the main thread of a process. So a worker that holds seats tells that to the whole process. A main
 * thread that has a licence open tells the worker to give them back.
 */
const CHANNEL = 'seatfile.leaving';

interface Word {
  /** `busy`, `idle`: a worker has seats to give back, or none. `ask`, `leave`: to every worker. */
  readonly said: 'busy' | 'idle' | 'ask' | 'leave';
  readonly by: string;
}

function openChannel(hear: (word: Word) => void): BroadcastChannel {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = (event) => hear((event as { data: Word }).data);
  channel.unref();
  return channel;
}

let channels = 0;

/** In a worker, while it holds seats: gives them back when the main thread says so. @returns ends that */
export function answerMain(leave: () => Promise<void>): () => void {
  const by = `${threadId}/${++channels}`;
  let leaving = 0;
  let isOver = false;
  const say = (said: Word['said']) => channel.postMessage({ said, by });
  const endIfOver = () => {
    if (!isOver || leaving > 0) return;
    say('idle');
    channel.close();
  };
  const channel = openChannel(({ said }) => {
    if (said === 'ask') say('busy');
    if (said !== 'leave') return;
    leaving++;
    void leave().finally(() => {
      leaving--;
      if (!isOver) say('idle');
      endIfOver();
    });
  });
  say('busy');
  return () => {
    isOver = true;
    endIfOver();
  };
}

/**
 * In the main thread. When the first worker holds seats, `add` gets a function that gives them back. When no worker
 * does, `remove` gets the same function.
 * @returns ends that
 */
export function heedWorkers(
  add: (leave: () => Promise<void>) => void,
  remove: (leave: () => Promise<void>) => void,
): () => void {
  const busy = new Set<string>();
  let allIdle = (): void => undefined;
  const leave = (): Promise<void> =>
    new Promise((resolve) => {
      allIdle = resolve;
      channel.postMessage({ said: 'leave', by: 'main' });
    });
  const channel = openChannel(({ said, by }) => {
    if (said === 'busy') {
      busy.add(by);
      add(leave);
    }
    if (said !== 'idle' || !busy.delete(by) || busy.size > 0) return;
    remove(leave);
    allIdle();
  });
  channel.postMessage({ said: 'ask', by: 'main' });
  return () => {
    channel.close();
    remove(leave);
  };
}
