import type { CountBy, Level } from '../../src/licence/document.js';
import type { StoreOptions } from '../../src/store/store-options.js';
import type { HostOptions } from '../helpers/world.js';
import { Chance } from './chance.js';

/** What befalls an office. Each is explained where it is done, in mishaps.ts. */
export type Mishap =
  | ('leave' | 'window' | 'kill' | 'killMidway' | 'freeze' | 'freezeMidway' | 'freezeCommit') // one process
  | ('rejoin' | 'giveUp') // one process
  | ('sleep' | 'reboot' | 'cut' | 'failing' | 'revoke' | 'setWall' | 'slowHost') // one computer
  // most of them; one, to within a moment; all, for ever; one that has just asked, or was
  | ('sleepAll' | 'freezeAll' | 'nearMiss' | 'friday' | 'drowsyAsker' | 'muteCalled')
  | (
      | 'full'
      | 'fullUneven'
      | 'readOnly'
      | 'away'
      | 'awayUneven'
      | 'restart'
      | 'serverClock'
      | 'lossy'
      | 'slowServer'
      | 'lateNumber'
    ) // the share
  | (
      | 'remove'
      | 'removeDead'
      | 'removeGently'
      | 'ban'
      | 'reserve'
      | 'undo'
      | 'notify'
      | 'setInterval'
      | 'setLevel'
      | 'setOnDemand'
    ) // the administrator
  | ('loseFolder' | 'damageTop' | 'oldFolder' | 'oldFace' | 'unmounted') // well-meant interventions
  | ('loseNewSeat' | 'loseRemoval') // at the worst moment
  | ('loseFew' | 'loseSome' | 'loseMany'); // the newest revisions, and nothing else

type SemanticsName = 'local' | 'nfs' | 'worstNfs' | 'freshNfs' | 'smb' | 'freshSmb' | 'windows';

export interface PersonPlan {
  readonly name: string;
  readonly host: number;
  readonly modules: readonly string[];
  /** Comes and goes; the others stay until something happens. */
  readonly isComer: boolean;
  /** Names can be typed by anyone: some users type the name of another. */
  readonly names: { readonly user?: string; readonly host?: string };
  /** How long the user waits when no seat is free. Milliseconds. */
  readonly waitMs: number;
}

/** Everything that is decided before a run begins. The run itself rolls the same dice on. */
export interface Plan {
  readonly seed: string;
  readonly profile: Profile;
  readonly semantics: SemanticsName;
  readonly modules: Readonly<Record<string, number>>;
  readonly overdraft: number;
  readonly countBy: CountBy;
  readonly level: Level;
  /** T. Milliseconds. */
  readonly intervalMs: number;
  readonly graceMs: number;
  /** Rule 7: holders answer within this many milliseconds; null: none promises. */
  readonly answerMs: number | null;
  readonly hosts: readonly HostOptions[];
  readonly people: readonly PersonPlan[];
  readonly store: Partial<StoreOptions>;
  /** Of one share operation, in the middle. Milliseconds. */
  readonly latencyMs: number;
  readonly durationMs: number;
  readonly mishaps: Readonly<Partial<Record<Mishap, number>>>;
  /** On average. Milliseconds. */
  readonly mishapEveryMs: number;
  /** How long a user that comes and goes stays, on average; infinite: until something happens. Milliseconds. */
  readonly stayMs: number;
  /** How long mishaps last, in T. */
  readonly span: readonly [number, number];
  /** How often requests and replies are lost, while they are. */
  readonly lossy: readonly [number, number];
}

/** Rates of two clocks may differ by less than 1.75/1.5; most computers are a hundred times better. */
const MOST_DRIFT = 0.07;

