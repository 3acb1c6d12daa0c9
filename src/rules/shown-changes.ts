import type { InstanceRecord, Licence, SeatRecord, Waiter } from '../licence/document.js';
import { isLeaving } from './leaving.js';

/**
 * Whether two revisions differ in what an application would show: the seats, the queue, the grant, and the settings. A
 * heartbeat changes nothing of that.
 */
export function isShownOtherwise(before: Licence, after: Licence): boolean {
  if (before.commit === after.commit && before.revision === after.revision) return false;
  return (
    before.entitlement.payload !== after.entitlement.payload ||
    JSON.stringify(before.settings) !== JSON.stringify(after.settings) ||
    !areAlike(before.instances, after.instances, isSameRecord) ||
    !areAlike(before.waiting, after.waiting, isSameWaiter)
  );
}

const isSameRecord = (a: InstanceRecord, b: InstanceRecord): boolean =>
  isSameProcess(a, b) && a.id === b.id && a.level === b.level && areAlike(a.seats, b.seats, isSameSeat);

const isSameWaiter = (a: Waiter, b: Waiter): boolean =>
  isSameProcess(a, b) && a.instance === b.instance && a.module === b.module && a.sinceAt === b.sinceAt;

const isSameSeat = (a: SeatRecord, b: SeatRecord): boolean =>
  a.id === b.id &&
  a.module === b.module &&
  a.sinceAt === b.sinceAt &&
  a.untilAt === b.untilAt &&
  isLeaving(a) === isLeaving(b);

type Shown = Pick<InstanceRecord, 'user' | 'host' | 'application' | 'note'>;

const isSameProcess = (a: Shown, b: Shown): boolean =>
  a.user === b.user && a.host === b.host && a.application === b.application && a.note === b.note;

const areAlike = <T>(a: readonly T[], b: readonly T[], isSame: (one: T, other: T) => boolean): boolean =>
  a.length === b.length && a.every((one, index) => isSame(one, b[index] as T));
