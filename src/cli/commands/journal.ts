import type { Command } from 'commander';
import { chosenEvents, namesIn } from '../../client/reading-journal.js';
import { shareTimeOf } from '../../client/status-document.js';
import type { LicenceEvent } from '../../licence/document.js';
import { SeatfileFault } from '../../licence/fault.js';
import { type ChainReport, describeBreak, verifyChain } from '../../rules/segments.js';
import type { JournalReading } from '../../store/journal-files.js';
import { type AdminSession, checkModule, withAdminSession } from '../admin-session.js';
import { parseSince } from '../arguments.js';
import { jsonOption, moduleOption, userOption } from '../common-options.js';
import { type Example, withExamples } from '../help.js';
import { meantName } from '../meant-name.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { table } from '../tables.js';
import { timesFor } from '../times.js';
import { cutTo } from '../width.js';
import { duration, EXIT, jsonText, printable } from '../words.js';
import type { World } from '../world.js';

interface JournalOptions extends KeyOptions, PlaceOptions {
  readonly since?: string;
  readonly user?: string;
  readonly module?: string;
  readonly json?: boolean;
  readonly verify?: boolean;
  readonly utc?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['seatfile journal licence.json --since 8h', 'what happened today'],
  [
    'seatfile journal licence.json -u anna --since 2026-11-20 --json',
    'all of one user since a day, for a program',
  ],
  ['seatfile journal licence.json --verify', 'whether an event is missing or was changed'],
];

