import type { Command } from 'commander';
import { isGoneHere, shareTimeOf } from '../../client/status.js';
import type { InstanceRecord, SeatRecord } from '../../licence/document.js';
import { SeatfileFault } from '../../licence/fault.js';
import { type ChosenSeat, chooseSeats, remove } from '../../rules/admin.js';
import type { ShareTime } from '../../rules/status-view.js';
import { ownPollMs } from '../../rules/timing.js';
import { type AdminSession, withAdminSession } from '../admin-session.js';
import { isAgreed } from '../asking.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { duration, EXIT, printable, shortId, whoIs } from '../words.js';
import type { World } from '../world.js';

interface RemoveOptions extends KeyOptions, PlaceOptions {
  readonly user?: string;
  readonly host?: string;
  readonly module?: string;
  readonly seat?: string;
  readonly dead?: boolean;
  readonly all?: boolean;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function addRemove(program: Command, world: World): void {
  withPlace(withPublicKey(program.command('remove')))
    .summary('free stuck seats')
    .description(
      'Frees seats. The user is told by whom and why, and may take a seat again: removing is not banning. ' +
        'Asks on a terminal, needs --yes elsewhere.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .option('--user <name>', 'seats of this user')
    .option('--host <name>', 'seats on this host')
    .option('--module <name>', 'seats in this module')
    .option('--seat <id>', 'the seat with this id, or the beginning of one')
    .option('--dead', 'seats whose process is gone, or silent for two check intervals')
    .option('--all', 'every seat')
    .option('--reason <words>', 'what the holder is told')
    .option('--dry-run', 'only say what would be removed')
    .option('--yes', 'do not ask')
    .action(async (file: string | undefined, options: RemoveOptions) => {
      const opening = { ...options, file: placeOf(file, options, world) };
      checkOptions(options);
      await withAdminSession(opening, world, (session) => removeSeats(session, options, world));
    });
}

function checkOptions(options: RemoveOptions): void {
  const { user, host, module, seat, dead, all, reason } = options;
  if (![user, host, module, seat].some((one) => one !== undefined) && !dead && !all)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      'remove: which seats? Give --user, --host, --module, --seat, --dead or --all',
    );
  if (seat !== undefined && !/^[a-z0-9-]{4,64}$/.test(seat))
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `--seat ${seat}: expected a seat id, or at least its first 4 characters`,
    );
  if ((reason?.length ?? 0) > 1024)
    throw new SeatfileFault('BAD_ARGUMENT', '--reason: expected at most 1024 characters');
}

async function removeSeats(session: AdminSession, options: RemoveOptions, world: World): Promise<void> {
  const chosen = choose(session, options, await session.unless(shareTimeOf(session)));
  if (chosen.length === 0) {
    world.err('No seat matches these options. Nothing was removed.\n');
    world.setStatus(EXIT.failed);
    return;
  }
  for (const one of chosen) world.out(`${options.dryRun ? 'Would remove' : 'Removing'} ${describe(one)}\n`);
  if (options.dryRun) return;
  const seats = chosen.length === 1 ? 'this seat' : `these ${chosen.length} seats`;
  const question = { verb: 'remove', text: `Remove ${seats}?`, yes: options.yes, signal: session.signal };
  if (!(await isAgreed(question, world))) {
    world.err('Nothing was removed.\n');
    world.setStatus(EXIT.failed);
    return;
  }
  const removed = await commitRemoval(session, chosen, options.reason ?? null);
  const { checkIntervalSeconds } = session.policy;
  for (const one of removed)
    world.out(`Removed ${describe(one)}. ${whatFollows(one, session, checkIntervalSeconds)}\n`);
  if (removed.length < chosen.length)
    world.err(`Given back meanwhile, before they were removed: ${chosen.length - removed.length}.\n`);
  if (removed.length === 0) world.setStatus(EXIT.failed);
}

function choose(session: AdminSession, options: RemoveOptions, time: ShareTime): ChosenSeat[] {
  const { dead: isDeadOnly, ...named } = options;
  const isGone = (record: InstanceRecord) => isGoneHere(record, session.system);
  const dead = { isGone, nowMs: time.from === 'server' ? time.ms : null };
  const chosen = chooseSeats(session.licence, isDeadOnly ? { ...named, dead } : named);
  const ids = new Set(chosen.map(({ seat }) => seat.id));
  if (options.seat !== undefined && ids.size > 1)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `--seat ${options.seat}: ${ids.size} seats begin with it; give more of the id`,
    );
  return chosen;
}

async function commitRemoval(
  session: AdminSession,
  chosen: readonly ChosenSeat[],
  words: string | null,
): Promise<ChosenSeat[]> {
  const keys = new Set(chosen.map(keyOf));
  const isChosen = (record: InstanceRecord, seat: SeatRecord) => keys.has(keyOf({ record, seat }));
  const isGone = (record: InstanceRecord) => isGoneHere(record, session.system);
  const { answer } = await session.store.commit((context) => {
    const answer = chooseSeats(context.licence, {}).filter(({ record, seat }) => isChosen(record, seat));
    return { answer, draft: remove(context, { isChosen, isGone, actor: session.actor, words }) };
  }, session.deadline());
  return answer;
}

const keyOf = ({ record, seat }: ChosenSeat): string => `${record.id} ${seat.id} ${seat.module}`;

const describe = ({ record, seat }: ChosenSeat): string =>
  `${printable(seat.module)} ${whoIs(record)} (seat ${shortId(seat.id)}, pid ${record.pid})`;

/** A holder that lives learns of its removal at its next poll. */
function whatFollows({ record }: ChosenSeat, { system }: AdminSession, checkIntervalSeconds: number): string {
  if (isGoneHere(record, system)) return `${FREED} Its process is gone.`;
  const ms = ownPollMs(
    record.level,
    Math.max(checkIntervalSeconds, record.checkIntervalSeconds),
    record.answersWithin,
  );
  return `${FREED} The user's application is told within ${duration(Math.ceil(ms / 1000))}, if it is running.`;
}
const FREED = 'The seat is free now, or goes to the first user in the queue.';
