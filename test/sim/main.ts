import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import nodePath from 'node:path';
import { parseArgs } from 'node:util';
import { inParallel } from '../helpers/parallel.js';
import { type Bug, bugs } from './bugs.js';
import { Hand, type Played } from './crew.js';
import { type Profile, profileNames } from './plan.js';
import { plant } from './plant.js';
import { type Outcome, play } from './play.js';
import { clockTime } from './trace.js';

/**
 * `npm run sim`: plays seeds on the shipped code, and prints what was broken. `--seed S` replays one, with its trace.
 * `--traces FOLDER` writes whole traces of a few seeds of every profile: a change that keeps the behaviour keeps them,
 * byte for byte. `--bugs all`, `--bugs sample`, or names of bugs, plants each of them and counts the seeds until it is
 * caught.
 */
const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '300' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    profile: { type: 'string' },
    bugs: { type: 'string' },
    traces: { type: 'string' },
    most: { type: 'string', default: '120' },
    workers: { type: 'string', default: String(Math.min(os.availableParallelism(), 8)) },
    lines: { type: 'string', default: 'Infinity' },
  },
});

const HOUR_MS = 3_600_000;
/** As many seeds of each profile are recorded. */
const RECORDED = 3;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const workers = wholeNumber('workers', options.workers);
const profile = profileOf(options.profile);

if (options.seed !== undefined) await replay(options.seed);
else if (options.traces !== undefined) await record(options.traces);
else if (options.bugs !== undefined) await hunt(chosenBugs(options.bugs));
else await playSeeds();
process.stdout.write('', () => process.exit()); // what killed processes were waiting for is waited for no longer

function wholeNumber(name: string, text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new Error(`--${name}: expected a whole number from 1, got ${text}`);
}

function profileOf(name: string | undefined): Profile | undefined {
  const found = profileNames.find((one) => one === name);
  if (name === undefined || found) return found;
  throw new Error(`--profile: expected one of ${profileNames.join(', ')}, got ${name}`);
}

// --- one seed --------------------------------------------------------------------------------------------------------

/** Prints everything that happened, and how it ended. */
async function replay(seed: string): Promise<void> {
  const outcome = await play(seed, { isTraced: true, profile });
  say(describePlan(outcome));
  const lines = Number(options.lines);
  for (const line of outcome.trace.slice(Number.isFinite(lines) ? -lines : 0)) say(line);
  say(describe(seed, { outcome }));
  if (outcome.violation) process.exitCode = 1;
}

async function record(folder: string): Promise<void> {
  const directory = await plant(null, 'seatfile-sim/recorded');
  await mkdir(folder, { recursive: true });
  const runs = profileNames.flatMap((kind) =>
    Array.from({ length: RECORDED }, (_, n) => ({ kind, seed: String(n + 1) })),
  );
  const hands = Array.from({ length: workers }, () => new Hand(directory));
  await inParallel(runs, workers, async ({ kind, seed }) => {
    const hand = hands.pop() ?? new Hand(directory);
    const played = await hand.play(seed, kind, true);
    hands.push(hand);
    const lines = 'outcome' in played ? [describePlan(played.outcome), ...played.outcome.trace] : [];
    const text = [...lines, describe(seed, played), ''].join('\n');
    await writeFile(nodePath.join(folder, `${kind}-${seed}.txt`), text);
  });
  say(`${runs.length} traces in ${folder}`);
}

function describePlan({ seed, plan }: Outcome): string {
  const { profile: kind, semantics, people, hosts, modules, countBy, level, intervalMs } = plan;
  const places = Object.entries(modules).map(([module, limit]) => `${module}=${limit}`);
  return [
    `seed ${seed}: ${kind}, ${semantics}; ${people.length} people on ${hosts.length} computers, ${places.join(' ')}`,
    `${countBy}, ${level}, T ${clockTime(intervalMs)}, lock ${plan.store.lock !== false}`,
  ].join('; ');
}

function describe(seed: string, played: Played): string {
  if ('error' in played) return `seed ${seed}: BROKEN: crashed: ${played.error}`;
  const { violation, plan } = played.outcome;
  if (!violation) return `seed ${seed}: nothing broken`;
  const where = `seed ${seed} (${plan.profile}, ${plan.semantics}): BROKEN at ${clockTime(violation.atMs)}`;
  return `${where}: ${violation.rule}: ${violation.what}`;
}

