import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CountBy,
  type InstanceRecord,
  type Level,
  type Licence,
  MAX_GONE,
  type SeatRecord,
} from '../../src/licence/document.js';
import type { ModuleGrant } from '../../src/licence/entitlement.js';
import type { ChangeContext } from '../../src/licence/revision.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { changeSettings, remove } from '../../src/rules/admin.js';
import { beat } from '../../src/rules/beat.js';
import { claim } from '../../src/rules/claim.js';
import { evict } from '../../src/rules/evict.js';
import { giveBack } from '../../src/rules/give-back.js';
import { type Requester, sameUser, seatsInUse } from '../../src/rules/seats.js';
import { app, asking, contextOf, emptyTable, FILE, policyOf, START_MS } from './tables.js';

/**
 * The rules of the table against a plain model: rows of (instance, user, module), and nothing else. The user is worked
 * out here in another way than in the code: as a word.
 */

interface Office {
  readonly countBy: CountBy;
  readonly level: Level;
  readonly grants: readonly ModuleGrant[];
  readonly people: readonly Requester[];
}

interface Row {
  readonly instance: string;
  readonly user: string;
  readonly module: string;
}

type Step =
  | { readonly kind: 'claim'; readonly who: number; readonly module: string }
  | { readonly kind: 'release'; readonly who: number; readonly module: string | null }
  | { readonly kind: 'remove'; readonly user: string }
  | { readonly kind: 'evict'; readonly who: number; readonly moved: number }
  | { readonly kind: 'beat'; readonly who: number }
  | { readonly kind: 'die'; readonly who: number };

const fold = (name: string) => name.normalize('NFC').toLowerCase();

function userWord(by: CountBy, { id, user, host, machine }: Requester): string {
  switch (by) {
    case 'instance':
      return id;
    case 'user':
      return fold(user);
    case 'host':
      return `${fold(host)} ${machine.host ?? id}`;
    case 'user@host':
      return `${fold(user)} ${fold(host)} ${machine.pids ?? id}`;
  }
}

class Run {
  private readonly office: Office;
  private licence: Licence;
  private rows: Row[] = [];
  /** What each process thinks it holds: it is not told of evictions and removals. */
  private readonly held = new Map<string, Map<string, SeatRecord>>();
  private readonly lastReason = new Map<string, string>();
  private readonly dead = new Set<string>();
  private shareTimeMs = START_MS;

  constructor(office: Office) {
    this.office = office;
    this.licence = emptyTable({ countBy: office.countBy, level: office.level, modules: office.grants });
  }

  take(step: Step): void {
    this.shareTimeMs += 1000;
    switch (step.kind) {
      case 'claim':
        this.claim(this.alive(step.who), step.module);
        break;
      case 'release':
        this.release(this.alive(step.who), step.module);
        break;
      case 'remove':
        this.remove(step.user);
        break;
      case 'evict':
        this.evict(this.person(step.who), step.moved);
        break;
      case 'beat':
        this.beat(this.alive(step.who));
        break;
      case 'die':
        this.dead.add(this.person(step.who).id);
    }
  }

  /** Design rules 6 and 9, and that the document stays one. */
  check(): void {
    for (const { module, maxUsers, overdraft = 0 } of this.office.grants) {
      expect(seatsInUse(this.licence).get(module) ?? 0).toBe(this.usersIn(module).size);
      expect(this.usersIn(module).size).toBeLessThanOrEqual(maxUsers + overdraft);
    }
    const seats = this.licence.instances.flatMap((record) =>
      record.seats.map((seat) => ({ instance: record.id, module: seat.module, seat: seat.id })),
    );
    const rows = this.rows.map(({ instance, module }) => `${instance} ${module}`);
    expect(seats.map(({ instance, module }) => `${instance} ${module}`).sort()).toEqual(rows.sort());
    const idsByUser = new Set(
      seats.map(({ instance, module, seat }) => `${module} ${seat} ${this.userOf(instance)}`),
    );
    const ids = new Set(seats.map(({ module, seat }) => `${module} ${seat}`));
    const users = new Set(this.rows.map(({ module, user }) => `${module} ${user}`));
    expect([ids.size, idsByUser.size]).toEqual([users.size, users.size]); // one user, one id, and the other way round
    expect(parseLicence(formatLicence(this.licence, 'compact'), FILE)).toEqual(this.licence);
  }

