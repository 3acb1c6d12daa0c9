/**
 * Everything that can go wrong, as a closed list: programs switch on the code, people read the message.
 * "No seat is free" is not among them: that is an answer (see {@link ClaimAnswer}), not a fault.
 */
export type FaultCode =
  | 'BAD_ARGUMENT' // the caller's own words are off; nothing was tried
  | 'UNKNOWN_MODULE' // the licence has no such module
  | 'LICENCE_EXISTS' // something is already there; nothing is ever overwritten
  | 'LICENCE_MISSING' // no licence file, and no revisions beside it
  | 'LICENCE_UNREADABLE' // it is there and cannot be read: rights, a directory in its place, a link
  | 'LICENCE_INVALID' // it was read and is no licence
  | 'LICENCE_NEWER' // it was written for a later format than this version knows
  | 'LICENCE_MOVED' // the table is elsewhere by now, and says where; nothing was written here
  | 'LICENCE_EXPIRED' // its last day has passed by the file server's clock
  | 'TABLE_LOST' // the seat table went backwards or is gone; nothing was written
  | 'TABLE_DAMAGED' // the newest revision stays unreadable; nothing was written
  | 'SHARE_UNREACHABLE' // the share does not answer, or is not there
  | 'SHARE_REFUSED' // the share answers, and says no: rights, read-only
  | 'SHARE_FULL' // no space, or the quota is used up
  | 'SHARE_BUSY' // something keeps a file open (virus scanner, backup), or others were writing all the time
  | 'SHARE_UNFIT' // the place can not host a seat table
  | 'COMMIT_UNKNOWN' // the share did not say whether a change was made; the next look shows it
  | 'ABORTED' // the caller's own AbortSignal
  | 'CLOSED'; // the licence or the seat was already closed by the caller

/** A second copy of the package in a process has a class of its own; its faults are of ours all the same. */
const BRAND = Symbol.for('seatfile.fault');

/** A broken promise, never a refusal. The message names the thing, what was found, what was expected, the next step. */
export class SeatfileFault extends Error {
  override readonly name = 'SeatfileFault';
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get [BRAND](): true {
    return true;
  }

  static override [Symbol.hasInstance](value: unknown): value is SeatfileFault {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

/** Rules and readings name no file: here its path goes before what they say of it. */
export function inFile<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof SeatfileFault)) throw error;
    throw new SeatfileFault(error.code, `${path}: ${error.message}`, { cause: error.cause });
  }
}

/** Makes the compiler object to a forgotten case of a closed union. */
export function unreachable(value: never): never {
  throw new Error(`not a case of its union: ${JSON.stringify(value)}`);
}

/** The seat table is lost or damaged. An instance that holds a seat rebuilds it, or `seatfile repair` does. */
export const isLoss = (error: unknown): error is SeatfileFault =>
  error instanceof SeatfileFault && (error.code === 'TABLE_LOST' || error.code === 'TABLE_DAMAGED');