interface Sketch {
  readonly weight: number;
  readonly people: readonly [number, number];
  /** T, seconds. */
  readonly interval: readonly [number, number];
  readonly mishaps: Plan['mishaps'];
  /** Mishaps in the whole run. */
  readonly many: readonly [number, number];
  readonly level?: Level;
  /** In T: how long people stay. */
  readonly stay?: readonly [number, number];
  readonly lockless?: number;
  /** How many of the people come and go, if any do. @default 1 */
  readonly comers?: number;
  /** How long mishaps last, in T. @default from a moment to 4 */
  readonly span?: readonly [number, number];
  /** How much longer than others a run may be. @default 1 */
  readonly length?: number;
  /** How often requests and replies are lost while they are. @default 0.005 to 0.15 */
  readonly lossy?: readonly [number, number];
  /** Latency of one operation. Milliseconds. @default 0.5 to 40 */
  readonly slow?: readonly [number, number];
  /** Caches that forget less than any measured, as well. */
  readonly isForgetful?: boolean;
  /** A look shows what is there when it begins, as measured on Linux; or on Windows of ten seconds before. */
  readonly isFresh?: boolean;
  /** There are always so many places fewer than people. @default from two fewer to two more */
  readonly tooFew?: readonly [number, number];
  /** When no seat is free some users wait, this many T. @default none */
  readonly wait?: { readonly often: number; readonly intervals: readonly [number, number] };
  /** Holders promise to answer within so many seconds. @default they do not */
  readonly onDemand?: readonly [number, number];
  /** Small segments of the journal: always. @default half of the time */
  readonly isSmall?: boolean;
}

const everyday: Plan['mishaps'] = {
  ...{ leave: 2, window: 1, kill: 3, killMidway: 2, freeze: 2, freezeMidway: 2, rejoin: 1 },
  ...{ sleep: 2, reboot: 1, cut: 2, failing: 1, revoke: 1, setWall: 2, slowHost: 1 },
};

