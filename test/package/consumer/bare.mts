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

export const codeOf = (error: unknown): FaultCode | null =>
  error instanceof SeatfileFault ? error.code : null;
export const isSeat = (seat: Seat): boolean => seat.valid;
