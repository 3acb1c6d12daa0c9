import type { Command } from 'commander';
import type { LicencePlace } from '../../api.js';
import { locateStore } from '../../client/open-store.js';
import type { System } from '../../client/system.js';
import type { Licence } from '../../licence/document.js';
import { readPolicy } from '../../licence/entitlement.js';
import { inFile, isLoss, SeatfileFault } from '../../licence/fault.js';
import { fromIso } from '../../licence/time.js';
import { restoredNumber } from '../../rules/restore.js';
import { pollPeriodMs, settlingPeriodMs } from '../../rules/timing.js';
import type { Clock } from '../../share/clock.js';
import type { Survey } from '../../store/rebuild.js';
import type { Store } from '../../store/store.js';
import { rebuildAdvice } from '../../store/trouble.js';
import { isAgreed, waitingReporter } from '../asking.js';
import { dryRunOption, yesOption } from '../common-options.js';
import { type Example, withExamples } from '../help.js';
import { type Interruption, unlessStopped } from '../interruption.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, trustFor, withPublicKey } from '../public-key-option.js';
import { clockTime, duration, EXIT, printable } from '../words.js';
import type { World } from '../world.js';

interface RepairOptions extends KeyOptions, PlaceOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

interface Bench {
  readonly store: Store;
  readonly system: System;
  readonly options: RepairOptions;
  readonly world: World;
  readonly interruption: Interruption;
}

const EXAMPLES: readonly Example[] = [
  ['seatfile repair licence.json -n', 'what is left of the table, and what would be written'],
  ['seatfile repair licence.json', 'rebuilds it, and asks before it does'],
];

