/**
 * Walks the models and prints a table of what they show: `npm run model [-- quick | -- nightly]`. Ends with status 1 if
 * a walk shows anything but what is expected of it.
 */
import process from 'node:process';
import type { Walk } from './explore.js';
import { isAsExpected, long, nightly, quick, type Run, walk } from './runs.js';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function chosen(which: string): readonly Run[] {
  switch (which) {
    case 'quick':
      return quick;
    case 'all':
      return [...quick, ...long];
    case 'nightly':
      return [...quick, ...long, ...nightly];
    default:
      throw new Error(`"${which}": expected quick, nightly, or nothing`);
  }
}

/** Of processor time: what else the machine does is not counted. */
const secondsSince = (start: NodeJS.CpuUsage): string => {
  const { user, system } = process.cpuUsage(start);
  return ((user + system) / 1e6).toFixed(1);
};

function tell(run: Run, found: Walk, seconds: string): void {
  const { name, size, includes } = run;
  const { states, finding } = found;
  const shown = finding ? `${finding.broken}, in ${finding.trace.length} steps` : 'nothing breaks';
  print(`| ${name} | ${size} | ${includes} | ${states.toLocaleString('en')} | ${seconds} | ${shown} |`);
  if (isAsExpected(run, found)) return;
  print(`NOT AS EXPECTED: ${run.states} states, ${run.breaks ?? 'nothing breaks'}, ${run.steps} steps`);
  for (const [index, step] of (finding?.trace ?? []).entries()) print(`  ${index + 1}. ${step}`);
}

const runs = chosen(process.argv[2] ?? 'all');
const start = process.cpuUsage();
let states = 0;
let expected = 0;
print('| walk | p / a / o | with | states | s | shows |');
print('|---|---|---|---:|---:|---|');
for (const run of runs) {
  const runStart = process.cpuUsage();
  const found = walk(run);
  tell(run, found, secondsSince(runStart));
  states += found.states;
  if (isAsExpected(run, found)) expected++;
}
print(`\n${states.toLocaleString('en')} states in ${secondsSince(start)} s of processor time`);
print(`${expected} of ${runs.length} walks as expected`);
if (expected < runs.length) process.exitCode = 1;
