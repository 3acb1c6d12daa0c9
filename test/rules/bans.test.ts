import { describe, expect, test } from 'vitest';
import type { Ban } from '../../src/licence/banned.js';
import { type Licence, MAX_LISTED } from '../../src/licence/document.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { toIso } from '../../src/licence/time.js';
import { changeSettings } from '../../src/rules/admin.js';
import { ban, liftBan } from '../../src/rules/bans.js';
import { beat } from '../../src/rules/beat.js';
import { claim } from '../../src/rules/claim.js';
import { offerToWaiters } from '../../src/rules/offers.js';
import { enqueue } from '../../src/rules/queue.js';
import type { Requester } from '../../src/rules/seats.js';
import { statusView } from '../../src/rules/status-view.js';
import { app, asking, contextOf, emptyTable, FILE, START_MS, viewed } from './tables.js';

const [ada, bob, cy] = [app('ada'), app('bob'), app('cy')] as const;
const HOUR_MS = 3_600_000;
const admin = { actor: 'eve@desk', words: 'audit' };

const empty = emptyTable({
  modules: [
    { module: 'M1', maxUsers: 2 },
    { module: 'M2', maxUsers: 2 },
  ],
});
const wait = (licence: Licence, who: Requester) =>
  enqueue(contextOf(licence), { who, module: 'M1', seatId: `seat-${who.id}`, waitSeconds: 600 });
const ask = (licence: Licence, who: Requester, atMs = START_MS, module = 'M1') =>
  claim(contextOf(licence, atMs), asking(who, module, `seat-${who.id}-${module.toLowerCase()}`));
function sit(licence: Licence, who: Requester, module = 'M1'): Licence {
  const outcome = ask(licence, who, START_MS, module);
  if (outcome.kind !== 'seated') throw new Error(`no seat for ${who.id}`);
  return outcome.draft.licence;
}
const banned = (licence: Licence, user: string, forMs: number | null = null, atMs = START_MS) =>
  ban(contextOf(licence, atMs), { user, forMs, ...admin });
const usersIn = ({ instances }: Licence) => instances.map(({ user }) => user);