export function addRepair(program: Command, world: World): void {
  withPlace(withPublicKey(withExamples(program.command('repair'), EXAMPLES)))
    .summary('rebuild a seat table that is lost or damaged, when no application is running')
    .description(
      'Rebuilds a lost or damaged seat table from what is left of it. Running applications do that by themselves: ' +
        'use this when none is running. Says what it found and what it will write, asks on a terminal, ' +
        'needs --yes elsewhere. Removes and changes nothing that is there.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .addOption(dryRunOption('written, and what was found'))
    .addOption(yesOption())
    .action(async (file: string | undefined, options: RepairOptions) => {
      const place = placeOf(file, options, world);
      await unlessStopped(world, (interruption) => repair(place, options, world, interruption));
    });
}

async function repair(
  place: LicencePlace,
  options: RepairOptions,
  world: World,
  interruption: Interruption,
): Promise<void> {
  const system = world.system();
  const { unless } = interruption;
  const asked = { trust: await unless(trustFor(options, world)), onSlow: waitingReporter(world) };
  const { store, poll } = await unless(locateStore(place, system, asked));
  const bench = { store, system, options, world, interruption };
  try {
    const found = await unless(poll()).catch((error: unknown) => onlyLoss(error));
    if (!(found instanceof SeatfileFault)) return nothingToDo(store, found.licence, world);
    world.err(`${printable(withoutAdvice(found.message, store))}\n`);
    await repairLoss(bench, found);
  } finally {
    await store.settled();
  }
}

/** The advice is this very command. */
const withoutAdvice = (message: string, { paths }: Store): string =>
  message.replace(` ${rebuildAdvice(paths.licenceFile)}`, '');

function onlyLoss(error: unknown): SeatfileFault {
  if (!isLoss(error)) throw error;
  return error;
}

function nothingToDo(store: Store, licence: Licence, world: World): void {
  world.out(
    `${printable(store.paths.licenceFile)}: revision ${licence.revision} can be read; there is nothing to repair.\n`,
  );
}

async function repairLoss(bench: Bench, loss: SeatfileFault): Promise<void> {
  const { store, world, options, interruption } = bench;
  const { signal, unless } = interruption;
  const survey = await unless(store.survey());
  world.out(describe(survey, bench));
  if (survey.remains === null) throw untrusted(store, loss);
  // Above a number that leaves no room no holder rebuilds, and a table that is whole without it is not written.
  if (!isWholeWithout(survey) && (await unless(isAnybodyThere(bench, survey.remains.base.licence)))) {
    world.err(AT_WORK);
    world.setStatus(EXIT.failed);
    return;
  }
  if (options.dryRun) return;
  const question = { verb: 'repair', text: 'Write it?', yes: options.yes, signal };
  if (!(await isAgreed(question, world))) {
    world.err('Nothing was changed.\n');
    world.setStatus(EXIT.failed);
    return;
  }
  const repaired = await store.repair({ untilMs: bench.system.clock.elapsedMs() + 90_000, signal });
  if (repaired === null) throw untrusted(store, loss);
  const { licence: restored, policy } = repaired;
  if (isWholeWithout(survey)) {
    world.out(`Renamed; revision ${restored.revision} is the newest again, with ${seatsIn(restored)}.\n`);
    return;
  }
  world.out(
    `Restored: revision ${restored.revision}, ${seatsIn(restored)}. ` +
      `No new user is seated for ${duration(settlingPeriodMs(policy) / 1000)}: ` +
      'users that are at work keep their seats.\n',
  );
}

const AT_WORK =
  'An application is writing in the folder. Applications that hold a seat rebuild the table by themselves, ' +
  'and know more than lies there. If they do not, stop them and try again. Nothing was changed.\n';

const untrusted = (store: Store, cause: SeatfileFault): SeatfileFault =>
  new SeatfileFault(
    cause.code,
    `${store.paths.licenceFile}: no file that is left surely belongs to this licence, so nothing was written; ` +
      'put back a copy of licence.json, and of its folder if there is one',
    { cause },
  );

/** Most a watch takes, however long the check interval. Milliseconds. */
const LONGEST_WATCH_MS = 300_000;
const REPAIR_POLL_MS = 1000;

/** A live instance polls, and tries to write, at least every T/8. That changes the folder's time on the server. */
async function isAnybodyThere({ store, system, world }: Bench, base: Licence): Promise<boolean> {
  const { checkIntervalSeconds } = inFile(store.paths.licenceFile, () => readPolicy(base));
  const watchMs = Math.min(pollPeriodMs(checkIntervalSeconds), LONGEST_WATCH_MS);
  const endMs = system.clock.elapsedMs() + watchMs;
  const watched = watch(store, system.clock, endMs);
  world.waitLine.show('Watching the folder, in case an application writes there', {
    ...{ mostMs: watchMs, over: watched },
  });
  return await watched;
}

/** Whether the folder's time changes before the end. */
async function watch(store: Store, clock: Clock, endMs: number): Promise<boolean> {
  const before = await store.folderTime();
  for (;;) {
    if ((await store.folderTime()) !== before) return true;
    const waitMs = Math.min(REPAIR_POLL_MS, endMs - clock.elapsedMs());
    if (waitMs <= 0) return false;
    await clock.sleep(waitMs);
  }
}

/** What was found, and what will be written. */
function describe(survey: Survey, { store, system, options }: Bench): string {
  const { licenceFile, folder } = store.paths;
  const { numbers, unreadable, readable, strangers, tooHigh, remains } = survey;
  const nowMs = system.clock.wallMs();
  const lines = [
    numbers === null
      ? `${folder}: not there`
      : numbers.length === 0
        ? `${folder}: there, and no revision in it`
        : `${folder}: ${revisionsIn(numbers.length)}, up to ${numbers.at(-1)}`,
    ...unreadable.map(({ number, why }) => `  ${number} cannot be read: ${withoutAdvice(why, store)}`),
    ...tooHigh.map((number) => `  ${number} leaves no room above it: it is renamed to damaged-..., and kept`),
    ...(readable ? [`  newest that can be read: ${stateOf(readable, nowMs)}`] : []),
    ...(strangers.length > 0 ? [`  not ours, and left alone: ${strangers.join(', ')}`] : []),
    `${licenceFile}: ${survey.face ? stateOf(survey.face, nowMs) : 'not there, or no licence'}`,
  ];
  if (isWholeWithout(survey))
    lines.push('Nothing else is wrong: that renamed, the table is whole, and nothing is written.');
  else if (remains) {
    const { base, highest } = remains;
    const source = `${base.from === 'face' ? 'licence.json' : 'the folder'} (revision ${base.licence.revision})`;
    lines.push(
      `${options.dryRun ? 'Would' : 'Will'} rebuild the seat table from ${source}, ` +
        `as revision ${restoredNumber(highest)}, with ${seatsIn(base.licence)} in use.`,
    );
  }
  return `${lines.map(printable).join('\n')}\n`;
}

const revisionsIn = (count: number): string => (count === 1 ? 'one revision' : `${count} revisions`);

/** Only names that leave no room are in the way. */
const isWholeWithout = ({ tooHigh, unreadable, readable }: Survey): boolean =>
  tooHigh.length > 0 && unreadable.length === 0 && readable !== null;

function stateOf(licence: Licence, nowMs: number): string {
  const { revision, lineage, committedAt } = licence;
  const agoMs = committedAt === null ? 0 : nowMs - fromIso(committedAt);
  const ago = agoMs > 0 ? `, ${duration(agoMs / 1000)} ago by this computer's clock` : '';
  const when = committedAt === null ? '' : `, written ${clockTime(committedAt)}${ago}`;
  return `revision ${revision} of lineage ${lineage.slice(0, 8)}${when}, ${seatsIn(licence)}`;
}

function seatsIn(licence: Licence): string {
  const count = licence.instances.reduce((sum, record) => sum + record.seats.length, 0);
  return count === 1 ? '1 seat' : `${count} seats`;
}
