import type { Command } from 'commander';
import type { ClaimAnswer } from '../../client/answers.js';
import { type OpenLicence, openWith } from '../../client/open-licence.js';
import { leaveMs } from '../../client/process-exit.js';
import type { Seat } from '../../client/seat.js';
import { instancesOfProcess } from '../../client/shared-instance.js';
import { SeatfileFault } from '../../licence/fault.js';
import { toIso } from '../../licence/time.js';
import { inTime } from '../../share/clock.js';
import { acquireOrWait, describePlace, TIMEOUT, TIMEOUT_HELP, timeoutMs, waitMs } from '../acquire.js';
import { chooseModule, fileOf } from '../arguments.js';
import { waiting } from '../asking.js';
import { closed, givenBack, leaveAndThrow, listenForSignals, signalStatus } from '../interruption.js';
import {
  describeError,
  describeFull,
  describeLoss,
  describeRefusal,
  describeRemoved,
  duration,
  EXIT,
  jsonText,
  printable,
  shortId,
  statusOf,
  whoIs,
} from '../words.js';
import type { Deps } from '../world.js';

interface HoldOptions {
  readonly module?: string;
  readonly user?: string;
  readonly host?: string;
  readonly note?: string;
  readonly wait?: string;
  readonly timeout: string;
  readonly json?: boolean;
}

