import fc from 'fast-check';
import { expect } from 'vitest';
import type { OpenOptions } from '../../src/api.js';
import type { InstanceRecord, Tombstone } from '../../src/licence/document.js';
import { EPOCH_MS } from '../../src/testing/timeline.js';
import {
  type Host,
  type HostOptions,
  type Told,
  type User,
  World,
  type WorldOptions,
} from '../helpers/world.js';

/** Offices of people on computers of their own, and what the rules say of them at any time. */

/** T, 16 s to 10 min. Milliseconds. */
export const intervals = fc.integer({ min: 16, max: 600 }).map((seconds) => seconds * 1000);
export const seeds = fc.nat(1_000_000);
/** A part of something, 0 to 1. */
export const part = fc.double({ min: 0, max: 1, noNaN: true });

/** RUNS=50 runs every property that many times as often, for as long as it takes. */
const RUNS = Number(process.env['RUNS'] ?? 1);
/** A world is slow to shrink: what fast-check has found after half a minute must do. */
export const few = (numRuns: number) => ({
  numRuns: RUNS * numRuns,
  interruptAfterTimeLimit: RUNS * 30_000,
});

export interface Office {
  readonly world: World;
  readonly users: readonly User[];
  readonly hosts: readonly Host[];
}

export interface OfficeOptions extends Partial<WorldOptions> {
  readonly seed: number;
  readonly intervalMs: number;
  readonly people: number;
  readonly host?: HostOptions;
  /** How each opens the licence. */
  readonly opening?: OpenOptions;
}

/** Each person on one computer, seated in M1, and a few places to spare. */
export async function office(options: OfficeOptions): Promise<Office> {
  const { people, intervalMs, host = {}, opening = {}, ...rest } = options;
  const world = new World({ modules: { M1: people + 2 }, checkIntervalSeconds: intervalMs / 1000, ...rest });
  const users: User[] = [];
  for (let n = 0; n < people; n++)
    users.push(await world.user(world.host(`pc-${n}`, host), `user${n}`, opening));
  for (const user of users) await user.sit('M1');
  return { world, users, hosts: users.map((user) => user.host) };
}

/** All instances that were put out, as far as tombstones tell: max(4 T, 24 h). */
export const evicted = (world: World): readonly Tombstone[] => world.table().gone;
export const toldOf = (world: World, event: Told['event']): Told[] =>
  world.told.filter((told) => told.event === event);
export const recordOf = (world: World, user: User): InstanceRecord | undefined =>
  world.table().instances.find((record) => record.user === user.name);
/** True time of a time in the document, as long as the server's clock is right. Milliseconds. */
export const msOf = (at: string): number => Date.parse(at) - EPOCH_MS;

/** Lets time pass in steps, and looks at each. */
export async function stepping(
  world: World,
  ms: number,
  stepMs: number,
  look: () => void | Promise<void>,
): Promise<void> {
  const endMs = world.nowMs + ms;
  while (world.nowMs < endMs) {
    await world.advance(Math.min(stepMs, endMs - world.nowMs));
    await look();
  }
}

/** Rule 9: neither the table nor the people's belief ever exceeds what was sold. */
export function expectNeverOver(world: World): void {
  const { overdraft = 0, modules } = world.options;
  for (const [module, maxUsers] of Object.entries(modules)) {
    expect(world.inUse(module)).toBeLessThanOrEqual(maxUsers + overdraft);
    expect(world.believedIn(module)).toBeLessThanOrEqual(maxUsers + overdraft);
  }
}

/** Every holder still has its seat, and may work. */
export function expectAllSeated({ world, users }: Office): void {
  expect(toldOf(world, 'lost')).toEqual([]);
  expect(users.map((user) => user.seats.map((seat) => seat.valid))).toEqual(users.map(() => [true]));
  expect(world.inUse('M1')).toBe(users.length);
}
