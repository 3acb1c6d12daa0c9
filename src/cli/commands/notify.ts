import type { Command } from 'commander';
import { checkSeatId, isSelective } from '../../client/argument-checks.js';
import { LONGEST_MESSAGE, type Notified, notifyHolders, toNotify } from '../../client/notifying.js';
import { seatsFor, toldWithinSeconds } from '../../client/removal.js';
import { MAX_MESSAGES } from '../../licence/document.js';
import { SeatfileFault } from '../../licence/fault.js';
import type { ChosenSeat } from '../../rules/leaving.js';
import { type AdminSession, checkModule, contextOf, withAdminSession } from '../admin-session.js';
import { dryRunOption, jsonOption, withSelection } from '../common-options.js';
import { type Example, withExamples } from '../help.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { describeSeat, namedSeat } from '../seat-text.js';
import { duration, EXIT, jsonText } from '../words.js';
import type { World } from '../world.js';
import { othersIn, type SelectionOptions } from './remove.js';

interface NotifyOptions extends KeyOptions, PlaceOptions, SelectionOptions {
  readonly message?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['seatfile notify licence.json -u anna --message "Please close CAD"', 'one user'],
  ['seatfile notify licence.json --all --message "Maintenance at noon"', 'every user'],
];

export function addNotify(program: Command, world: World): void {
  withSelection(withPlace(withPublicKey(withExamples(program.command('notify'), EXAMPLES))))
    .summary('put a message before users')
    .description(
      'Puts a message before the users of seats. The seats stay; what is shown is up to the application.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .option('--all', 'every seat')
    .option('--message <words>', `what the user is told: at most ${LONGEST_MESSAGE} characters`)
    .addOption(dryRunOption('told'))
    .addOption(jsonOption())
    .action(async (file: string | undefined, options: NotifyOptions) => {
      const opening = { ...options, file: placeOf(file, options, world) };
      const message = messageOf(options);
      await withAdminSession(opening, world, (session) => tellHolders(session, options, message, world));
    });
}

function messageOf({ message = '', ...options }: NotifyOptions): string {
  if (!isSelective(options))
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      'notify: which seats? Give --user, --host, --module, --seat or --all',
    );
  if (options.seat !== undefined) checkSeatId('--seat', options.seat);
  if (message.trim() === '' || message.length > LONGEST_MESSAGE)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `--message: expected 1 to ${LONGEST_MESSAGE} characters, got ${message.trim() === '' ? 'none' : message.length}`,
    );
  return message;
}

async function tellHolders(
  session: AdminSession,
  options: NotifyOptions,
  message: string,
  world: World,
): Promise<void> {
  if (options.module !== undefined) checkModule(session, options.module);
  const { user, host, module, seat, all } = options;
  const selection = { user, host, module, seat, all };
  const chosen = await session.unless(seatsFor(session, selection));
  const wouldBe = toNotify(session, await contextOf(session), chosen);
  const isOnlySaid = chosen.length === 0 || options.dryRun === true;
  const done = isOnlySaid ? wouldBe : await notifyHolders(session, selection, message);
  if (done.told.length === 0) world.setStatus(EXIT.failed);
  if (options.json) {
    world.out(`${jsonText(view(done, options, message, session), 2)}\n`);
    return;
  }
  for (const one of done.told) world.out(`${describe(one, options, session)}\n`);
  for (const one of done.gone) world.err(`Not told: ${describeSeat(namedSeat(one))}. Its process is gone.\n`);
  for (const one of done.full)
    world.err(
      `Not told: ${describeSeat(namedSeat(one))}. ${MAX_MESSAGES} messages wait for it, and it takes no more.\n`,
    );
  if (chosen.length === 0)
    world.err(`No seat matches these options; ${othersIn(session, options)} No user was told.\n`);
}

function describe(one: ChosenSeat, { dryRun }: NotifyOptions, { policy }: AdminSession): string {
  const seat = describeSeat(namedSeat(one));
  if (dryRun) return `Would tell ${seat}`;
  const within = duration(toldWithinSeconds(one.record, policy));
  return `Message for ${seat}. The application is told within ${within}, if it is running.`;
}

function view(
  { told, full, gone }: Notified,
  { dryRun = false }: NotifyOptions,
  message: string,
  session: AdminSession,
) {
  const seats = told.map((one) => ({
    ...namedSeat(one),
    toldWithinSeconds: toldWithinSeconds(one.record, session.policy),
  }));
  const { actor, store } = session;
  return {
    schemaVersion: 1,
    file: store.paths.licenceFile,
    dryRun,
    actor,
    message,
    seats,
    seatsFull: full.map(namedSeat),
    processesGone: gone.length,
  };
}
