import { readdirSync, readFileSync } from 'node:fs';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type {
  InstanceRecord,
  Licence,
  LicenceEvent,
  SeatRecord,
  Tombstone,
  Waiter,
} from '../../src/licence/document.js';
import { refuseMoved } from '../../src/licence/document.js';
import { formulaSeconds, policyAfter, readPolicy } from '../../src/licence/entitlement.js';
import { digest } from '../../src/licence/event-hash.js';
import { parseJson } from '../../src/licence/json.js';
import * as lineages from '../../src/licence/lineage.js';
import { twinFinder, twinsAmong } from '../../src/licence/names.js';
import { didYouMean, nearest } from '../../src/licence/nearest.js';
import { firstWhere } from '../../src/licence/ordered.js';
import { coverOf, indexOf, isAmong, numbersIn, type Range } from '../../src/licence/range.js';
import { andThen, type ChangeContext, nextRevision } from '../../src/licence/revision.js';
import { troubleIn } from '../../src/licence/shapes.js';
import {
  decodeText,
  formatLicence,
  parseLicence,
  readLicence,
  textToPublish,
} from '../../src/licence/text.js';
import { toIso } from '../../src/licence/time.js';
import { Trust } from '../../src/licence/trust.js';
import { changeSettings, chooseSeats, deadIn, isGentle, remove } from '../../src/rules/admin.js';
import { placesAfter } from '../../src/rules/after-removal.js';
import { ban, liftBan } from '../../src/rules/bans.js';
import { bansByUser, bansInForce, bansToKeep } from '../../src/rules/bans-in-force.js';
import { beat, type HeldState } from '../../src/rules/beat.js';
import { claim } from '../../src/rules/claim.js';
import { recordDenial } from '../../src/rules/denial.js';
import { evict } from '../../src/rules/evict.js';
import { explain } from '../../src/rules/explain.js';
import { giveBack } from '../../src/rules/give-back.js';
import { excessIn, install, withSealed } from '../../src/rules/installation.js';
import { KeptSeats, type Names } from '../../src/rules/kept-seats.js';
import * as leaving from '../../src/rules/leaving.js';
import {
  addPoll,
  capSilence,
  judge,
  type Observations,
  recentCommits,
  type Verdict,
} from '../../src/rules/liveness.js';
import { notify, takesMessage, withoutHeard } from '../../src/rules/messages.js';
import { changeModules } from '../../src/rules/modules.js';
import { type NewLicence, readNewLicence } from '../../src/rules/new-licence.js';
import { expireOffers, offerFree, offerToWaiters } from '../../src/rules/offers.js';
import * as answers from '../../src/rules/on-demand.js';
import * as line from '../../src/rules/queue.js';
import * as recalling from '../../src/rules/recall.js';
import * as records from '../../src/rules/records.js';
import { describeFull } from '../../src/rules/refusal.js';
import { undo } from '../../src/rules/reinstate.js';
import * as renewal from '../../src/rules/renewal.js';
import * as renewalStates from '../../src/rules/renewal-state.js';
import { judgeReplacement, readReplacement } from '../../src/rules/replacement.js';
import { callRollFor, type RequesterView, requestSeat } from '../../src/rules/request.js';
import { liftReservation, reserve } from '../../src/rules/reservations.js';
import { liftingOne, reservedSeats } from '../../src/rules/reserved-seats.js';
import * as restoring from '../../src/rules/restore.js';
import * as rollcall from '../../src/rules/roll-call.js';
import { SeatIndex, seatsInUse } from '../../src/rules/seats.js';
import * as journal from '../../src/rules/segments.js';
import { isShownOtherwise } from '../../src/rules/shown-changes.js';
import { moduleFigures, statusView } from '../../src/rules/status-view.js';
import * as telling from '../../src/rules/telling.js';
import { acknowledgeRemoval, takeAway, tombstonesOf } from '../../src/rules/tombstones.js';
import { usageReport } from '../../src/rules/usage.js';
import { stepsOf } from '../helpers/steps.js';
import { app, asking, emptyTable, FILE, policyOf, START_MS, unchangedFor, viewed } from './tables.js';

