import {
  type ClaimAnswer,
  createLicence,
  type FaultCode,
  type LicencePlace,
  type Loss,
  openLicence,
  readJournal,
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

/** Two modules or none, from a licence that was made for it. */
export async function both(path: string): Promise<readonly Seat[]> {
  const { file } = await createLicence(path, {
    modules: { M1: 2, M2: 1 },
    signal: AbortSignal.timeout(5000),
  });
  await using licence = await openLicence(file, { signal: AbortSignal.timeout(5000) });
  licence.on('changed', () => console.warn(licence.customer, licence.maxUsers('M1')));
  const claim = await licence.acquire(['M1', 'M2']);
  const { events } = await readJournal(file, { since: new Date(0), module: 'M1' });
  if (claim.kind === 'full') console.warn(claim.module, events.map(({ kind }) => kind).join());
  return claim.kind === 'seated' ? claim.seats : [];
}

function hold(seat: Seat): string | null {
  seat.on('jeopardy', ({ remainingMs }) => console.warn(remainingMs.toFixed()));
  seat.on('lost', ({ reason, by }: Loss) => console.warn(reason, by));
  return seat.valid ? null : seat.state;
}

export const codeOf = (error: unknown): FaultCode | null =>
  error instanceof SeatfileFault ? error.code : null;
