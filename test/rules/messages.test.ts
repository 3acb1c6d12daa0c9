import { describe, expect, test } from 'vitest';
import type { Licence } from '../../src/licence/document.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { beat } from '../../src/rules/beat.js';
import { notify } from '../../src/rules/messages.js';
import { seatedTable } from './seated.js';
import { app, contextOf, FILE, START_MS } from './tables.js';

const DAY_MS = 86_400_000;
const said = (licence: Licence, id: string, user = 'user0', nowMs = START_MS): Licence =>
  notify(contextOf(licence, nowMs), {
    ...{ id, words: `words of ${id}`, actor: 'root@desk' },
    isChosen: (record) => record.user === user,
  })?.licence ?? licence;
const idsOf = (licence: Licence, user = 'user0') =>
  licence.instances.find((record) => record.user === user)?.seats[0]?.messages?.map(({ id }) => id);

describe('a message for a holder', () => {
  test('waits in its seat, and in no other; it can be read back; one event for each seat', () => {
    const licence = said(seatedTable(2), 'm1');
    expect(parseLicence(formatLicence(licence, 'compact'), FILE)).toEqual(licence);
    expect([idsOf(licence), idsOf(licence, 'user1')]).toEqual([['m1'], undefined]);
    const draft = notify(contextOf(seatedTable(2)), {
      ...{ isChosen: () => true, id: 'm1', words: 'tea', actor: 'root@desk' },
    });
    expect(draft?.events).toMatchObject([
      { kind: 'notified', user: 'user0', actor: 'root@desk', words: 'tea' },
      { kind: 'notified', user: 'user1', actor: 'root@desk', words: 'tea' },
    ]);
    const none = { isChosen: () => false, id: 'm1', words: 'tea', actor: 'root@desk' };
    expect(notify(contextOf(seatedTable(2)), none)).toBeNull();
  });

  test('to very many seats is one event, and still small enough to publish', () => {
    const words = 'w'.repeat(500);
    const draft = notify(contextOf(seatedTable(10_000)), {
      ...{ isChosen: () => true, id: 'm1', words, actor: 'root@desk' },
    });
    expect(draft?.events).toEqual([{ kind: 'notified', actor: 'root@desk', words, count: 10_000 }]);
    expect(formatLicence(draft?.licence ?? seatedTable(1), 'compact').length).toBeLessThan(15 * 1024 * 1024);
  });

  test('at most four wait: a fifth is refused; and none for more than a day', () => {
    const five = ['m1', 'm2', 'm3', 'm4', 'm5'].reduce((licence, id) => said(licence, id), seatedTable(2));
    expect(idsOf(five)).toEqual(['m1', 'm2', 'm3', 'm4']);
    const isMine = (record: { user: string }) => record.user === 'user0';
    expect(
      notify(contextOf(five), { isChosen: isMine, id: 'm5', words: 'x', actor: 'root@desk' }),
    ).toBeNull();
    const later = said(five, 'm6', 'user1', START_MS + DAY_MS);
    expect([idsOf(later), idsOf(later, 'user1')]).toEqual([undefined, ['m6']]);
  });

  test('a beat takes out what the application was shown, and leaves what came since', () => {
    const licence = said(said(seatedTable(2), 'm1'), 'm2');
    const { id, ...names } = app('user0');
    const outcome = beat(contextOf(licence), {
      ...{ who: { id, ...names }, highestBeat: 1, heard: new Set(['m1']), mayReturn: () => true },
      ...{ seats: licence.instances[0]?.seats ?? [], returnSeconds: () => 60 },
    });
    const after = outcome.kind === 'beaten' ? outcome.draft?.licence : undefined;
    expect(idsOf(after ?? licence)).toEqual(['m2']);
  });
});
