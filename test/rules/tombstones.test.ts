import { describe, expect, test } from 'vitest';
import type { CountBy, Licence } from '../../src/licence/document.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { remove } from '../../src/rules/admin.js';
import { claim } from '../../src/rules/claim.js';
import { acknowledgeRemoval } from '../../src/rules/tombstones.js';
import { app, asking, contextOf, emptyTable, FILE } from './tables.js';

/** Ada removed from M1, twice, as `countBy` has it. */
function twiceRemoved(countBy: CountBy): Licence {
  let licence = emptyTable({ countBy, modules: [{ module: 'M1', maxUsers: 9 }] });
  for (const words of ['once', 'twice']) {
    const who = app(`ada-${words}`, { user: 'Ada', host: 'pc-1' });
    const outcome = claim(contextOf(licence), asking(who, 'M1', words));
    if (outcome.kind !== 'seated') throw new Error('there is room');
    const seated = outcome.draft.licence;
    const removal = { actor: 'root@desk', words };
    licence = remove(contextOf(seated), { isChosen: () => true, ...removal })?.licence ?? seated;
  }
  return licence;
}

const told = (licence: Licence, countBy: CountBy, user: string, host: string, module = 'M1') => {
  const context = contextOf(licence);
  const policy = { ...context.policy, countBy };
  const { draft, removed } = acknowledgeRemoval({ ...context, policy }, { user, host, module });
  return { words: removed?.words ?? null, licence: draft?.licence ?? licence };
};

describe('a removal is told once', () => {
  test('the newest is, and all before it are told with it; the table says so, and can be read back', () => {
    const first = told(twiceRemoved('instance'), 'instance', 'ada', 'PC-1');
    expect(first.words).toBe('twice');
    const kept = parseLicence(formatLicence(first.licence, 'compact'), FILE);
    expect(kept.gone.map((stone) => stone.told)).toEqual([true, true]);
    expect(told(kept, 'instance', 'ada', 'pc-1').words).toBeNull();
  });

  test('to nobody else: another user, another computer (but where names alone count), another module', () => {
    const licence = twiceRemoved('user@host');
    expect(told(licence, 'user@host', 'bob', 'pc-1')).toEqual({ words: null, licence });
    expect(told(licence, 'user@host', 'ada', 'pc-2').words).toBeNull();
    expect(told(licence, 'user', 'ada', 'pc-2').words).toBe('twice');
    expect(told(licence, 'user@host', 'ada', 'pc-1', 'M2').words).toBeNull();
  });

  test('an eviction is not told so: nobody decided it', () => {
    const licence = twiceRemoved('user@host');
    const gone = licence.gone.map((stone) => ({ ...stone, reason: 'evicted' as const }));
    expect(told({ ...licence, gone }, 'user@host', 'ada', 'pc-1').words).toBeNull();
  });
});
