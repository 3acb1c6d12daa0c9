import { readdirSync, readFileSync } from 'node:fs';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as answers from '../../src/core/answers.js';
import { recordDenial } from '../../src/core/denial.js';
import { changeSettings, remove } from '../../src/core/desk.js';
import { judgeDrop } from '../../src/core/drop.js';
import { formulaSeconds, readPolicy } from '../../src/core/entitlement.js';
import * as journal from '../../src/core/journal.js';
import { parseJson } from '../../src/core/json.js';
import type { InstanceRecord, Licence, LicenceEvent, Tombstone, Waiter } from '../../src/core/licence.js';
import {
  decodeText,
  formatLicence,
  parseLicence,
  refuseMoved,
  textToPublish,
} from '../../src/core/licence.js';
import * as line from '../../src/core/line.js';
import { toIso } from '../../src/core/moment.js';
import { firstWhere } from '../../src/core/ordered.js';
import { Places, seatsInUse } from '../../src/core/places.js';
import * as recalling from '../../src/core/recall.js';
import { tellRemoved } from '../../src/core/removed.js';
import * as restoring from '../../src/core/restore.js';
import { nextRevision } from '../../src/core/revision.js';
import * as rollcall from '../../src/core/rollcall.js';
import * as seats from '../../src/core/seats.js';
import { cutBack, judge, look, recentCommits, type Sightings } from '../../src/core/sightings.js';
import { statusView } from '../../src/core/status.js';
import * as sweep from '../../src/core/sweep.js';
import { offerFree, passOver, seatWaiters } from '../../src/core/waiting.js';
import { stepsOf } from '../helpers/steps.js';
import { app, emptyTable, FILE, ground, policyOf, START_MS } from './tables.js';

