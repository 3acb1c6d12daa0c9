import type { LicenceEvent } from '../licence/document.js';
import type { ChangeContext } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';

/** How much a licence was used, in counts alone: no user, no host, no seat. */

interface DayUse {
  /** UTC, by share time: `2026-11-30`. */
  readonly day: string;
  readonly module: string;
  readonly maxUsers: number;
  /** Most seats in use at once. */
  readonly peak: number;
  /** Seats in use on the average over the part of the day that is counted; two decimals. */
  readonly average: number;
  /** How often a user was refused. */
  readonly refused: number;
}

/** What an application posts to the vendor, whole: nothing else is sent. */
export interface UsageReport {
  readonly schemaVersion: 1;
  readonly licence: string;
  readonly licenceKey: string | null;
  readonly fromAt: string;
  readonly untilAt: string;
  readonly days: readonly DayUse[];
}

const DAY_MS = 86_400_000;
/** The most that one report covers. Milliseconds. */
export const LONGEST_REPORT_MS = 31 * DAY_MS;

/**
 * @param events of the journal, in the order in which they happened; those before `sinceMs` are left out. They tell the
 * past of the table that is given: it is gone through backwards from what is there now.
 */
export function usageReport(
  { licence, policy, nowMs }: ChangeContext,
  events: readonly LicenceEvent[],
  sinceMs: number,
): UsageReport {
  const fromMs = Math.min(nowMs, Math.max(startOfDay(sinceMs), nowMs - LONGEST_REPORT_MS));
  const uses = new Map([...policy.modules.keys()].map((module) => [module, new ModuleUse(nowMs)]));
  for (const { id, seats } of licence.instances)
    for (const seat of seats) uses.get(seat.module)?.sit(seat.id, id);
  for (const event of events.toReversed()) {
    const atMs = fromIso(event.at);
    if (atMs >= fromMs && atMs <= nowMs) uses.get(String(event['module']))?.undo(event);
  }
  const days = [...policy.modules.values()].flatMap(({ module, maxUsers }) =>
    (uses.get(module)?.days(fromMs) ?? []).map(([day, use]) => ({ day, module, maxUsers, ...use })),
  );
  const { licenceId, licenceKey } = policy;
  return {
    ...{ schemaVersion: 1, licence: licenceId, licenceKey },
    ...{ fromAt: toIso(fromMs), untilAt: toIso(nowMs), days },
  };
}

const startOfDay = (ms: number): number => Math.floor(ms / DAY_MS) * DAY_MS;
const dayOf = (ms: number): string => toIso(ms).slice(0, 10);

const COMES: readonly string[] = ['seated', 'given', 'back', 'undone'];

interface Day {
  peak: number;
  seatMs: number;
  countedMs: number;
  refused: number;
}

/** The seats of one module, from now backwards. */
class ModuleUse {
  /** The instances of each seat. */
  private readonly seats = new Map<string, Set<string>>();
  private readonly counted = new Map<string, Day>();
  private atMs: number;

  constructor(nowMs: number) {
    this.atMs = nowMs;
  }

  sit(seat: string, instance: string): void {
    this.seats.set(seat, (this.seats.get(seat) ?? new Set()).add(instance));
  }

  private leave(seat: string, instance: string): void {
    const instances = this.seats.get(seat);
    instances?.delete(instance);
    if (instances?.size === 0) this.seats.delete(seat);
  }

  /** To the state before an event. */
  undo({ kind, at, seat, instance, count }: LicenceEvent): void {
    this.backTo(fromIso(at));
    const day = this.day(this.atMs);
    day.peak = Math.max(day.peak, this.seats.size); // also of what lasted no time at all
    if (kind === 'denied') day.refused += typeof count === 'number' ? count : 1;
    if (typeof seat !== 'string' || typeof instance !== 'string') return;
    if (COMES.includes(kind)) this.leave(seat, instance);
    else this.sit(seat, instance);
  }

  private backTo(ms: number): void {
    while (this.atMs > ms) {
      const startMs = Math.max(ms, startOfDay(this.atMs - 1));
      const day = this.day(startMs);
      day.peak = Math.max(day.peak, this.seats.size);
      day.seatMs += this.seats.size * (this.atMs - startMs);
      day.countedMs += this.atMs - startMs;
      this.atMs = startMs;
    }
  }

  private day(ms: number): Day {
    const name = dayOf(ms);
    const known = this.counted.get(name) ?? { peak: 0, seatMs: 0, countedMs: 0, refused: 0 };
    this.counted.set(name, known);
    return known;
  }

  /** Those on which there was any, the oldest first. */
  days(fromMs: number): [string, Pick<DayUse, 'peak' | 'average' | 'refused'>][] {
    this.backTo(fromMs);
    const used = [...this.counted].reverse().filter(([, { peak, refused }]) => peak + refused > 0);
    return used.map(([day, { peak, seatMs, countedMs, refused }]) => {
      const average = countedMs === 0 ? 0 : Math.round((100 * seatMs) / countedMs) / 100;
      return [day, { peak, average, refused }];
    });
  }
}
