import type { Command } from 'commander';
import { isGoneHere, shareTimeOf } from '../../client/status-document.js';
import { undoRemoval } from '../../client/undoing.js';
import type { InstanceRecord } from '../../licence/document.js';
import { SeatfileFault } from '../../licence/fault.js';
import type { ChangeContext } from '../../licence/revision.js';
import { toIso } from '../../licence/time.js';
import { type ShareTime, statusView } from '../../rules/status-view.js';
import { type AdminSession, withAdminSession } from '../admin-session.js';
import { jsonOption } from '../common-options.js';
import { type Example, withExamples } from '../help.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { shellWord } from '../shell-word.js';
import { timesFor } from '../times.js';
import { describeWhy } from '../why-text.js';
import {
  type HolderView,
  holderView,
  type Subject,
  subjectOf,
  type WhyView,
  whyDocument,
} from '../why-view.js';
import { EXIT, jsonText } from '../words.js';
import type { World } from '../world.js';

interface WhyOptions extends KeyOptions, PlaceOptions {
  readonly seat: string;
  readonly json?: boolean;
  readonly utc?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['seatfile why licence.json --seat be8fe085', 'what the seat rests on; status shows its id'],
];

export function addWhy(program: Command, world: World): void {
  withPlace(withPublicKey(withExamples(program.command('why'), EXAMPLES)))
    .summary('show why a seat is taken, and when it is free')
    .description(
      'Shows what a seat rests on: its last beat, what its holder has promised, and by which rule it would be ' +
        'evicted, not before when and not after when. Of a seat that is gone: by whom, when and why. ' +
        'Takes no lock, changes nothing.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .requiredOption('--seat <id>', 'the seat with this id, or the beginning of one')
    .option('--utc', 'times in UTC; default: those of this computer')
    .addOption(jsonOption())
    .action(async (file: string | undefined, options: WhyOptions) => {
      const opening = { ...options, file: placeOf(file, options, world) };
      if (!/^[a-z0-9-]{4,64}$/.test(options.seat))
        throw new SeatfileFault(
          'BAD_ARGUMENT',
          `--seat ${options.seat}: expected a seat id, or at least its first 4 characters`,
        );
      await withAdminSession(opening, world, (session) => show(session, options, world));
    });
}

async function show(session: AdminSession, options: WhyOptions, world: World): Promise<void> {
  const subject = subjectOf(session, options.seat);
  if (subject === null) {
    const file = shellWord(session.store.paths.licenceFile);
    world.err(`No seat begins with ${options.seat}. To see those that are in use: seatfile status ${file}\n`);
    world.setStatus(EXIT.failed);
    return;
  }
  const view = await session.unless(viewOf(session, subject));
  const times = timesFor(options, view.shareTime);
  world.out(options.json ? `${jsonText(whyDocument(view), 2)}\n` : describeWhy(view, times));
}

async function viewOf(session: AdminSession, subject: Subject): Promise<WhyView> {
  const { store, licence } = session;
  const time = await shareTimeOf(session);
  const context = { licence, policy: session.policy, nowMs: time.ms };
  return {
    schemaVersion: 1,
    file: store.paths.licenceFile,
    revision: licence.revision,
    shareTime: toIso(time.ms),
    shareTimeFrom: time.from,
    ...(await tellOf(session, subject, context, time)),
  };
}

type Told = Pick<WhyView, 'seat' | 'kind' | 'holders' | 'gone' | 'undo' | 'waiting'>;

async function tellOf(
  session: AdminSession,
  subject: Subject,
  context: ChangeContext,
  time: ShareTime,
): Promise<Told> {
  const { kind } = subject;
  const none = { kind, holders: [], gone: null, undo: null, waiting: null };
  if (subject.kind === 'gone') {
    const { stone } = subject;
    return { ...none, seat: stone.seat, gone: stone, undo: await undoRemoval(session, stone.seat, true) };
  }
  const status = statusOf(session, context, time);
  if (subject.kind === 'waiting') {
    const at = session.licence.waiting.findIndex(
      ({ instance, module }) => instance === subject.instance && module === subject.module,
    );
    return { ...none, seat: subject.seat, waiting: status.waiting[at] ?? null };
  }
  const isGone = goneKept(session);
  const holders: HolderView[] = [];
  for (const held of subject.holders) {
    const standing = status.seats.find(
      (one) => one.seat === held.seat.id && one.module === held.seat.module && one.pid === held.record.pid,
    );
    const beat = await session.store.beatRevision(held.record).catch(() => null);
    if (standing) holders.push(holderView(context, held, { standing, isGone, beat }));
  }
  return { ...none, seat: subject.holders[0]?.seat.id ?? '', holders };
}

/** Each process is looked at once, so that all that is told agrees. */
function goneKept({ system }: AdminSession): (record: InstanceRecord) => boolean {
  const known = new Map<InstanceRecord, boolean>();
  return (record) => {
    const isGone = known.get(record) ?? isGoneHere(record, system);
    known.set(record, isGone);
    return isGone;
  };
}

const statusOf = ({ store, licence, trust, system }: AdminSession, context: ChangeContext, time: ShareTime) =>
  statusView(context, {
    ...{ file: store.paths.licenceFile, from: time.from, refusedFile: null },
    signature: trust.stateOf(licence.entitlement),
    isGone: (record) => isGoneHere(record, system),
  });
