import type { LicenceStatus, SeatStatus, WaiterStatus } from '../api.js';
import { shortId, whoIs } from './words.js';

/** What has changed from one status to the next, a line each: for `status --watch` that no person looks at. */
export function changesBetween(before: LicenceStatus, after: LicenceStatus): string[] {
  const had = byKey(before.seats, seatKey);
  const has = byKey(after.seats, seatKey);
  const waited = byKey(before.waiting, waiterKey);
  const waits = byKey(after.waiting, waiterKey);
  return [
    ...[...had].flatMap(([key, seat]) => (has.has(key) ? [] : [describeSeat('ended', seat)])),
    ...[...waited].flatMap(([key, one]) =>
      waits.has(key) ? [] : [`left the queue  ${describeWaiter(one)}`],
    ),
    ...[...has].flatMap(([key, seat]) => seatChange(had.get(key), seat)),
    ...[...waits].flatMap(([key, one]) =>
      waited.get(key)?.place === one.place ? [] : [`waiting, place ${one.place}  ${describeWaiter(one)}`],
    ),
    ...moduleChanges(before, after),
  ];
}

const byKey = <T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T> =>
  new Map(all.map((one) => [keyOf(one), one]));

const seatKey = ({ seat, module, user, host, pid }: SeatStatus): string =>
  JSON.stringify([seat, module, user, host, pid]);
const waiterKey = ({ module, user, host, sinceAt }: WaiterStatus): string =>
  JSON.stringify([module, user, host, sinceAt]);

function seatChange(before: SeatStatus | undefined, seat: SeatStatus): string[] {
  if (before?.state === seat.state) return [];
  const isNew = before === undefined && seat.state !== 'leaving';
  return [describeSeat(isNew ? 'seated' : seat.state, seat)];
}

const describeSeat = (what: string, { module, seat, ...user }: SeatStatus): string =>
  `${what}  ${module}  ${whoIs(user)}  seat ${shortId(seat)}`;

const describeWaiter = ({ module, ...user }: WaiterStatus): string => `${module}  ${whoIs(user)}`;

function moduleChanges(before: LicenceStatus, after: LicenceStatus): string[] {
  const known = byKey(before.modules, ({ module }) => module);
  return after.modules.flatMap(({ module, inUse, maxUsers }) => {
    const was = known.get(module);
    return was?.inUse === inUse && was.maxUsers === maxUsers
      ? []
      : [`${inUse} of ${maxUsers} in use  ${module}`];
  });
}