/** Kinds of offices and of bad days. */
const profiles = {
  office: { weight: 5, people: [2, 12], interval: [30, 600], mishaps: everyday, many: [6, 30] },
  rush: {
    ...{
      weight: 4,
      people: [3, 10],
      interval: [300, 3600],
      many: [4, 20],
      lockless: 0.7,
      stay: [0.002, 0.05],
    },
    mishaps: { kill: 3, killMidway: 6, freezeMidway: 6, cut: 1, restart: 1, lossy: 2, window: 1 },
  },
  storm: {
    ...{
      weight: 1.5,
      people: [3, 6],
      interval: [300, 900],
      many: [10, 30],
      lockless: 0.9,
      length: 5,
      isForgetful: true,
    },
    ...{ stay: [0.004, 0.02], span: [0.03, 0.3], lossy: [0.05, 0.4] },
    mishaps: { lossy: 8, restart: 3, freezeMidway: 2, killMidway: 1, full: 1 },
  },
  outage: {
    ...{ weight: 4, people: [2, 6], interval: [240, 1200], many: [5, 16] },
    mishaps: {
      full: 3,
      fullUneven: 5,
      readOnly: 2,
      away: 3,
      awayUneven: 3,
      kill: 2,
      freezeMidway: 1,
      failing: 1,
      sleep: 1,
    },
  },
  sleepers: {
    ...{ weight: 3, people: [2, 9], interval: [30, 1200], many: [4, 14] },
    mishaps: { sleepAll: 5, freezeAll: 3, sleep: 3, freeze: 3, kill: 1, setWall: 2 },
  },
  network: {
    ...{ weight: 4, people: [2, 8], interval: [120, 1800], many: [6, 20], lockless: 0.4 },
    mishaps: { ...everyday, lossy: 8, restart: 4, slowServer: 2, serverClock: 3, away: 1 },
  },
  desk: {
    ...{ weight: 3, people: [2, 9], interval: [30, 600], many: [8, 30] },
    mishaps: {
      ...{ ...everyday, remove: 8, removeDead: 4, setInterval: 5, setLevel: 2, full: 1 },
      ...{ removeGently: 5, undo: 8, notify: 4 },
      ...{ ban: 3, reserve: 3 },
    },
  },
  light: {
    ...{ weight: 2, people: [3, 8], interval: [60, 1200], many: [12, 40], level: 'light' },
    mishaps: { ...everyday, kill: 6, remove: 3, removeDead: 1, setLevel: 9, sleepAll: 1, full: 1 },
  },
  nap: {
    ...{ weight: 0.6, people: [3, 5], interval: [20, 60], many: [15, 40], lockless: 0.8, length: 8 },
    ...{ stay: [0.2, 0.6], comers: 0.5, span: [2, 40], isSmall: true },
    mishaps: { freezeCommit: 8, kill: 1, cut: 2, sleep: 1, lateNumber: 3 },
  },
  edge: {
    ...{ weight: 1.5, people: [2, 6], interval: [60, 300], many: [12, 40], slow: [20, 600] },
    mishaps: { nearMiss: 10, kill: 2, setWall: 3, slowHost: 1 },
  },
  calendar: {
    ...{ weight: 2, people: [2, 5], interval: [3600, 43_200], many: [6, 24] },
    mishaps: { ...everyday, sleepAll: 3, serverClock: 2, restart: 1, full: 1, away: 1, remove: 1 },
  },
  monday: {
    ...{ weight: 2, people: [3, 6], interval: [300, 5400], many: [6, 16], span: [0.1, 4] },
    ...{ tooFew: [1, 2], wait: { often: 0.3, intervals: [0.5, 0.5] } },
    mishaps: {
      ...{ friday: 6, serverClock: 5, away: 3, awayUneven: 1, restart: 1, full: 1, fullUneven: 1 },
      ...{ drowsyAsker: 4, sleepAll: 2, freezeAll: 1, kill: 2, freeze: 2, cut: 1, setWall: 1, leave: 1 },
    },
  },
  queue: {
    ...{ weight: 3, people: [4, 10], interval: [60, 2400], many: [8, 30], stay: [0.1, 1] },
    ...{ tooFew: [2, 4], wait: { often: 0.85, intervals: [0.1, 3] } },
    mishaps: {
      ...{ leave: 5, window: 2, kill: 4, killMidway: 3, freeze: 3, freezeMidway: 3, giveUp: 6 },
      ...{ sleep: 2, cut: 2, remove: 3, removeDead: 1, lossy: 1, full: 1, away: 1, restart: 1, setLevel: 1 },
    },
  },
  demand: {
    ...{
      weight: 3,
      people: [3, 6],
      interval: [400, 4000],
      many: [10, 40],
      stay: [0.1, 0.6],
      slow: [0.5, 15],
    },
    ...{
      tooFew: [1, 2],
      wait: { often: 0.6, intervals: [0.05, 0.3] },
      isFresh: true,
      onDemand: [20, 120],
      span: [0.002, 0.2],
    },
    mishaps: {
      ...{
        leave: 1,
        kill: 4,
        killMidway: 2,
        freeze: 6,
        freezeMidway: 5,
        freezeAll: 2,
        giveUp: 1,
        setOnDemand: 4,
      },
      ...{
        sleep: 2,
        sleepAll: 2,
        drowsyAsker: 2,
        cut: 4,
        full: 4,
        fullUneven: 2,
        away: 2,
        lossy: 2,
        restart: 1,
      },
      ...{ failing: 1, revoke: 2, muteCalled: 4, setLevel: 1, setInterval: 1, serverClock: 1, remove: 1 },
    },
  },
  restored: {
    ...{ weight: 0.3, people: [2, 7], interval: [60, 600], many: [5, 14], length: 2 },
    mishaps: {
      ...{
        loseFolder: 2,
        damageTop: 3,
        oldFolder: 5,
        oldFace: 2,
        unmounted: 2,
        loseNewSeat: 4,
        loseRemoval: 3,
      },
      ...{ remove: 5, kill: 2, leave: 2, rejoin: 2, freeze: 1, freezeMidway: 3, sleep: 1, cut: 1 },
    },
  },
  losses: {
    ...{ weight: 0.3, people: [3, 7], interval: [60, 600], many: [6, 14], stay: [0.3, 3], comers: 0.6 },
    ...{ tooFew: [0, 2], wait: { often: 0.5, intervals: [0.3, 3] }, span: [0.05, 2] },
    mishaps: {
      ...{ loseFew: 5, loseSome: 4, loseMany: 2 },
      ...{ kill: 1, leave: 2, rejoin: 1, remove: 2, freeze: 1, freezeMidway: 1, sleep: 1, cut: 1, window: 1 },
    },
  },
  crowd: {
    ...{ weight: 0.3, people: [30, 150], interval: [900, 3600], many: [5, 30] },
    mishaps: { ...everyday, sleepAll: 1, full: 1, away: 1, restart: 1 },
  },
} as const satisfies Record<string, Sketch>;
export type Profile = keyof typeof profiles;
export const profileNames = Object.keys(profiles) as Profile[];

