// What an application may write that has neither the types of Node nor those of a browser.
import {
  type ClaimAnswer,
  type FaultCode,
  type OpenLicence,
  openLicence,
  type Seat,
  SeatfileFault,
} from 'seatfile';

/** A seat for the tests of an application. */
class SeatOfATest implements Seat {
  readonly module = 'M1';
  readonly user = 'ada';
  readonly host = 'pc-ada';
  readonly id = '1';
  readonly valid = true;
  readonly remainingMs = 1000;
  readonly state = 'seated';
  readonly on = () => this;
  readonly once = this.on;
  readonly off = this.on;
  readonly addListener = this.on;
  readonly removeListener = this.on;
  readonly removeAllListeners = this.on;
  readonly listenerCount = () => 0;
  readonly release = async () => undefined;
  readonly [Symbol.asyncDispose] = async () => undefined;
}

const heard = {
  on: () => stub,
  once: () => stub,
  off: () => stub,
  addListener: () => stub,
  removeListener: () => stub,
  removeAllListeners: () => stub,
  listenerCount: () => 0,
};

/** A licence for the tests of an application: all seats are in use. */
export const stub: OpenLicence = {
  ...heard,
  file: '/share/licence.json',
  modules: ['M1'],
  customer: null,
  licenceId: 'a-test',
  expiresAt: null,
  maxUsers: () => 1,
  acquire: async () => full,
  status: async () => Promise.reject(new Error('not asked for in this test')),
  close: async () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
};

const full: ClaimAnswer = {
  kind: 'full',
  module: 'M1',
  holders: [],
  freesAt: null,
  evicted: null,
  waitedMs: 0,
};

export async function work(path: string): Promise<string> {
  const licence: OpenLicence = await openLicence(path, {
    application: 'Consumer 1.0',
    onSlow: () => undefined,
  });
  licence
    .on('warning', ({ code, message }) => code.length + message.length)
    .once('waiting', ({ place }) => place);
  const claim: ClaimAnswer = await licence.acquire('M1', { wait: 1000 });
  const seat = claim.kind === 'seated' ? claim.seat : new SeatOfATest();
  seat.on('lost', ({ reason, by }) => reason + by);
  await licence.close();
  return seat.state;
}

/** In another language. */
export function inDutch(fault: SeatfileFault): string {
  switch (fault.code) {
    case 'UNKNOWN_MODULE':
      return `Onbekend: ${fault.details.module}; er zijn ${fault.details.modules?.join(', ')}`;
    case 'LICENCE_EXPIRED':
      return `Verlopen op ${fault.details.expiresAt}`;
    default:
      return fault.message;
  }
}

export const codeOf = (error: unknown): FaultCode | null =>
  error instanceof SeatfileFault ? error.code : null;
export const isSeat = (seat: Seat): boolean => seat.valid;
