import { checkOptions, type Known } from '../client/argument-checks.js';
import { loadFullCheck } from '../licence/full-check-door.js';
import { Office } from './office.js';
import { StubSeat } from './stub-seat.js';
import type { TestLicenceOptions, TestOffice, TestSeat, TestSeatOptions } from './test-types.js';

export type * from './test-types.js';

const LICENCE: Known<TestLicenceOptions> = {
  ...{ modules: true, checkIntervalSeconds: true, offlineGraceSeconds: true, level: true, countBy: true },
  ...{ expiresAt: true, clock: true },
};
const SEAT: Known<TestSeatOptions> = { module: true, user: true, host: true, remainingMs: true };

/**
 * Makes a licence for tests, on a share in memory.
 * @throws SeatfileFault BAD_ARGUMENT: not a licence, or a misspelt option; the message names it
 */
export async function testLicence(options: TestLicenceOptions): Promise<TestOffice> {
  checkOptions(options, LICENCE);
  await loadFullCheck(); // now: while a clock is moved by hand, nothing can wait for a module
  const office = new Office(options.clock ?? 'hand');
  await office.issue(options);
  return office;
}

/**
 * Makes a seat that goes through its states as a test says.
 * @throws SeatfileFault BAD_ARGUMENT: remainingMs is not more than 0, or an option is misspelt
 */
export function testSeat(options: TestSeatOptions = {}): TestSeat {
  checkOptions(options, SEAT);
  return new StubSeat(options);
}
