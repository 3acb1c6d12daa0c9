import { Command, CommanderError } from 'commander';
import { SeatfileFault } from '../licence/fault.js';
import { noticeColoursFor } from './colour.js';
import { COMMANDS, type CommandName, isCommand } from './command-list.js';
import { takeOptionsOnce } from './given-once.js';
import { HELP, programHelp, SEE_ALSO } from './help.js';
import { signalStatus } from './interruption.js';
import { meantOtherwise, unknownCommand, usageText, withoutHelpWord } from './mistakes.js';
import { WaitLine } from './wait-line.js';
import { describeError, EXIT, RUN_EXIT, statusOf } from './words.js';
import { Interrupted, Stopped, type World } from './world.js';

const GROUPS: Readonly<Record<string, readonly CommandName[]>> = {
  'Everyday:': ['status', 'run', 'hold', 'completion'],
  'Administrator:': [
    ...(['init', 'install', 'renew', 'why', 'remove', 'undo', 'ban', 'reserve', 'notify'] as const),
    ...(['set', 'journal'] as const),
  ],
  'Vendor:': ['keygen', 'issue', 'verify', 'serve-renewals'],
  'Share:': ['doctor', 'repair'],
  'To see it work:': ['demo'],
};

/** The program, built from what it is given: with one command, or with all of them. */
export async function buildProgram(world: World, only: CommandName | null): Promise<Command> {
  const program = new Command('seatfile')
    .description('Concurrent-user licensing with nothing but a JSON licence file on a network share.')
    .version(world.version)
    .exitOverride()
    .configureOutput({ writeOut: world.out, writeErr: world.err, outputError: () => undefined }) // see usageText
    .configureHelp(HELP)
    .hook('preAction', () => world.ready);
  for (const [group, names] of Object.entries(GROUPS)) {
    program.commandsGroup(group);
    for (const name of names) if (only === null || name === only) (await COMMANDS[name]())(program, world);
    if (names.includes('hold'))
      program.helpCommand('help [command]', 'show what a command does, and its options');
  }
  for (const command of program.commands) {
    command.addHelpText('after', SEE_ALSO);
    takeOptionsOnce(command);
  }
  return program.addHelpText('after', programHelp);
}

/** Runs one command line (without node and script) and gives its exit status. */
export async function runProgram(
  words: readonly string[],
  given: Omit<World, 'command' | 'setStatus' | 'waitLine'>,
): Promise<number> {
  const waitLine = new WaitLine(given);
  const world = { ...given, ...waitLine.around(given), waitLine };
  return await run(words, world).finally(() => waitLine.end());
}

async function run(words: readonly string[], world: Omit<World, 'command' | 'setStatus'>): Promise<number> {
  if (words[0] === 'complete') return await completeFor(words.slice(1), world);
  const split = words.indexOf('--');
  const own = split < 0 ? words : words.slice(0, split);
  const command = split < 0 ? [] : words.slice(split + 1);
  let status: number = EXIT.done;
  const setStatus = (to: number) => {
    status = to;
  };
  let asked: Command | undefined;
  let only: CommandName | null = null;
  try {
    const [first, ...rest] = withoutHelpWord(own);
    if (isCommand(first)) only = first;
    if (only === null && first !== undefined && !first.startsWith('-')) throw unknownCommand(first);
    const program = await buildProgram({ ...world, command, setStatus }, only);
    if (only !== null) asked = program.commands.find((one) => one.name() === only);
    await program.parseAsync(first === undefined ? [] : [first, ...rest], { from: 'user' });
    return status;
  } catch (error) {
    return statusOfError(error, { name: only, command: asked }, world);
  }
}

/** Asked by the scripts of `completion`, and by no person. */
async function completeFor(words: readonly string[], given: Parameters<typeof run>[1]): Promise<number> {
  const world = { ...given, command: [], setStatus: () => undefined };
  const { complete } = await import('./complete.js');
  return await complete(words, { world, build: (only) => buildProgram(world, only) });
}

function statusOfError(
  error: unknown,
  { name, command }: { readonly name: CommandName | null; readonly command: Command | undefined },
  world: Pick<World, 'err' | 'environment' | 'noticeColumns'>,
): number {
  const fault = noticeColoursFor(world).red('seatfile:');
  const isRun = name === 'run'; // which keeps the low numbers for its command
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done; // help or the version, as asked
    const text = usageText(error, command);
    if (text !== null) world.err(`${fault} ${text}\n`);
    return isRun ? RUN_EXIT.ours : EXIT.usage;
  }
  if (error instanceof Interrupted) {
    world.err('\nInterrupted. Nothing was done.\n');
    return EXIT.interrupted;
  }
  if (error instanceof Stopped) {
    world.err(error.isHung ? GIVEN_UP_HUNG : 'Given up.\n');
    return signalStatus(error.by);
  }
  const isMissing = (error as NodeJS.ErrnoException | null)?.code === 'ERR_MODULE_NOT_FOUND';
  world.err(`${fault} ${isMissing ? `${PART_MISSING} (${String(error)})` : describeError(error)}\n`);
  if (!(error instanceof SeatfileFault)) return isRun ? RUN_EXIT.ours : EXIT.failed;
  const isFileKnown = Boolean(world.environment['SEATFILE']);
  const advice = command ? meantOtherwise(error, { command, isFileKnown }) : null;
  if (advice !== null) world.err(`${advice}\n`);
  return isRun ? RUN_EXIT.ours : statusOf(error.code);
}

const PART_MISSING = 'a part of seatfile is missing; install it again';
const GIVEN_UP_HUNG =
  'Given up. The share does not answer: what was asked of it last may still be done; seatfile status shows it.\n';
