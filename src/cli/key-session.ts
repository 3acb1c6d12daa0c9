import { SeatfileFault } from '../licence/fault.js';
import { appendInTime } from '../share/append.js';
import type { ShareFiles } from '../share/files.js';
import { ANSWER_MS, withTimeouts } from '../share/op-timeouts.js';
import type { IssueDeps } from '../vendor/issuing.js';
import {
  type FoundKey,
  type KeyDeps,
  type KeyWarning,
  readKeyFile,
  readPassphrase,
} from '../vendor/key-files.js';
import { checkedPassphrase } from '../vendor/keys.js';
import { waitingReporter } from './asking.js';
import { unlessStopped } from './interruption.js';
import { describeKeyWarning } from './vendor-text.js';
import { describeError, printable } from './words.js';
import type { World } from './world.js';

/** One run of a command that works with the vendor's keys: its files, and its questions for passphrases. */
export interface KeySession {
  readonly world: World;
  readonly signal: AbortSignal;
  /** A signal gives up what is asked of these files, and lets what was begun be cleared away. */
  readonly deps: KeyDeps;
  /** For what is not given up once it is begun. */
  readonly surely: IssueDeps;
}

/** Runs a command that a signal gives up. */
export function withKeySession<T>(world: World, act: (session: KeySession) => Promise<T>): Promise<T> {
  const { files, clock } = world.system();
  const timed = withTimeouts(files, clock, { answerMs: ANSWER_MS, onSlow: waitingReporter(world) });
  const surely = { files: timed, append: appendInTime(world.append, clock) };
  return unlessStopped(world, ({ signal }) => {
    const deps = { files: until(signal, timed), platform: process.platform };
    return act({ world, signal, deps, surely });
  });
}

/** The same files up to a signal; after it they only remove. */
function until(signal: AbortSignal, files: ShareFiles): ShareFiles {
  const wrapped = Object.entries(files).map(([name, act]) => [
    name,
    async (...args: readonly unknown[]): Promise<unknown> => {
      if (signal.aborted && !name.startsWith('remove')) throw new SeatfileFault('ABORTED', GIVEN_UP);
      return await (act as (...all: readonly unknown[]) => Promise<unknown>)(...args);
    },
  ]);
  return Object.fromEntries(wrapped) as ShareFiles;
}
const GIVEN_UP = 'given up, because a signal came';

export function warn(warnings: readonly KeyWarning[], world: World): void {
  for (const warning of warnings) world.err(`Warning: ${describeKeyWarning(warning)}\n`);
}

/** The private key that signs, opened with its passphrase. */
export async function openKey(
  path: string,
  passphraseFile: string | undefined,
  session: KeySession,
): Promise<FoundKey> {
  const key = await askedAgain(session, (ask) => {
    const passphrase = () =>
      passphraseFile === undefined ? asked(path, ask, session) : inFile(passphraseFile, session);
    return readKeyFile(path, passphrase, session.deps);
  });
  warn(key.warnings, session.world);
  return key;
}

type Ask = (question: string) => Promise<string>;

/** How often a passphrase is asked for that is refused. */
const MOST_TRIES = 3;

/**
 * Asks again where what was typed is refused: were the command to end, what is typed next would go into the shell, in
 * clear text.
 */
async function askedAgain<T>(
  { world, signal }: Pick<KeySession, 'world' | 'signal'>,
  act: (ask: Ask) => Promise<T>,
  triesLeft: number = MOST_TRIES,
): Promise<T> {
  let isAsked = false;
  const ask: Ask = (question) => {
    isAsked = true;
    return world.askHidden(question, signal);
  };
  try {
    return await act(ask);
  } catch (error) {
    const isRefused = isAsked && error instanceof SeatfileFault && error.code === 'BAD_ARGUMENT';
    if (!isRefused || triesLeft === 1) throw error;
    world.err(`${describeError(error)}\n`);
    return await askedAgain({ world, signal }, act, triesLeft - 1);
  }
}

async function asked(path: string, ask: Ask, { world }: KeySession): Promise<string> {
  if (world.isInteractive) return await ask(`Passphrase of ${printable(path)}: `);
  throw new SeatfileFault(
    'BAD_ARGUMENT',
    `--key ${path}: the key has a passphrase, and there is no terminal to ask on; use --passphrase-file`,
  );
}

async function inFile(path: string, { world, deps }: KeySession): Promise<string> {
  const { passphrase, warnings } = await readPassphrase(path, deps);
  warn(warnings, world);
  return passphrase;
}

/** How a new key gets its passphrase; see `keygen`. */
export interface PassphraseOptions {
  /** A text: it was given on the command line. False: `--no-passphrase`. */
  readonly passphrase?: string | boolean;
  readonly passphraseFile?: string;
}

/** For a new key. Null: none. @throws SeatfileFault BAD_ARGUMENT */
export async function newPassphrase(
  { passphrase, passphraseFile }: PassphraseOptions,
  session: KeySession,
): Promise<string | null> {
  if (passphraseFile !== undefined) return checkedPassphrase(await inFile(passphraseFile, session));
  const { isInteractive } = session.world;
  if (!(passphrase ?? isInteractive)) return null;
  if (isInteractive) return await askedAgain(session, askedTwice);
  throw new SeatfileFault(
    'BAD_ARGUMENT',
    '--passphrase: there is no terminal to ask on; use --passphrase-file',
  );
}

async function askedTwice(ask: Ask): Promise<string> {
  const first = checkedPassphrase(await ask('Passphrase of the new private key: '));
  const again = await ask('The same again: ');
  if (first === again.normalize('NFC')) return first;
  throw new SeatfileFault('BAD_ARGUMENT', 'passphrase: the two differ; nothing was written');
}
