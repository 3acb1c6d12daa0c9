import { loadFullCheck } from '../licence/full-check-door.js';
import { Office } from './office.js';
import { StubSeat } from './stub-seat.js';
import type { TestLicenceOptions, TestOffice, TestSeat, TestSeatOptions } from './test-types.js';

export type * from './test-types.js';

/**
 * Makes a licence for tests, on a share in memory.
 * @throws SeatfileFault BAD_ARGUMENT: not a licence; the message names the option
 */
export async function testLicence(options: TestLicenceOptions): Promise<TestOffice> {
  await loadFullCheck(); // now: while a clock is moved by hand, nothing can wait for a module
  const office = new Office(options.clock ?? 'hand');
  await office.issue(options);
  return office;
}

/**
 * Makes a seat that goes through its states as a test says.
 * @throws SeatfileFault BAD_ARGUMENT: remainingMs is not more than 0
 */
export function testSeat(options: TestSeatOptions = {}): TestSeat {
  return new StubSeat(options);
}