export function addJournal(program: Command, world: World): void {
  withPlace(withPublicKey(withExamples(program.command('journal'), EXAMPLES)))
    .summary('show what happened')
    .description(
      'Shows which users were seated, refused, evicted or removed, when, and by whom. Takes no lock, changes nothing.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .option('--since <when>', 'from then on: a duration before now, like 8h, or a day, like 2026-11-20')
    .addOption(userOption('only of this user'))
    .addOption(moduleOption('only in this module'))
    .option('--utc', 'times in UTC; default: those of this computer')
    .addOption(jsonOption('one JSON object per line'))
    .option('--verify', 'check that no events are missing or changed (exit status 1 if so)')
    .action(async (file: string | undefined, options: JournalOptions) => {
      const opening = { ...options, file: placeOf(file, options, world) };
      checkOptions(options);
      await withAdminSession(opening, world, (session) => show(session, options, world));
    });
}

function checkOptions({ since, user, module, verify }: JournalOptions): void {
  if (since !== undefined) parseSince('--since', since, 0);
  if (verify && [since, user, module].some((one) => one !== undefined))
    throw new SeatfileFault('BAD_ARGUMENT', '--verify: it reads all of the journal; leave the filters out');
}

async function show(session: AdminSession, options: JournalOptions, world: World): Promise<void> {
  if (options.module !== undefined) checkModule(session, options.module);
  const sinceMs = await sinceOf(session, options);
  const reading = await session.unless(session.store.readJournal(sinceMs, session.deadline()));
  for (const problem of reading.problems) world.err(`seatfile: ${printable(problem)}\n`);
  if (reading.problems.length > 0) world.setStatus(EXIT.failed);
  if (options.verify) verify(reading, options, world);
  else list(reading, sinceMs, options, world);
}

async function sinceOf(session: AdminSession, { since }: JournalOptions): Promise<number> {
  if (since === undefined) return Number.NEGATIVE_INFINITY;
  return parseSince('--since', since, (await session.unless(shareTimeOf(session))).ms);
}

function list(reading: JournalReading, sinceMs: number, options: JournalOptions, world: World): void {
  const events = chosenEvents(reading, { ...options, sinceMs });
  if (options.json) for (const event of events) world.out(`${jsonText({ schemaVersion: 1, ...event })}\n`);
  else if (events.length > 0)
    world.out(table([HEADER, ...events.map((event) => rowOf(event, timeOf(options), nameIn(world)))]));
  if (events.length > 0) return;
  if (reading.events.length > 0) world.setStatus(EXIT.failed);
  const people = reading.events.map(namesIn);
  if (reading.events.length > 0)
    world.err(`Nothing in the journal matches.${meantName(options, people, false)}\n`);
  else if (!options.json) world.out('Nothing has happened yet.\n');
}

const HEADER = ['TIME', 'EVENT', 'MODULE', 'USER', 'HOST', 'BY', 'DETAILS'];

/** Times for people: of this computer, or UTC. */
const timeOf =
  (options: JournalOptions): Time =>
  (iso) =>
    timesFor(options, iso).whole(iso);
type Time = (iso: string) => string;

/** The most of a name that a terminal shows: one very long name must not fold every row. */
const MOST_OF_NAME = 32;
const nameIn =
  (world: World) =>
  (name: string): string =>
    world.screen() === null ? name : cutTo(name, MOST_OF_NAME);

function rowOf(event: LicenceEvent, time: Time, shown: (name: string) => string): string[] {
  const cell = (name: string) => shown(printable(textOf(event[name])));
  return [
    time(event.at),
    printable(event.kind),
    cell('module'),
    cell('user'),
    cell('host'),
    cell('actor'),
    printable(detailsOf(event, time)),
  ];
}

/** What columns do not show, and people want to see. */
function detailsOf(event: LicenceEvent, time: Time): string {
  const { kind, reason, words, settings } = event;
  const told = textOf(reason) === kind ? '' : textOf(reason);
  const said = textOf(words) === '' ? '' : `"${textOf(words)}"`;
  const changed = settings === undefined ? '' : settingsText(settings);
  return [told, ...countDetails(event), banDetails(event, time), said, changed, licenceDetails(event, time)]
    .filter((one) => one !== '')
    .join(', ');
}

/** `checkIntervalSeconds 90, modules (CAD 30, CAM none)`. */
function settingsText(settings: unknown): string {
  if (settings === null) return 'none';
  if (typeof settings !== 'object') return String(settings);
  const parts = Object.entries(settings).map(([name, value]) => {
    const text = settingsText(value);
    return `${name} ${typeof value === 'object' && value !== null ? `(${text})` : text}`;
  });
  return parts.length === 0 ? 'none' : parts.join(', ');
}

/** Of a message: to how many seats. Of a refusal: how often, after what wait, and whether it was the end. */
function countDetails({ kind, count, waitedMs, final }: LicenceEvent): string[] {
  if (kind === 'notified' && typeof count === 'number' && count > 1) return [`${count} seats`];
  if (kind !== 'denied') return [];
  return [
    typeof count === 'number' && count > 1 ? `${count} times` : '',
    typeof waitedMs === 'number' && waitedMs > 0 ? `after ${duration(waitedMs / 1000)}` : '',
    final === false ? 'went on to wait, or to another licence' : '',
  ];
}

function banDetails({ kind, untilAt }: LicenceEvent, time: Time): string {
  if (kind !== 'ban set') return '';
  return textOf(untilAt) === '' ? 'until lifted' : `until ${time(textOf(untilAt))}`;
}

/** Which licence was installed, or why none was. */
function licenceDetails(event: Readonly<Record<string, unknown>>, time: Time): string {
  const id = textOf(event['licenceId']);
  const issued = textOf(event['issuedAt']);
  return [
    id === '' ? '' : `licence ${id}`,
    issued === '' ? '' : `issued ${time(issued)}`,
    event['isUnchanged'] === true ? 'unchanged' : '',
    event['forced'] === true ? 'forced' : '',
    textOf(event['why']),
  ]
    .filter((one) => one !== '')
    .join(', ');
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

// --- whether it is whole ---------------------------------------------------------------------------------------------

function verify({ licence, events, problems }: JournalReading, options: JournalOptions, world: World): void {
  const report = verifyChain(events, licence.lastEventHash);
  const isWhole = report.breaks.length === 0 && problems.length === 0;
  if (!isWhole) world.setStatus(EXIT.failed);
  if (options.json) {
    const view = { schemaVersion: 1, isWhole, events: events.length, ...report, problems };
    world.out(`${jsonText(view, 2)}\n`);
  } else world.out(describe(events, isWhole, report, timeOf(options)));
}

function describe(
  events: readonly LicenceEvent[],
  isWhole: boolean,
  report: ChainReport,
  time: Time,
): string {
  const [first, last] = [events[0], events.at(-1)];
  if (!first || !last) return isWhole ? 'Nothing has happened yet.\n' : 'No event could be read.\n';
  const lines = [
    `${events.length === 1 ? '1 event' : `${events.length} events`}, ` +
      `from ${time(first.at)} to ${time(last.at)}: the chain is ${isWhole ? 'whole' : 'broken'}.`,
    ...report.breaks.map((one) => `Broken ${printable(describeBreak(one))}.`),
    ...(report.isPruned ? [`It begins at ${printable(first.id)}: what was older is no longer kept.`] : []),
    ...report.beginnings.map((id) => `A new chain begins at ${printable(id)}: the table was restored.`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
