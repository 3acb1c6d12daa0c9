import { describe, expect, test } from 'vitest';
import type { Licence, Waiter } from '../../src/licence/document.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { claim } from '../../src/rules/claim.js';
import { MOST_OFFERED, offerToWaiters } from '../../src/rules/offers.js';
import { enqueue } from '../../src/rules/queue.js';
import type { Requester } from '../../src/rules/seats.js';
import { app, asking, contextOf, emptyTable, FILE } from './tables.js';

/** A line as it may stand in a file: written by hand, or brought back with an older state. */

const [ada, bob, cy] = [app('ada'), app('bob'), app('cy')] as const;

const place = (who: Requester, seatId = `seat-${who.id}`) => ({ module: 'M1', seatId });
const wait = (licence: Licence, who: Requester) =>
  enqueue(contextOf(licence), { who, ...place(who), waitSeconds: 600 });
function sit(licence: Licence, who: Requester): Licence {
  const outcome = claim(contextOf(licence), asking(who, 'M1', `seat-${who.id}`));
  if (outcome.kind !== 'seated') throw new Error(`no seat for ${who.id}`);
  return outcome.draft.licence;
}

/** What a commit makes of it, read back as everybody reads it. */
function served(licence: Licence): Licence {
  const after = offerToWaiters(contextOf(licence));
  return parseLicence(formatLicence(after?.licence ?? licence, 'compact'), FILE);
}

const empty = emptyTable({ modules: [{ module: 'M1', maxUsers: 2 }] });
const holders = (licence: Licence) => licence.instances.map(({ id }) => id);
const line = (licence: Licence) => licence.waiting.map(({ instance }) => instance);

describe('a line that nobody would write', () => {
  test('who has his seat already is out of it, and keeps one seat', () => {
    const seated = sit(empty, ada);
    const after = served({ ...seated, waiting: wait(empty, ada).waiting });
    expect(after.instances).toEqual(seated.instances);
    expect(line(after)).toEqual([]);
  });

  test('who stands in it twice gets one seat', () => {
    const [twice] = wait(empty, ada).waiting as [Waiter];
    const after = served({ ...empty, waiting: [twice, { ...twice, seat: 'another' }] });
    expect(after.instances).toMatchObject([{ id: 'ada', seats: [{ module: 'M1', given: true }] }]);
    expect(line(after)).toEqual([]);
  });

  test('who waits for a module that is not licensed waits on, and delays nobody', () => {
    const [other] = wait(empty, ada).waiting as [Waiter];
    const after = served({ ...empty, waiting: [{ ...other, module: 'M9' }, ...wait(empty, bob).waiting] });
    expect(holders(after)).toEqual(['bob']);
    expect(line(after)).toEqual(['ada']);
  });

  test('whose seat id is another’s is passed by whoever comes behind him', () => {
    const [same] = wait(empty, bob).waiting as [Waiter];
    const after = served({
      ...sit(empty, ada),
      waiting: [{ ...same, seat: 'seat-ada' }, ...wait(empty, cy).waiting],
    });
    expect(new Set(after.instances.map(({ seats }) => seats[0]?.id)).size).toBe(2);
    expect(holders(after)).toContain('cy');
  });
});

test('a line longer than what one commit gives is seated in several, in its order', () => {
  const [first] = wait(emptyTable({}), ada).waiting as [Waiter];
  const length = 2 * MOST_OFFERED + 5;
  const names = Array.from({ length }, (_, n) => `w-${n}`);
  const waiting = names.map((name) => ({ ...first, instance: name, user: name, seat: `seat-${name}` }));
  const table = { ...emptyTable({ modules: [{ module: 'M1', maxUsers: 10_000 }] }), waiting };
  const once = served(table);
  expect(holders(once)).toEqual(names.slice(0, MOST_OFFERED));
  expect(line(once)).toEqual(names.slice(MOST_OFFERED));
  expect(holders(served(served(once)))).toEqual(names);
});
