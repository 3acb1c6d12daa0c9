import type { Command } from 'commander';
import { shareTimeOf } from '../../client/status-document.js';
import type { Level, Settings } from '../../licence/document.js';
import { type Policy, policyAfter } from '../../licence/entitlement.js';
import { SeatfileFault } from '../../licence/fault.js';
import { andThen, type ChangeContext, type Draft } from '../../licence/revision.js';
import { changeSettings } from '../../rules/admin.js';
import { excessIn } from '../../rules/installation.js';
import { changeModules, type ModuleChange } from '../../rules/modules.js';
import { moduleFigures } from '../../rules/status-view.js';
import { type AdminSession, withAdminSession } from '../admin-session.js';
import { ofFile } from '../advice-line.js';
import { collect, parseDuration, parseModules, parseMonths } from '../arguments.js';
import { dryRunOption, grantOption, jsonOption, levelOption, yesOption } from '../common-options.js';
import { type Example, withExamples } from '../help.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import {
  type Changed,
  describeChange,
  describeDoubtful,
  describeModules,
  describeTooFew,
  followSeconds,
  warnOfPrice,
  warnOfUse,
} from '../set-text.js';
import { jsonText } from '../words.js';
import type { World } from '../world.js';

interface SetOptions extends KeyOptions, PlaceOptions {
  readonly level?: Level;
  readonly checkInterval?: string;
  readonly onDemand?: string;
  readonly offlineGrace?: string;
  readonly keepJournal?: string;
  readonly module?: readonly string[];
  readonly dropModule?: readonly string[];
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['seatfile set licence.json --module CAD=30', 'thirty users at once, where the licence is not signed'],
  ['seatfile set licence.json --check-interval 5m --dry-run', 'what that would change'],
  ['seatfile set licence.json --on-demand 20s', 'a dead seat is free within 20 s for a user that needs it'],
];

/** Seconds: the shortest and the longest promise to answer, and the longest grace. */
const SHORTEST_ANSWER = 20;
const DAY = 86_400;
const LONGEST_GRACE = 400 * DAY;

export function addSet(program: Command, world: World): void {
  withPlace(withPublicKey(withExamples(program.command('set'), EXAMPLES)))
    .summary('change settings; seats and modules of an unsigned licence')
    .description(
      'Changes settings for all users, and seats and modules of an unsigned licence. Running applications use them ' +
        'at their next poll. No user loses a seat by it.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .addOption(levelOption('heartbeat or light'))
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
    .addOption(grantOption('a module and its max users, of an unsigned licence; once for each'))
    .option('--drop-module <name>', 'a module that no user works in, of an unsigned licence', collect)
    .addOption(dryRunOption('changed'))
    .addOption(yesOption('do it even if this puts a heavy load on the file server'))
    .addOption(jsonOption())
    .action(async (file: string | undefined, options: SetOptions) => {
      const opening = { ...options, file: placeOf(file, options, world) };
      const wish = wishOf(options);
      await withAdminSession(opening, world, (session) => change(session, wish, options, world));
    });
}

const OFF = 'off';

/** @throws SeatfileFault BAD_ARGUMENT */
function wishOf(options: SetOptions): Wish {
  const { module, dropModule: dropped = [] } = options;
  const settings = settingsOf(options);
  if (Object.keys(settings).length + dropped.length === 0 && module === undefined)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      'set: nothing to change; give --level, --check-interval, --on-demand, --offline-grace, --keep-journal, ' +
        '--module or --drop-module',
    );
  const none = module?.find((word) => /^[^=]+=0$/.test(word));
  if (none !== undefined)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `--module ${none}: to drop a module give --drop-module ${none.slice(0, -2)}`,
    );
  const grants = module === undefined ? [] : parseModules(module);
  const both = grants.find((grant) => dropped.includes(grant.module));
  if (both)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `set: ${both.module} is given seats, and dropped; give one of them`,
    );
  return { settings, modules: { grants, dropped } };
}

function settingsOf(options: SetOptions): Settings {
  const { level, checkInterval, onDemand, offlineGrace, keepJournal } = options;
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

/** What is changed, in one commit. */
interface Wish {
  readonly settings: Settings;
  readonly modules: Omit<ModuleChange, 'actor'>;
}

function apply(context: ChangeContext, { settings, modules }: Wish, actor: string): Draft | null {
  const isOfModules = modules.grants.length + modules.dropped.length > 0;
  const granted = isOfModules ? changeModules(context, { ...modules, actor }) : null;
  const start = granted ?? { licence: context.licence, events: [] };
  const policy = policyAfter(context.licence, context.policy, start.licence);
  const after = andThen({ ...context, policy }, start, (now) =>
    Object.keys(settings).length === 0 ? null : changeSettings(now, { changes: settings, actor }),
  );
  return after === start ? granted : after;
}

async function change(session: AdminSession, wish: Wish, options: SetOptions, world: World): Promise<void> {
  const { store, licence, policy: before, actor } = session;
  const { settings } = wish;
  const act = (context: ChangeContext) => ofFile(store.paths.licenceFile, () => apply(context, wish, actor));
  const { ms: nowMs } = await session.unless(shareTimeOf(session));
  const plan = act({ licence, policy: before, nowMs });
  const planned = plan?.licence ?? licence;
  const wouldBe = { licence: planned, policy: policyAfter(licence, before, planned) };
  if (settings.onDemand)
    warnOfPrice(settings.onDemand.answerWithinSeconds, wouldBe.policy, options.yes === true, world);
  const isDryRun = options.dryRun === true;
  const done = isDryRun
    ? { ...wouldBe, published: plan !== null }
    : await store.commit((context) => ({ answer: null, draft: act(context) }), session.deadline());
  const now = { licence: done.licence, policy: done.policy, nowMs };
  const changed = { before, now: done.policy, isChanged: done.published, isDryRun };
  if (options.json) world.out(`${jsonText(documentOf(session, changed, now), 2)}\n`);
  else world.out(describeModules(changed) + describeChange(changed));
  world.err(describeDoubtful(changed, store.paths.licenceFile));
  if (settings.journalMonths !== undefined && !options.json)
    world.out(`The journal is kept for ${settings.journalMonths} months.\n`);
  if (wish.modules.grants.length > 0) for (const excess of excessIn(now)) world.err(describeTooFew(excess));
  warnOfUse(done.policy, settings, world);
}

/** Null: the module was not there. */
const mostIn = ({ modules }: Policy, module: string): number | null => modules.get(module)?.maxUsers ?? null;

function documentOf({ store }: AdminSession, changed: Changed, now: ChangeContext): object {
  const { before, isChanged, isDryRun } = changed;
  const { level, checkIntervalSeconds, answerWithinSeconds, graceSeconds } = now.policy;
  return {
    ...{
      schemaVersion: 1,
      file: store.paths.licenceFile,
      revision: now.licence.revision,
      dryRun: isDryRun,
      isChanged,
    },
    ...{ level, checkIntervalSeconds, checkIntervalSecondsBefore: before.checkIntervalSeconds },
    ...{ answerWithinSeconds, offlineGraceSeconds: graceSeconds },
    journalMonths: now.licence.settings.journalMonths ?? null,
    followWithinSeconds: isChanged ? followSeconds(before) : null,
    modules: moduleFigures(now).map((one) => ({ ...one, maxUsersBefore: mostIn(before, one.module) })),
    dropped: [...before.modules.keys()]
      .filter((name) => !now.policy.modules.has(name))
      .map((module) => ({ module, maxUsersBefore: mostIn(before, module) })),
    excess: excessIn(now),
  };
}
