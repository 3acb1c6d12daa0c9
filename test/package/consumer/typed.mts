import {
  type ClaimAnswer,
  type FaultCode,
  type LicencePlace,
  type Loss,
  openLicence,
  type Seat,
  SeatfileFault,
} from 'seatfile';

export async function work(path: string, signal: AbortSignal): Promise<string | null> {
  await using licence = await openLicence(path, { application: 'Consumer 1.0' });
  licence.on('warning', ({ code, message }) => console.warn(code, message));
  const claim: ClaimAnswer = await licence.acquire('M1', { timeoutMs: 5000, signal });
  switch (claim.kind) {
    case 'full':
      return claim.holders.map((holder) => `${holder.user}@${holder.host}`).join(', ');
    case 'refused':
      return claim.reason;
    case 'seated':
      return hold(claim.seat);
  }
}

/** By its key, and the next where one is full or away. */
export async function find(key: string, directory: string): Promise<string | null> {
  const places: readonly LicencePlace[] = [{ key, in: directory }, '/reserve/licence.json'];
  await using licence = await openLicence(places, { patienceMs: 2000 });
  licence.on('waiting', ({ file, place }) => console.warn(file, place));
  const claim = await licence.acquire('M1', { wait: 1000 });
  return claim.kind === 'seated' ? claim.file : null;
}

function hold(seat: Seat): string | null {
  seat.on('jeopardy', ({ remainingMs }) => console.warn(remainingMs.toFixed()));
  seat.on('lost', ({ reason, by }: Loss) => console.warn(reason, by));
  return seat.valid ? null : seat.state;
}

export const codeOf = (error: unknown): FaultCode | null =>
  error instanceof SeatfileFault ? error.code : null;