  private get context(): ChangeContext {
    return contextOf(this.licence, this.shareTimeMs);
  }

  private claim(who: Requester | null, module: string): void {
    if (!who) return;
    const isSeenGone = (id: string) => this.dead.has(id) && this.sharesPids(id, who);
    const kept = this.rows.filter(({ instance }) => !isSeenGone(instance) || !this.mayClear(instance, who));
    const user = userWord(this.office.countBy, who);
    const before = new Set(this.seatIdsOf(user, module));
    const isRoom = kept.some((row) => row.module === module && row.user === user);
    const used = new Set(kept.filter((row) => row.module === module).map((row) => row.user)).size;
    const isGone = (record: InstanceRecord) => isSeenGone(record.id);
    const fresh = `s${this.shareTimeMs}`;
    const outcome = claim(this.context, asking(who, module, fresh, { isGone }));
    expect(outcome.kind).toBe(isRoom || used < this.limitOf(module) ? 'seated' : 'full');
    if (outcome.kind !== 'seated') return;
    for (const row of this.rows.filter((one) => !kept.includes(one))) this.tell(row, 'process gone');
    this.licence = outcome.draft.licence;
    this.rows = [...kept.filter((row) => row.instance !== who.id || row.module !== module)];
    this.rows.push({ instance: who.id, user, module });
    const seat = this.hold(who, outcome.record, module);
    if (before.size > 0 && this.office.countBy !== 'instance') expect([...before]).toEqual([seat.id]);
  }

  private release(who: Requester | null, module: string | null): void {
    if (!who) return;
    const isLeaving = (row: Row) => row.instance === who.id && (module === null || row.module === module);
    const draft = giveBack(this.licence, who.id, module === null ? null : [module]);
    expect(draft === null).toBe(!this.rows.some(isLeaving));
    this.rows = this.rows.filter((row) => !isLeaving(row));
    this.licence = draft?.licence ?? this.licence;
    if (module === null) this.held.delete(who.id);
    else this.held.get(who.id)?.delete(module);
  }

  private remove(user: string): void {
    const isChosen = ({ instance }: Row) => this.byId(instance).user === user;
    const removal = { actor: 'admin@desk', words: 'go home' };
    const { shareTimeMs } = this;
    const policy = policyOf(this.licence);
    const draft = remove(
      { licence: this.licence, policy, nowMs: shareTimeMs },
      { isChosen: (record) => record.user === user, ...removal },
    );
    this.taken(draft?.licence ?? null, isChosen, 'removed');
  }

  private evict(who: Requester, moved: number): void {
    const record = this.licence.instances.find(({ id }) => id === who.id);
    const verdict = { instance: who.id, beat: (record?.beat ?? 1) + moved, reason: 'evicted' as const };
    const draft = evict(this.context, { verdicts: [verdict], actor: 'peer@pc' });
    const isDue = moved === 0 && this.office.level === 'heartbeat';
    this.taken(draft?.licence ?? null, ({ instance }) => isDue && instance === who.id, 'evicted');
  }

  /** Seats were taken away from others: each with a tombstone, or nothing was changed. */
  private taken(licence: Licence | null, isTaken: (row: Row) => boolean, reason: string): void {
    const gone = this.rows.filter(isTaken);
    expect(licence === null).toBe(gone.length === 0);
    if (!licence) return;
    const stones = licence.gone
      .slice(this.licence.gone.length)
      .map((stone) => [stone.instance, stone.reason]);
    expect(stones.sort()).toEqual(gone.map(({ instance }) => [instance, reason]).sort());
    for (const row of gone) this.tell(row, reason);
    this.rows = this.rows.filter((row) => !gone.includes(row));
    this.licence = licence;
  }

