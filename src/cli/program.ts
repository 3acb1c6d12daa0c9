import { Command, CommanderError } from 'commander';
import { SeatfileFault } from '../licence/fault.js';
import { COMMANDS, type CommandName, isCommand } from './command-list.js';
import { signalStatus } from './interruption.js';
import { describeError, EXIT, exitStatusHelp, RUN_EXIT, statusOf } from './words.js';
import { Interrupted, Stopped, type World } from './world.js';

const GROUPS: Readonly<Record<string, readonly CommandName[]>> = {
  'Everyday:': ['status', 'run', 'hold'],
  'Administrator:': ['init', 'install', 'renew', 'why', 'remove', 'set', 'journal'],
  'Vendor:': ['keygen', 'issue', 'verify', 'serve-renewals'],
  'Share:': ['doctor', 'repair'],
  'To see it work:': ['demo'],
};

/** The program, built from what it is given: with one command, or with all of them. */
async function buildProgram(world: World, only: CommandName | null): Promise<Command> {
  const program = new Command('seatfile')
    .description('Concurrent-user licensing with nothing but a JSON licence file on a network share.')
    .version(world.version)
    .exitOverride()
    .configureOutput({ writeOut: world.out, writeErr: world.err })
    .showHelpAfterError('(seatfile --help shows the commands)')
    .hook('preAction', () => world.ready);
  for (const [group, names] of Object.entries(GROUPS)) {
    program.commandsGroup(group);
    for (const name of names) if (only === null || name === only) (await COMMANDS[name]())(program, world);
    if (names.includes('hold'))
      program.helpCommand('help [command]', 'show what a command does, and its options');
  }
  return program.addHelpText('after', exitStatusHelp);
}

/** Runs one command line (without node and script) and gives its exit status. */
export async function runProgram(
  words: readonly string[],
  world: Omit<World, 'command' | 'setStatus'>,
): Promise<number> {
  const split = words.indexOf('--');
  const own = split < 0 ? words : words.slice(0, split);
  const command = split < 0 ? [] : words.slice(split + 1);
  let status: number = EXIT.done;
  const setStatus = (to: number) => {
    status = to;
  };
  try {
    const only = isCommand(own[0]) ? own[0] : null;
    const program = await buildProgram({ ...world, command, setStatus }, only);
    await program.parseAsync([...own], { from: 'user' });
    return status;
  } catch (error) {
    return statusOfError(error, own, world);
  }
}

function statusOfError(error: unknown, words: readonly string[], world: Pick<World, 'err'>): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done; // help or the version, as asked
    return words[0] === 'run' ? RUN_EXIT.ours : EXIT.usage; // a message was printed; run keeps 2 for its command
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
  world.err(`seatfile: ${isMissing ? `${PART_MISSING} (${String(error)})` : describeError(error)}\n`);
  if (error instanceof SeatfileFault) return statusOf(error.code);
  return words[0] === 'run' ? RUN_EXIT.ours : EXIT.failed;
}

const PART_MISSING = 'a part of seatfile is missing; install it again';
const GIVEN_UP_HUNG =
  'Given up. The share does not answer: what was asked of it last may still be done; seatfile status shows it.\n';
