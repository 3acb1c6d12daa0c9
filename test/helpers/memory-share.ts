import { ShareError, type ShareErrorKind, type ShareFiles } from '../../src/share/files.js';
import type { Dice } from '../../src/share/random.js';
import type { HandClock } from './clock.js';
import type { MemoryServer } from './memory-server.js';

export { MemoryServer, type MemoryServerOptions } from './memory-server.js';

export type Operation = keyof ShareFiles;
export const operations: readonly Operation[] = [
  'list',
  'removable',
  'read',
  'writeNew',
  'replace',
  'makeDirectory',
  'setMode',
  'stat',
  'rename',
  'removeFile',
  'removeDirectory',
  'resolve',
  'volume',
];
/** What takes room on a full share, and what changes anything at all. */
const growing: readonly Operation[] = ['writeNew', 'replace', 'makeDirectory'];
const changing: readonly Operation[] = [...growing, 'setMode', 'rename', 'removeFile', 'removeDirectory'];

/** Any call of the port: wrap one function, and every operation is wrapped. */
export type Call = (operation: Operation, args: readonly unknown[]) => Promise<unknown>;

export function portOf(call: Call): ShareFiles {
  const methods = operations.map((operation) => [
    operation,
    (...args: unknown[]): Promise<unknown> => call(operation, args),
  ]);
  return Object.fromEntries(methods) as ShareFiles;
}

export function callOf(files: ShareFiles): Call {
  return (operation, args) => (files[operation] as (...all: unknown[]) => Promise<unknown>)(...args);
}

export const pathIn = (args: readonly unknown[]): string => String(args[0]);

/** How one host sees the server; a test may change every field at any time. */
export interface ClientState {
  /** No operation reaches the server: it hangs until mended, or fails so. */
  cut: 'hangs' | ShareErrorKind | null;
  /** Nothing can be written: `full`, `readOnly`, `refused`. */
  unwritable: ShareErrorKind | null;
  /** How long one operation takes, half of it before it is carried out. Milliseconds of true time. */
  latencyMs: (operation: Operation) => number;
}

export interface Client {
  readonly files: ShareFiles;
  /** The same for one process: what it asked and was not carried out yet is dropped when that says so. */
  readonly filesUnless: (isDropped: () => boolean) => ShareFiles;
  readonly state: ClientState;
  /** Ends a cut: what hung is carried out now. */
  readonly mend: () => void;
}

/** One host's own view of a server: cut off, refused or slow by itself. */
export function clientOf(server: MemoryServer, state: Partial<ClientState> = {}): Client {
  const own: ClientState = { cut: null, unwritable: null, latencyMs: () => 0, ...state };
  let hanging: (() => void)[] = [];
  const filesUnless = (isDropped: () => boolean) =>
    portOf(async (operation, args) => {
      await Promise.resolve();
      while (own.cut === 'hangs') await new Promise<void>((resolve) => hanging.push(resolve));
      if (own.cut !== null) throw new ShareError(own.cut, operation, pathIn(args));
      const halfMs = own.latencyMs(operation) / 2;
      if (halfMs > 0) await server.timeline.wait(halfMs);
      if (isDropped()) await never();
      refuseWrites(own.unwritable, operation, args);
      const outcome = outcomeOf(server, operation, args);
      if (halfMs > 0) await server.timeline.wait(halfMs);
      return outcome();
    });
  const mend = () => {
    own.cut = null;
    const waiting = hanging;
    hanging = [];
    for (const go of waiting) go();
  };
  return { files: filesUnless(() => false), filesUnless, state: own, mend };
}

/**
 * The share for one process: no answer while it is stopped, none when it is dead; what it asked then is done, or not.
 */
export function filesOfProcess(
  client: Client,
  clock: HandClock,
  dice: Pick<Dice, 'fraction'>,
  wrap: (files: ShareFiles) => ShareFiles = (files) => files,
): ShareFiles {
  const call = callOf(wrap(client.filesUnless(() => !clock.isAlive && dice.fraction() < 0.5)));
  return portOf(async (operation, args) => {
    await clock.running();
    try {
      return await call(operation, args);
    } finally {
      await clock.running();
    }
  });
}

function refuseWrites(kind: ShareErrorKind | null, operation: Operation, args: readonly unknown[]): void {
  const refused = kind === 'full' ? growing : changing;
  if (kind !== null && refused.includes(operation)) throw new ShareError(kind, operation, pathIn(args));
}

/** Carries it out now; the result tells when it is asked for. */
function outcomeOf(server: MemoryServer, operation: Operation, args: readonly unknown[]): () => unknown {
  try {
    const act = server[operation].bind(server) as (...all: unknown[]) => unknown;
    const value = act(...args);
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

const never = () => new Promise<never>(() => undefined);