  private beat(who: Requester | null): void {
    const held = who && this.held.get(who.id);
    if (!held || held.size === 0) return;
    const seats = [...held.values()];
    const highestBeat = this.licence.instances.find(({ id }) => id === who.id)?.beat ?? 7;
    const standing = { who, seats, highestBeat, returnSeconds: () => 120, mayReturn: () => true };
    const outcome = beat(this.context, standing);
    if (outcome.kind !== 'beaten') throw new Error(`expected a beat, got ${outcome.kind}`);
    const fates = new Map([...outcome.outcomes].map(([module, fate]) => [module, fate.kind]));
    const wanted = seats.map(({ module }) => [module, this.fateOf(who, module)] as const);
    expect(fates).toEqual(new Map(wanted));
    if (outcome.record) expect(outcome.record.beat).toBe(highestBeat + 1);
    this.licence = outcome.draft?.licence ?? this.licence;
    for (const [module, fate] of wanted) {
      if (fate === 'lost') held.delete(module);
      if (fate === 'back')
        this.rows.push({ instance: who.id, user: userWord(this.office.countBy, who), module });
      if (fate === 'back' && outcome.record) this.hold(who, outcome.record, module);
    }
  }

  private fateOf(who: Requester, module: string): 'kept' | 'back' | 'lost' {
    const here = this.rows.filter((row) => row.module === module);
    if (here.some(({ instance }) => instance === who.id)) return 'kept';
    if (this.lastReason.get(`${who.id} ${module}`) === 'removed') return 'lost';
    const isShared = here.some(({ user }) => user === userWord(this.office.countBy, who));
    return isShared || this.usersIn(module).size < this.limitOf(module) ? 'back' : 'lost';
  }

  private hold(who: Requester, record: InstanceRecord, module: string): SeatRecord {
    const seat = record.seats.find((one) => one.module === module);
    if (!seat) throw new Error(`the record does not hold ${module}`);
    const held = this.held.get(who.id) ?? new Map<string, SeatRecord>();
    this.held.set(who.id, held.set(module, seat));
    return seat;
  }

  /** Rule 5(a): anybody's heartbeat record; rule 6: under Light only one's own. */
  private mayClear(instance: string, who: Requester): boolean {
    const by = this.office.countBy === 'instance' ? 'user@host' : this.office.countBy;
    const isOwn = userWord(by, this.byId(instance)) === userWord(by, who);
    return instance !== who.id && (this.office.level === 'heartbeat' || isOwn);
  }

  private sharesPids(id: string, who: Requester): boolean {
    return who.machine.pids !== null && this.byId(id).machine.pids === who.machine.pids;
  }

  private tell({ instance, module }: Row, reason: string): void {
    this.lastReason.set(`${instance} ${module}`, reason);
  }

  private seatIdsOf(user: string, module: string): string[] {
    return this.licence.instances
      .filter(({ id }) => this.userOf(id) === user)
      .flatMap(({ seats }) => seats.filter((seat) => seat.module === module).map((seat) => seat.id));
  }

  private usersIn(module: string): Set<string> {
    return new Set(this.rows.filter((row) => row.module === module).map((row) => row.user));
  }

  private limitOf(module: string): number {
    const grant = this.office.grants.find((one) => one.module === module);
    return grant ? grant.maxUsers + (grant.overdraft ?? 0) : 0;
  }

  private person(index: number): Requester {
    const { people } = this.office;
    return people[index % people.length] as Requester;
  }

  private alive(index: number): Requester | null {
    const who = this.person(index);
    return this.dead.has(who.id) ? null : who;
  }

  private byId(id: string): Requester {
    return this.office.people.find((one) => one.id === id) as Requester;
  }

  private userOf(id: string): string {
    return userWord(this.office.countBy, this.byId(id));
  }
}