describe('a ban', () => {
  test('takes the seats of the user in all modules, and the place in the queue, and passes the seat on', () => {
    const full = sit(sit(sit(empty, ada), ada, 'M2'), bob);
    const crowd = wait(wait(full, app('ada2', { user: 'ADA' })), cy);
    const { draft, taken, waited } = banned(crowd, 'ada');
    expect(taken.map(({ seat }) => seat.module)).toEqual(['M1', 'M2']);
    expect(waited.map(({ instance }) => instance)).toEqual(['ada2']);
    expect(usersIn(draft.licence)).toEqual(['bob', 'cy']);
    expect(draft.licence.waiting).toEqual([]);
    expect(draft.licence.gone).toMatchObject([
      { instance: 'ada', module: 'M1', reason: 'banned', actor: 'eve@desk', words: 'audit' },
      { instance: 'ada', module: 'M2', reason: 'banned' },
    ]);
    expect(draft.events.map(({ kind, user }) => `${kind} ${user}`)).toEqual([
      ...['ban set ada', 'banned ada', 'banned ada', 'given cy'],
    ]);
  });

  test('refuses the user on every host, in any case and form of the name, with who, why and until when', () => {
    const { draft } = banned(empty, 'Zoë', HOUR_MS);
    const zoe = app('z', { user: 'ZOE\u0308', host: 'elsewhere' });
    expect(ask(draft.licence, zoe)).toMatchObject({
      kind: 'banned',
      ban: { untilAt: toIso(START_MS + HOUR_MS), actor: 'eve@desk', words: 'audit' },
    });
    expect(ask(draft.licence, zoe, START_MS + HOUR_MS - 1).kind).toBe('banned');
    expect(ask(draft.licence, zoe, START_MS + HOUR_MS).kind).toBe('seated');
    expect(ask(draft.licence, app('zo', { user: 'Zo' })).kind).toBe('seated');
  });

  test.each(['instance', 'host', 'user', 'user@host'] as const)(
    'names a user, whatever is counted: %s',
    (countBy) => {
      const table = emptyTable({ countBy, modules: [{ module: 'M1', maxUsers: 5 }] });
      const { machine, host } = ada;
      const both = sit(sit(table, ada), app('bob', { machine, host }));
      const { licence } = banned(both, 'ada').draft;
      expect(usersIn(licence)).toEqual(['bob']);
      expect(ask(licence, app('ada3', { user: 'ada', machine, host })).kind).toBe('banned');
    },
  );

  test('a user that comes back after a crash is refused, too, and so is one with a seat in another module', () => {
    const { licence } = banned(empty, 'ada').draft;
    const sat = { ...licence, instances: sit(empty, ada).instances };
    expect(ask(sat, ada, START_MS, 'M2').kind).toBe('banned');
    const gone = claim(contextOf(sat), asking({ ...ada, id: 'ada2' }, 'M1', 'x', { isGone: () => true }));
    expect(gone.kind).toBe('banned');
  });

  test('a second one takes the place of the first', () => {
    const first = banned(empty, 'ada', HOUR_MS).draft.licence;
    const second = banned(first, 'ADA', null);
    expect(second.before).toMatchObject({ user: 'ada', untilAt: toIso(START_MS + HOUR_MS) });
    expect(second.draft.licence.settings.bans).toMatchObject([{ user: 'ADA', untilAt: null }]);
  });

  test('of two for one user in the table the longer one counts', () => {
    const bans: Ban[] = [
      { user: 'ada', untilAt: toIso(START_MS + 2 * HOUR_MS) },
      { user: 'Ada', untilAt: toIso(START_MS + HOUR_MS) },
    ];
    const outcome = ask({ ...empty, settings: { bans } }, ada);
    expect(outcome).toMatchObject({ kind: 'banned', ban: bans[0] });
  });

  test('is lifted, and lifting none is nothing; those that ended a day ago go with the next change', () => {
    const both = banned(banned(empty, 'bob', HOUR_MS).draft.licence, 'ada').draft.licence;
    const lift = (user: string, atMs: number) => liftBan(contextOf(both, atMs), { user, ...admin });
    expect(lift('zoe', START_MS)).toBeNull();
    expect(lift('bob', START_MS + HOUR_MS)).toBeNull();
    const lifted = lift('ADA', START_MS + 25 * HOUR_MS);
    expect(lifted?.events).toEqual([{ kind: 'ban lifted', user: 'ADA', ...admin }]);
    expect(lifted?.licence.settings).toEqual({});
    expect(banned(both, 'cy', null, START_MS + 25 * HOUR_MS).draft.licence.settings.bans).toMatchObject([
      { user: 'ada' },
      { user: 'cy' },
    ]);
  });

  test('a clock that is ahead for a while ends no ban of others', () => {
    const timed = banned(banned(empty, 'bob', HOUR_MS).draft.licence, 'ada').draft.licence;
    const aheadMs = START_MS + 24 * HOUR_MS;
    const lifted = liftBan(contextOf(timed, aheadMs), { user: 'ada', ...admin })?.licence ?? timed;
    const more = banned(timed, 'cy', HOUR_MS, aheadMs).draft.licence;
    for (const licence of [lifted, more]) expect(ask(licence, bob).kind).toBe('banned');
    expect(ask(more, bob, START_MS + HOUR_MS).kind).toBe('seated');
    const again = banned(more, 'bob', 2 * HOUR_MS).draft.licence; // one for each user
    expect(again.settings.bans?.filter(({ user }) => user === 'bob')).toHaveLength(1);
  });

  test("those that have ended are in no other ban's way", () => {
    const untilAt = toIso(START_MS - 1);
    const bans = Array.from({ length: MAX_LISTED }, (_, n): Ban => ({ user: `u${n}`, untilAt }));
    const outcome = banned({ ...empty, settings: { bans } }, 'ada');
    expect(outcome.draft.licence.settings.bans).toMatchObject([{ user: 'ada' }]);
  });

  test('there are so many and no more', () => {
    const bans = Array.from({ length: MAX_LISTED }, (_, n): Ban => ({ user: `u${n}`, untilAt: null }));
    const crowd = { ...empty, settings: { bans } };
    expect(() => banned(crowd, 'ada')).toThrow('10000 bans');
    expect(banned(crowd, 'u7').draft.licence.settings.bans).toHaveLength(MAX_LISTED);
  });

  test('status tells those in force', () => {
    const both = banned(banned(empty, 'bob', HOUR_MS).draft.licence, 'ada').draft.licence;
    expect(statusView(contextOf(both, START_MS + HOUR_MS), viewed()).bans).toEqual([
      { user: 'ada', untilAt: null, by: 'eve@desk', words: 'audit', sinceAt: toIso(START_MS) },
    ]);
  });

  test('the settings keep the order of the format, in whatever order they are set', () => {
    const { licence } = banned(empty, 'ada').draft;
    const changed = changeSettings(contextOf(licence), { changes: { level: 'light' }, actor: 'a@b' });
    expect(Object.keys(changed?.licence.settings ?? {})).toEqual(['level', 'bans']);
    const back = parseLicence(formatLicence(licence, 'compact'), FILE);
    expect(back.settings).toEqual(licence.settings);
  });
});

describe('a ban that came into the table without taking the seats', () => {
  const bans: Ban[] = [{ user: 'ada', untilAt: null, actor: 'eve@desk', words: 'audit' }];
  const seats = [{ id: 'seat-ada-m1', module: 'M1', sinceAt: toIso(START_MS), untilAt: null }];
  const state = { who: ada, seats, highestBeat: 1, mayReturn: () => true, returnSeconds: () => 60 };

  test('ends them at the next beat, with a tombstone', () => {
    const outcome = beat(contextOf({ ...sit(empty, ada), settings: { bans } }), state);
    if (outcome.kind !== 'beaten') throw new Error(outcome.kind);
    expect(outcome.record).toBeNull();
    expect(outcome.outcomes.get('M1')).toMatchObject({
      kind: 'lost',
      tombstone: { reason: 'banned', actor: 'eve@desk', words: 'audit' },
    });
    expect(outcome.draft?.licence.instances).toEqual([]);
    expect(outcome.draft?.licence.gone).toMatchObject([{ instance: 'ada', reason: 'banned' }]);
    expect(outcome.draft?.events).toMatchObject([{ kind: 'banned', user: 'ada', seat: 'seat-ada-m1' }]);
  });

  test('puts no record back, and leaves the queue', () => {
    const waiting = wait({ ...empty, settings: { bans } }, ada);
    const outcome = beat(contextOf(waiting), state);
    if (outcome.kind !== 'beaten') throw new Error(outcome.kind);
    expect(outcome.outcomes.get('M1')).toMatchObject({ kind: 'lost', tombstone: { reason: 'banned' } });
    expect(outcome.draft).toMatchObject({ licence: { instances: [], waiting: [] } });
  });

  test('gives no seat to a waiter of that name, and does not stand in the way of the others', () => {
    const served = offerToWaiters(contextOf(wait(wait({ ...empty, settings: { bans } }, ada), bob)));
    expect(served?.licence.waiting).toEqual([]);
    expect(usersIn(served?.licence ?? empty)).toEqual(['bob']);
  });
});
