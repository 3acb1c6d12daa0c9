import { spawn } from 'node:child_process';
import { once } from 'node:events';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone: this file runs compiled, in node_modules/.cache/seatfile-test/test/bench. */
export const root = nodePath.join(nodePath.dirname(fileURLToPath(import.meta.url)), '../../../../..');

/** Of a Node with these words, from start to end. Milliseconds. */
export async function ranMs(...words: readonly string[]): Promise<number> {
  const sinceMs = performance.now();
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`node ${words.join(' ')} ended with ${status}`);
  return performance.now() - sinceMs;
}
