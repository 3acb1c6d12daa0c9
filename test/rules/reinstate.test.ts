import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Licence, Settings } from '../../src/licence/document.js';
import type { Entitlement } from '../../src/licence/entitlement.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { toIso } from '../../src/licence/time.js';
import { remove } from '../../src/rules/admin.js';
import { beat } from '../../src/rules/beat.js';
import { claim } from '../../src/rules/claim.js';
import { evict } from '../../src/rules/evict.js';
import { giveBack } from '../../src/rules/give-back.js';
import { enqueue } from '../../src/rules/queue.js';
import { undo } from '../../src/rules/reinstate.js';
import { type Requester, seatsInUse } from '../../src/rules/seats.js';
import { ownPollMs } from '../../src/rules/timing.js';
import { app, asking, contextOf, emptyTable, FILE, START_MS } from './tables.js';

const DAY_MS = 86_400_000;
const [ada, bob] = [app('ada'), app('bob')] as const;

function seat(licence: Licence, who: Requester, seatId = `seat-${who.id}`): Licence {
  const outcome = claim(contextOf(licence), asking(who, 'M1', seatId));
  if (outcome.kind !== 'seated') throw new Error(`no seat for ${who.id}`);
  return outcome.draft.licence;
}
const seated = (granted: Partial<Entitlement> = {}, settings: Settings = {}) =>
  seat(emptyTable(granted, settings), ada);
const without = (licence: Licence, who: Requester = ada): Licence =>
  remove(contextOf(licence), {
    ...{ isChosen: (record) => record.user === who.user, actor: 'root@desk', words: 'oops' },
  })?.licence ?? licence;

const tried = (licence: Licence, nowMs = START_MS, beginning = 'seat-ada') =>
  undo(contextOf(licence, nowMs), { seat: beginning, actor: 'eve@desk' });
function undone(licence: Licence, nowMs = START_MS): Licence {
  const outcome = tried(licence, nowMs);
  if (outcome.kind === 'refused') throw new Error(outcome.why.reason);
  return outcome.draft.licence;
}
const whyNot = (licence: Licence, nowMs?: number, beginning?: string) => {
  const outcome = tried(licence, nowMs, beginning);
  return outcome.kind === 'refused' ? outcome.why : null;
};
const beats = (licence: Licence, who: Requester) =>
  beat(contextOf(licence), {
    ...{ who, highestBeat: 1, mayReturn: () => true, returnSeconds: () => 60 },
    seats: [{ id: `seat-${who.id}`, module: 'M1', sinceAt: toIso(START_MS), untilAt: null }],
  });

