import type { ChildProcess } from 'node:child_process';
import { type Command, Option } from 'commander';
import type { OpenLicence, Seat } from '../../api.js';
import { SeatfileFault } from '../../licence/fault.js';
import { acquireOrWait, openForCommand, timeoutMs, waitMs } from '../acquire.js';
import { chooseModule } from '../arguments.js';
import { withSeatOptions } from '../common-options.js';
import { type Example, withExamples } from '../help.js';
import {
  givenBack,
  type Interruption,
  leaveAndThrow,
  listenForSignals,
  signalStatus,
} from '../interruption.js';
import { type NextOptions, withNext } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { RefusalText } from '../refusal-text.js';
import {
  describeEnding,
  describeError,
  describeLoss,
  describeMessage,
  describeRemoved,
  duration,
  printable,
  RUN_EXIT,
} from '../words.js';
import type { World } from '../world.js';

interface RunOptions extends KeyOptions, NextOptions {
  readonly module?: string;
  readonly user?: string;
  readonly host?: string;
  readonly wait?: string;
  readonly timeout: string;
  readonly onLost: 'warn' | 'term';
}

const EXAMPLES: readonly Example[] = [
  [
    'seatfile run //fileserver/acme/licence.json -- acme-cad.exe drawing.dwg',
    'starts the program while a seat is held',
  ],
  [
    'seatfile run -m CAD --wait 10m --on-lost term -- acme-cad',
    'waits for a seat; the program is ended when the seat is lost',
  ],
];

export function addRun(program: Command, world: World): void {
  withSeatOptions(withNext(withPublicKey(withExamples(program.command('run'), EXAMPLES))))
    .summary('hold a seat while a command runs')
    .description(
      'Takes a seat, runs COMMAND, and gives the seat back when it has ended: seatfile run FILE -- COMMAND',
    )
    .usage('[options] [file] -- COMMAND [ARGUMENT...]')
    .argument('[file]', 'the licence file; default: SEATFILE')
    .addOption(
      new Option('--on-lost <what>', 'when the seat is lost: warn, or end the command')
        .choices(['warn', 'term'])
        .default('warn'),
    )
    .action(async (file: string | undefined, options: RunOptions) => {
      world.setStatus(await run(file, options, world));
    });
}

async function run(file: string | undefined, options: RunOptions, world: World): Promise<number> {
  if (!world.command[0])
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      'run: expected a command after --, like: seatfile run FILE -- app.exe',
    );
  waitMs(options.wait);
  timeoutMs(options.timeout);
  const running: Running['running'] = { child: null };
  const stop = new AbortController();
  const act = (name: NodeJS.Signals) => {
    stop.abort();
    return forward(name, running.child, world);
  };
  const interruption = listenForSignals(world, act, FOR_THE_COMMAND);
  const application = world.command[0]?.slice(-256) ?? '';
  try {
    const licence = await interruption.unless(openForCommand(file, { ...options, application }, world));
    const status = await runIn(licence, options, world, { interruption, running }).catch((error: unknown) =>
      leaveAndThrow(licence, error, world),
    );
    interruption.endsWith(status);
    await givenBack(licence.file, licence.close(), stop.signal, world).catch((error: unknown) => {
      world.err(`seatfile: the seat could not be given back: ${describeError(error)}\n`);
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
function forward(name: NodeJS.Signals, child: ChildProcess | null, world: World): boolean {
  if (child === null) return false;
  if (!world.reachesCommands(name)) child.kill(name);
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
  world: World,
  { interruption, running }: Running,
): Promise<number> {
  const module = chooseModule(options.module, licence.modules);
  const { signal } = interruption;
  const wait = waitMs(options.wait);
  const text = new RefusalText(module, options.next === undefined);
  const claim = await acquireOrWait(licence, module, wait, { signal }, (news) => {
    world.err(`seatfile: ${text.waiting(news)}\n`);
  });
  switch (claim.kind) {
    case 'full':
    case 'refused':
      world.err(`seatfile: ${text.refused(claim, wait)}\n`);
      return RUN_EXIT.noSeat;
    case 'seated': {
      const { seat, removed } = claim;
      if (removed) world.err(`seatfile: ${describeRemoved(module, removed)}\n`);
      const child = started({ SEATFILE: claim.file, SEATFILE_SEAT: seat.id }, world);
      if (typeof child === 'number') return child;
      running.child = child;
      tellLosses(seat, child, options, world);
      const status = await statusOfChild(child, world);
      running.child = null;
      return status;
    }
  }
}

function tellLosses(seat: Seat, child: ChildProcess, options: RunOptions, world: World): void {
  const say = (text: string) => world.err(`seatfile: ${seat.module}: ${text}\n`);
  seat.on('jeopardy', ({ remainingMs }) => {
    say(`the share has not taken a heartbeat; seat good for ${duration(remainingMs / 1000)} more`);
  });
  seat.on('expiring', ({ remainingMs, expiresAt }) => say(describeEnding(remainingMs, expiresAt)));
  seat.on('message', ({ words, by }) => say(describeMessage(words, by)));
  seat.on('suspended', () => say('seat suspended until the share answers'));
  seat.on('safe', () => say('seat safe again'));
  seat.on('lost', (loss) => {
    say(`seat lost: ${describeLoss(loss)}`);
    if (options.onLost === 'term') child.kill('SIGTERM');
  });
}

/** The command, or the status where it cannot be started: Node tells of some reasons by an event, and throws others. */
function started(environment: Record<string, string>, world: World): ChildProcess | number {
  try {
    return world.spawn(world.command, environment);
  } catch (error) {
    return cannotStart(error as NodeJS.ErrnoException, world);
  }
}

/** Node starts no script of Windows' command interpreter: it says EINVAL. */
function cannotStart({ code, message }: NodeJS.ErrnoException, world: World): number {
  const command = world.command[0] ?? '';
  const advice = /\.(?:bat|cmd)$/i.test(command) ? '; for a script use: cmd /c' : '';
  world.err(`seatfile: ${printable(command)}: cannot be started (${code ?? message})${advice}\n`);
  return code === 'ENOENT' ? RUN_EXIT.notFound : RUN_EXIT.notExecutable;
}

/** The command's own status: its exit code, or 128 and the signal's number as shells say it. */
function statusOfChild(child: ChildProcess, world: World): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(cannotStart(error, world)));
    child.once('close', (code, signal) => resolve(code ?? (signal ? signalStatus(signal) : RUN_EXIT.ours)));
  });
}
