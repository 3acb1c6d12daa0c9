import { type Command, Option } from 'commander';
import { collect } from './arguments.js';
import { asMeant } from './words.js';

/**
 * Options that several commands take: flags, and what stands in several helps, in one place. `means` is what a value
 * does in this command.
 */

/** `--key`, `--in` and what else says which licence is meant stand together in a help. */
export const licenceOption = (flags: string, means: string): Option =>
  new Option(flags, means).helpGroup('Which licence:');

/** As the argument FILE; commands take it by `fileOf` or `placeOf`. */
export const fileOption = (): Option =>
  licenceOption('-f, --file <file>', 'the licence file, in place of the argument');

/** FILE as an argument or by `-f`, of a command for a licence file that is no seat table yet, or need not be one. */
export const withFile = (command: Command, means = 'the licence file'): Command =>
  command.argument('[file]', `${means}; default: SEATFILE`).addOption(fileOption());

export const userOption = (means: string): Option =>
  new Option('-u, --user <name>', means).argParser(asMeant);
export const hostOption = (means: string): Option => new Option('--host <name>', means).argParser(asMeant);
export const moduleOption = (means: string): Option => new Option('-m, --module <name>', means);

/** `CAD=10`, once for each module. */
export const grantOption = (means = 'a module and its max users; once for each'): Option =>
  new Option('-m, --module <NAME=USERS>', means).argParser(collect);

export const yesOption = (means = 'do not ask'): Option => new Option('-y, --yes', means);
/** `done` is what is not done: "removed". */
export const dryRunOption = (done: string): Option =>
  new Option('-n, --dry-run', `only say what would be ${done}`);

export const jsonOption = (means = 'one JSON document'): Option => new Option('--json', means);

export const levelOption = (means: string): Option =>
  new Option('--level <level>', means).choices(['heartbeat', 'light']);
export const countByOption = (means: string): Option =>
  new Option('--count-by <what>', means).choices(['user@host', 'instance', 'user', 'host']);

/** Which seats are meant, of commands that do something to seats of others. */
export const withSelection = (command: Command): Command =>
  command
    .addOption(userOption('seats of this user'))
    .addOption(hostOption('seats on this host'))
    .addOption(moduleOption('seats in this module'))
    .option('--seat <id>', 'the seat with this id, or the beginning of one');

/** Whose seat it is, and where, of commands that take one. */
export const withSeatOptions = (command: Command): Command =>
  command
    .addOption(moduleOption('the module; may be left out where the licence has one'))
    .addOption(userOption("the user; default: SEATFILE_USER, else the system's"))
    .addOption(hostOption("the host; default: SEATFILE_HOST, else the system's"))
    .option(
      '--wait <duration>',
      'how long to wait for a seat while none is free, like 10m; default: not at all',
    )
    .option('--timeout <duration>', 'how long to wait for the share, and for a turn to write there', '30s');
