import { type Command, Option } from 'commander';
import type { LicenceStatus } from '../../api.js';
import { viewOf } from '../../client/status-document.js';
import { inFile, SeatfileFault } from '../../licence/fault.js';
import { fromIso } from '../../licence/time.js';
import { type AdminSession, checkModule, withAdminSession } from '../admin-session.js';
import { parseEvery } from '../arguments.js';
import { coloursFor } from '../colour.js';
import { hostOption, jsonOption, moduleOption, userOption } from '../common-options.js';
import { type Example, withExamples } from '../help.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { csvOf } from '../status-csv.js';
import { type Filter, isNarrow, type Narrowed, narrowed, SORTS, type Sort } from '../status-filter.js';
import { lmstatOf } from '../status-lmstat.js';
import { prometheusOf, type Refusals } from '../status-prometheus.js';
import type { Showing } from '../status-table.js';
import { describeStatus, textOf as textOfBlocks } from '../status-text.js';
import { type Picture, watchStatus } from '../status-watch.js';
import { timesFor } from '../times.js';
import { changedLines, jsonLines, onTerminal } from '../watch-pictures.js';
import { duration, EXIT, jsonText } from '../words.js';
import type { World } from '../world.js';

const FORMATS = ['lmstat', 'prometheus', 'csv'] as const;

interface StatusOptions extends KeyOptions, PlaceOptions, Filter {
  readonly json?: boolean;
  readonly format?: (typeof FORMATS)[number];
  readonly wide?: boolean;
  readonly utc?: boolean;
  readonly sort?: Sort;
  /** How often, or true: as often as by default. */
  readonly watch?: string | true;
}

const EXAMPLES: readonly Example[] = [
  ['seatfile status licence.json', 'which user holds a seat where, and what to do'],
  ['seatfile status licence.json -m CAD --sort since', 'one module, the longest seat first'],
  ['seatfile status licence.json --watch 10s', 'again and again; Ctrl-C ends it'],
  ['seatfile status licence.json --format prometheus', 'for other programs; also lmstat, csv and --json'],
];

export function addStatus(program: Command, world: World): void {
  withPlace(withPublicKey(withExamples(program.command('status'), EXAMPLES)))
    .summary('show who is using the licence')
    .description(
      'Shows which user holds a seat where, since when, and the last beat; and what to do. ' +
        'Takes no lock, changes nothing.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .addOption(moduleOption('only this module'))
    .addOption(userOption('only this user'))
    .addOption(hostOption('only this host'))
    .addOption(new Option('--sort <column>', 'the order of the seats').choices(SORTS))
    .option('--wide', 'cut nothing to the width of the terminal')
    .option('--utc', 'times in UTC; default: those of this computer')
    .option('--watch [every]', 'show it again and again, like every 10s; default 5s. Ctrl-C ends it')
    .addOption(jsonOption('one JSON document; with --watch one a line'))
    .addOption(new Option('--format <format>', 'for other programs').choices(FORMATS).conflicts('json'))
    .action((file: string | undefined, given: StatusOptions) => run(...fileAside(file, given), world));
}

/** `status --watch licence.json` takes the file for the pace: it is the file. */
function fileAside(
  file: string | undefined,
  options: StatusOptions,
): [file: string | undefined, options: StatusOptions] {
  const { watch } = options;
  const isPace = watch === undefined || watch === true || /^\d/.test(watch);
  return isPace || file !== undefined ? [file, options] : [watch, { ...options, watch: true }];
}

async function run(file: string | undefined, options: StatusOptions, world: World): Promise<void> {
  if (options.watch !== undefined && options.format !== undefined)
    throw new SeatfileFault('BAD_ARGUMENT', '--watch: expected without --format; use --json for programs');
  if (options.format === 'prometheus' && isNarrow(options))
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      '--format prometheus: expected without --user and --host, because its figures are of whole modules; ' +
        'for the seats of one user use --format csv or --json',
    );
  const everyMs = options.watch === undefined ? null : 1000 * parseEvery('--watch', options.watch);
  const opening = { ...options, file: placeOf(file, options, world), isAnySignature: true } as const;
  await withAdminSession(opening, world, async (session) => {
    if (options.module !== undefined) checkModule(session, options.module);
    if (everyMs === null) await showOnce(session, options, world);
    else await showAgainAndAgain(session, options, everyMs, world);
    inFile(session.store.paths.licenceFile, () => session.trust.require(session.licence.entitlement));
  });
}

