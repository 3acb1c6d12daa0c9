/**
 * Processes are killed at random operations of random commits, by chance from a seed (test/processes/crashes.ts). Says
 * each that was not as it must be after that, and in the end how many there were.
 */
import { pathToFileURL } from 'node:url';
import { awake } from '../../../../src/share/clock.js';
import { seededDice } from '../../../helpers/dice.js';
import { inParallel } from '../../../helpers/parallel.js';
import { type Crash, Crasher, interrupted } from '../../../processes/crashes.js';
import { removeShares } from '../../../processes/shares.js';
import { sayNow } from './said.js';

export interface CrashJob {
  /** crash-worker.mjs */
  readonly worker: string;
  readonly seed: string;
  readonly crashes: number;
}

const AT_ONCE = 2;

const { worker, seed, crashes } = JSON.parse(process.argv[2] ?? '') as CrashJob;
const chance = seededDice(`crash/${seed}`);
const crasher = new Crasher(pathToFileURL(worker));

/** How many were killed, and how many moments there are. */
async function crashAll(): Promise<[number, number]> {
  const moments: Crash[] = [];
  await inParallel(interrupted, AT_ONCE, async (commit) => {
    moments.push(...(await crasher.momentsOf(commit)));
  });
  moments.sort((a, b) =>
    `${a.verb} ${a.isFirst} ${a.at} ${a.when}`.localeCompare(`${b.verb} ${b.isFirst} ${b.at} ${b.when}`),
  );
  const chosen = Array.from({ length: crashes }, () =>
    moments.splice(Math.floor(chance.fraction() * moments.length), 1),
  ).flat();
  let killed = 0;
  await inParallel(chosen, AT_ONCE, async (crash) => {
    const isKilled = await crasher.kill(crash, false).catch((error: unknown) => {
      sayNow(`WRONG ${String(error).replaceAll('\n', ' ')}`);
      return false;
    });
    if (isKilled) killed++;
  });
  return [killed, chosen.length + moments.length];
}

const [killed, of] = await awake(crashAll); // what stores wait for keeps no process
removeShares();
sayNow(`done ${killed} of ${of}`);
process.exit(0);