const part = (letter: string) => fc.constantFrom(`${letter}1`, `${letter}2`, null);
const machines = fc.record({ pids: part('p'), host: part('h'), installation: part('i') });
const users = ['Ada', 'ADA', 'Zo\u00eb', 'Zoe\u0308', 'bob'];
const person = fc.record({
  user: fc.constantFrom(...users),
  host: fc.constantFrom('PC-1', 'pc-1', 'PC-2'),
  machine: machines,
});
const limits = { maxUsers: fc.integer({ min: 1, max: 4 }), overdraft: fc.constantFrom(undefined, 1, 2) };
const modules = ['M1', 'M2'];
const offices: fc.Arbitrary<Office> = fc.record({
  countBy: fc.constantFrom<CountBy>('user@host', 'instance', 'user', 'host'),
  level: fc.constantFrom<Level>('heartbeat', 'heartbeat', 'light'),
  grants: fc.tuple(...modules.map((module) => fc.record({ module: fc.constant(module), ...limits }))),
  people: fc
    .array(person, { minLength: 1, maxLength: 8 })
    .map((all) => all.map((facts, index) => app(`i${index}`, facts))),
});
const who = fc.nat(7);
const module = fc.constantFrom(...modules);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('claim' as const), who, module }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('release' as const), who, module: fc.option(module) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('remove' as const), user: fc.constantFrom(...users) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('evict' as const), who, moved: fc.constantFrom(0, 0, -1, 1) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('beat' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), who }) },
);

describe('the table against a plain model', () => {
  test('claim, release, remove, evict, beat and die, in any order', () => {
    fc.assert(
      fc.property(offices, fc.array(step, { maxLength: 40 }), (office, steps) => {
        const run = new Run(office);
        for (const one of steps) {
          run.take(one);
          run.check();
        }
      }),
      { numRuns: 1500 },
    );
  });

  test('who is one user is the same from both sides', () => {
    fc.assert(
      fc.property(offices, ({ countBy, people }) => {
        for (const a of people)
          for (const b of people) {
            const isOne = userWord(countBy, a) === userWord(countBy, b);
            expect([sameUser(countBy, a, b), sameUser(countBy, b, a)]).toEqual([isOne, isOne]);
          }
      }),
    );
  });
});

/** One module, one place, and its holder. */
function seated(who: Requester, level: Level = 'heartbeat', countBy: CountBy = 'user@host'): Licence {
  const licence = emptyTable({ level, countBy });
  const outcome = claim(contextOf(licence), asking(who, 'M1', 's1'));
  if (outcome.kind !== 'seated') throw new Error('expected a seat');
  return outcome.draft.licence;
}

const ask = (licence: Licence, who: Requester, facts: Parameters<typeof asking>[3] = {}, nowMs = START_MS) =>
  claim(contextOf(licence, nowMs), asking(who, 'M1', 's2', facts));
const gone = { isGone: () => true };

