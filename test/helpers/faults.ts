import type { Clock } from '../../src/share/clock.js';
import { ShareError, type ShareErrorKind, type ShareFiles } from '../../src/share/files.js';
import { type Call, callOf, type Operation, operations, pathIn, portOf } from './port.js';

/** What befalls one operation. */
export type Mishap =
  | { readonly kind: 'refuse'; readonly error: ShareErrorKind } // nothing is done
  | { readonly kind: 'loseReply'; readonly error: ShareErrorKind } // it is done, and reported as failed
  | { readonly kind: 'hang'; readonly until: Promise<void> } // it is done when released
  | { readonly kind: 'hangAfter'; readonly until: Promise<void> } // it is done at once, and answered when released
  | { readonly kind: 'delay'; readonly ms: number; readonly clock: Pick<Clock, 'sleep'> }
  | { readonly kind: 'shortWrite'; readonly characters: number } // so much is written, and the rest refused
  | { readonly kind: 'answer'; readonly value: unknown }; // nothing is done, and this is answered

/** The n-th operation (from 1) on a path; what it gives befalls it. */
export type Decide = (operation: Operation, path: string, n: number) => Mishap | null;

/** A share on which things go wrong. */
export function faulty(files: ShareFiles, decide: Decide): ShareFiles {
  const call = callOf(files);
  let n = 0;
  return portOf((operation, args) => {
    const mishap = decide(operation, pathIn(args), ++n);
    return mishap === null ? call(operation, args) : befall(mishap, call, operation, args);
  });
}

async function befall(mishap: Mishap, call: Call, operation: Operation, args: readonly unknown[]) {
  const fail = (kind: ShareErrorKind) => new ShareError(kind, operation, pathIn(args));
  switch (mishap.kind) {
    case 'refuse':
      throw fail(mishap.error);
    case 'loseReply':
      await call(operation, args).catch(() => undefined);
      throw fail(mishap.error);
    case 'hang':
      await mishap.until;
      return await call(operation, args);
    case 'hangAfter': {
      const done = await call(operation, args);
      await mishap.until;
      return done;
    }
    case 'delay':
      await mishap.clock.sleep(mishap.ms);
      return await call(operation, args);
    case 'shortWrite':
      await call(operation, [args[0], String(args[1]).slice(0, mishap.characters), args[2]]);
      throw fail('full');
    case 'answer':
      return mishap.value;
  }
}

/** The step-th operation fails, whatever it is, while it is armed. `failed` says whether there was one. */
export function failingAt(step: number, files: ShareFiles, mishap: Mishap) {
  const share = { failed: false, isArmed: true, operation: '', files };
  share.files = faulty(files, (operation, path, n) => {
    if (n !== step || !share.isArmed) return null;
    share.failed = true;
    share.operation = `${operation} ${path}`;
    return mishap;
  });
  return share;
}

/** Counts what is asked of a share. */
export function counting(files: ShareFiles) {
  const counts = Object.fromEntries(operations.map((operation) => [operation, 0])) as Record<
    Operation,
    number
  >;
  const call = callOf(files);
  const counted = portOf((operation, args) => {
    counts[operation]++;
    return call(operation, args);
  });
  const total = () => operations.reduce((sum, operation) => sum + counts[operation], 0);
  return { files: counted, counts, total };
}

/** A promise and what settles it. */
export function latch() {
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { until, release: () => release() };
}
