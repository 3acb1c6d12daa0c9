import type { Line } from './line.js';
import type { Launch } from './voice.js';

/** What all rows of a run are given. */
export interface Setting {
  /** How often a comparison is repeated, unless its time is over before. */
  readonly runs: number;
  /** Put before each operation on the share, and before each of the loop's. Milliseconds. */
  readonly delayMs: number;
  /** Where the tables are made. */
  readonly directory: string;
  /** The same directory, as the processes of a measurement see it: where the share is mounted. */
  readonly seenAt: string;
  /** Starts a process of a measurement. */
  readonly launch: Launch;
  /** When this row has to end, by performance.now(). A run that has begun is finished. */
  readonly untilMs: number;
  /** What a reader of the report has to know. */
  readonly note: (text: string) => void;
  /** Progress, on stderr. */
  readonly say: (progress: string) => void;
}

export interface Row {
  readonly name: string;
  /** Not in `--quick`, unless it is named. */
  readonly isLong?: boolean;
  readonly measure: (setting: Setting) => Promise<readonly Line[]>;
}

/** Something to measure, by the name under which its results are found. */
export type Sides<Name extends string, T> = Readonly<Record<Name, () => Promise<T>>>;
export type Runs<Name extends string, T> = Readonly<Record<Name, readonly T[]>>;

/**
 * Measures the sides one after the other, again and again: what is compared ran in the same minute. Every second run
 * goes the other way round, because a machine that slows down must favour no side.
 */
export async function runsOf<Name extends string, T>(
  setting: Setting,
  sides: Sides<Name, T>,
): Promise<Runs<Name, T>> {
  const names = Object.keys(sides) as Name[];
  const found = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<Name, T[]>;
  for (let run = 0; run < setting.runs; run++) {
    if (run > 0 && performance.now() > setting.untilMs) break;
    for (const name of run % 2 === 0 ? names : names.toReversed()) {
      setting.say(`run ${run + 1} of ${setting.runs}: ${name}`);
      found[name].push(await sides[name]());
    }
  }
  return found;
}

/** For what takes a moment: as many runs as fit into the time of a few long ones. */
export const oftener = (setting: Setting, times: number): Setting => ({
  ...setting,
  runs: times * setting.runs,
});

/** The same with a delay before each operation, as a share that is far away has it. */
export const delayed = (row: Row, delayMs: number): Row => {
  const name = `${row.name}-delay-${delayMs}`;
  const measure = async (setting: Setting) =>
    (await row.measure({ ...setting, delayMs })).map((line) => ({
      ...line,
      row: name,
      what: `${line.what}, ${delayMs} ms an operation`,
    }));
  return { name, isLong: true, measure };
};