describe('rules 5(a) and 6: newcomers and those who come back', () => {
  const ada = app('ada');
  const again = { ...ada, id: 'ada-2' };

  test('after a crash, in a full file, the user sits down in the same seat', () => {
    const outcome = ask(seated(ada), again, gone);
    expect(outcome).toMatchObject({ kind: 'seated', record: { id: 'ada-2', seats: [{ id: 's1' }] } });
    if (outcome.kind !== 'seated') return;
    expect(outcome.draft.licence.instances).toHaveLength(1);
    expect(outcome.draft.licence.gone).toMatchObject([{ instance: 'ada', reason: 'process gone' }]);
  });

  test('the same under Light', () => {
    const outcome = ask(seated(ada, 'light'), again, gone);
    expect(outcome).toMatchObject({ kind: 'seated', record: { level: 'light', seats: [{ id: 's1' }] } });
  });

  test('while the old process lives, both share the seat, and no record is dropped', () => {
    const outcome = ask(seated(ada), again);
    expect(outcome).toMatchObject({
      draft: { licence: { instances: [{ seats: [{ id: 's1' }] }, { seats: [{ id: 's1' }] }], gone: [] } },
    });
  });

  test('somebody else gets the place of a process that is provably gone, at once', () => {
    expect(ask(seated(ada), app('bob'), gone)).toMatchObject({ kind: 'seated', record: { id: 'bob' } });
  });

  test('but never under Light', () => {
    expect(ask(seated(ada, 'light'), app('bob'), gone)).toMatchObject({ kind: 'full' });
  });

  test('under countBy instance he needs the proof, or a free place', () => {
    const licence = seated(ada, 'heartbeat', 'instance');
    expect(ask(licence, again)).toMatchObject({ kind: 'full', holders: [{ seat: 's1', user: 'ada' }] });
    expect(ask(licence, again, gone)).toMatchObject({ kind: 'seated', record: { seats: [{ id: 's2' }] } });
  });

  describe('gone meanwhile, and the place taken: the refusal says who did it, when and why', () => {
    const removal = { actor: 'admin@desk', words: 'lunch' };
    const evicted = {
      reason: 'removed',
      by: 'admin@desk',
      words: 'lunch',
      at: new Date(START_MS).toISOString(),
    };
    const other = { user: 'eve', host: 'pc-9' };
    const asked = (countBy: CountBy, who: { user: string; host: string }) => {
      const before = seated(ada, 'heartbeat', countBy);
      const removed = remove(contextOf(before), { isChosen: () => true, ...removal })?.licence ?? before;
      const taken = ask(removed, app('bob', { host: 'pc-2', user: 'bob' }));
      if (taken.kind !== 'seated') throw new Error('expected a seat');
      return ask(taken.draft.licence, app('new', who));
    };
    const names = { user: ada.user.toUpperCase(), host: ada.host.toUpperCase() };

    test.each([
      ['user@host', names, { ...names, host: other.host }],
      ['instance', names, { ...names, user: other.user }],
      ['user', { ...names, host: other.host }, { ...names, user: other.user }],
      ['host', { ...names, user: other.user }, { ...names, host: other.host }],
    ] as const)('to whom countBy %s takes for the same, by name', (countBy, same, another) => {
      expect(asked(countBy, same)).toMatchObject({ kind: 'full', evicted });
      expect(asked(countBy, another)).toMatchObject({ kind: 'full', evicted: null });
    });
  });

  const rebooted = { ...again, machine: { ...ada.machine, pids: 'pids-new', host: 'host-new' } };
  test.each([
    ['60 s before our boot', 60_000, rebooted, 'seated'],
    ['59 s before our boot', 59_000, rebooted, 'full'],
    [
      'on another installation',
      60_000,
      { ...rebooted, machine: { ...rebooted.machine, installation: 'x' } },
      'full',
    ],
    ['of another user', 60_000, { ...rebooted, user: 'bob' }, 'full'],
  ])('an older boot: last beat %s', (_name, agoMs, who, kind) => {
    expect(ask(seated(ada), who, { bootedAtMs: START_MS + agoMs }).kind).toBe(kind);
    expect(ask(seated(ada, 'light'), who, { bootedAtMs: START_MS + agoMs }).kind).toBe(kind);
    expect(ask(seated(ada), who, { bootedAtMs: null }).kind).toBe('full');
  });
});

test('an old place that somebody else shares by now is his: who comes back gets a free one', () => {
  const licence = emptyTable({ modules: [{ module: 'M1', maxUsers: 10 }], countBy: 'host' });
  const onPc = (id: string, user: string, boot: string) =>
    app(id, { user, host: 'pc', machine: { pids: boot, host: boot, installation: 'pc' } });
  const first = claim(contextOf(licence), asking(onPc('a1', 'ada', 'boot-1'), 'M1', 's1'));
  if (first.kind !== 'seated') throw new Error('expected a seat');
  const next = first.draft.licence;
  const second = claim(contextOf(next), asking(onPc('b1', 'bob', 'boot-1'), 'M1', 's2'));
  if (second.kind !== 'seated') throw new Error('expected a seat');
  expect(second.record.seats).toMatchObject([{ id: 's1' }]);
  const both = second.draft.licence;
  const rebooted = { bootedAtMs: START_MS + 60_000 };
  const back = claim(contextOf(both), asking(onPc('a2', 'ada', 'boot-2'), 'M1', 's3', rebooted));
  expect(back).toMatchObject({ kind: 'seated', record: { seats: [{ id: 's3' }] } });
});

