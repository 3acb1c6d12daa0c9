import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The longest time for which the event loop did not turn. Milliseconds. */
export function loopDelay(): { readonly worstMs: () => number; readonly reset: () => void } {
  const histogram = monitorEventLoopDelay({ resolution: 10 });
  histogram.enable();
  return { worstMs: () => histogram.max / 1e6, reset: () => histogram.reset() };
}
