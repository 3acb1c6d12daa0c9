import type { InstanceRecord, Licence } from '../licence/document.js';
import { isEarly, isExpired, type Policy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { toIso } from '../licence/time.js';

/** What a claim meets besides the rules of the seats: the dates of the licence, and a table that is closed. */

/** By share time: no clock of this computer is asked. @throws SeatfileFault LICENCE_EXPIRED, LICENCE_NOT_YET */
export function refuseByDate(policy: Policy, nowMs: number): void {
  if (isExpired(policy, nowMs))
    throw new SeatfileFault(
      'LICENCE_EXPIRED',
      `the licence expired at ${policy.expiresAt}; ask the vendor for a new one`,
      { details: { expiresAt: policy.expiresAt ?? undefined } },
    );
  if (isEarly(policy, nowMs))
    throw new SeatfileFault(
      'LICENCE_NOT_YET',
      `the licence is valid from ${policy.notBefore} on, and the file server's clock says ${toIso(nowMs)}; ` +
        'wait until then, or set that clock if it is wrong',
      { details: { notBefore: policy.notBefore ?? undefined, shareTime: toIso(nowMs) } },
    );
}

/** Whether the seat was in use before: a second instance of a seated user is no new user. */
export const isTaken = (base: Licence, record: InstanceRecord, module: string): boolean => {
  const place = record.seats.find((seat) => seat.module === module)?.id;
  return base.instances.some((other) =>
    other.seats.some((seat) => seat.module === module && seat.id === place),
  );
};