/**
 * Design 5, "The folder is not trusted": every rule takes time proportional to the document, times a logarithm at most.
 * Each rule is given a document of N and one of 2 N entries in every list, and its steps are counted: what scans one
 * list for every entry of another takes four times as many.
 */

const N = 200;
/** Twice, and the logarithm. */
const MOST = 2.5;

const id = (kind: string, n: number): string => `${kind}-${n}`;
const many = <T>(n: number, make: (index: number) => T): T[] =>
  Array.from({ length: n }, (_, index) => make(index));
const at = toIso(START_MS - 60_000);
const longAgo = toIso(START_MS - 40_000_000);

const me = app('me');
const running = (name: string) => {
  const { id: _, ...rest } = app(name);
  return rest;
};

const record = (name: string, modules: readonly string[], beatAt: string): InstanceRecord => ({
  ...{ id: name, ...running(name), level: 'heartbeat', joinedAt: longAgo, beat: 3, beatAt },
  ...{ checkIntervalSeconds: 300, graceSeconds: 0, answersWithin: 20 },
  seats: modules.map((module) => ({
    id: `seat-${name}-${module.toLowerCase()}`,
    module,
    sinceAt: at,
    untilAt: null,
  })),
});
const waiter = (name: string, module: string): Waiter => ({
  ...{
    instance: name,
    module,
    ...running(name),
    seat: `w-${name}-${module.toLowerCase()}`,
    beat: 1,
    sinceAt: at,
  },
  waitSeconds: 600,
});
const stone = (name: string, n: number): Tombstone => ({
  ...{ instance: name, seat: `seat-${name}-m${n}`, module: `M${n}`, user: 'me', host: 'pc-me' },
  ...{ reason: n % 2 === 0 ? 'removed' : 'evicted', actor: 'a@b', words: null, at, revision: 501 + n },
});
const event = (n: number): LicenceEvent => ({
  id: `line.${n}.0`,
  kind: 'seated',
  at,
  before: null,
  module: 'M1',
});

interface Sized {
  readonly n: number;
  readonly licence: Licence;
  readonly policy: ReturnType<typeof policyOf>;
  readonly modules: readonly string[];
  readonly numbers: readonly number[];
  /** What one beat of ours brings: a seat in every module, of which the table has none. */
  readonly standing: HeldState;
}

/**
 * N of everything: modules, silent peers, seats of one record, waiters in one line and in all, tombstones, names,
 * events.
 */
function sized(n: number): Sized {
  const modules = many(n, (index) => `M${index}`);
  const named = (kind: string) => many(n, (index) => id(kind, index));
  const empty = emptyTable(
    { countBy: 'user', modules: modules.map((module) => ({ module, maxUsers: n })) },
    {
      ...{ checkIntervalSeconds: 300, onDemand: { answerWithinSeconds: 20 } },
      bans: named('ban').map((user) => ({ user, untilAt: null })),
      reservations: modules.map((module) => ({ module, user: 'boss' })),
    },
  );
  const peers = named('peer').map((name, index) => record(name, [`M${index}`], longAgo));
  const licence: Licence = {
    ...empty,
    revision: 900,
    recent: named('change'),
    formerEntitlements: named('former'),
    restored: { at, from: '', revision: 500, lineage: 'before', former: named('lineage') },
    instances: [...peers, record('many', modules, longAgo)],
    waiting: [
      ...named('w').map((name) => waiter(name, 'M0')),
      ...modules.map((module) => waiter('queue', module)),
    ],
    rollCall: { names: peers.map((peer) => ({ instance: peer.id, beat: 3, by: 'a@b', at: longAgo })) },
    gone: many(n, (index) => stone('me', index)),
    events: many(n, event),
  };
  const standing: HeldState = {
    ...{ who: me, highestBeat: 3, mayReturn: () => true, returnSeconds: () => 60, notNow: modules },
    seats: modules.map((module) => ({
      id: `mine-${module.toLowerCase()}`,
      module,
      sinceAt: at,
      untilAt: null,
    })),
  };
  return { n, licence, policy: policyOf(licence), modules, numbers: many(n, (index) => index), standing };
}

