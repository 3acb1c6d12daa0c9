import type { Command } from 'commander';
import type { LicencePlace } from '../api.js';
import { SeatfileFault } from '../licence/fault.js';
import { collect, fileOf } from './arguments.js';
import { fileOption, licenceOption } from './common-options.js';
import type { World } from './world.js';

/** Which licence a command is for: a file, or the one with a key. And further ones, where a seat is asked for. */

/** `-f FILE`, or `--key K --in DIR`, of every command that takes a licence file. */
export interface PlaceOptions {
  readonly file?: string;
  readonly key?: string;
  readonly in?: string;
}

/** `--next FILE`, of commands that take a seat. */
export interface NextOptions extends PlaceOptions {
  readonly next?: readonly string[];
  readonly patience: string;
}

export const withPlace = (command: Command): Command =>
  command
    .addOption(fileOption())
    .addOption(
      licenceOption(
        '--key <key>',
        'in place of a file: the one licence with this key among the files of --in',
      ),
    )
    .addOption(
      licenceOption(
        '--in <directory>',
        'where --key looks: at *.json there, and not in the directories below',
      ),
    );

export const withNext = (command: Command): Command =>
  withPlace(command)
    .addOption(
      licenceOption(
        '--next <file>',
        'a further licence, with seats of its own: asked where those before are out of reach or full (may be repeated)',
      ).argParser(collect),
    )
    .addOption(
      licenceOption(
        '--patience <duration>',
        'how long a licence may be out of reach before the next is asked',
      ).default('10s'),
    );

const bad = (text: string): SeatfileFault => new SeatfileFault('BAD_ARGUMENT', text);

/** By `--key`, by argument, `-f`, or SEATFILE. @throws SeatfileFault BAD_ARGUMENT */
export function placeOf(
  argument: string | undefined,
  { file, key, in: directory }: PlaceOptions,
  world: World,
): LicencePlace {
  if (key === undefined && directory === undefined) return fileOf(argument, { ...(file && { file }) }, world);
  const given = argument ?? file;
  if (given !== undefined) throw bad(`${given}: give a licence file, or --key and --in, but not both`);
  if (key === undefined) throw bad('--in: expected --key with it: the key of the licence there');
  if (directory === undefined) throw bad('--key: expected --in with it: the directory of the licence');
  return { key, in: directory };
}

/** All that a claim asks, in order. @throws SeatfileFault BAD_ARGUMENT */
export function placesOf(
  argument: string | undefined,
  options: NextOptions,
  world: World,
): LicencePlace | readonly LicencePlace[] {
  const first = placeOf(argument, options, world);
  return options.next ? [first, ...options.next] : first;
}
