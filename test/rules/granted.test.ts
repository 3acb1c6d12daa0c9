import { describe, expect, test } from 'vitest';
import type { Licence, Settings } from '../../src/licence/document.js';
import type { Entitlement } from '../../src/licence/entitlement.js';
import { changeSettings } from '../../src/rules/admin.js';
import { claim } from '../../src/rules/claim.js';
import { acme, signedBy } from '../helpers/vendor.js';
import { app, asking, contextOf, emptyTable, START_MS } from './tables.js';

/** What the vendor grants decides, where the settings say otherwise and where they are silent. */

const signed = (granted: Partial<Entitlement>, settings: Settings = {}): Licence => ({
  ...emptyTable({}, settings),
  entitlement: signedBy(acme, granted),
});
const set = (licence: Licence, changes: Settings) =>
  changeSettings(contextOf(licence), { changes, actor: 'admin@desk' });

describe('an administrator changes what a signed licence leaves open', () => {
  const modules = [{ module: 'M1', maxUsers: 10 }];

  test.each<[string, Partial<Entitlement>, Settings, string]>([
    ['the level', {}, { level: 'light' }, 'level: heartbeat; expected a setting within that, found light'],
    ['a longer interval', {}, { checkIntervalSeconds: 301 }, 'check interval: 1 s to 300 s; expected'],
    [
      'a fixed interval',
      { checkIntervalSeconds: 60 },
      { checkIntervalSeconds: 30 },
      'check interval: 60 s; ',
    ],
    [
      'grace',
      {},
      { offlineGraceSeconds: 1 },
      'offline grace: none; expected a setting within that, found 1 s',
    ],
    ['more grace', { offlineGraceSeconds: 60 }, { offlineGraceSeconds: 61 }, 'offline grace: 60 s at most; '],
    [
      'an interval beyond its caps',
      { settable: { checkIntervalSeconds: { least: 60, most: 90 } } },
      { checkIntervalSeconds: 30 },
      'check interval: 60 s to 90 s; ',
    ],
  ])('%s is refused, with what the licence says', (_name, granted, changes, words) => {
    const act = () => set(signed({ modules, ...granted }), changes);
    expect(act).toThrow(words);
    expect(act).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
  });

  test.each<[string, Partial<Entitlement>, Settings]>([
    ['a shorter interval', {}, { checkIntervalSeconds: 299 }],
    ['a level that is open', { settable: { level: true } }, { level: 'light' }],
    ['the level that it has', {}, { level: 'heartbeat' }],
    ['grace within the cap', { offlineGraceSeconds: 60 }, { offlineGraceSeconds: 60 }],
    ['answers on demand', {}, { onDemand: { answerWithinSeconds: 20 } }],
    ['a setting taken back', {}, { offlineGraceSeconds: undefined, journalMonths: 3 }],
  ])('%s is changed', (_name, granted, changes) => {
    expect(set(signed({ modules, ...granted }), changes)?.events).toMatchObject([{ kind: 'settings' }]);
  });

  test('of an unsigned licence everything is', () => {
    const changes: Settings = { level: 'light', checkIntervalSeconds: 86_400, offlineGraceSeconds: 3600 };
    expect(set(emptyTable({ modules }), changes)).not.toBeNull();
  });
});

describe('a module counts its users in its own way', () => {
  const licence = signed({
    countBy: 'instance',
    modules: [
      { module: 'M1', maxUsers: 1 },
      { module: 'M2', maxUsers: 1, countBy: 'user' },
      { module: 'M3', maxUsers: 1, countBy: 'host' },
    ],
  });
  const machine = { pids: 'p', host: 'h', installation: 'i' };
  const answers = (module: string, first: ReturnType<typeof app>, second: ReturnType<typeof app>) => {
    const one = claim(contextOf(licence), asking(first, module, 's1'));
    if (one.kind !== 'seated') throw new Error('expected a seat');
    return claim(contextOf(one.draft.licence), asking(second, module, 's2')).kind;
  };
  const ada = (id: string, facts: object = {}) => app(id, { user: 'ada', host: 'pc', machine, ...facts });

  test.each([
    ['M1: an instance', 'M1', ada('a'), ada('b'), 'full'],
    ['M2: a name, wherever it is', 'M2', ada('a'), app('b', { user: 'Ada' }), 'seated'],
    ['M2: another name on the same computer', 'M2', ada('a'), ada('b', { user: 'bob' }), 'full'],
    ['M3: a computer', 'M3', ada('a'), ada('b', { user: 'bob' }), 'seated'],
    ['M3: another computer', 'M3', ada('a'), app('b', { user: 'ada' }), 'full'],
  ])('%s', (_name, module, first, second, kind) => {
    expect(answers(module, first, second)).toBe(kind);
  });

  test('a user that comes back after a crash has its seat again, by the counting of the module', () => {
    const one = claim(contextOf(licence), asking(ada('a'), 'M2', 's1'));
    if (one.kind !== 'seated') throw new Error('expected a seat');
    const back = asking(ada('b'), 'M2', 's2', { isGone: () => true });
    expect(claim(contextOf(one.draft.licence, START_MS + 1000), back)).toMatchObject({
      record: { id: 'b', seats: [{ id: 's1', module: 'M2' }] },
    });
  });
});
