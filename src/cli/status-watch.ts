import type { LicenceStatus } from '../api.js';
import { SeatfileFault } from '../licence/fault.js';
import { type Clock, inTime, LATE } from '../share/clock.js';
import { describeError } from './words.js';

/** `status --watch`: looks again and again. A share that goes away ends nothing: it may come back. */

/** Where what was seen is shown. */
export interface Picture {
  readonly show: (view: LicenceStatus) => void;
  /** What is wrong now; what was shown last stands. */
  readonly trouble: (words: string) => void;
  readonly end: () => void;
}

export interface Watch {
  readonly everyMs: number;
  readonly look: () => Promise<LicenceStatus>;
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** A share that has not answered for this long is told. Milliseconds. */
const PATIENCE_MS = 3000;

type Looked = { readonly view: LicenceStatus } | { readonly error: unknown };

/** @throws SeatfileFault when the very first look fails */
export async function watchStatus(watch: Watch, picture: Picture): Promise<void> {
  let isShown = false;
  try {
    for (;;) {
      const looked = await lookPatiently(watch, (words) => isShown && picture.trouble(words));
      if (looked === null) return;
      if ('view' in looked) picture.show(looked.view);
      else if (isShown && looked.error instanceof SeatfileFault) picture.trouble(describeError(looked.error));
      else throw looked.error;
      isShown = true;
      await watch.clock.sleep(watch.everyMs, watch.signal);
      if (watch.signal.aborted) return;
    }
  } finally {
    if (isShown) picture.end();
  }
}

/** Null: it was ended meanwhile. One look is on its way at a time, however long it takes. */
async function lookPatiently(
  { look, clock, signal }: Watch,
  tell: (words: string) => void,
): Promise<Looked | null> {
  const asked: Promise<Looked> = look().then(
    (view) => ({ view }),
    (error: unknown) => ({ error }),
  );
  const soon = await inTime(clock, PATIENCE_MS, asked, signal);
  if (soon === LATE && !signal.aborted) tell('the share does not answer');
  const looked = soon === LATE ? await inTime(clock, Number.POSITIVE_INFINITY, asked, signal) : soon;
  return looked === LATE || signal.aborted ? null : looked;
}
