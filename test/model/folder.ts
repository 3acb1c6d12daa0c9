import type { Setting } from './setting.js';
import {
  ageOf,
  appliedBits,
  isLive,
  latestOf,
  nameOf,
  type Process,
  type Revision,
  type State,
  timesApplied,
} from './state.js';

/** What the file server does, one operation at a time, and what must be true of the folder at any time. */

/** The document of the next revision; `self` -1 for a process outside of the model. */
export function childOf(base: Revision, self: number, bit: number, setting: Setting): Revision {
  let ages = 0;
  for (let one = 0; one < setting.processes && Number.isFinite(setting.remembers); one++)
    if (one !== self && appliedBits(base, one) > 0)
      ages |= Math.min(setting.remembers, ageOf(base, one) + 1) << (2 * one);
  const applied = self < 0 ? base.applied : base.applied | (bit << (3 * self));
  return { applied, ages, chained: base.chained, author: self + 1, parent: base.author, hollow: false };
}

export interface Placed {
  readonly state: State;
  readonly breaks?: string | undefined;
}

/** A rename of a stage onto a number that is free. */
export function place(state: State, revision: Revision, target: number): Placed {
  const top = latestOf(state);
  const isNext = target === top + 1;
  const folder = [...state.folder];
  while (folder.length < target) folder.push(null);
  folder[target] = { ...revision, chained: isNext && revision.chained };
  const isAstray = target > top && !folder[target].chained;
  return {
    state: { ...state, folder },
    breaks: isAstray ? `revision ${target} does not follow the newest one below it` : undefined,
  };
}

export const isFree = (state: State, number: number): boolean => !state.folder[number];

/** The document under a number; null if there is none to read. */
export function readable(state: State, number: number): Revision | null {
  const revision = state.folder[number];
  return revision && !revision.hollow ? revision : null;
}

/** A number is renamed aside. With A4, no listing served from now on is so old as to end with it. */
export function clear(state: State, number: number, waited: boolean): State {
  const folder: (Revision | null)[] = state.folder.with(number, null);
  while (folder.length > 0 && !folder.at(-1)) folder.pop();
  return { ...state, folder, floor: waited ? Math.max(state.floor, number + 1) : state.floor };
}

export function wrongWith(state: State): string | null {
  const newest = state.folder.at(-1);
  if (!newest) return 'the folder holds no revision any more';
  if (newest.hollow) return 'the newest revision holds no document that goes with its number';
  for (const [self, process] of state.processes.entries()) {
    const wrong = wrongAbout(process, timesApplied(newest, self));
    if (wrong) return `the change of ${nameOf(self)} ${wrong}`;
  }
  return null;
}

function wrongAbout(process: Process, times: number): string | null {
  if (times > 1) return 'is in the table twice';
  if (process.at === 'done' && times === 0)
    return 'was acknowledged, and the newest revision does not hold it';
  if (process.at === 'refused' && times > 0)
    return 'was said not to be made, and the newest revision holds it';
  return null;
}

/** A process that can do nothing but die waits for ever. */
export const stuckAmong = (state: State, canAct: (self: number) => boolean): number =>
  state.processes.findIndex((process, self) => isLive(process) && !canAct(self));
