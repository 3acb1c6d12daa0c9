import type { Command } from 'commander';
import type { ClaimAnswer, OpenLicence, Seat } from '../../api.js';
import { leaveMs } from '../../client/process-exit.js';
import { SeatfileFault } from '../../licence/fault.js';
import { toIso } from '../../licence/time.js';
import { inTime } from '../../share/clock.js';
import { acquireOrWait, openForCommand, waitMs } from '../acquire.js';
import { chooseModule } from '../arguments.js';
import { jsonOption, withSeatOptions } from '../common-options.js';
import { type Example, withExamples } from '../help.js';
import { closed, givenBack, leaveAndThrow, listenForSignals, signalStatus } from '../interruption.js';
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
  EXIT,
  jsonText,
  shortId,
  statusOf,
  whoIs,
} from '../words.js';
import type { World } from '../world.js';

interface HoldOptions extends KeyOptions, NextOptions {
  readonly module?: string;
  readonly user?: string;
  readonly host?: string;
  readonly note?: string;
  readonly wait?: string;
  readonly timeout: string;
  readonly json?: boolean;
}

const EXAMPLES: readonly Example[] = [
  [
    'seatfile hold //fileserver/acme/licence.json --json',
    'tells a program, in lines of JSON, whether it has a seat',
  ],
  ['seatfile hold -m CAD -u anna --host pc-04', 'for a user and a host that are not those of this process'],
];

export function addHold(program: Command, world: World): void {
  withSeatOptions(withNext(withPublicKey(withExamples(program.command('hold'), EXAMPLES))))
    .summary('hold a seat until stdin closes')
    .description(
      'Holds a seat until stdin closes or a signal comes, and prints what happens to it. ' +
        'It is the bridge for programs in any language.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .option('--note <words>', 'what status shows beside the seat')
    .addOption(jsonOption('one JSON object per line'))
    .action(async (file: string | undefined, options: HoldOptions) => {
      world.setStatus(await hold(file, options, world));
    });
}

/** What a seat's life says, to a person or to a program. `event` is the first key of each line. */
interface Reporter {
  readonly tell: (event: string, fields: Record<string, unknown>, words: string) => void;
  /** Says why the command fails to a program that reads lines. A person reads it on stderr. */
  readonly fail: (error: unknown) => void;
}

function reporter(module: string | null, options: HoldOptions, world: World): Reporter {
  const { wallMs } = world.system().clock;
  const line = (event: string, fields: Record<string, unknown>): void =>
    world.out(`${jsonText({ event, at: toIso(wallMs()), module, ...fields })}\n`);
  return {
    tell: (event, fields, words) => {
      if (options.json) line(event, fields);
      else world.out(`${words}\n`);
    },
    fail: (error) => {
      if (options.json && error instanceof SeatfileFault)
        line('failed', { code: error.code, message: error.message });
    },
  };
}

async function hold(file: string | undefined, options: HoldOptions, world: World): Promise<number> {
  const interruption = listenForSignals(world);
  const inputClosed = new AbortController();
  void Promise.race([world.inputClosed(), world.outputGone]).then(() => inputClosed.abort());
  const stop = { signal: interruption.signal, gaveUp: inputClosed.signal };
  try {
    waitMs(options.wait);
    const licence = await interruption.unless(openForCommand(file, options, world));
    const status = await holdIn(licence, options, world, stop).catch((error: unknown) =>
      leaveAndThrow(licence, error, world),
    );
    const isPast = status === EXIT.lost || status === EXIT.share; // at once, or after the deadline
    if (isPast) await inTime(world.system().clock, leaveMs(), licence.close().catch(nothing));
    else await closed(licence, interruption.signal, world);
    return status;
  } catch (error) {
    const isStopped =
      error instanceof SeatfileFault && error.code === 'ABORTED' && interruption.name !== null;
    if (isStopped && interruption.name) return signalStatus(interruption.name);
    reporter(options.module ?? null, options, world).fail(error);
    throw error;
  } finally {
    interruption.stopListening();
  }
}

/** What ends a hold from outside. */
interface Stop {
  /** A signal has come. */
  readonly signal: AbortSignal;
  /** Stdin is closed, so the parent no longer wants a seat. */
  readonly gaveUp: AbortSignal;
}

async function holdIn(licence: OpenLicence, options: HoldOptions, world: World, stop: Stop): Promise<number> {
  const module = chooseModule(options.module, licence.modules);
  const report = reporter(module, options, world);
  const { tell } = report;
  const wait = waitMs(options.wait);
  const text = new RefusalText(module, options.next === undefined);
  const claim = await acquireOrWait(licence, module, wait, stop, (news) => {
    const { place, holders, freesAt, evicted, file } = news;
    tell('waiting', { place, holders, freesAt, evicted, file }, text.waiting(news));
  });
  switch (claim.kind) {
    case 'full': {
      const { holders, freesAt, evicted } = claim;
      tell('full', { holders, freesAt, evicted }, text.refused(claim, wait));
      return EXIT.noSeat;
    }
    case 'refused': {
      const { reason, untilAt, by, words } = claim;
      tell('refused', { reason, untilAt, by, words }, text.refused(claim, wait));
      return EXIT.noSeat;
    }
    case 'seated':
      return await holdSeat(claim, stop, report, world);
  }
}

type Seated = Extract<ClaimAnswer, { kind: 'seated' }>;

/** Ends 0 after release, 5 at once after `lost`. */
async function holdSeat(
  { file, seat, removed }: Seated,
  { signal, gaveUp }: Stop,
  { tell, fail }: Reporter,
  world: World,
): Promise<number> {
  const { user, host } = seat;
  const before = removed && { by: removed.by, words: removed.words, lostAt: removed.at };
  const lines = [`${seat.module}: seated ${whoIs(seat)}, seat ${shortId(seat.id)}`];
  if (removed) lines.push(describeRemoved(seat.module, removed));
  tell('seated', { seat: seat.id, user, host, removed: before, file }, lines.join('\n'));
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
  seat.on('expiring', ({ remainingMs, expiresAt }) => {
    tell('expiring', { remainingMs, expiresAt }, `${seat.module}: ${describeEnding(remainingMs, expiresAt)}`);
  });
  seat.on('message', ({ words, by, at: saidAt }) => {
    tell('message', { words, by, saidAt }, `${seat.module}: ${describeMessage(words, by)}`);
  });
  seat.on('suspended', () => tell('suspended', {}, `${seat.module}: seat suspended until the share answers`));
  seat.on('safe', () => tell('safe', {}, `${seat.module}: seat safe again`));
  const stopped = whenAborted(AbortSignal.any([signal, gaveUp]));
  if ((await Promise.race([stopped, lost])) === 'lost') return EXIT.lost;
  return await release(file, seat, signal, { tell, fail }, world);
}

async function release(
  file: string,
  seat: Seat,
  stopped: AbortSignal,
  { tell, fail }: Reporter,
  world: World,
): Promise<number> {
  try {
    await givenBack(file, seat.release(), stopped, world);
    tell('released', {}, `${seat.module}: seat released`);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof SeatfileFault)) throw error;
    fail(error);
    world.err(`seatfile: ${describeError(error)}\n`);
    return statusOf(error.code);
  }
}

const nothing = (): void => undefined;

const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
