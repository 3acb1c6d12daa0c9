import type { ChildProcess } from 'node:child_process';
import { type Command, Option } from 'commander';
import type { OpenLicence } from '../../client/open-licence.js';
import type { Seat } from '../../client/seat.js';
import { SeatfileFault } from '../../licence/fault.js';
import { acquireOrWait, describePlace, TIMEOUT, TIMEOUT_HELP, timeoutMs, waitMs } from '../acquire.js';
import { chooseModule, fileOf } from '../arguments.js';
import {
  givenBack,
  type Interruption,
  leaveAndThrow,
  listenForSignals,
  signalStatus,
} from '../interruption.js';
import {
  describeError,
  describeFull,
  describeLoss,
  describeRefusal,
  describeRemoved,
  duration,
  printable,
  RUN_EXIT,
} from '../words.js';
import type { Deps } from '../world.js';
import { openForCommand } from './hold.js';

interface RunOptions {
  readonly module?: string;
  readonly user?: string;
  readonly host?: string;
  readonly wait?: string;
  readonly timeout: string;
  readonly onLost: 'warn' | 'term';
}

export function addRun(program: Command, deps: Deps): void {
  program
    .command('run')
    .summary('hold a seat while a command runs')
    .description(
      'Takes a seat, runs COMMAND, and gives the seat back when it has ended: seatfile run FILE -- COMMAND',
    )
    .usage('[options] [file] -- COMMAND [ARGUMENT...]')
    .showHelpAfterError(
      '(the command comes after --, like: seatfile run FILE -- app.exe; seatfile run --help shows the options)',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .option('--module <name>', 'the module; may be left out where the licence has one')
    .option('--user <name>', "the user; default: SEATFILE_USER, else the system's")
    .option('--host <name>', "the host; default: SEATFILE_HOST, else the system's")
    .option(
      '--wait <duration>',
      'how long to wait for a seat while none is free, like 10m; default: not at all',
    )
    .option('--timeout <duration>', TIMEOUT_HELP, TIMEOUT)
    .addOption(
      new Option('--on-lost <what>', 'when the seat is lost: warn, or end the command')
        .choices(['warn', 'term'])
        .default('warn'),
    )
    .action(async (file: string | undefined, options: RunOptions) => {
      deps.setStatus(await run(file, options, deps));
    });
}

async function run(file: string | undefined, options: RunOptions, deps: Deps): Promise<number> {
  try {
    if (!deps.command[0])
      throw new SeatfileFault(
        'BAD_ARGUMENT',
        'run: expected a command after --, like: seatfile run FILE -- app.exe',
      );
    waitMs(options.wait);
    timeoutMs(options.timeout);
    return await runSeated(fileOf(file, deps), options, deps);
  } catch (error) {
    deps.err(`seatfile: ${describeError(error)}\n`);
    return RUN_EXIT.ours;
  }
}

async function runSeated(file: string, options: RunOptions, deps: Deps): Promise<number> {
  const running: Running['running'] = { child: null };
  const stop = new AbortController();
  const act = (name: NodeJS.Signals) => {
    stop.abort();
    return forward(name, running.child, deps);
  };
  const interruption = listenForSignals(deps, act, FOR_THE_COMMAND);
  const application = deps.command[0]?.slice(-256) ?? '';
  try {
    const licence = await interruption.unless(openForCommand(file, { ...options, application }, deps));
    const status = await runIn(licence, options, deps, { interruption, running }).catch((error: unknown) =>
      leaveAndThrow(licence, error, deps),
    );
    interruption.endsWith(status);
    await givenBack(licence.file, licence.close(), stop.signal, deps).catch((error: unknown) => {
      deps.err(`seatfile: the seat could not be given back: ${describeError(error)}\n`);
    });
    return status;
  } catch (error) {
    if (interruption.name !== null && error instanceof SeatfileFault && error.code === 'ABORTED')
      return signalStatus(interruption.name);
    throw error;
  } finally {
    interruption.stopListening();
  }
}

/** Without a listener these would end `run`, too, and leave the command without a heartbeat. */
const FOR_THE_COMMAND: readonly NodeJS.Signals[] = ['SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

/** Each signal goes to the command. `run` ends when the command ends: as long as it runs, it uses the seat. */
function forward(name: NodeJS.Signals, child: ChildProcess | null, deps: Deps): boolean {
  if (child === null) return false;
  if (!deps.reachesCommands(name)) child.kill(name);
  return true;
}

interface Running {
  readonly interruption: Interruption;
  /** Null before the command is started, and after its end: then signals are for us. */
  readonly running: { child: ChildProcess | null };
}

async function runIn(
  licence: OpenLicence,
  options: RunOptions,
  deps: Deps,
  { interruption, running }: Running,
): Promise<number> {
  const module = chooseModule(options.module, licence.modules);
  const { signal } = interruption;
  const claim = await acquireOrWait(licence, module, waitMs(options.wait), { signal }, (news) => {
    deps.err(`seatfile: ${describeFull(module, news)}\n${describePlace(news)}\n`);
  });
  switch (claim.kind) {
    case 'full':
      deps.err(`seatfile: ${describeFull(module, claim)}\n`);
      return RUN_EXIT.noSeat;
    case 'refused':
      deps.err(`seatfile: ${describeRefusal(module, claim)}\n`);
      return RUN_EXIT.noSeat;
    case 'seated': {
      const { seat, removed } = claim;
      if (removed) deps.err(`seatfile: ${describeRemoved(module, removed)}\n`);
      const child = deps.spawn(deps.command, { SEATFILE: licence.file, SEATFILE_SEAT: seat.id });
      running.child = child;
      tellLosses(seat, child, options, deps);
      const status = await statusOfChild(child, deps);
      running.child = null;
      return status;
    }
  }
}

function tellLosses(seat: Seat, child: ChildProcess, options: RunOptions, deps: Deps): void {
  const say = (text: string) => deps.err(`seatfile: ${seat.module}: ${text}\n`);
  seat.on('jeopardy', ({ remainingMs }) => {
    say(`the share has not taken a heartbeat; seat good for ${duration(remainingMs / 1000)} more`);
  });
  seat.on('suspended', () => say('seat suspended until the share answers'));
  seat.on('safe', () => say('seat safe again'));
  seat.on('lost', (loss) => {
    say(`seat lost: ${describeLoss(loss)}`);
    if (options.onLost === 'term') child.kill('SIGTERM');
  });
}

/** The command's own status: its exit code, or 128 and the signal's number as shells say it. */
function statusOfChild(child: ChildProcess, deps: Deps): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      deps.err(
        `seatfile: ${printable(deps.command[0] ?? '')}: cannot be started (${error.code ?? error.message})\n`,
      );
      resolve(error.code === 'ENOENT' ? RUN_EXIT.notFound : RUN_EXIT.notExecutable);
    });
    child.once('close', (code, signal) => resolve(code ?? (signal ? signalStatus(signal) : RUN_EXIT.ours)));
  });
}
