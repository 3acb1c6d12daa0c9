import { type ClaimAnswer, type FaultCode, type Loss, openLicence, type Seat, SeatfileFault } from 'seatfile';
import type * as testing from 'seatfile/testing';

export async function work(path: string): Promise<string | null> {
  const licence = await openLicence(path, { application: 'Matrix 1.0' });
  licence.on('warning', ({ code, message }) => `${code.toLowerCase()}: ${message.trim()}`);
  const claim: ClaimAnswer = await licence.acquire('M1', { timeoutMs: 5000 });
  switch (claim.kind) {
    case 'full':
      return claim.holders.map((holder) => `${holder.user}@${holder.host}`).join(', ');
    case 'refused':
      return claim.reason;
    case 'seated':
      return hold(claim.seat);
  }
}

function hold(seat: Seat): string | null {
  seat.on('jeopardy', ({ remainingMs }) => remainingMs.toFixed());
  seat.once('lost', ({ reason, by }: Loss) => `${reason} by ${by}`);
  return seat.valid ? null : seat.state;
}

/** A type that was not found is `any`, where the compiler does not say so. */
type IsAny<T> = 0 extends 1 & T ? true : false;
export const isAny: [IsAny<Seat>, IsAny<Parameters<Seat['on']>>, IsAny<typeof testing>] = [
  false,
  false,
  false,
];

export const codeOf = (error: unknown): FaultCode | null =>
  error instanceof SeatfileFault ? error.code : null;