/**
 * What a run may cost on an ordinary processor, and what its parts do. Milliseconds; only how long a run lasts rests on
 * it.
 */
const BUDGET_MS = 1000;
const INTERVAL_MS = 4.5; // of one person: eight looks and a beat
const PULSE_MS = 0.006;
const STAY_MS = 12; // opening, taking a seat, giving it back
const CROWDED = 30; // so many people double the price of reading the table
const PULSE_EVERY_MS = 5000;
const FEWEST_INTERVALS = 0.02;
const MOST_INTERVALS = 60;
/** How long everything works again at the end of a run, in T: longer than the 2 T in which a dead user is put out. */
export const QUIET_INTERVALS = 2.4;

export function planOf(seed: string, only?: Profile): Plan {
  const chance = new Chance(`plan ${seed}`);
  const drawn = chance.weighed(
    Object.fromEntries(profileNames.map((name) => [name, profiles[name].weight])) as Record<Profile, number>,
  );
  const profile = only ?? drawn;
  const sketch: Sketch = profiles[profile];
  const count = chance.whole(...sketch.people);
  const intervalMs = 1000 * Math.round(chance.scaled(...sketch.interval));
  const everybody = peopleOf(chance, count, sketch.comers ?? 1);
  const { wait } = sketch;
  const people = wait
    ? everybody.map((person) => ({
        ...person,
        waitMs: chance.is(wait.often) ? intervalMs * chance.between(...wait.intervals) : 0,
      }))
    : everybody;
  const hosts = people.reduce((most, person) => Math.max(most, person.host + 1), 0);
  const stayMs =
    sketch.stay || chance.is(0.5)
      ? intervalMs * chance.scaled(...(sketch.stay ?? [3, 30]))
      : Number.POSITIVE_INFINITY;
  const durationMs = (sketch.length ?? 1) * intervalMs * intervalsFor(count, intervalMs, stayMs);
  const semantics = semanticsOf(chance, sketch);
  const cacheAgeMs = semantics === 'windows' ? 10_000 : 0;
  return {
    ...{ seed, profile, intervalMs, durationMs, people, mishaps: sketch.mishaps },
    semantics,
    modules: modulesOf(chance, people, sketch.tooFew),
    overdraft: chance.is(0.15) ? 1 : 0,
    countBy: chance.weighed({ 'user@host': 5, instance: 2, user: 1, host: 1 }),
    level: sketch.level ?? 'heartbeat',
    answerMs: sketch.onDemand ? 1000 * Math.round(chance.scaled(...sketch.onDemand)) : null,
    graceMs: chance.is(0.15) ? 1000 * Math.round(chance.between(0.1, 2) * (intervalMs / 1000)) : 0,
    hosts: Array.from({ length: hosts }, () => ({ ...hostOf(chance), cacheAgeMs })),
    store: storeOf(chance, sketch.lockless ?? 0.1, sketch.isSmall ?? chance.is(0.5)),
    latencyMs: chance.scaled(...(sketch.slow ?? ([0.5, 40] as const))),
    mishapEveryMs: durationMs / chance.whole(...sketch.many),
    stayMs,
    span: sketch.span ?? [0.01, 4],
    lossy: sketch.lossy ?? [0.005, 0.15],
  };
}