const context = (of: Sized, changes: Partial<Licence> = {}): ChangeContext => ({
  ...{ licence: { ...of.licence, ...changes }, policy: of.policy, nowMs: START_MS },
});
const draftOf = ({ licence }: Sized) => ({ licence, events: licence.events });
const silence = () => 1e9;
const peerOf = ({ licence }: Sized) => licence.instances.at(-2) as InstanceRecord;
const asker = (of: Sized): RequesterView => ({
  ...{ id: 'me', actor: 'me@pc', hasWaited: false, silence, isProofDue: () => true },
  unanswered: () => verdictsOf(of),
});
const verdictsOf = ({ licence }: Sized): Verdict[] =>
  licence.instances.map(({ id: instance, beat }) => ({ instance, beat, reason: 'evicted' }));
/** Each joins two names that the one before it joins in part. */
const namesIn = ({ n }: Sized): Names[] =>
  many(2 * n, (index) => ({ user: `u${index >> 1}`, host: `h${(index + 1) >> 1}` }));
const wishFor = (module: string) => ({ module, seatId: 'new', waitSeconds: 60 });
const pendingOf = ({ licence }: Sized): line.OfferOrWait[] => [
  ...licence.waiting.map(line.waits),
  ...licence.instances.flatMap((one) =>
    one.seats.map(({ id: seat, module }): line.OfferOrWait => {
      return { instance: one.id, module, seat, kind: 'given', patienceMs: 0 };
    }),
  ),
];
const given = (of: Sized): Licence => ({
  ...of.licence,
  instances: of.licence.instances.map((one) => ({
    ...one,
    seats: one.seats.map((seat) => ({ ...seat, given: true as const })),
  })),
});
const seenOf = ({ licence }: Sized): Observations =>
  new Map(licence.instances.map((one) => [one.id, unchangedFor(3, 1e9)]));
const watchedOf = ({ licence }: Sized): answers.CalledSince =>
  new Map(
    licence.instances.map((one) => [
      one.id,
      { byInterval: unchangedFor(3, 0), byAnswer: unchangedFor(3, 0) },
    ]),
  );
const commitsOf = ({ n }: Sized) => many(n, (index) => ({ startedMs: index, confirmedMs: index + 1 }));
const removal = { actor: 'admin@desk', words: null };
const lost = ({ licence }: Sized): Licence => ({ ...licence, lineage: 'before', instances: [] });
const stamp = { changeId: 'c', commit: 'c', lineage: 'l', shareTimeMs: START_MS, actor: 'a@b', id: null };
/** Without the lists that are limited to a few hundred. */
const short = ({ licence }: Sized): Licence => ({
  ...licence,
  ...{ recent: [], formerEntitlements: [], gone: [], restored: undefined },
});
const textOf = (of: Sized): string => formatLicence(of.licence, 'compact');

/**
 * Revisions of which every second is missing, below one that was restored: the walk has to find its way on each time.
 */
function walk({ n }: Sized): unknown {
  const facts = (revision: number): journal.RevisionFacts => ({
    ...{ revision, commit: `c${revision}`, parent: { revision: revision - 1, commit: 'x' } },
    ...{ isRestored: true, events: [] },
  });
  const known = new Map<number, journal.Known>();
  const steps = journal.walkDown(facts(4 * n), 0, { known, present: many(4 * n, (one) => one), numbers: 8 });
  for (let step = steps.next(); !step.done; step = steps.next())
    known.set(step.value, step.value % 2 === 0 ? facts(step.value) : 'missing');
  return known;
}

const namesOf = ({ licence }: Sized) => licence.instances.map(({ user }) => user);

const range = ({ n }: Sized): Range => ({ first: 0, last: n - 1 });
const segment = (of: Sized): string => journal.segmentText(range(of), of.licence.events) ?? '';

