import nodePath from 'node:path';
import type { Command } from 'commander';
import { Trust } from '../licence/trust.js';
import { ANSWER_MS, withTimeouts } from '../share/op-timeouts.js';
import { readGiven } from '../vendor/given-file.js';
import { collect } from './arguments.js';
import { waitingReporter } from './asking.js';
import { licenceOption } from './common-options.js';
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

const REFUSES = "the vendor's public key: refuse a licence that it did not sign";

export const withPublicKey = (command: Command, means: string = REFUSES): Command =>
  command.addOption(
    licenceOption(
      '--public-key <file>',
      `${means} (may be repeated); ` +
        `default: ${VARIABLE}, several files with "${nodePath.delimiter}" between them`,
    ).argParser(collect),
  );

/**
 * @param more keys that the command has besides
 * @throws SeatfileFault BAD_ARGUMENT: no such file, or no public key in it
 */
export const trustFor = async (
  options: KeyOptions,
  world: World,
  more: readonly KeyText[] = [],
): Promise<Trust> => Trust.in([...(await keyTexts(options, world)), ...more]);

/** The keys as `openLicence` takes them; undefined for none. @throws SeatfileFault as {@link trustFor} */
export async function publicKeysFor(options: KeyOptions, world: World): Promise<string[] | undefined> {
  const texts = await keyTexts(options, world);
  Trust.in(texts); // a fault names the file, which the library does not know
  return texts.length === 0 ? undefined : texts.map(({ text }) => text);
}

async function keyTexts({ publicKey }: KeyOptions, world: World): Promise<KeyText[]> {
  const paths = publicKey ?? filesIn(world.environment[VARIABLE] ?? '');
  if (paths.length === 0) return [];
  const { files, clock } = world.system();
  const timed = withTimeouts(files, clock, { answerMs: ANSWER_MS, onSlow: waitingReporter(world) });
  const option = publicKey ? '--public-key' : VARIABLE;
  const texts: KeyText[] = [];
  for (const path of paths)
    texts.push({ text: (await readGiven(option, path, timed)).text, where: `${option} ${path}` });
  return texts;
}

/** A list as the system writes one in PATH. */
export const filesIn = (list: string, delimiter: string = nodePath.delimiter): string[] =>
  list
    .split(delimiter)
    .map((file) => file.trim())
    .filter((file) => file !== '');
