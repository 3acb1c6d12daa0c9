import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Verb } from './commands.js';
import type { Answer } from './seatfile.js';

/** What a command says when it fails, and what it leaves running. */

const isProgress = (line: string) => /^(Waiting for|Watching the folder|Checking|Extra load:) /.test(line);
export const complaintsIn = ({ err }: Answer) =>
  err.split('\n').filter((line) => line !== '' && !isProgress(line));

/** No user is shown the insides of the program. */
export const expectNoStack = ({ out, err }: Answer) =>
  expect(out + err).not.toMatch(/\n\s+at .*:\d+:\d+|node:internal|\bundefined\b/);

/** One clear line: the thing, and what to do. What doctor finds is its answer, and goes where answers go. */
export function expectClear(verb: Verb, answer: Answer, thing: string): void {
  expectNoStack(answer);
  const complaints = complaintsIn(answer);
  const lines = verb === 'doctor' && answer.out !== '' ? [answer.out] : complaints;
  expect(verb === 'doctor' ? complaints.length + (answer.out === '' ? 0 : 1) : complaints.length).toBe(1);
  if (verb !== 'doctor') expect(answer.out).toBe('');
  expect(lines[0]).toContain(thing);
  expect(lines[0]).toMatch(/; \w|\?|-> |\. [A-Z]|\(seatfile /);
}

/** Of every process of this computer that can be seen. */
export function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return ''; // it has ended meanwhile
      }
    });
}