/** How each rule is asked, by the name that it is exported under. */
const rules: Readonly<Record<string, (of: Sized) => unknown>> = {
  isOnDemand: (of) => of.licence.instances.map((one) => answers.isOnDemand(context(of), one, asker(of))),
  andThen: (of) => andThen(context(of), draftOf(of), () => draftOf(of)),
  answerByMs: (of) => of.licence.instances.map((one) => answers.answerByMs(context(of), one)),
  describeFull: (of) => describeFull(context(of), { who: me, module: 'M1' }),
  policyAfter: (of) => policyAfter(of.licence, of.policy, { ...of.licence, settings: {} }),
  proved: (of) => answers.proved(of.licence, START_MS),
  recordDenial: (of) =>
    recordDenial(context(of), {
      ...{ ...wishFor('M1'), ...me, instance: 'me', reason: 'full', count: 1, final: true, waitedMs: 0 },
    }),
  ban: (of) => ban(context(of), { user: 'many', forMs: null, ...removal }),
  bansByUser: (of) => {
    const banOf = bansByUser(context(of));
    return of.licence.waiting.map(({ user }) => banOf(user));
  },
  bansInForce: (of) => bansInForce(of.licence, START_MS),
  bansToKeep: (of) => bansToKeep({ licence: of.licence, nowMs: START_MS }),
  liftBan: (of) => liftBan(context(of), { user: 'ban-1', ...removal }),
  reserve: (of) => reserve(context(of), { reservation: { module: 'M1', host: 'pc' }, actor: 'a@b' }),
  liftReservation: (of) =>
    liftReservation(context(of), { reservation: { module: 'M1', user: 'boss' }, actor: 'a@b' }),
  reservedSeats: (of) => reservedSeats(of.licence),
  liftingOne: (of) => liftingOne(of.licence, 'M1'),
  twinFinder: (of) => of.modules.map(twinFinder(of.modules)),
  twinsAmong: (of) => twinsAmong(of.modules),
  KeptSeats: (of) => {
    const single = namesIn(of).flatMap(({ user, host }) => [
      { user, host: undefined },
      { user: undefined, host },
    ]);
    const kept = new KeptSeats(single);
    for (const names of namesIn(of)) kept.hold(names);
    return namesIn(of).map((names) => kept.isFor({ user: names.host, host: names.user }));
  },
  changeSettings: (of) => changeSettings(context(of), { changes: { bans: [] }, actor: 'a@b' }),
  changeModules: (of) =>
    changeModules(context(of, { instances: [], waiting: of.licence.waiting.slice(1) }), {
      ...{
        grants: of.modules.slice(1).map((module) => ({ module, maxUsers: 9 })),
        dropped: ['M0'].slice(of.n),
      },
      actor: 'a@b',
    }),
  withSealed: (of) => withSealed(of.licence, of.licence.entitlement),
  chooseSeats: (of) => chooseSeats(of.licence, { dead: { isGone: () => false, nowMs: START_MS } }),
  deadIn: (of) => {
    const isDead = deadIn(of.licence, { isGone: () => false, nowMs: START_MS });
    return of.licence.instances.map(isDead);
  },
  remove: (of) => [
    remove(context(of), { isChosen: () => true, ...removal }),
    remove(context(of), { isChosen: () => true, gently: true, ...removal }),
  ],
  isGentle: (of) => isGentle({ ...context(of), licence: marked(of) }, { isChosen: () => true }),
  placesAfter: (of) =>
    placesAfter({ ...draftOf(of), policy: of.policy }, leaving.changeSeats(of.licence, asLeaving).changed),
  changeSeats: (of) => leaving.changeSeats(of.licence, asLeaving),
  markLeaving: (of) => leaving.markLeaving(context(of), () => true, removal),
  unmarkLeaving: (of) =>
    leaving.unmarkLeaving({ ...context(of), licence: marked(of) }, () => true, removal.actor),
  leaveMarked: (of) => leaving.leaveMarked({ ...context(of), licence: marked(of) }, 'many'),
  takesMessage: (of) =>
    of.licence.instances.map(({ seats }) => seats.map((seat) => takesMessage(context(of), seat))),
  notify: (of) => notify(context(of), { isChosen: () => true, id: 'm1', words: 'tea', actor: 'a@b' }),
  withoutHeard: (of) =>
    of.licence.instances.map(({ seats }) => seats.map((seat) => withoutHeard(seat, NONE))),
  idsMeant: (of) => [leaving.idsMeant(namesOf(of), 'peer-1'), leaving.idsMeant(namesOf(of), 'no')],
  roomToTell: (of) => telling.roomToTell(of.licence),
  stonesWithin: (of) => telling.stonesWithin(of.licence.gone, 100 * of.n),
  eventsWithin: (of) => telling.eventsWithin(of.licence.events, 1000 * of.n),
  undo: (of) => [
    undo(context(of, { gone: former(of) }), { seat: 'seat-shared', actor: 'a@b' }), // no place is left
    undo(context(of, { gone: former(of), instances: [] }), { seat: 'seat-shared', actor: 'a@b' }),
    undo({ ...context(of), licence: marked(of) }, { seat: 'seat-many-m1', actor: 'a@b' }),
  ],
  judgeReplacement: (of) => judgeReplacement(context(of), { next: nextOf(of), actor: 'a@b' }),
  readReplacement: (of) => readReplacement(formatLicence(short(of), 'compact'), Trust.none),
  readNewLicence: (of) => readNewLicence(formatLicence(short(of), 'compact'), FILE, Trust.none),
  install: (of) => install(context(of), { next: nextOf(of), actor: 'a@b', kind: 'installed', force: true }),
  excessIn: (of) => excessIn(context(of)),
  renewalStateOf: (of) => renewalStates.renewalStateOf(of.licence, START_MS),
  isRenewalDue: (of) => renewal.isRenewalDue(renewing(of), 'pc-me'),
  electRenewer: (of) => renewal.electRenewer(renewing(of), renewer, true),
  settleRenewal: (of) => [
    renewal.settleRenewal(renewing(of), { renewer, fetched: { kind: 'licence', next: nextOf(of) } }),
    renewal.settleRenewal(renewing(of), { renewer, fetched: { kind: 'failed', why: 'down' } }),
  ],
  renewalTrouble: (of) => renewalStates.renewalTrouble(of.licence, of.policy, START_MS),
  isOpenToNew: (of) => renewalStates.isOpenToNew(renewing(of)),
  usageReport: (of) => usageReport(context(of), of.licence.events, START_MS - 86_400_000),
  formulaSeconds: (of) => formulaSeconds([...of.policy.modules.values()]),
  readPolicy: (of) => readPolicy(of.licence),
  coverOf: (of) => of.numbers.map(coverOf(of.numbers.map((first) => ({ first, last: first })))),
  factsOf: (of) => journal.factsOf(of.licence),
  indexOf: (of) => of.numbers.map((one) => indexOf(one, of.numbers)),
  isAmong: (of) => of.numbers.map((one) => isAmong(one, of.numbers)),
  mergeEvents: (of) => journal.mergeEvents(of.licence.events, of.licence.events),
  numbersIn: (of) => of.numbers.map((one) => numbersIn({ first: one, last: one }, of.numbers)),
  parseSegment: (of) => journal.parseSegment(segment(of), range(of)),
  segmentText: segment,
  verifyChain: (of) => journal.verifyChain(of.licence.events, null),
  walkDown: walk,
  digest: (of) => digest(textOf(of)),
  decodeText: (of) => decodeText(new TextEncoder().encode(textOf(of)), FILE),
  formatLicence: (of) => formatLicence(of.licence, 'pretty'),
  parseJson: (of) => parseJson(textOf(of), FILE),
  refuseMoved: (of) => refuseMoved(of.licence, FILE),
  textToPublish: (of) => textToPublish(emptyTable({}), short(of), FILE),
  troubleIn: (of) => troubleIn(of.licence.instances),
  parseLicence: (of) => [
    parseLicence(formatLicence(short(of), 'compact'), FILE),
    expect(() => parseLicence(textOf(of), FILE)).toThrow('formerEntitlements[0]'), // and as many more
  ],
  readLicence: (of) => readLicence(formatLicence(short(of), 'compact'), FILE), // reads before it first waits
  Queues: (of) => {
    const queues = new line.Queues(of.licence);
    return of.licence.waiting.map(({ module, instance }) => [
      queues.positionOf(module, instance),
      queues.ahead(module, ''),
    ]);
  },
  isAnyOffered: (of) => line.isAnyOffered(of.licence),
  dequeue: (of) => line.dequeue(of.licence, 'queue', of.modules),
  overdueIn: (of) => line.overdueIn(line.observeQueue(new Map(), of.licence, 0), of.licence),
  queuePosition: (of) => line.queuePosition(of.licence, 'M1', 'me'),
  enqueueFirst: (of) => line.enqueueFirst(context(of), { who: me, places: of.modules.map(wishFor) }),
  enqueue: (of) => line.enqueue(context(of), { who: me, ...wishFor('M1'), waitSeconds: 600 }),
  observeQueue: (of) => line.observeQueue(line.observeQueue(new Map(), of.licence, 0), of.licence, 5),
  withoutWaiters: (of) => line.withoutWaiters(of.licence, ({ module }) => module === 'M0'),
  didYouMean: (of) => didYouMean('per-77', namesOf(of)),
  nearest: (of) => nearest('per-77', namesOf(of)),
  firstWhere: (of) => of.numbers.map((least) => firstWhere(of.numbers, (one) => one >= least)),
  SeatIndex: (of) => {
    const places = new SeatIndex(context(of));
    return of.modules.map((module) => [
      places.seatIdFor(me, { module, preferred: 'new' }),
      places.held('many', module),
    ]);
  },
  seatsInUse: (of) => seatsInUse(of.licence),
  bury: (of) =>
    recalling.bury(
      { ...of.licence, gone: [] },
      { holders: lost(of).instances, stones: of.licence.gone, hasBeaten: () => false },
    ),
  lastCommon: (of) => recalling.lastCommon(of.licence, of.licence),
  recall: (of) => [
    recalling.recall(context(of, { gone: [] }), lost(of)),
    recalling.recall(context(of, { gone: [], instances: [] }), of.licence),
  ],
  roomIn: (of) => {
    const room = recalling.roomIn(of.licence.instances, of.policy);
    return of.licence.instances.flatMap(({ seats }) => seats.map(room));
  },
  withEntitlement: (of) => recalling.withEntitlement(of.licence, of.licence),
  acknowledgeRemoval: (of) => acknowledgeRemoval(context(of), { ...me, module: 'M2' }),
  settlingForMs: (of) => restoring.settlingForMs(context(of)),
  isSameTable: (of) => lineages.isSameTable(of.licence, lost(of)),
  lineagesOf: (of) => lineages.lineagesOf(of.licence),
  newest: (of) => restoring.newest([{ from: 'face', licence: of.licence }]),
  restore: (of) =>
    restoring.restore({ candidates: [], base: { from: 'memory', licence: of.licence }, highest: 900 }, stamp),
  nextRevision: (of) => nextRevision(of.licence, draftOf(of), stamp),
  callRoll: (of) =>
    rollcall.callRoll(context(of, { rollCall: undefined }), { module: 'M1', caller: asker(of), silence }),
  doubtful: (of) => rollcall.doubtful(context(of), { module: 'M1', ownId: 'me', silence }),
  isCalled: (of) => rollcall.isCalled(of.licence, 'nobody'),
  answerDeadlineMs: (of) => rollcall.answerDeadlineMs(of.licence, watchedOf(of), 0),
  unanswered: (of) =>
    rollcall.unanswered(
      context(of),
      { calledSince: watchedOf(of), nowMs: 1e9, gapMs: 0, wroteMs: 1e9 },
      silence,
    ),
  watch: (of) => rollcall.watch(watchedOf(of), of.licence, { nowMs: 5, gapMs: 0, checkIntervalSeconds: 300 }),
  clockHeldFrom: (of) => rollcall.clockHeldFrom(of.licence, START_MS),
  withoutAnswered: (of) => rollcall.withoutAnswered({ ...of.licence, instances: [] }),
  claim: (of) => [
    claim(context(of), asking(me, 'M1', 'new', { isGone: () => true })),
    claim(
      {
        ...context(of, { waiting: [] }),
        policy: { ...of.policy, modules: new Map([['M1', { module: 'M1', maxUsers: 1 }]]) },
      },
      asking(me, 'M1', 'new'),
    ),
  ],
  dropSeats: (of) => records.dropSeats(of.licence, new Set(of.licence.instances.flatMap((one) => one.seats))),
  ownRecord: (of) => records.ownRecord(context(of), me),
  renewRecord: (of) => records.renewRecord(context(of), peerOf(of), of.standing.seats),
  putRecord: (of) => records.putRecord(of.licence, peerOf(of)),
  giveBack: (of) => giveBack(given(of), 'many', of.modules),
  takeAway: (of) =>
    takeAway(
      context(of),
      of.licence.instances.map((one) => ({
        record: one,
        seats: one.seats,
        why: { reason: 'removed', ...removal },
      })),
    ),
  withSeat: (of) => records.withSeat(context(of), app('many'), { id: 'new', module: 'M1' }),
  capSilence: (of) => capSilence(seenOf(of), of.licence),
  judge: (of) => judge(of.licence, { observations: seenOf(of), commits: commitsOf(of), nowMs: 1e6 }),
  addPoll: (of) =>
    addPoll(seenOf(of), { licence: of.licence, startedMs: 1, endedMs: 2 }, { id: 'me', periodMs: 1000 }),
  recentCommits: (of) => recentCommits(commitsOf(of), 0, 1),
  moduleFigures: (of) => moduleFigures(context(of)),
  statusView: (of) => statusView(context(of), viewed()),
  explain: (of) =>
    of.licence.instances.slice(0, 2).map((record) => explain(context(of), { record, isGone: () => true })),
  callRollFor: (of) => callRollFor(context(of), { module: 'M1', requester: asker(of) }),
  beat: (of) => [
    beat(context(of), of.standing), // each seat is to be found again
    beat(context(of, { gone: [] }), of.standing), // each is first in its line
    beat(context(of, { instances: [record('me', of.modules, at)] }), of.standing), // each is there
  ],
  requestSeat: (of) =>
    requestSeat(context(of), { ...asking(me, 'M0', 'new'), ...wishFor('M0'), requester: asker(of) }),
  evict: (of) => evict(context(of), { verdicts: verdictsOf(of), actor: 'a@b' }),
  isShownOtherwise: (of) => isShownOtherwise(of.licence, { ...structuredClone(of.licence), commit: 'c1' }),
  heldSeat: (of) => records.heldSeat(of.licence, 'many', 'nothing'),
  tombstonesOf: (of) => of.standing.seats.map(tombstonesOf(of.licence, 'me')),
  expireOffers: (of) => expireOffers({ ...context(of), licence: given(of) }, pendingOf(of)),
  offerFree: (of) => offerFree(context(of)),
  offerToWaiters: (of) => [offerToWaiters(context(of)), offerToWaiters(context(of, { instances: [] }))],
};