async function showOnce(session: AdminSession, options: StatusOptions, world: World): Promise<void> {
  const whole = await session.unless(viewOf(session));
  const asked = narrowed(whole, options, options.sort);
  world.out(await textOf(asked, session, options, world));
  if (asked.others !== null) world.setStatus(EXIT.failed);
}

async function textOf(
  asked: Narrowed,
  session: AdminSession,
  options: StatusOptions,
  world: World,
): Promise<string> {
  if (options.json) return `${jsonText(asked.view, 2)}\n`;
  switch (options.format) {
    case 'csv':
      return csvOf(asked.view);
    case 'lmstat':
      return lmstatOf(asked.view, world.version, options.utc === true);
    case 'prometheus':
      return prometheusOf(asked.view, await refusalsIn(session, asked.view));
    default:
      return textOfBlocks(
        describeStatus(asked, session.trust.isAsked, showingOf(asked.view, options, world)),
      );
  }
}

const DAY_MS = 86_400_000;

/** Of the last day: an older part of the journal is not read. */
async function refusalsIn(session: AdminSession, { shareTime }: LicenceStatus): Promise<Refusals> {
  const sinceMs = fromIso(shareTime) - DAY_MS;
  const reading = await session
    .unless(session.store.readJournal(sinceMs, session.deadline()))
    .catch((error: unknown) => {
      if (session.signal.aborted) throw error;
      return null;
    });
  if (reading === null) return null;
  const counts = new Map<string, number>();
  for (const { kind, at, module, count, final } of reading.events)
    if (kind === 'denied' && final !== false && typeof module === 'string' && fromIso(at) >= sinceMs)
      counts.set(module, (counts.get(module) ?? 0) + (typeof count === 'number' ? count : 1));
  return counts;
}

async function showAgainAndAgain(
  session: AdminSession,
  options: StatusOptions,
  everyMs: number,
  world: World,
): Promise<void> {
  const { system, store } = session;
  const gone = new AbortController();
  void world.outputGone.then(() => gone.abort());
  const look = async () => {
    const { licence, policy } = await store.read(session.deadline());
    return await viewOf({ ...session, licence, policy });
  };
  const signal = AbortSignal.any([session.signal, gone.signal]);
  await watchStatus(
    { everyMs, look, clock: system.clock, signal },
    pictureFor(session, options, everyMs, world),
  );
}

function pictureFor(session: AdminSession, options: StatusOptions, everyMs: number, world: World): Picture {
  const narrow = (view: LicenceStatus) => narrowed(view, options, options.sort);
  const describe = (view: LicenceStatus) =>
    describeStatus(narrow(view), session.trust.isAsked, showingOf(view, options, world));
  const timesOf = (view: LicenceStatus) => timesFor(options, view.shareTime);
  const only = (view: LicenceStatus) => narrow(view).view;
  if (options.json) return jsonLines(world, only);
  const isForPeople = world.screen() !== null && world.environment['TERM'] !== 'dumb';
  if (!isForPeople) return changedLines(world, only, { describe, timesOf });
  return onTerminal(world, describe, `Every ${duration(everyMs / 1000)}; Ctrl-C ends it.`);
}

function showingOf({ shareTime }: LicenceStatus, options: StatusOptions, world: World): Showing {
  const screen = world.screen();
  return {
    times: timesFor(options, shareTime),
    colours: coloursFor(world),
    width: screen === null || options.wide ? null : screen.columns,
    isTerminal: screen !== null,
  };
}
