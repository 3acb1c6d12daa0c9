import { SeatfileFault } from '../licence/fault.js';
import type { Clock } from './clock.js';
import { ShareError } from './files.js';

/** How long a caller is willing to wait for a poll or a commit. */
export interface Deadline {
  /** When to give up, on the monotonic clock, milliseconds. */
  readonly untilMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** @throws SeatfileFault ABORTED, or SHARE_UNREACHABLE naming what was waited for. */
export function checkDeadline(deadline: Deadline, clock: Clock, waitingFor: string): void {
  if (deadline.signal?.aborted)
    throw new SeatfileFault('ABORTED', `given up at the caller's wish while waiting for ${waitingFor}`, {
      cause: deadline.signal.reason,
      details: { waitingFor },
    });
  if (clock.elapsedMs() >= deadline.untilMs)
    throw new SeatfileFault('SHARE_UNREACHABLE', `given up at the deadline while waiting for ${waitingFor}`, {
      details: { waitingFor },
    });
}

const REFUSED =
  'refused; expected the right to read, create, rename and delete there; ask the administrator of the share';
const FULL =
  'no space left (disk full, no file entries (inodes) left, or quota used up; seatfile doctor tells which); ' +
  'free some and try again';

/** What a failed share operation means to people: the thing, what was found, the next step. */
export function toFault(error: unknown): unknown {
  if (!(error instanceof ShareError)) return error;
  const what = `${error.operation} ${error.path}`;
  const fault = (code: ConstructorParameters<typeof SeatfileFault>[0], text: string) =>
    new SeatfileFault(code, text, {
      cause: error,
      details: { path: error.path, operation: error.operation },
    });
  switch (error.kind) {
    case 'refused':
      return fault('SHARE_REFUSED', `${what}: ${REFUSED}`);
    case 'readOnly':
      return fault('SHARE_REFUSED', `${what}: the share is read-only; expected the right to write`);
    case 'full':
      return fault('SHARE_FULL', `${what}: ${FULL}`);
    case 'busy':
      return fault(
        'SHARE_BUSY',
        `${what}: something keeps it open (virus scanner, backup, editor); try again, or exclude the folder there`,
      );
    case 'silent':
      return fault('SHARE_UNREACHABLE', `${what}: no answer; is the server up and the share connected?`);
    case 'unsaid':
      if (isTooLong(error)) return fault('LICENCE_UNREADABLE', `${what}: ${TOO_LONG}`);
      return fault(
        'SHARE_UNREACHABLE',
        `${what}: the share failed (${causeOf(error)}); is the server up and the share connected?`,
      );
    case 'tooLarge':
      if (error.operation === 'list')
        return fault(
          'SHARE_UNFIT',
          `${error.path}: more than 100,000 entries; expected nothing but the seat table; remove everything else`,
        );
      return fault('LICENCE_INVALID', `${error.path}: larger than the 16 MiB a licence may have`);
    case 'missing':
    case 'exists':
    case 'notEmpty':
    case 'stale':
    case 'wrongKind':
      return fault('SHARE_UNREACHABLE', `${what}: ${causeOf(error)}; is the right share mounted there?`);
  }
}

/** Names beside a licence file are up to 60 characters longer than its own. Most file systems take 255 bytes. */
export const TOO_LONG =
  'the name is too long for the file system; expected a file name of at most 190 bytes ' +
  '(letters outside ASCII count two to four), and a path that is not very deep; choose a shorter one';

export const isTooLong = ({ cause }: ShareError): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'ENAMETOOLONG';

const causeOf = (error: ShareError): string =>
  error.cause instanceof Error ? error.cause.message.replace(/, .*$/s, '') : error.kind;