function isBroken(played: Played): boolean {
  return 'error' in played || played.outcome.violation !== null;
}

// --- many seeds ------------------------------------------------------------------------------------------------------

async function playSeeds(): Promise<void> {
  const directory = await plant(null, 'seatfile-sim/shipped');
  const from = wholeNumber('from', options.from);
  const seeds = Array.from({ length: wholeNumber('seeds', options.seeds) }, (_, n) => String(from + n));
  const sums = { seeds: 0, broken: 0, simulatedMs: 0, events: 0, commits: 0, evictions: 0, segments: 0 };
  const lost = { losses: 0, restores: 0, livesOut: 0 };
  const hands = Array.from({ length: workers }, () => new Hand(directory));
  const startedMs = performance.now();
  await inParallel(seeds, workers, async (seed) => {
    const hand = hands.pop() ?? new Hand(directory);
    const played = await hand.play(seed, profile);
    hands.push(hand);
    sums.seeds++;
    if (isBroken(played)) {
      sums.broken++;
      say(
        `${describe(seed, played)}\n  replay: npm run sim -- --seed ${seed}${profile ? ` --profile ${profile}` : ''}`,
      );
    }
    if (!('outcome' in played)) return;
    for (const key of ['simulatedMs', 'events', 'commits', 'evictions', 'segments'] as const)
      sums[key] += played.outcome[key];
    for (const key of ['losses', 'restores', 'livesOut'] as const) lost[key] += played.outcome[key];
  });
  const minutes = (performance.now() - startedMs) / 60_000;
  say(
    `${sums.seeds} seeds (${seeds[0]} to ${seeds.at(-1)}) in ${minutes.toFixed(1)} min on ${workers} threads: ` +
      `${Math.round(sums.seeds / minutes)} a minute`,
  );
  say(
    `${Math.round(sums.simulatedMs / HOUR_MS)} simulated hours, ${sums.events} events, ${sums.commits} commits, ` +
      `${sums.evictions} evictions, ${sums.segments} segments of the journal; ${sums.broken} broken`,
  );
  say(`${lost.losses} losses, ${lost.restores} tables rebuilt, ${lost.livesOut} living users out`);
  if (sums.broken > 0) process.exitCode = 1;
}

// --- planted bugs ----------------------------------------------------------------------------------------------------

function chosenBugs(names: string): Bug[] {
  if (names === 'all') return [...bugs];
  if (names === 'sample') return bugs.filter(({ isSampled }) => isSampled);
  return names.split(',').map((name) => {
    const found = bugs.find((bug) => bug.name === name);
    if (!found) throw new Error(`--bugs: expected all, sample, or names out of bugs.ts, got ${name}`);
    return found;
  });
}

/** Plants each bug and plays seeds from the first on until it shows. */
async function hunt(chosen: readonly Bug[]): Promise<void> {
  const most = wholeNumber('most', options.most);
  let missed = 0;
  say('| bug | seeds until caught | how it showed |\n| --- | --- | --- |');
  await inParallel([...chosen.entries()], workers, async ([index, bug]) => {
    const hand = new Hand(await plant(bug, `seatfile-sim/planted-${index}`));
    const caught = await firstBroken(hand, bug, most);
    await hand.end();
    if (caught === null) missed++;
    say(`| ${bug.name} | ${caught ? caught.seeds : `not in ${most}`} | ${caught?.how ?? ''} |`);
  });
  say(`${chosen.length - missed} of ${chosen.length} bugs caught`);
  if (missed > 0) process.exitCode = 1;
}

async function firstBroken(
  hand: Hand,
  bug: Bug,
  most: number,
): Promise<{ seeds: number; how: string } | null> {
  for (let n = 1; n <= most; n++) {
    const played = await hand.play(String(n), profile ?? bug.profile);
    // A planted bug that names what is no longer there fails at run time: that catches nothing.
    if ('error' in played) throw new Error(`bug ${bug.name}: seed ${n} crashed: ${played.error}`);
    const { violation } = played.outcome;
    if (violation?.rule === 'crashed')
      throw new Error(`bug ${bug.name}: seed ${n} crashed: ${violation.what}`);
    if (violation) return { seeds: n, how: violation.rule };
  }
  return null;
}