const NONE: ReadonlySet<string> = new Set();
const asLeaving = (_record: InstanceRecord, seat: SeatRecord): SeatRecord => ({
  ...seat,
  leaving: { actor: 'a@b', words: null, at },
});
const marked = ({ licence }: Sized): Licence => leaving.changeSeats(licence, asLeaving).licence;
/** Of many windows that shared one seat. */
const former = ({ n }: Sized): Tombstone[] =>
  many(n, (index) => {
    const { id: _, user, host, seats: _seats, ...facts } = record(id('window', index), [], at);
    const was = { ...facts, sinceAt: at, untilAt: null };
    const names = { instance: id('window', index), seat: 'seat-shared', module: 'M0', user: 'ada', host };
    return { ...stone(user, index), ...names, reason: 'removed', was };
  });

const renewer: renewal.Renewer = { instance: 'me', host: 'pc-me', actor: 'a@b' };
const renewing = (of: Sized): ChangeContext => ({
  ...context(of),
  policy: { ...of.policy, renewal: { from: 'https://acme.example/{key}', everyHours: 24 } },
});
/** Signed, of one module: every holder of another one keeps its seat. */
const nextOf = (of: Sized): NewLicence => {
  const granted = { licenceId: 'acme', issuedAt: at, modules: [{ module: 'M1', maxUsers: of.n }] };
  const entitlement = {
    payload: JSON.stringify(granted),
    keyId: 'key',
    alg: 'Ed25519',
    signature: 'none',
  } as const;
  return { entitlement, granted, isVerified: true, settings: null };
};

