import {
  type InstanceRecord,
  type Licence,
  MAX_GONE,
  type SeatRecord,
  type Tombstone,
  type Waiter,
} from '../../src/licence/document.js';
import { grantOf, type Policy, seatLimit } from '../../src/licence/entitlement.js';
import { rangeOf } from '../../src/licence/range.js';
import type { Draft } from '../../src/licence/revision.js';
import { fromIso, toIso } from '../../src/licence/time.js';
import type { Verdict } from '../../src/rules/liveness.js';
import type { OfferOrWait } from '../../src/rules/queue.js';
import { isOffered, putRecord, seatEvent } from '../../src/rules/records.js';
import { type Identity, sameUser } from '../../src/rules/seats.js';
import type { Known, RevisionFacts } from '../../src/rules/segments.js';
import type { Taking } from '../../src/rules/tombstones.js';

/**
 * The rules that go through many entries in one pass, written for one entry after the other: plain, and with the square
 * of their number.
 */

const isOf = (instance: string, module: string) => (one: Waiter) =>
  one.instance === instance && one.module === module;

function dequeue(licence: Licence, instance: string, module: string): Licence {
  return { ...licence, waiting: licence.waiting.filter((one) => !isOf(instance, module)(one)) };
}

function dropSeats(licence: Licence, record: InstanceRecord, leaving: readonly SeatRecord[]): Licence {
  const seats = record.seats.filter((seat) => !leaving.includes(seat));
  const instances = licence.instances.flatMap((other) =>
    other.id !== record.id ? [other] : seats.length > 0 ? [{ ...other, seats }] : [],
  );
  return { ...licence, instances };
}

export function seatIdFor(
  licence: Licence,
  policy: Policy,
  who: Identity,
  module: string,
  preferred: string,
): string | null {
  const taken = licence.instances.flatMap((record) =>
    record.seats.filter((seat) => seat.module === module).map((seat) => ({ record, seat })),
  );
  const own = taken.find(({ record }) => sameUser(policy.countBy, record, who));
  if (own) return own.seat.id;
  const ids = new Set(taken.map(({ seat }) => seat.id));
  return ids.size < seatLimit(grantOf(policy, module)) && !ids.has(preferred) ? preferred : null;
}

export function offerToWaiters(draft: Draft, policy: Policy, shareTimeMs: number): Draft {
  return draft.licence.waiting.reduce((before, waiter) => {
    const { instance, module } = waiter;
    if (!policy.modules.has(module)) return before;
    const record = before.licence.instances.find((one) => one.id === instance);
    if (record?.seats.some((seat) => seat.module === module))
      return { licence: dequeue(before.licence, instance, module), events: before.events };
    const place = seatIdFor(before.licence, policy, { ...waiter, id: instance }, module, waiter.seat);
    return place === null ? before : give(before, policy, waiter, place, toIso(shareTimeMs));
  }, draft);
}

function give({ licence, events }: Draft, policy: Policy, waiter: Waiter, place: string, at: string): Draft {
  const { instance, module, user, host, machine, pid, processStart, application, note, beat } = waiter;
  const { level, checkIntervalSeconds, graceSeconds } = policy;
  const seat: SeatRecord = { id: place, module, sinceAt: at, untilAt: null, given: true };
  const before = licence.instances.find((one) => one.id === instance);
  const record: InstanceRecord = before
    ? { ...before, seats: [...before.seats, seat] }
    : {
        ...{ id: instance, user, host, machine, pid, processStart, application, note, level },
        ...{ joinedAt: at, beat, beatAt: at, checkIntervalSeconds, graceSeconds, answersWithin: null },
        seats: [seat],
      };
  return {
    licence: dequeue(putRecord(licence, record), instance, module),
    events: [...events, seatEvent('given', record, seat)],
  };
}

export function passOver(draft: Draft, overdue: readonly OfferOrWait[]): Draft {
  return overdue.reduce(
    (before, one) => (one.kind === 'given' ? withoutGiven(before, one) : withoutWait(before, one)),
    draft,
  );
}

function withoutWait({ licence, events }: Draft, { instance, module, seat }: OfferOrWait): Draft {
  const isThere = licence.waiting.some((one) => isOf(instance, module)(one) && one.seat === seat);
  return { licence: isThere ? dequeue(licence, instance, module) : licence, events };
}

function withoutGiven({ licence, events }: Draft, { instance, module, seat }: OfferOrWait): Draft {
  const record = licence.instances.find((one) => one.id === instance);
  const given =
    record?.seats.filter((one) => isOffered(one) && one.module === module && one.id === seat) ?? [];
  if (!record || given.length === 0) return { licence, events };
  return {
    licence: dropSeats(licence, record, given),
    events: [...events, ...given.map((one) => seatEvent('passed over', record, one))],
  };
}