describe('rule 9: freesAt is told from share time, and evicts nobody', () => {
  const asked = (agoMs: number, maxUsers = 2) => {
    const licence = seated(app('ada'));
    const beatAt = new Date(START_MS + agoMs).toISOString();
    const beating = seated(app('cy')).instances.map((one) => ({
      ...one,
      beatAt,
      seats: one.seats.map((seat) => ({ ...seat, id: 'another' })),
    }));
    const { entitlement } = emptyTable({ checkIntervalSeconds: 30, modules: [{ module: 'M1', maxUsers }] });
    const now = { ...licence, entitlement, instances: [...licence.instances, ...beating] };
    return ask(now, app('bob'), {}, START_MS + agoMs);
  };
  test('while all beat, nothing is known', () => expect(asked(33_000)).toMatchObject({ freesAt: null }));
  test('a silent holder is out 2 T after its last beat', () =>
    expect(asked(34_000)).toMatchObject({ kind: 'full', freesAt: '2026-11-21T09:01:00.000Z' }));
  test('where more seats are held than there are, the first that falls free is for no user', () =>
    expect(asked(34_000, 1)).toMatchObject({ kind: 'full', freesAt: null }));
});

describe('tombstones', () => {
  const removal = { actor: 'admin@desk', words: null };
  /** One seat taken and removed again, so many times. */
  function removedTimes(times: number, everyMs: number, checkIntervalSeconds: number): Licence {
    let licence = emptyTable({}, { checkIntervalSeconds });
    for (let n = 0; n < times; n++) {
      const shareTimeMs = START_MS + n * everyMs;
      const outcome = claim(contextOf(licence, shareTimeMs), asking(app(`a${n}`), 'M1', `s${n}`));
      if (outcome.kind !== 'seated') throw new Error('expected a seat');
      licence =
        remove(
          { licence: outcome.draft.licence, policy: policyOf(licence), nowMs: shareTimeMs },
          { isChosen: () => true, ...removal },
        )?.licence ?? licence;
    }
    return licence;
  }

  const hourMs = 3_600_000;
  test.each([
    ['24 h', 30, 24],
    ['4 T, where that is more', 8 * 3600, 32],
  ])('are kept for %s', (_name, checkIntervalSeconds, kept) => {
    expect(removedTimes(40, hourMs, checkIntervalSeconds).gone).toHaveLength(kept);
  });
  test('at most 200, the newest', () => {
    const { gone } = removedTimes(230, 1000, 30);
    expect(gone).toHaveLength(MAX_GONE);
    expect(gone.at(-1)?.instance).toBe('a229');
  });
  test('removing nobody changes nothing', () => {
    expect(
      remove(
        { licence: seated(app('ada')), policy: policyOf(emptyTable({})), nowMs: START_MS },
        { isChosen: () => false, ...removal },
      ),
    ).toBeNull();
  });
});

describe('settings', () => {
  test('changed once, and then no more', () => {
    const draft = changeSettings(contextOf(emptyTable({})), {
      changes: { level: 'light' },
      actor: 'admin@desk',
    });
    expect(draft?.events).toMatchObject([
      { kind: 'settings', actor: 'admin@desk', settings: { level: 'light' } },
    ]);
    expect(
      draft && changeSettings(contextOf(draft.licence), { changes: { level: 'light' }, actor: 'admin@desk' }),
    ).toBeNull();
  });
  test('they touch no record: each is judged by its own promise', () => {
    const licence = seated(app('ada'));
    const after = changeSettings(contextOf(licence), {
      changes: { checkIntervalSeconds: 1 },
      actor: 'admin@desk',
    })?.licence;
    expect(after?.instances).toEqual(licence.instances);
  });
});