describe('undone', () => {
  test('the record is what it was, with the same beat, as if it had beaten now; the tombstone is gone', () => {
    const before = seated();
    const removed = without(before);
    expect(parseLicence(formatLicence(removed, 'compact'), FILE)).toEqual(removed);
    const laterMs = START_MS + 1000;
    const outcome = tried(removed, laterMs);
    if (outcome.kind === 'refused') throw new Error(outcome.why.reason);
    const [record] = before.instances;
    expect(outcome.draft.licence).toEqual({
      ...before,
      instances: [{ ...record, beatAt: toIso(laterMs) }],
    });
    expect(outcome.draft.events).toMatchObject([
      { kind: 'undone', user: 'ada', seat: 'seat-ada', actor: 'eve@desk' },
    ]);
  });

  test('a holder that has not noticed beats on as if nothing had been', () => {
    const outcome = beats(undone(without(seated())), ada);
    expect(outcome).toMatchObject({ kind: 'beaten', record: { beat: 2, seats: [{ id: 'seat-ada' }] } });
    expect(outcome.kind === 'beaten' && outcome.outcomes.get('M1')).toMatchObject({ kind: 'kept' });
  });

  test('a user whose application was told asks again, and has the place, in a full file too', () => {
    const back = undone(without(seated()));
    expect(claim(contextOf(back), asking(bob, 'M1', 'b')).kind).toBe('full');
    expect(seat(back, ada, 'new').instances).toMatchObject([{ seats: [{ id: 'seat-ada' }] }]);
    const anew = { ...ada, id: 'ada-2', pid: 2000 };
    expect(seat(back, anew, 'new').instances.map((one) => one.seats[0]?.id)).toEqual([
      'seat-ada',
      'seat-ada',
    ]);
  });

  test('a holder with another module, that was told, drops the place at its next beat, and the journal says so', () => {
    const two = {
      modules: [
        { module: 'M1', maxUsers: 1 },
        { module: 'M2', maxUsers: 1 },
      ],
    };
    const both = claim(contextOf(seated(two)), asking(ada, 'M2', 'seat-2'));
    if (both.kind !== 'seated') throw new Error('there is room');
    const removed = remove(contextOf(both.draft.licence), {
      ...{ isChosen: (_record, one) => one.module === 'M1', actor: 'root@desk', words: null },
    });
    const back = undone(removed?.licence ?? both.draft.licence);
    expect(back.instances).toMatchObject([{ beat: 2, seats: [{ module: 'M2' }, { module: 'M1' }] }]);
    const outcome = beat(contextOf(back), {
      ...{ who: ada, highestBeat: 2, mayReturn: () => true, returnSeconds: () => 60 },
      seats: [{ id: 'seat-2', module: 'M2', sinceAt: toIso(START_MS), untilAt: null }],
    });
    expect(outcome).toMatchObject({ draft: { events: [{ kind: 'released', module: 'M1' }] } });
  });

  test('all windows that shared the seat are back', () => {
    const windows = seat(seated(), { ...ada, id: 'ada-2' });
    expect(undone(without(windows)).instances.map(({ id }) => id)).toEqual(['ada', 'ada-2']);
  });
});

describe('refused', () => {
  test('under Light, once the holder was told: nothing would end the place that is kept for it', () => {
    const removed = without(seated({ level: 'light', checkIntervalSeconds: 300 }));
    const pollMs = ownPollMs('light', 300, null);
    expect(whyNot(removed, START_MS + pollMs - 1)).toBeNull();
    expect(whyNot(removed, START_MS + pollMs)).toMatchObject({ reason: 'told', stone: { user: 'ada' } });
  });

  test('twice: it is back already, by the first', () => {
    expect(whyNot(undone(without(seated())))).toMatchObject({ reason: 'already back', seat: 'seat-ada' });
  });

  test('the user came back by itself, in the same or another process', () => {
    const two = { modules: [{ module: 'M1', maxUsers: 2 }] };
    const removed = without(seated(two));
    expect(whyNot(seat(removed, ada, 'new'))).toMatchObject({ reason: 'already back', seat: 'new' });
    const other = seat(removed, { ...ada, id: 'ada-2' }, 'new');
    expect(whyNot(other)).toMatchObject({ reason: 'already back', holder: { id: 'ada-2' } });
  });

  test('taken, by whom; also by a waiter to which it was offered', () => {
    expect(whyNot(seat(without(seated()), bob))).toMatchObject({ reason: 'taken', by: [{ id: 'bob' }] });
    const queued = enqueue(contextOf(seated()), { who: bob, module: 'M1', seatId: 'b', waitSeconds: 60 });
    expect(whyNot(without(queued))).toMatchObject({ reason: 'taken', by: [{ id: 'bob' }] });
  });

  test('too old; not known; several; evicted; banned; without its module; of an older version', () => {
    const removed = without(seated());
    expect(whyNot(removed, START_MS + DAY_MS - 1)).toBeNull();
    expect(whyNot(removed, START_MS + DAY_MS)).toMatchObject({ reason: 'too old', keptSeconds: 86_400 });
    expect(whyNot(removed, START_MS, 'seat-zoe')).toEqual({ reason: 'unknown' });
    const both = seat(seat(emptyTable({ modules: [{ module: 'M1', maxUsers: 2 }] }), ada), bob);
    expect(whyNot(without(both), START_MS, 'seat-')).toEqual({ reason: 'ambiguous', seats: 2 });
    const verdicts = [{ instance: 'ada', beat: 1, reason: 'evicted' as const }];
    const evicted = evict(contextOf(seated()), { verdicts, actor: 'bob@pc-bob' })?.licence ?? seated();
    expect(whyNot(evicted)).toMatchObject({ reason: 'not removed', stone: { reason: 'evicted' } });
    const banned = { ...removed, settings: { bans: [{ user: 'ADA', untilAt: toIso(START_MS + 1) }] } };
    expect(whyNot(banned)).toMatchObject({ reason: 'banned', untilAt: toIso(START_MS + 1) });
    expect(whyNot(banned, START_MS + 1)).toBeNull();
    const kept = { ...removed, settings: { reservations: [{ module: 'M1', user: 'bob' }] } };
    expect(whyNot(kept)).toMatchObject({ reason: 'reserved' });
    const own = { ...removed, settings: { reservations: [{ module: 'M1', user: 'ada' }] } };
    expect(whyNot(own)).toBeNull();
    const { entitlement } = emptyTable({ modules: [{ module: 'M2', maxUsers: 1 }] });
    expect(whyNot({ ...removed, entitlement })).toMatchObject({ reason: 'no module' });
    const gone = removed.gone.map(({ was: _, ...stone }) => stone);
    expect(whyNot({ ...removed, gone })).toMatchObject({ reason: 'too old' });
  });

  test('just after a lost table was restored', () => {
    const restored = { at: toIso(START_MS), from: 'folder', revision: 1, lineage: 'l', former: [] };
    const removed = { ...without(seated()), restored };
    expect(whyNot(removed)?.reason).toBe('closed');
    expect(whyNot(removed, START_MS + 3_600_000)).toBeNull();
  });
});