export function addHold(program: Command, deps: Deps): void {
  program
    .command('hold')
    .summary('hold a seat until stdin closes')
    .description(
      'Holds a seat until stdin closes or a signal comes, and prints what happens to it. ' +
        'It is the bridge for programs in any language.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .option('--module <name>', 'the module; may be left out where the licence has one')
    .option('--user <name>', "the user; default: SEATFILE_USER, else the system's")
    .option('--host <name>', "the host; default: SEATFILE_HOST, else the system's")
    .option('--note <words>', 'what status shows beside the seat')
    .option(
      '--wait <duration>',
      'how long to wait for a seat while none is free, like 10m; default: not at all',
    )
    .option('--timeout <duration>', TIMEOUT_HELP, TIMEOUT)
    .option('--json', 'one JSON object per line')
    .action(async (file: string | undefined, options: HoldOptions) => {
      deps.setStatus(await hold(fileOf(file, deps), options, deps));
    });
}

/** What a seat's life says, to a person or to a program. */
interface Teller {
  readonly tell: (event: string, fields: Record<string, unknown>, words: string) => void;
}

function teller(module: string, options: HoldOptions, deps: Deps): Teller {
  const { wallMs } = deps.system().clock;
  return {
    tell: (event, fields, words) => {
      const at = toIso(wallMs());
      deps.out(options.json ? `${jsonText({ event, at, module, ...fields })}\n` : `${words}\n`);
    },
  };
}

async function hold(file: string, options: HoldOptions, deps: Deps): Promise<number> {
  const interruption = listenForSignals(deps);
  const gaveUp = new AbortController();
  const inputClosed = Promise.race([deps.inputClosed(), deps.outputGone]).then(() => gaveUp.abort());
  const stopped = Promise.race([inputClosed, whenAborted(interruption.signal)]);
  const signals = { signal: interruption.signal, gaveUp: gaveUp.signal };
  try {
    waitMs(options.wait);
    const licence = await interruption.unless(openForCommand(file, options, deps));
    const status = await holdIn(licence, options, deps, { signals, stopped }).catch((error: unknown) =>
      leaveAndThrow(licence, error, deps),
    );
    const isPast = status === EXIT.lost || status === EXIT.share; // at once, or after the deadline
    if (isPast) await inTime(deps.system().clock, leaveMs(), licence.close().catch(nothing));
    else await closed(licence, interruption.signal, deps);
    return status;
  } catch (error) {
    const isStopped =
      error instanceof SeatfileFault && error.code === 'ABORTED' && interruption.name !== null;
    if (isStopped && interruption.name) return signalStatus(interruption.name);
    throw error;
  } finally {
    interruption.stopListening();
  }
}

interface Stop {
  /** A signal has come; stdin is closed, so the parent no longer waits for a seat. */
  readonly signals: { readonly signal: AbortSignal; readonly gaveUp: AbortSignal };
  /** Stdin is closed, or a signal has come. */
  readonly stopped: Promise<void>;
}

async function holdIn(licence: OpenLicence, options: HoldOptions, deps: Deps, stop: Stop): Promise<number> {
  const module = chooseModule(options.module, licence.modules);
  const { tell } = teller(module, options, deps);
  const claim = await acquireOrWait(licence, module, waitMs(options.wait), stop.signals, (news) => {
    const { place, holders, freesAt, evicted } = news;
    const words = `${describeFull(module, news)}\n${describePlace(news)}`;
    tell('waiting', { place, holders, freesAt, evicted }, words);
  });
  switch (claim.kind) {
    case 'full': {
      const { holders, freesAt, evicted } = claim;
      tell('full', { holders, freesAt, evicted }, describeFull(module, claim));
      return EXIT.noSeat;
    }
    case 'refused':
      tell('refused', { reason: claim.reason, untilAt: claim.untilAt }, describeRefusal(module, claim));
      return EXIT.noSeat;
    case 'seated':
      return await holdSeat(licence, claim, stop, { tell }, deps);
  }
}

type Seated = Extract<ClaimAnswer, { kind: 'seated' }>;

/** Ends 0 after release, 5 at once after `lost`. */
async function holdSeat(
  licence: OpenLicence,
  { seat, removed }: Seated,
  { stopped, signals }: Stop,
  { tell }: Teller,
  deps: Deps,
): Promise<number> {
  const { user, host } = seat;
  const before = removed && { by: removed.by, words: removed.words, lostAt: removed.at };
  const lines = [`${seat.module}: seated ${whoIs(seat)}, seat ${shortId(seat.id)}`];
  if (removed) lines.push(describeRemoved(seat.module, removed));
  tell('seated', { seat: seat.id, user, host, removed: before }, lines.join('\n'));
  const lost = new Promise<'lost'>((resolve) => {
    seat.on('lost', (loss) => {
      const { reason, by, words, at } = loss;
      tell('lost', { reason, by, words, lostAt: at }, `${seat.module}: seat lost: ${describeLoss(loss)}`);
      resolve('lost');
    });
  });
  seat.on('jeopardy', ({ remainingMs }) => {
    tell(
      'jeopardy',
      { remainingMs },
      `${seat.module}: the share has not taken a heartbeat; seat good for ${duration(remainingMs / 1000)} more`,
    );
  });
  seat.on('suspended', () => tell('suspended', {}, `${seat.module}: seat suspended until the share answers`));
  seat.on('safe', () => tell('safe', {}, `${seat.module}: seat safe again`));
  if ((await Promise.race([stopped, lost])) === 'lost') return EXIT.lost;
  const status = await release(licence.file, seat, signals.signal, deps);
  if (status === EXIT.done) tell('released', {}, `${seat.module}: seat released`);
  return status;
}

async function release(file: string, seat: Seat, stopped: AbortSignal, deps: Deps): Promise<number> {
  try {
    await givenBack(file, seat.release(), stopped, deps);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof SeatfileFault)) throw error;
    deps.err(`seatfile: ${describeError(error)}\n`);
    return statusOf(error.code);
  }
}

const nothing = (): void => undefined;

const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** A licence opened by a command that handles signals itself and says on stderr what it waits for. */
export async function openForCommand(
  file: string,
  options: { user?: string; host?: string; note?: string; application?: string; timeout: string },
  deps: Deps,
): Promise<OpenLicence> {
  const { user, host, note, application = 'seatfile' } = options;
  const licence = await openWith(
    file,
    {
      user,
      host,
      note,
      application,
      timeoutMs: timeoutMs(options.timeout),
      onSlow: waiting(deps),
      releaseOnExit: false,
    },
    deps.system(),
    instancesOfProcess(),
  );
  licence.on('warning', ({ message }) => deps.err(`seatfile: ${printable(message)}\n`));
  return licence;
}