export function takeAway(
  { licence, events }: Draft,
  taking: Taking,
  shareTimeMs: number,
  policy: Policy,
): Draft {
  const { record, seats, why } = taking;
  const keptMs = Math.max(4 * policy.checkIntervalSeconds, 86_400) * 1000;
  const isDecided = why.reason !== 'evicted' && why.reason !== 'process gone';
  const { id: _id, user: _user, host: _host, seats: _seats, ...facts } = record;
  const stones = seats.map(({ id: seat, module, sinceAt, untilAt }) => ({
    ...{ instance: record.id, seat, module, user: record.user, host: record.host, ...why },
    ...{ at: toIso(shareTimeMs), revision: licence.revision + 1 },
    ...(isDecided && { was: { ...facts, sinceAt, untilAt } }),
  }));
  const gone = [...licence.gone.filter((stone) => shareTimeMs - fromIso(stone.at) < keptMs), ...stones];
  const kind = isDecided ? why.reason : 'evicted';
  return {
    licence: { ...dropSeats(licence, record, seats), gone: stonesKept(gone) },
    events: [...events, ...seats.map((seat) => ({ ...seatEvent(kind, record, seat), ...why }))],
  };
}

/** One after the other goes: first the oldest eviction, then the oldest removal. */
function stonesKept(stones: readonly Tombstone[]): readonly Tombstone[] {
  if (stones.length <= MAX_GONE) return stones;
  const isEviction = ({ reason, told }: Tombstone) =>
    reason === 'evicted' || reason === 'process gone' || told;
  const first = Math.max(0, stones.findIndex(isEviction));
  return stonesKept(stones.toSpliced(first, 1));
}

export function evict(
  draft: Draft,
  verdicts: readonly Verdict[],
  actor: string,
  shareTimeMs: number,
  policy: Policy,
): Draft {
  return verdicts.reduce((before, { instance, beat, reason, words = null }) => {
    const record = before.licence.instances.find((one) => one.id === instance);
    if (!record || record.beat !== beat || record.level !== 'heartbeat') return before;
    const seats = record.seats.filter((seat) => seat.untilAt === null);
    if (seats.length === 0) return before;
    return takeAway(before, { record, seats, why: { reason, actor, words } }, shareTimeMs, policy);
  }, draft);
}

export function release(draft: Draft, instance: string, modules: readonly string[]): Draft {
  return modules.reduce((before, module) => {
    const left = dequeue(before.licence, instance, module);
    const record = left.instances.find((one) => one.id === instance);
    const leaving = record?.seats.filter((seat) => seat.module === module) ?? [];
    if (!record || leaving.length === 0) return { licence: left, events: before.events };
    const events = leaving.map((seat) => seatEvent(isOffered(seat) ? 'gave up' : 'released', record, seat));
    return { licence: dropSeats(left, record, leaving), events: [...before.events, ...events] };
  }, draft);
}

/** The instances that were there before a given one; all of them if it does not wait. */
export function aheadOf(licence: Licence, module: string, instance: string): number {
  const line = licence.waiting.filter((waiter) => waiter.module === module);
  const place = line.findIndex((waiter) => waiter.instance === instance);
  return place < 0 ? line.length : place;
}

/**
 * The journal's walk, begun anew whenever one more number is known: what it covers, and the number that it wants to
 * know next.
 */
export function walkDown(
  from: RevisionFacts,
  downTo: number,
  {
    known,
    present,
    numbers,
  }: { known: ReadonlyMap<number, Known>; present: readonly number[]; numbers: number },
): { readonly covered: readonly number[]; readonly wants: number | null } {
  const resume = (child: RevisionFacts, below: number) => {
    const there = present.filter((one) => one < below && known.get(one) !== 'missing');
    const found = there.findLast((one) => {
      const { first, last } = rangeOf(one, numbers);
      const isWhole = there.filter((other) => first <= other && other <= last).length === numbers;
      return child.isRestored || (one === last && isWhole);
    });
    return found === undefined ? null : { revision: found, commit: null };
  };
  const parentOf = (child: RevisionFacts) => {
    if (child.parent && child.parent.revision < child.revision) return child.parent;
    return child.parent || child.isRestored ? resume(child, child.revision) : null;
  };
  const covered = [from];
  let next: { revision: number; commit: string | null } | null = parentOf(from);
  let wants: number | null = null;
  while (next !== null && next.revision >= downTo && wants === null) {
    const found = known.get(next.revision);
    if (found === undefined) wants = next.revision;
    else if (found === 'damaged') next = { revision: next.revision - 1, commit: null };
    else if (found === 'missing' || (next.commit !== null && next.commit !== found.commit))
      next = resume(covered.at(-1) ?? from, next.revision);
    else {
      covered.push(found);
      next = parentOf(found);
    }
  }
  return { covered: covered.map(({ revision }) => revision), wants };
}