test('whatever is claimed, removed, undone and given back: never a seat too many, and no user has two', () => {
  const people = ['ada', 'bob', 'cyd', 'dee'].map((name) => app(name));
  const act = fc.record({
    what: fc.constantFrom('claim', 'remove', 'gently', 'undo', 'giveBack'),
    who: fc.constantFrom(...people),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), (acts, maxUsers) => {
      let licence = emptyTable({ modules: [{ module: 'M1', maxUsers }] });
      acts.forEach(({ what, who }, n) => {
        licence = after(licence, what, who, `s${n}`);
        expect(seatsInUse(licence).get('M1') ?? 0).toBeLessThanOrEqual(maxUsers);
        const seats = licence.instances.flatMap((one) => one.seats.map(() => one.user));
        expect(new Set(seats).size).toBe(seats.length);
        expect(parseLicence(formatLicence(licence, 'compact'), FILE)).toEqual(licence);
      });
    }),
  );
});

/** What a user, or an administrator, does next; what is refused changes nothing. */
function after(licence: Licence, what: string, who: Requester, seatId: string): Licence {
  const context = contextOf(licence);
  const by = { actor: 'root@desk', words: null, isChosen: (one: { user: string }) => one.user === who.user };
  switch (what) {
    case 'claim': {
      const outcome = claim(context, asking(who, 'M1', seatId));
      return outcome.kind === 'seated' ? outcome.draft.licence : licence;
    }
    case 'remove':
      return remove(context, by)?.licence ?? licence;
    case 'gently':
      return remove(context, { ...by, gently: true })?.licence ?? licence;
    case 'undo': {
      const stone = licence.gone.findLast((one) => one.user === who.user);
      const marked = licence.instances.find((one) => one.user === who.user)?.seats[0];
      const outcome = undo(context, { seat: stone?.seat ?? marked?.id ?? 'none', actor: 'eve@desk' });
      return outcome.kind === 'undone' ? outcome.draft.licence : licence;
    }
    case 'giveBack':
      return giveBack(licence, who.id, null)?.licence ?? licence;
    default:
      return licence;
  }
}
