import { type Command, Option } from 'commander';
import type { Level, Settings } from '../../licence/document.js';
import type { Policy } from '../../licence/entitlement.js';
import { SeatfileFault } from '../../licence/fault.js';
import { changeSettings } from '../../rules/admin.js';
import { ownPollMs, POLLS_PER_ANSWER } from '../../rules/timing.js';
import { type AdminSession, withAdminSession } from '../admin-session.js';
import { parseDuration, parseMonths } from '../arguments.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { duration } from '../words.js';
import type { World } from '../world.js';

interface SetOptions extends KeyOptions, PlaceOptions {
  readonly level?: Level;
  readonly checkInterval?: string;
  readonly onDemand?: string;
  readonly offlineGrace?: string;
  readonly keepJournal?: string;
  readonly yes?: boolean;
}

/** More reads a second than this need the administrator's --yes. */
const CHEAP_READS = 50;
/** Seconds: the shortest and the longest promise to answer, and the longest grace. */
const SHORTEST_ANSWER = 20;
const DAY = 86_400;
const LONGEST_GRACE = 400 * DAY;

export function addSet(program: Command, world: World): void {
  withPlace(withPublicKey(program.command('set')))
    .summary('change level, check interval, answers on demand, offline grace, how long the journal is kept')
    .description(
      'Changes settings for all users. Running applications use them at their next poll. No user loses a seat by it.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .addOption(new Option('--level <level>', 'heartbeat or light').choices(['heartbeat', 'light']))
    .option('--check-interval <duration>', 'how often an instance beats, from 1s to 24h')
    .option(
      '--on-demand <duration>',
      'free dead seats sooner: every application must answer within this time when a user needs a seat ' +
        '(20s or more; "off" turns it off). Prints the extra load',
    )
    .option(
      '--offline-grace <duration>',
      'how much longer a user may go on working while the share is out of reach; a dead seat stays taken longer, too ' +
        '("off" turns it off)',
    )
    .option('--keep-journal <months>', 'how long the journal is kept, from 1mo to 1200mo; default 13mo')
    .option('--yes', 'do it even if this puts a heavy load on the file server')
    .action(async (file: string | undefined, options: SetOptions) => {
      const opening = { ...options, file: placeOf(file, options, world) };
      const settings = settingsOf(options);
      await withAdminSession(opening, world, (session) =>
        change(session, settings, options.yes === true, world),
      );
    });
}

const OFF = 'off';

function settingsOf(options: SetOptions): Settings {
  const { level, checkInterval, onDemand, offlineGrace, keepJournal } = options;
  if ([level, checkInterval, onDemand, offlineGrace, keepJournal].every((one) => one === undefined))
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      'set: nothing to change; give --level, --check-interval, --on-demand, --offline-grace or --keep-journal',
    );
  return {
    ...(level && { level }),
    ...(checkInterval !== undefined && {
      checkIntervalSeconds: parseDuration('--check-interval', checkInterval, 1, DAY),
    }),
    ...(onDemand !== undefined && { onDemand: answerOf(onDemand) }),
    ...(offlineGrace !== undefined && {
      offlineGraceSeconds:
        offlineGrace === OFF ? undefined : parseDuration('--offline-grace', offlineGrace, 0, LONGEST_GRACE),
    }),
    ...(keepJournal !== undefined && { journalMonths: parseMonths('--keep-journal', keepJournal) }),
  };
}

const answerOf = (text: string): Settings['onDemand'] =>
  text === OFF
    ? undefined
    : { answerWithinSeconds: parseDuration('--on-demand', text, SHORTEST_ANSWER, DAY) };

async function change(
  session: AdminSession,
  settings: Settings,
  isAgreed: boolean,
  world: World,
): Promise<void> {
  const { policy: before } = session;
  if (settings.onDemand) warnOfPrice(settings.onDemand.answerWithinSeconds, before, isAgreed, world);
  const { policy: now, published } = await session.store.commit(
    (context) => ({
      answer: null,
      draft: changeSettings(context, { changes: settings, actor: session.actor }),
    }),
    session.deadline(),
  );
  const waitMs = ownPollMs(before.level, before.checkIntervalSeconds, before.answerWithinSeconds);
  const follow = published
    ? `. Running applications use the new settings within ${duration(Math.ceil(waitMs / 1000))}`
    : ', as before';
  world.out(`${describe(now)}${follow}.\n`);
  if (settings.journalMonths !== undefined)
    world.out(`The journal is kept for ${settings.journalMonths} months.\n`);
  warnOfUse(now, settings, world);
}

function describe({ level, checkIntervalSeconds, answerWithinSeconds, graceSeconds }: Policy): string {
  if (level === 'light') return level;
  const parts = [
    level,
    `check interval ${duration(checkIntervalSeconds)}`,
    ...(answerWithinSeconds === null ? [] : [`answers within ${duration(answerWithinSeconds)}`]),
    ...(graceSeconds === 0 ? [] : [`offline grace ${duration(graceSeconds)}`]),
  ];
  return parts.join(', ');
}

/** Rule 7: the cost of answering, before the change. @throws SeatfileFault BAD_ARGUMENT if it is high, without --yes */
function warnOfPrice(answerSeconds: number, policy: Policy, isAgreed: boolean, world: World): void {
  const users = Math.max(...[...policy.modules.values()].map(({ maxUsers }) => maxUsers));
  const reads = (POLLS_PER_ANSWER * users) / answerSeconds;
  const price =
    `with up to ${users} users at work, answers within ${duration(answerSeconds)} need ` +
    `${perSecond(reads, 'read')} of the folder, and ${perSecond(users / answerSeconds, 'write')} ` +
    'while a user needs a seat';
  const cheaper = duration(Math.ceil((POLLS_PER_ANSWER * users) / CHEAP_READS));
  if (reads > CHEAP_READS && !isAgreed)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `set: ${price}; for more than ${CHEAP_READS} reads a second add --yes, or give a longer time, like ${cheaper}`,
    );
  world.err(`Extra load: ${price}.\n`);
  world.err(
    `An application that is stopped or cut off for ${duration(answerSeconds)} may lose its seat ` +
      'when a user needs one.\n',
  );
}

const perSecond = (count: number, what: string): string =>
  count >= 1.5
    ? `${Math.round(count)} ${what}s a second`
    : `a ${what} every ${duration(Math.round(1 / count))}`;

function warnOfUse(now: Policy, settings: Settings, world: World): void {
  if (now.checkIntervalSeconds < 8 && now.level === 'heartbeat')
    world.err('A check interval below 8 s is for demonstrations only.\n');
  if (settings.onDemand && now.level === 'light')
    world.err('Light has no answers on demand. The setting takes effect when the level is heartbeat.\n');
  if (now.answerWithinSeconds !== null && now.graceSeconds > 0)
    world.err(
      'Answers on demand go before offline grace: an application that cannot answer may lose its seat.\n',
    );
}
