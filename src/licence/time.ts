/** Share time as written in the document: ISO 8601 UTC with milliseconds. */
export const toIso = (ms: number): string => new Date(ms).toISOString();
/** Milliseconds since 1970 of a time in the document. */
export const fromIso = (text: string): number => Date.parse(text);

/** One instant on three clocks of this machine, milliseconds. Each clock can miss a sleep; not all of them miss it. */
export interface Instant {
  /** Monotonic; pauses while a Linux host sleeps. */
  readonly elapsedMs: number;
  /** Wall clock; jumps when it is set. */
  readonly wallMs: number;
  /** Time since boot; sees sleep where the monotonic clock does not. */
  readonly uptimeMs: number;
}

/** The clock that saw the most counts: each may have stopped or stepped back, and a jump ahead only costs a beat. */
export const elapsedMs = (since: Instant, now: Instant): number =>
  Math.max(now.elapsedMs - since.elapsedMs, now.wallMs - since.wallMs, now.uptimeMs - since.uptimeMs);