function semanticsOf(chance: Chance, { isForgetful, isFresh }: Sketch): SemanticsName {
  if (isFresh) return chance.weighed({ local: 2, freshNfs: 3, freshSmb: 3, windows: 3 });
  return chance.weighed({ local: 2, nfs: 3, smb: 3, windows: 3, worstNfs: isForgetful ? 12 : 0 });
}

function intervalsFor(people: number, intervalMs: number, stayMs: number): number {
  const pulses = intervalMs / Math.min(PULSE_EVERY_MS, intervalMs / 16);
  const person = INTERVAL_MS * (1 + people / CROWDED) + PULSE_MS * pulses;
  const coming = (STAY_MS * intervalMs) / (1.3 * stayMs);
  const affordable =
    BUDGET_MS / (people * (person + coming)) - (QUIET_INTERVALS * person) / (person + coming);
  return Math.min(Math.max(affordable, FEWEST_INTERVALS), MOST_INTERVALS);
}

/** One, two or three people to a computer; most want M1, some M2 too. */
function peopleOf(chance: Chance, count: number, comers: number): PersonPlan[] {
  const people: PersonPlan[] = [];
  const isMasked = chance.is(0.25);
  for (let host = 0; people.length < count; host++) {
    const there = chance.weighed({ 1: 8, 2: 2, 3: 1 });
    for (let n = 0; n < Number(there) && people.length < count; n++) {
      const modules = chance.weighed({ M1: 7, M2: 1, both: 2 });
      people.push({
        name: `u${people.length}`,
        host,
        modules: modules === 'both' ? ['M1', 'M2'] : [modules],
        isComer: chance.is(comers),
        names: isMasked && chance.is(0.5) ? { user: 'anybody', host: 'anywhere' } : {},
        waitMs: 0,
      });
    }
  }
  return people;
}

/** Often a place or two too few, so that some users wait to be seated twice. */
function modulesOf(
  chance: Chance,
  people: readonly PersonPlan[],
  tooFew: Sketch['tooFew'],
): Record<string, number> {
  const wanted = (module: string) => people.filter((person) => person.modules.includes(module)).length;
  const spare = () =>
    tooFew ? -chance.whole(...tooFew) : Number(chance.weighed({ '-2': 2, '-1': 4, '0': 3, '2': 2 }));
  const places = (module: string) => Math.max(1, wanted(module) + spare());
  return { M1: places('M1'), M2: places('M2') };
}

const YEAR_MS = 365 * 86_400_000;

function hostOf(chance: Chance): HostOptions {
  const isOff = chance.is(0.3);
  return {
    wallOffsetMs: isOff ? chance.pick([-1, 1]) * chance.scaled(1000, YEAR_MS) : chance.between(-2000, 2000),
    drift:
      chance.pick([-1, 1]) * (chance.is(0.2) ? chance.between(0, MOST_DRIFT) : chance.scaled(1e-6, 1e-3)),
    uptimeMs: chance.scaled(60_000, YEAR_MS / 4),
    monotonicStops: chance.is(0.6),
    isMachineKnown: chance.is(0.9),
    isBootKnown: chance.is(0.6),
  };
}

function storeOf(chance: Chance, lockless: number, isSmall: boolean): Partial<StoreOptions> {
  // small segments, so that folding and clearing away happen within a run
  return {
    lock: !chance.is(lockless),
    ...(isSmall && {
      clearing: {
        segmentNumbers: chance.pick([4, 8]),
        supersededMs: 300_000,
        abandonedMs: chance.pick([3_600_000, 86_400_000]),
      },
    }),
  };
}