/** Types and parameters of a function that goes through a document or a list. */
const LONG = [
  ...['Licence', 'ChangeContext', 'Draft', 'Poll', 'Candidate', 'Remains', 'HeldState', 'Observations'],
  ...['QueueSeen', 'CalledSince', 'RevisionFacts', 'Circumstances', 'ReadonlySet', 'ReadonlyMap', 'Iterable'],
];
const TAKES = new RegExp(`\\b(?:${LONG.join('|')})\\b|\\[\\]|\\btext: string|\\bbytes:`);
const folders = ['licence', 'rules'].map((room) =>
  fileURLToPath(new URL(`../../src/${room}`, import.meta.url)),
);

/** Every rule that is exported, by what its parameters say. */
function exportedRules(): string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => nodePath.join(folder, file)),
  );
  return files.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    const functions = text.matchAll(
      /^export (?:function\*?|const) (\w+)(?: = )?(?:<\w+>)?(\([\s\S]*?)(?:^\}|;\n)/gm,
    );
    const classes = text.matchAll(/^export class (\w+)[\s\S]*?constructor(\([^)]*\))/gm);
    return [...functions, ...classes].flatMap(([, name = '', body = '']) =>
      TAKES.test(parametersIn(body)) ? [name] : [],
    );
  });
}

