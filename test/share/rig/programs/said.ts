import { writeSync } from 'node:fs';

/** A line that is out when this returns: on Windows what console.log says into a pipe is lost when a process ends. */
export const sayNow = (line: string): void => void writeSync(1, `${line}\n`);

/** As long as the hammer stops a process elsewhere. Milliseconds. */
const STOP_MS = 6500;

/** Windows stops no process: it stands still by itself. */
export function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STOP_MS);
}
