import { Command, CommanderError } from 'commander';
import { SeatfileFault } from '../licence/fault.js';
import { addDemo } from './commands/demo.js';
import { addDoctor } from './commands/doctor.js';
import { addHold } from './commands/hold.js';
import { addInit } from './commands/init.js';
import { addJournal } from './commands/journal.js';
import { addRemove } from './commands/remove.js';
import { addRepair } from './commands/repair.js';
import { addRun } from './commands/run.js';
import { addSet } from './commands/set.js';
import { addStatus } from './commands/status.js';
import { signalStatus } from './interruption.js';
import { describeError, EXIT, exitStatusHelp, RUN_EXIT, statusOf } from './words.js';
import { type Deps, Interrupted, Stopped } from './world.js';

/** The program, built from what it is given. */
function buildProgram(deps: Deps): Command {
  const program = new Command('seatfile')
    .description('Concurrent-user licensing with nothing but a JSON licence file on a network share.')
    .version(deps.version)
    .exitOverride()
    .configureOutput({ writeOut: deps.out, writeErr: deps.err })
    .showHelpAfterError('(seatfile --help shows the commands)');
  program.commandsGroup('Everyday:');
  for (const add of [addStatus, addRun, addHold]) add(program, deps);
  program.helpCommand('help [command]', 'show what a command does, and its options');
  program.commandsGroup('Administrator:');
  for (const add of [addInit, addRemove, addSet, addJournal]) add(program, deps);
  program.commandsGroup('Share:');
  addDoctor(program, deps);
  addRepair(program, deps);
  program.commandsGroup('To see it work:');
  addDemo(program, deps);
  return program.addHelpText('after', exitStatusHelp);
}

/** Runs one command line (without node and script) and gives its exit status. */
export async function runProgram(
  words: readonly string[],
  deps: Omit<Deps, 'command' | 'setStatus'>,
): Promise<number> {
  const split = words.indexOf('--');
  const own = split < 0 ? words : words.slice(0, split);
  const command = split < 0 ? [] : words.slice(split + 1);
  let status: number = EXIT.done;
  const setStatus = (to: number) => {
    status = to;
  };
  try {
    await buildProgram({ ...deps, command, setStatus }).parseAsync([...own], { from: 'user' });
    return status;
  } catch (error) {
    return statusOfError(error, own, deps);
  }
}

function statusOfError(error: unknown, words: readonly string[], deps: Pick<Deps, 'err'>): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done; // help or the version, as asked
    return words[0] === 'run' ? RUN_EXIT.ours : EXIT.usage; // a message was printed; run keeps 2 for its command
  }
  if (error instanceof Interrupted) {
    deps.err('\nInterrupted. Nothing was done.\n');
    return EXIT.interrupted;
  }
  if (error instanceof Stopped) {
    deps.err(error.isHung ? GIVEN_UP_HUNG : 'Given up.\n');
    return signalStatus(error.by);
  }
  deps.err(`seatfile: ${describeError(error)}\n`);
  return error instanceof SeatfileFault ? statusOf(error.code) : EXIT.failed;
}

const GIVEN_UP_HUNG =
  'Given up. The share does not answer: what was asked of it last may still be done; seatfile status shows it.\n';