/** Up to the bracket that closes the first. */
function parametersIn(body: string): string {
  let depth = 0;
  for (let end = 0; end < body.length; end++) {
    if (body[end] === '(') depth++;
    if (body[end] === ')' && --depth === 0) return body.slice(0, end);
  }
  return body;
}

/** Of one short value of a record, or of what a vendor and an application hand in. */
const OF_ONE = ['fromIso', 'fromBase64', 'readPublicKeys', 'isLicenceKey'];

describe('the steps of every rule grow with the document, and not with its square', () => {
  test('every rule that is exported is measured here', () => {
    expect(exportedRules().length).toBeGreaterThan(50);
    expect(
      exportedRules()
        .filter((name) => !OF_ONE.includes(name))
        .sort(),
    ).toEqual(Object.keys(rules).sort());
  });

  const [once, twice] = [sized(N), sized(2 * N)];
  test.each(Object.entries(rules))('%s', (_name, rule) => {
    const [few, many] = [stepsOf(() => rule(once)), stepsOf(() => rule(twice))];
    expect(many).toBeLessThanOrEqual(MOST * few + 100);
  });

  test('what scans one list for every entry of another is noticed', () => {
    const quadratic = ({ licence }: Sized) =>
      licence.waiting.filter((one) =>
        licence.waiting.some((other) => other.instance === `no ${one.instance}`),
      );
    const [few, many] = [stepsOf(() => quadratic(once)), stepsOf(() => quadratic(twice))];
    expect(many / few).toBeGreaterThan(3.9);
  });
});
