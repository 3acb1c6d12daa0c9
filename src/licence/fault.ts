import type { FaultCode, FaultDetails } from '../api.js';

/** A second copy of the package in a process has a class of its own; its faults are of ours all the same. */
const BRAND = Symbol.for('seatfile.fault');

/** A broken promise, never a refusal. The message names the thing, what was found, what was expected, the next step. */
export class SeatfileFault extends Error {
  override readonly name = 'SeatfileFault';
  readonly code: FaultCode;
  /** The parts of the message, for one in another language. Frozen. */
  readonly details: FaultDetails;

  constructor(
    code: FaultCode,
    message: string,
    { details = {}, ...options }: { cause?: unknown; details?: FaultDetails } = {},
  ) {
    super(message, options);
    this.code = code;
    this.details = Object.freeze({ ...details });
  }

  /** What JSON.stringify shows. */
  toJSON(): { name: string; code: FaultCode; message: string; details: FaultDetails } {
    const { name, code, message, details } = this;
    return { name, code, message, details };
  }

  /** @internal */
  get [BRAND](): true {
    return true;
  }

  static override [Symbol.hasInstance](value: unknown): value is SeatfileFault {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

/** @internal */
export const closedFault = (file: string): SeatfileFault =>
  new SeatfileFault('CLOSED', `${file}: the licence was closed; open it again`, { details: { path: file } });

/** Rules and readings name no file: here its path goes before what they say of it. @internal */
export function inFile<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof SeatfileFault)) throw error;
    throw new SeatfileFault(error.code, `${path}: ${error.message}`, {
      cause: error.cause,
      details: { ...error.details, path },
    });
  }
}

/** Makes the compiler object to a forgotten case of a closed union. @internal */
export function unreachable(value: never): never {
  throw new Error(`not a case of its union: ${JSON.stringify(value)}`);
}

/** An entitlement that no vendor vouches for. @internal */
export const isForgery = (error: unknown): error is SeatfileFault =>
  error instanceof SeatfileFault && (error.code === 'LICENCE_FORGED' || error.code === 'LICENCE_UNSIGNED');

/**
 * The seat table is lost, damaged or forged. A holder of a seat rebuilds it, or `seatfile repair` does. @internal
 */
export const isLoss = (error: unknown): error is SeatfileFault =>
  isForgery(error) ||
  (error instanceof SeatfileFault && (error.code === 'TABLE_LOST' || error.code === 'TABLE_DAMAGED'));
