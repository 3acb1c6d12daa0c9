import type { OnSlow } from '../api/opening.js';
import { ANSWER_MS } from '../share/op-timeouts.js';
import { WRECK_MS } from './display-copy.js';
import type { GarbageOptions } from './garbage.js';

/** Waits and ages; the defaults are the design's, and tests shorten them. All milliseconds. */
export interface StoreOptions {
  /** For one share operation. @default 20,000 */
  readonly answerMs: number;
  /** For a lock that stays unchanged. @default 10,000 */
  readonly stealMs: number;
  /**
   * For a turn while nothing moves. @default min(T/16, 5 s): less than the T/8 from which a commit counts as
   * slow. Else the lock of a killed process would keep its peers from evicting it.
   */
  readonly turnMs: number;
  readonly cachesMs: number;
  readonly busyMs: number;
  readonly wreckMs: number;
  readonly clearing: GarbageOptions;
  /** Whether to take the lock at all: the tests show that nothing rests on it. @default true */
  readonly lock: boolean;
  readonly onSlow?: OnSlow | undefined;
}

export const storeDefaults: StoreOptions = {
  answerMs: ANSWER_MS,
  stealMs: 10_000,
  turnMs: 5000,
  cachesMs: 60_000,
  busyMs: 10_000,
  wreckMs: WRECK_MS,
  clearing: { segmentNumbers: 64, supersededMs: 300_000, abandonedMs: 86_400_000 },
  lock: true,
};
