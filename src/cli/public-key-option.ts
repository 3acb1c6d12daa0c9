import nodePath from 'node:path';
import type { Command } from 'commander';
import { SeatfileFault } from '../licence/fault.js';
import { Trust } from '../licence/trust.js';
import { toFault } from '../share/deadline.js';
import { ShareError } from '../share/files.js';
import { ANSWER_MS, withTimeouts } from '../share/op-timeouts.js';
import { wholePath } from '../share/paths.js';
import { waitingReporter } from './asking.js';
import type { World } from './world.js';

/** `--public-key P`, of every command that opens a licence. */
export interface KeyOptions {
  /** Files that hold public keys. None: those of SEATFILE_PUBLIC_KEY; an empty list: no key at all. */
  readonly publicKey?: readonly string[];
}

/** The text of a file, and what faults call it. */
interface KeyText {
  readonly text: string;
  readonly where: string;
}

const VARIABLE = 'SEATFILE_PUBLIC_KEY';

export const withPublicKey = (command: Command): Command =>
  command.option(
    '--public-key <file>',
    "the vendor's public key: refuse a licence that it did not sign (may be repeated); " +
      `default: ${VARIABLE}, several files with "${nodePath.delimiter}" between them`,
    (file: string, before: readonly string[] | undefined) => [...(before ?? []), file],
  );

/** @throws SeatfileFault BAD_ARGUMENT: no such file, or no public key in it */
export const trustFor = async (options: KeyOptions, world: World): Promise<Trust> =>
  Trust.in(await keyTexts(options, world));

/** The keys as `openLicence` takes them; undefined for none. @throws SeatfileFault as {@link trustFor} */
export async function publicKeysFor(options: KeyOptions, world: World): Promise<string[] | undefined> {
  const texts = await keyTexts(options, world);
  Trust.in(texts); // a fault names the file, which the library does not know
  return texts.length === 0 ? undefined : texts.map(({ text }) => text);
}

async function keyTexts({ publicKey }: KeyOptions, world: World): Promise<KeyText[]> {
  const texts: KeyText[] = [];
  for (const file of publicKey ?? filesIn(world.environment[VARIABLE] ?? '')) {
    const where = `${publicKey ? '--public-key' : VARIABLE} ${file}`;
    texts.push({ text: await read(file, where, world), where });
  }
  return texts;
}

/** A list as the system writes one in PATH. */
export const filesIn = (list: string, delimiter: string = nodePath.delimiter): string[] =>
  list
    .split(delimiter)
    .map((file) => file.trim())
    .filter((file) => file !== '');

async function read(file: string, where: string, world: World): Promise<string> {
  const system = world.system();
  const files = withTimeouts(system.files, system.clock, {
    answerMs: ANSWER_MS,
    onSlow: waitingReporter(world),
  });
  try {
    return new TextDecoder().decode(await files.read(await files.resolve(wholePath(file))));
  } catch (error) {
    if (!(error instanceof ShareError) || error.kind === 'silent') throw toFault(error);
    const found = error.kind === 'missing' ? 'none there' : `what cannot be read (${error.message})`;
    throw new SeatfileFault('BAD_ARGUMENT', `${where}: expected a file with a public key, found ${found}`, {
      cause: error,
    });
  }
}
