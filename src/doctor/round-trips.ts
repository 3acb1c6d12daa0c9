import type { Clock } from '../share/clock.js';
import type { ShareFiles } from '../share/files.js';
import type { Finding, RoundTrip } from './findings.js';

/** What a file server may take to answer before it is called slow. Milliseconds, the median of an operation. */
const SLOW_MEDIAN_MS = 500;

/** Times every operation on a share. */
export class RoundTrips {
  /** The share, timed. */
  readonly files: ShareFiles;
  private readonly clock: Clock;
  private readonly times = new Map<string, number[]>();

  /** @param before called before each operation; what it throws ends the operation */
  constructor(files: ShareFiles, clock: Clock, before: () => void) {
    this.clock = clock;
    const timed = Object.entries(files).map(([operation, act]) => [
      operation,
      async (...args: unknown[]) => {
        before();
        return await this.timed(operation, () => (act as (...all: unknown[]) => Promise<unknown>)(...args));
      },
    ]);
    this.files = Object.fromEntries(timed) as ShareFiles;
  }

  finding(): Finding {
    const operations = [...this.times].map(([operation, times]) => roundTripOf(operation, times));
    const slowest = operations.reduce((one, other) => (other.medianMs > one.medianMs ? other : one));
    return {
      check: 'roundTrips',
      severity: slowest.medianMs > SLOW_MEDIAN_MS ? 'warning' : 'ok',
      ...{ operations, slowest: slowest.operation, slowestMedianMs: slowest.medianMs },
    };
  }

  private async timed(operation: string, act: () => Promise<unknown>): Promise<unknown> {
    const startedMs = this.clock.elapsedMs();
    const answer = await act(); // a refused operation is not timed: a commit meets none
    const times = this.times.get(operation) ?? [];
    this.times.set(operation, [...times, this.clock.elapsedMs() - startedMs]);
    return answer;
  }
}

function roundTripOf(operation: string, times: readonly number[]): RoundTrip {
  return {
    operation,
    count: times.length,
    medianMs: rounded(median(times)),
    maxMs: rounded(Math.max(...times)),
  };
}

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const rounded = (ms: number): number => Math.round(ms * 10) / 10;