/**
 * Design 5, "The folder is not trusted": every rule takes time proportional to the document, times a logarithm at most. Each rule is given a
 * document of N and one of 2 N entries in every list, and its steps are counted: what scans one list for every entry of another takes
 * four times as many.
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
  readonly standing: sweep.Standing;
}

/** N of everything: modules, silent peers, seats of one record, waiters in one line and in all, tombstones, names, events. */
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
  const standing: sweep.Standing = {
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

const draftOf = ({ licence }: Sized) => ({ licence, events: licence.events });
const silence = () => 1e9;
const peerOf = ({ licence }: Sized) => licence.instances.at(-2) as InstanceRecord;
const asker = (of: Sized): sweep.Asker => ({
  ...{ id: 'me', actor: 'me@pc', hasWaited: false, silence, isProofDue: () => true },
  unanswered: () => verdictsOf(of),
});
const verdictsOf = ({ licence }: Sized): sweep.Verdict[] =>
  licence.instances.map(({ id: instance, beat }) => ({ instance, beat, reason: 'evicted' }));
const wishFor = (module: string) => ({ module, seatId: 'new', waitSeconds: 60 });
const pendingOf = ({ licence }: Sized): line.Pending[] => [
  ...licence.waiting.map(line.waits),
  ...licence.instances.flatMap((one) =>
    one.seats.map(({ id: seat, module }): line.Pending => {
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
const seenOf = ({ licence }: Sized): Sightings =>
  new Map(licence.instances.map((one) => [one.id, { beat: 3, stoodStillMs: 1e9, countedToMs: 0 }]));
const watchedOf = ({ licence }: Sized): answers.Watched =>
  new Map(licence.instances.map((one) => [one.id, { beat: 3, sinceMs: 0, promisedSinceMs: 0 }]));
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

/** Revisions of which every second is missing, below one that was restored: the walk has to find its way on each time. */
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

const range = ({ n }: Sized): journal.Range => ({ first: 0, last: n - 1 });
const segment = (of: Sized): string => journal.segmentText(range(of), of.licence.events) ?? '';

/** How each rule is asked. `file.name`, as it is exported. */
const rules: Readonly<Record<string, (of: Sized) => unknown>> = {
  'answers.isOnDemand': (of) =>
    of.licence.instances.map((one) =>
      answers.isOnDemand(one, of.policy, of.licence.rollCall, asker(of), START_MS),
    ),
  'answers.proved': (of) => answers.proved(of.licence, START_MS),
  'denial.recordDenial': (of) =>
    recordDenial(
      of.licence,
      { ...wishFor('M1'), ...me, instance: 'me', reason: 'full', count: 1, final: true },
      START_MS,
    ),
  'desk.changeSettings': (of) => changeSettings(of.licence, { bans: [] }, 'a@b'),
  'desk.remove': (of) => remove(of.licence, of.policy, () => true, removal, START_MS),
  'drop.judgeDrop': (of) => judgeDrop(of.licence, textOf(of), 'a@b'),
  'entitlement.formulaSeconds': (of) => formulaSeconds([...of.policy.modules.values()]),
  'entitlement.readPolicy': (of) => readPolicy(of.licence, FILE),
  'journal.coverOf': (of) =>
    of.numbers.map(journal.coverOf(of.numbers.map((first) => ({ first, last: first })))),
  'journal.factsOf': (of) => journal.factsOf(of.licence),
  'journal.isAmong': (of) => of.numbers.map((one) => journal.isAmong(one, of.numbers)),
  'journal.mergeEvents': (of) => journal.mergeEvents(of.licence.events, of.licence.events),
  'journal.numbersIn': (of) =>
    of.numbers.map((one) => journal.numbersIn({ first: one, last: one }, of.numbers)),
  'journal.parseSegment': (of) => journal.parseSegment(segment(of), range(of)),
  'journal.segmentText': segment,
  'journal.verifyChain': (of) => journal.verifyChain(of.licence.events, null),
  'journal.walkDown': walk,
  'licence.decodeText': (of) => decodeText(new TextEncoder().encode(textOf(of)), FILE),
  'licence.formatLicence': (of) => formatLicence(of.licence, 'pretty'),
  'json.parseJson': (of) => parseJson(textOf(of), FILE),
  'licence.refuseMoved': (of) => refuseMoved(of.licence, FILE),
  'licence.textToPublish': (of) => textToPublish(emptyTable({}), short(of), FILE),
  'licence.parseLicence': (of) => [
    parseLicence(formatLicence(short(of), 'compact'), FILE),
    expect(() => parseLicence(textOf(of), FILE)).toThrow('formerEntitlements[0]'), // and as many more
  ],
  'line.Lines': (of) => {
    const lines = new line.Lines(of.licence);
    return of.licence.waiting.map(({ module, instance }) => [
      lines.placeOf(module, instance),
      lines.ahead(module, ''),
    ]);
  },
  'line.isAnyGiven': (of) => line.isAnyGiven(of.licence),
  'line.leaveLine': (of) => line.leaveLine(of.licence, 'queue', of.modules),
  'line.overdueIn': (of) => line.overdueIn(line.watchLine(new Map(), of.licence, 0), of.licence),
  'line.placeInLine': (of) => line.placeInLine(of.licence, 'M1', 'me'),
  'line.standFirst': (of) => line.standFirst(of.licence, me, of.modules.map(wishFor), START_MS),
  'line.standInLine': (of) => line.standInLine(of.licence, me, wishFor('M1'), 600, START_MS),
  'line.watchLine': (of) => line.watchLine(line.watchLine(new Map(), of.licence, 0), of.licence, 5),
  'line.withoutWaiters': (of) => line.withoutWaiters(of.licence, ({ module }) => module === 'M0'),
  'ordered.firstWhere': (of) => of.numbers.map((least) => firstWhere(of.numbers, (one) => one >= least)),
  'places.Places': (of) => {
    const places = new Places(of.licence, of.policy, FILE);
    return of.modules.map((module) => [places.placeFor(me, module, 'new'), places.held('many', module)]);
  },
  'places.seatsInUse': (of) => seatsInUse(of.licence),
  'recall.bury': (of) => recalling.bury({ ...of.licence, gone: [] }, lost(of), of.licence.gone, () => false),
  'recall.lastCommon': (of) => recalling.lastCommon(of.licence, of.licence),
  'recall.recall': (of) => [
    recalling.recall({ ...of.licence, gone: [] }, lost(of), of.policy, START_MS),
    recalling.recall({ ...of.licence, gone: [], instances: [] }, of.licence, of.policy, START_MS),
  ],
  'recall.roomIn': (of) => {
    const room = recalling.roomIn(of.licence.instances, of.policy);
    return of.licence.instances.flatMap(({ seats }) => seats.map(room));
  },
  'recall.withEntitlement': (of) => recalling.withEntitlement(of.licence, of.licence),
  'removed.tellRemoved': (of) => tellRemoved(draftOf(of), 'user', me, 'M2'),
  'restore.closedForMs': (of) => restoring.closedForMs(of.licence, of.policy, START_MS),
  'restore.isSameTable': (of) => restoring.isSameTable(of.licence, lost(of)),
  'restore.lineagesOf': (of) => restoring.lineagesOf(of.licence),
  'restore.newest': (of) => restoring.newest([{ from: 'face', licence: of.licence }]),
  'restore.restore': (of) => restoring.restore([], { from: 'memory', licence: of.licence }, 900, stamp),
  'revision.nextRevision': (of) => nextRevision(of.licence, draftOf(of), stamp),
  'rollcall.callRoll': (of) =>
    rollcall.callRoll({ ...of.licence, rollCall: undefined }, of.policy, 'M1', asker(of), START_MS, silence),
  'rollcall.doubtful': (of) => rollcall.doubtful(of.licence, of.policy, 'M1', 'me', START_MS, silence),
  'rollcall.isCalled': (of) => rollcall.isCalled(of.licence, 'nobody'),
  'rollcall.promiseDueMs': (of) => rollcall.promiseDueMs(of.licence, watchedOf(of), 0),
  'rollcall.unanswered': (of) =>
    rollcall.unanswered(
      of.licence,
      of.policy,
      { watched: watchedOf(of), nowMs: 1e9, gapMs: 0, wroteMs: 1e9 },
      silence,
    ),
  'rollcall.watch': (of) => rollcall.watch(watchedOf(of), of.licence, 5, 0, 300),
  'rollcall.watchedFrom': (of) => rollcall.watchedFrom(of.licence, START_MS),
  'rollcall.withoutAnswered': (of) => rollcall.withoutAnswered({ ...of.licence, instances: [] }),
  'seats.claim': (of) => [
    seats.claim(of.licence, of.policy, me, 'M1', 'new', ground({ isGone: () => true })),
    seats.claim(
      { ...of.licence, waiting: [] },
      { ...of.policy, modules: new Map([['M1', { module: 'M1', maxUsers: 1 }]]) },
      me,
      'M1',
      'new',
      ground(),
    ),
  ],
  'seats.dropSeats': (of) =>
    seats.dropSeats(of.licence, new Set(of.licence.instances.flatMap((one) => one.seats))),
  'seats.ownRecord': (of) => seats.ownRecord(of.licence, me, START_MS),
  'seats.promise': (of) => seats.promise(peerOf(of), of.policy, of.standing.seats, START_MS),
  'seats.putRecord': (of) => seats.putRecord(of.licence, peerOf(of)),
  'seats.release': (of) => seats.release(given(of), 'many', of.modules),
  'seats.takeAway': (of) =>
    seats.takeAway(
      draftOf(of),
      of.licence.instances.map((one) => ({
        record: one,
        seats: one.seats,
        why: { reason: 'removed', ...removal },
      })),
      START_MS,
      of.policy,
    ),
  'seats.withSeat': (of) =>
    seats.withSeat(of.licence, of.policy, app('many'), { id: 'new', module: 'M1' }, START_MS),
  'sightings.cutBack': (of) => cutBack(seenOf(of), of.licence),
  'sightings.judge': (of) => judge(seenOf(of), of.licence, commitsOf(of), 1e6),
  'sightings.look': (of) => look(seenOf(of), { licence: of.licence, startedMs: 1, endedMs: 2 }, 'me', 1000),
  'sightings.recentCommits': (of) => recentCommits(commitsOf(of), 0, 1),
  'status.statusView': (of) => statusView(of.licence, of.policy, FILE, { ms: START_MS, from: 'server' }),
  'sweep.ask': (of) => sweep.ask(of.licence, of.policy, 'M1', asker(of), START_MS),
  'sweep.beat': (of) => [
    sweep.beat(of.licence, of.policy, of.standing, ground()), // each seat is to be found again
    sweep.beat({ ...of.licence, gone: [] }, of.policy, of.standing, ground()), // each is first in its line
    sweep.beat(
      { ...of.licence, instances: [record('me', of.modules, at)] },
      of.policy,
      of.standing,
      ground(),
    ), // each is there
  ],
  'sweep.comeIn': (of) => sweep.comeIn(of.licence, of.policy, me, wishFor('M0'), ground(), asker(of)),
  'sweep.evict': (of) => sweep.evict(draftOf(of), verdictsOf(of), 'a@b', START_MS, of.policy),
  'sweep.heldSeat': (of) => sweep.heldSeat(of.licence, 'many', 'nothing'),
  'sweep.tombstonesOf': (of) => of.standing.seats.map(sweep.tombstonesOf(of.licence, 'me')),
  'waiting.passOver': (of) => passOver({ licence: given(of), events: [] }, pendingOf(of)),
  'waiting.offerFree': (of) => offerFree(draftOf(of), of.policy, START_MS, FILE),
  'waiting.seatWaiters': (of) => [
    seatWaiters(draftOf(of), of.policy, START_MS, FILE),
    seatWaiters({ licence: { ...of.licence, instances: [] }, events: [] }, of.policy, START_MS, FILE),
  ],
};

/** What a function that goes through a document or a list has among its parameters. */
const TAKES =
  /\b(?:Licence|Draft|Look|Candidate|Standing|Sightings|LineSeen|Watched|RevisionFacts|ReadonlySet|ReadonlyMap)\b|\[\]|\btext: string|\bbytes:/;
const folder = fileURLToPath(new URL('../../src/core', import.meta.url));

/** Every rule that the core exports, by what its parameters say. */
function exportedRules(): string[] {
  return readdirSync(folder).flatMap((file) => {
    const text = readFileSync(nodePath.join(folder, file), 'utf8');
    const functions = text.matchAll(
      /^export (?:function\*?|const) (\w+)(?: = )?(?:<\w+>)?(\([\s\S]*?)(?:^\}|;\n)/gm,
    );
    const classes = text.matchAll(/^export class (\w+)[\s\S]*?constructor(\([^)]*\))/gm);
    return [...functions, ...classes].flatMap(([, name = '', body = '']) =>
      TAKES.test(parametersIn(body)) ? [`${file.replace('.ts', '')}.${name}`] : [],
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

/** Of one short value of a record. */
const OF_ONE = ['moment.fromIso'];

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
