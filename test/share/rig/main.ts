/**
 * The share for real: npm run share -- smb|nfs3|nfs42|all|windows [--only a,b] [--long] [--seed S] [-- COMMAND...].
 * See README.md here.
 */
import { onMounts } from './mounted.js';
import { cannot, prepare } from './prepare.js';
import type { Hosts, Scenario } from './rig.js';
import { scenarios } from './scenarios/all.js';
import { type MountName, mountNames } from './servers.js';
import { pause, run } from './shell.js';
import type { Station } from './station.js';
import { visit } from './visit.js';
import { windowsScenarios } from './windows/all.js';
import { onWindows } from './windows/world.js';
import { enter, isInside } from './world.js';

interface Wish {
  /** None: Windows. */
  readonly mounts: readonly MountName[];
  readonly only: readonly string[] | null;
  readonly isLong: boolean;
  /** Of what happens by chance, where a scenario can be replayed. */
  readonly seed: string;
  /** What stands after `--`: a command to run on the mounts; empty: a shell; null: the scenarios. */
  readonly command: readonly string[] | null;
}

const namesOf = (all: readonly { readonly name: string }[]): string => all.map(({ name }) => name).join(', ');

const PLACES_TO_RUN = `${mountNames.join('|')}|all|windows`;
const USAGE = `usage: npm run share -- ${PLACES_TO_RUN} [--only NAME,NAME] [--long] [--seed S] [-- COMMAND...]
scenarios: ${namesOf(scenarios)}
on windows: ${namesOf(windowsScenarios)}`;

function wishOf(words: readonly string[]): Wish | null {
  const end = words.indexOf('--');
  const [name = '', ...options] = end < 0 ? words : words.slice(0, end);
  const command = end < 0 ? null : words.slice(end + 1);
  const mounts = mountNames.filter((one) => name === one || name === 'all');
  const known = name === 'windows' ? windowsScenarios : scenarios;
  const wordAfter = (option: string) =>
    options.includes(option) ? options[options.indexOf(option) + 1] : undefined;
  const only = wordAfter('--only')?.split(',') ?? null;
  const seed = wordAfter('--seed') ?? String(Math.floor(1e9 * Math.random()));
  const isKnown = (only ?? []).every((one) => known.some((scenario) => scenario.name === one));
  const isUnderstood = options.every(
    (one, index) =>
      ['--only', '--seed', '--long'].includes(one) || ['--only', '--seed'].includes(options[index - 1] ?? ''),
  );
  const isPlace = mounts.length > 0 || name === 'windows';
  return isPlace && isKnown && isUnderstood
    ? { mounts, only, isLong: options.includes('--long'), seed, command }
    : null;
}

async function outside({ mounts }: Wish): Promise<number> {
  const why = await prepare(mounts.length > 0 ? 'mounts' : 'windows');
  return why === null ? await enter() : cannot(why);
}

const inside = async (wish: Wish): Promise<number> =>
  wish.mounts.length > 0
    ? await onMounts(wish.mounts, wish, (rig) => actOn(rig, scenarios, wish))
    : await onWindows(wish, (windows) => actOn(windows, windowsScenarios, wish));

const actOn = async <World extends Hosts<Station>>(
  world: World,
  all: readonly Scenario<World>[],
  wish: Wish,
): Promise<number> =>
  wish.command ? await visit(visited(world), wish.command) : await playAll(world, all, wish);

/** Of this computer only its Windows. */
const visited = ({ mount, guests }: Hosts<Station>): readonly Station[] =>
  mount.name === 'windows' ? guests.slice(0, 1) : guests;

async function playAll<World extends Hosts<Station>>(
  world: World,
  all: readonly Scenario<World>[],
  wish: Wish,
): Promise<number> {
  const wanted = all.filter(({ name }) => wish.only?.includes(name) ?? true);
  const aside = wanted.filter(({ isAside }) => isAside).map((scenario) => playOne(world, scenario));
  const played: boolean[] = [];
  for (const scenario of wanted.filter(({ isAside }) => !isAside))
    played.push(
      (await playOne(world, scenario)) || ((await replaced(world)) && (await playOne(world, scenario))),
    );
  return [...played, ...(await Promise.all(aside))].filter((isOk) => !isOk).length;
}

/**
 * Whether hosts had to be started anew: their agents no longer answered. An agent has nothing of seatfile in it, so
 * this is no fault of seatfile's, and what was played there shows nothing.
 */
async function replaced<World extends Hosts<Station>>(world: World): Promise<boolean> {
  const answering = await Promise.all(world.guests.map((host) => host.isAnswering()));
  const hung = world.guests.filter((_, index) => !answering[index]);
  for (const host of hung) {
    world.say(
      `HOST ${host.number} HANGS: its agent does not answer. It is started anew, and this is played again`,
    );
    world.say(await processesNow());
    await world.replace(host);
  }
  return hung.length > 0;
}

/** For a reader of the log. */
const processesNow = (): Promise<string> =>
  run('ps', 'axo', 'pid,ppid,stat,wchan:24,etimes,args', '--cols', '200').catch(String);

/** A scenario that hangs must not take the others with it. */
const MOST_MS = 600_000;
const LONG_MS = 4 * 3_600_000;

const inTime = <T>(played: Promise<T>, withinMs: number): Promise<T> =>
  Promise.race([
    played,
    pause(withinMs).then(() => {
      throw new Error(`it was not over after ${withinMs / 1000} s`);
    }),
  ]);

async function playOne<World extends Hosts<Station>>(
  world: World,
  scenario: Scenario<World>,
): Promise<boolean> {
  const startedMs = performance.now();
  const took = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  try {
    const figures = await inTime(scenario.play(world), world.isLong ? LONG_MS : MOST_MS);
    const said = Object.entries(figures).map(([what, figure]) => `${what} ${figure}`);
    console.log(`  ok ${world.mount.name} ${scenario.name} (${took()}): ${said.join(', ')}`);
    return true;
  } catch (error) {
    console.log(`  FAILED ${world.mount.name} ${scenario.name} (${took()}): ${String(error)}`);
    return false;
  }
}

const wish = wishOf(process.argv.slice(2));
if (wish === null) {
  console.error(USAGE);
  process.exit(2);
}
process.exit(isInside() ? await inside(wish) : await outside(wish));
