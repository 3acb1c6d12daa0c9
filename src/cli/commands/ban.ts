import type { Command } from 'commander';
import type { LicencePlace } from '../../api.js';
import { toldWithinSeconds } from '../../client/removal.js';
import { isGoneHere } from '../../client/status-document.js';
import { SeatfileFault } from '../../licence/fault.js';
import { sameName } from '../../licence/names.js';
import { type BanOutcome, type BanRequest, ban, liftBan } from '../../rules/bans.js';
import type { ChosenSeat } from '../../rules/leaving.js';
import { type AdminSession, contextOf, withAdminSession } from '../admin-session.js';
import { exampleLine } from '../advice-line.js';
import { checkName, checkReason, parseDuration } from '../arguments.js';
import { isAgreed } from '../asking.js';
import { bannedUntil, describeBan, describeNoBan, type TakenSeat, warningsOf } from '../ban-text.js';
import { dryRunOption, jsonOption, userOption, yesOption } from '../common-options.js';
import { type Example, withExamples } from '../help.js';
import { refuseSeatName } from '../meant-name.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { namedSeat } from '../seat-text.js';
import { EXIT, jsonText, printable } from '../words.js';
import type { World } from '../world.js';

interface BanOptions extends KeyOptions, PlaceOptions {
  readonly user?: string;
  readonly for?: string;
  readonly lift?: boolean;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['seatfile ban licence.json -u anna --for 2h --reason audit', 'for two hours; she is told why'],
  ['seatfile ban licence.json -u anna -n', 'which seats that would take'],
  ['seatfile ban licence.json -u anna --lift', 'she may take seats again'],
];

/** Seconds: ten years. */
const LONGEST_BAN = 3650 * 86_400;

export function addBan(program: Command, world: World): void {
  withPlace(withPublicKey(withExamples(program.command('ban'), EXAMPLES)))
    .summary('refuse a user every seat, until lifted or for a time')
    .description(
      'Refuses a user new seats in all modules, on whatever host, until the ban is lifted or its time is over, and ' +
        'takes the seats that the user has now. The user is told by whom, why and until when. Asks on a terminal ' +
        'where seats are taken, needs --yes elsewhere.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .addOption(userOption('whom'))
    .option('--for <duration>', 'how long, like 2h or 30d; default: until it is lifted')
    .option('--lift', 'end the ban')
    .option('--reason <words>', 'what the user is told')
    .addOption(dryRunOption('done'))
    .addOption(yesOption())
    .addOption(jsonOption())
    .action(async (file: string | undefined, options: BanOptions) => {
      const opening = { ...options, file: placeOf(file, options, world) };
      const { user, forMs, words } = wishOf(options, opening.file);
      await withAdminSession(opening, world, async (session) => {
        const request = { user, forMs, words, actor: session.actor };
        await (options.lift ? lift : begin)(session, request, options, world);
      });
    });
}

/** @throws SeatfileFault BAD_ARGUMENT */
function wishOf(options: BanOptions, place: LicencePlace): Omit<BanRequest, 'actor'> {
  const { user, lift: isLift, reason } = options;
  if (user === undefined)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `ban: which user? Give --user, like: ${exampleLine('ban', place, { user: 'bob' })}`,
    );
  checkName('--user', user);
  checkReason(reason);
  if (isLift && options.for !== undefined)
    throw new SeatfileFault('BAD_ARGUMENT', 'ban: --lift ends a ban, and --for begins one; give one of them');
  const forMs = options.for === undefined ? null : 1000 * parseDuration('--for', options.for, 1, LONGEST_BAN);
  return { user, forMs, words: reason ?? null };
}

async function begin(
  session: AdminSession,
  request: BanRequest,
  options: BanOptions,
  world: World,
): Promise<void> {
  const before = await contextOf(session);
  refuseSeatName(request.user, session.licence, false);
  const plan = ban(before, request);
  for (const warning of warningsOf(plan, session.licence, session.store.paths.licenceFile))
    world.err(`${warning}\n`);
  if (sameName(request.user, session.system.facts.user)) world.err('That is your own name.\n');
  if (options.dryRun) {
    tell(plan, session.licence.revision, session, options, world);
    return;
  }
  if (!(await isWanted(plan, session, options, world))) {
    world.err('Nothing was done.\n');
    world.setStatus(EXIT.failed);
    return;
  }
  const { answer, licence } = await session.store.commit((context) => {
    const outcome = ban(context, request);
    return { answer: outcome, draft: outcome.draft };
  }, session.deadline());
  tell(answer, licence.revision, session, options, world);
}

/** Only a ban that takes seats is asked about. */
async function isWanted(
  plan: BanOutcome,
  session: AdminSession,
  options: BanOptions,
  world: World,
): Promise<boolean> {
  const { ban: entry, taken } = plan;
  if (taken.length === 0) return true;
  if (!options.yes && world.isInteractive)
    world.err(describeBan({ ...plan, taken: takenSeats(taken, session) }, 'asked'));
  const seats = taken.length === 1 ? 'this seat' : `these ${taken.length} seats`;
  const text = `Ban ${printable(entry.user)} ${bannedUntil(entry)}, and take ${seats}?`;
  return await isAgreed({ verb: 'ban', text, yes: options.yes, signal: session.signal }, world);
}

function tell(
  outcome: BanOutcome,
  revision: number,
  session: AdminSession,
  { dryRun: isDryRun = false, json }: BanOptions,
  world: World,
): void {
  const taken = takenSeats(outcome.taken, session);
  if (!json) {
    world.out(describeBan({ ...outcome, taken }, isDryRun ? 'planned' : 'done'));
    return;
  }
  const { ban: entry, before, waited } = outcome;
  const { user, untilAt, words = null } = entry;
  const queues = waited.map(({ module, host, ...waiter }) => ({ module, user: waiter.user, host }));
  const view = {
    ...{ schemaVersion: 1, file: session.store.paths.licenceFile, revision, dryRun: isDryRun, act: 'ban' },
    ...{ user, untilAt, words, before: before && { untilAt: before.untilAt }, seats: taken, waiting: queues },
  };
  world.out(`${jsonText(view, 2)}\n`);
}

const takenSeats = (taken: readonly ChosenSeat[], { system, policy }: AdminSession): TakenSeat[] =>
  taken.map((one) => ({
    ...namedSeat(one),
    toldWithinSeconds: isGoneHere(one.record, system) ? null : toldWithinSeconds(one.record, policy),
  }));

async function lift(
  session: AdminSession,
  request: BanRequest,
  options: BanOptions,
  world: World,
): Promise<void> {
  const { user } = request;
  const context = await contextOf(session);
  const isThere = liftBan(context, request) !== null;
  const done =
    isThere && !options.dryRun
      ? await session.store.commit((now) => {
          const draft = liftBan(now, request);
          return { answer: draft !== null, draft };
        }, session.deadline())
      : { answer: isThere, licence: session.licence };
  if (!done.answer) {
    world.err(describeNoBan(user, context));
    world.setStatus(EXIT.failed);
  }
  const act = done.answer ? 'lift' : 'none';
  const { dryRun: isDryRun = false, json } = options;
  const view = { schemaVersion: 1, file: session.store.paths.licenceFile, revision: done.licence.revision };
  if (json) world.out(`${jsonText({ ...view, dryRun: isDryRun, act, user }, 2)}\n`);
  else if (done.answer)
    world.out(
      `${isDryRun ? 'Would lift' : 'Lifted'} the ban of ${printable(user)}. The user may take a seat again.\n`,
    );
}
