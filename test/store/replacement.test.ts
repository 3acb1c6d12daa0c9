import { describe, expect, test } from 'vitest';
import type { Licence, Settings } from '../../src/licence/document.js';
import { type Entitlement, entitlementHash, sealUnsigned } from '../../src/licence/entitlement.js';
import type { ChangeContext } from '../../src/licence/revision.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { Trust } from '../../src/licence/trust.js';
import { changeSettings } from '../../src/rules/admin.js';
import type { JudgePlace, PlaceVerdict } from '../../src/share/binding.js';
import type { ShareFiles } from '../../src/share/files.js';
import type { Change } from '../../src/store/commit.js';
import { faulty } from '../helpers/faults.js';
import { bareLicence, Table } from '../helpers/table.js';
import { acme, other, signedBy, type TestVendor } from '../helpers/vendor.js';

/** A new file dropped over `licence.json`: how administrators install things. */

const granted: Entitlement = {
  licenceId: 'acme-1',
  issuedAt: '2026-01-01T00:00:00Z',
  modules: [{ module: 'M1', maxUsers: 99 }],
};
const fresh = (change: Partial<Entitlement> = {}, rest: Partial<Licence> = {}): Licence => ({
  ...bareLicence(),
  lineage: 'lineage-2',
  entitlement: sealUnsigned({ ...granted, ...change }),
  ...rest,
});

function dropped(licence: Licence | string): { table: Table; text: string } {
  const table = new Table();
  table.grow(2);
  const text = typeof licence === 'string' ? licence : formatLicence(licence, 'pretty');
  table.server.scribble(table.paths.licenceFile, text);
  return { table, text };
}

describe('one of the same licence is adopted as it is', () => {
  const settings = { checkIntervalSeconds: 77 };
  const isAdopted = (table: Table) => {
    const top = table.top();
    expect(top).toMatchObject({ entitlement: fresh().entitlement, settings, lineage: 'lineage-1' });
    expect(top.formerEntitlements).toEqual([entitlementHash(bareLicence().entitlement)]);
    expect(top.events).toMatchObject([{ kind: 'installed', actor: 'ada@pc-1' }]);
    expect(table.tally()).toContain('w2');
    expect(parseLicence(table.server.readText(table.paths.licenceFile), '')).toEqual(top);
  };

  test('behind the next commit', async () => {
    const { table } = dropped(fresh({}, { settings }));
    await table.writer().add('mine');
    isAdopted(table);
    expect(table.top().revision).toBe(4);
  });

  test('by whoever looks and holds a seat', async () => {
    const { table } = dropped(fresh({}, { settings }));
    const writer = table.writer();
    const words = await table.timeline.run(writer.store.settleReplacement(writer.deadline()));
    expect(words).toBe('was replaced by a new one, which is in force now');
    isAdopted(table);
    expect(await table.timeline.run(writer.store.settleReplacement(writer.deadline()))).toBeNull();
  });

  test('once, when two do so at the same time', async () => {
    const { table } = dropped(fresh({}, { settings }));
    const writers = [table.writer(), table.writer()];
    await table.timeline.run(Promise.all(writers.map((one) => one.store.settleReplacement(one.deadline()))));
    isAdopted(table);
    expect(table.top().revision).toBe(3);
  });

  test('a seat table in it is not read', async () => {
    const { table } = dropped(fresh({}, { settings, revision: 900 }));
    await table.writer().add('mine');
    expect(table.top().revision).toBe(4);
    expect(table.tally()).toEqual(['w1', 'w2', 'mine']);
  });

  test('one with nothing new in it is written over', async () => {
    const { table } = dropped({ ...bareLicence(), lineage: 'lineage-2' });
    await table.writer().add('mine');
    expect(table.shown()).toBe(3);
    expect(table.top().revision).toBe(3);
  });
});

test('the signed licence that is in force, as the vendor sent it, is written over without a key', async () => {
  const { table } = dropped({ ...bareLicence(), lineage: 'issued', entitlement: signedBy(acme) });
  const writer = table.writer();
  const signed = ({ licence }: ChangeContext) => ({
    answer: null,
    draft: { licence: { ...licence, entitlement: signedBy(acme) }, events: [] },
  });
  await table.timeline.run(writer.store.commit(signed, writer.deadline()));
  await table.timeline.advance(10_000);
  expect(table.shown()).toBe(3);
  expect(parseLicence(table.server.readText(table.paths.licenceFile), '')).toEqual(table.top());
});

describe('one that is refused is kept beside it, and the newest revision shown again', () => {
  test.each([
    [
      'of another licence',
      fresh({ licenceId: 'other-2' }),
      /it is licence "other-2"; expected licence "acme-1"/,
    ],
    ['invalid', { ...fresh(), revision: -1 }, /revision: expected at least 0, found -1/],
    [
      'expired',
      fresh({ expiresAt: '2026-01-02T00:00:00Z' }),
      /it expired 2026-01-02.*expected one that is in force/,
    ],
    ['of a newer format', { ...fresh(), format: 'seatfile/3' } as never, /written by a newer version/],
  ])('%s', async (_, licence, why) => {
    const { table, text } = dropped(licence);
    const writer = table.writer();
    const words = await table.timeline.run(writer.store.settleReplacement(writer.deadline()));
    expect(words).toMatch(why);
    expect(words).toMatch(/kept as \/share\/licence\.json\.refused$/);
    expect(table.server.readText('/share/licence.json.refused')).toBe(text);
    expect(table.shown()).toBe(3);
    const told = { kind: 'refused replacement', actor: 'ada@pc-1', why: expect.stringMatching(why) };
    expect(table.top().events).toMatchObject([told]);
    expect(table.top()).toMatchObject({ revision: 3, entitlement: bareLicence().entitlement });
  });

  test('also behind the next commit', async () => {
    const { table, text } = dropped(fresh({ licenceId: 'other-2' }));
    await table.writer().add('mine');
    expect(table.server.readText('/share/licence.json.refused')).toBe(text);
    expect(table.shown()).toBe(4);
  });

  test('by one of two, which tells the journal once', async () => {
    const { table } = dropped(fresh({ licenceId: 'other-2' }));
    const writers = [table.writer(), table.writer()];
    await table.timeline.run(Promise.all(writers.map((one) => one.store.settleReplacement(one.deadline()))));
    expect(table.top()).toMatchObject({ revision: 3, events: [{ kind: 'refused replacement' }] });
  });

  test('a share that will not have it is asked again: the next one tries', async () => {
    const { table, text } = dropped(fresh({ licenceId: 'other-2' }));
    const wrap = (files: ShareFiles) =>
      faulty(files, (operation, path) =>
        operation === 'rename' && path === table.paths.licenceFile
          ? { kind: 'refuse', error: 'refused' }
          : null,
      );
    expect((await table.writer({ wrap }).add('one')).published).toBe(true);
    expect(table.server.readText(table.paths.licenceFile)).toBe(text);
    await table.writer().add('two');
    expect(table.shown()).toBe(5);
  });
});

describe('a signed one', () => {
  const key = Trust.in([{ text: acme.pem, where: 'key' }]);
  const issuedAt = '2026-06-01T00:00:00.000Z';
  const signed = (vendor: TestVendor, changes: Partial<Entitlement> = {}): Licence => ({
    ...fresh(),
    entitlement: signedBy(vendor, { ...granted, issuedAt, ...changes }),
    settings: { checkIntervalSeconds: 77 },
  });
  /** A table of a signed licence, and a new file over it. */
  function over(licence: Licence): Table {
    const table = new Table();
    table.makeRevision({ ...signed(acme, { issuedAt: '2026-05-01T00:00:00.000Z' }), settings: {} });
    table.server.scribble(table.paths.licenceFile, formatLicence(licence, 'pretty'));
    return table;
  }
  const settle = (table: Table, trust: Trust) => {
    const writer = table.writer({ trust });
    return table.timeline.run(writer.store.settleReplacement(writer.deadline()));
  };

  test('that was issued later is installed by a process that has the key; the settings stay', async () => {
    const next = signed(acme, { modules: [{ module: 'M1', maxUsers: 3 }] });
    const table = over(next);
    expect(await settle(table, key)).toBe('was replaced by a new one, which is in force now');
    expect(table.top()).toMatchObject({ entitlement: next.entitlement, settings: {}, revision: 1 });
    expect(table.top().events).toMatchObject([
      { kind: 'installed', actor: 'ada@pc-1', licenceId: 'acme-1', issuedAt },
    ]);
    expect(table.shown()).toBe(1);
  });

  test('is left as it is by one without a key, for another that has it', async () => {
    const table = over(signed(acme));
    const before = table.server.readText(table.paths.licenceFile);
    expect(await settle(table, Trust.none)).toMatch(/is left as it is: this application has no public key/);
    expect(table.server.readText(table.paths.licenceFile)).toBe(before);
    expect(table.top().revision).toBe(0);
    expect(await settle(table, key)).toMatch(/in force now/);
  });

  test('is left as it is by one that does not know its key, for another that does', async () => {
    const next = signed(other);
    const table = over(next);
    const before = table.server.readText(table.paths.licenceFile);
    const words = await settle(table, key);
    expect(words).toMatch(
      /is left as it is: this application does not know the key "[0-9a-f]{16}" that it names/,
    );
    expect(table.server.readText(table.paths.licenceFile)).toBe(before);
    expect(table.top().revision).toBe(0);
    const both = Trust.in([acme, other].map(({ pem }) => ({ text: pem, where: 'key' })));
    expect(await settle(table, both)).toMatch(/in force now/);
    expect(table.top().entitlement).toEqual(next.entitlement);
  });

  describe('whose settings were edited', () => {
    const settable = { checkIntervalSeconds: { least: 30, most: 300 } };
    function edited(settings: Settings): Table {
      const table = new Table();
      table.makeRevision({ ...signed(acme, { settable }), settings: {} });
      const text = formatLicence({ ...table.top(), settings }, 'pretty');
      table.server.scribble(table.paths.licenceFile, text);
      return table;
    }

    test('beyond what it allows is refused and kept, with all of the edit', async () => {
      const table = edited({ level: 'light', checkIntervalSeconds: 77 });
      const text = table.server.readText(table.paths.licenceFile);
      const why = /issued with this level: heartbeat; expected a setting within that, found light/;
      const words = await settle(table, key);
      expect(words).toMatch(why);
      expect(words).toMatch(/kept as .*\.refused$/);
      expect(table.server.readText('/share/licence.json.refused')).toBe(text);
      expect(table.top()).toMatchObject({
        settings: {},
        events: [{ kind: 'refused replacement', why: expect.stringMatching(why) }],
      });
      expect(table.shown()).toBe(table.top().revision);
    });

    test.each([
      ['with the key', key],
      ['without one', Trust.none],
    ])('within it is set by a process %s', async (_, trust) => {
      const table = edited({ checkIntervalSeconds: 77 });
      expect(await settle(table, trust)).toMatch(/its changed settings are in force now/);
      expect(table.top().settings).toEqual({ checkIntervalSeconds: 77 });
    });
  });

  const forged = {
    ...signed(acme),
    entitlement: { ...signed(acme).entitlement, payload: '{"licenceId":"acme-1"}' },
  };
  test.each([
    ['changed after it was signed', forged, /changed after it was signed/],
    ['not signed', fresh({ issuedAt }), /expected a licence signed/],
    ['issued earlier', signed(acme, { issuedAt: '2026-04-01T00:00:00.000Z' }), /it was issued 2026-04-01/],
    [
      'of another licence',
      signed(acme, { licenceId: 'other-2' }),
      /expected licence "acme-1", or one that supersedes/,
    ],
    ['expired', signed(acme, { expiresAt: '2026-06-02T00:00:00.000Z' }), /it expired 2026-06-02/],
  ])('%s is refused and kept', async (_, licence, why) => {
    const table = over(licence);
    const text = table.server.readText(table.paths.licenceFile);
    expect(await settle(table, key)).toMatch(why);
    expect(table.server.readText('/share/licence.json.refused')).toBe(text);
    expect(table.top().events).toMatchObject([{ kind: 'refused replacement' }]);
    expect(table.top().entitlement).toEqual(
      signed(acme, { issuedAt: '2026-05-01T00:00:00.000Z' }).entitlement,
    );
  });

  test('that supersedes the installed one is installed under its own id', async () => {
    const table = over(signed(acme, { licenceId: 'acme-2', supersedes: ['acme-1'] }));
    expect(await settle(table, key)).toMatch(/in force now/);
    expect(table.top().events).toMatchObject([{ kind: 'installed', licenceId: 'acme-2' }]);
  });
});

describe('one that is bound to a place', () => {
  const bound = fresh({ binding: { paths: ['//srv/acme'] } });
  const settle = (table: Table, judgePlace: JudgePlace) => {
    const writer = table.writer({ judgePlace });
    return table.timeline.run(writer.store.settleReplacement(writer.deadline()));
  };
  const says = (verdict: PlaceVerdict) => async () => verdict;
  const elsewhere = says({ kind: 'elsewhere', why: 'it belongs to //srv/acme' });
  const here = says({ kind: 'here' });

  test('elsewhere is refused, kept and told; the licence in force stays', async () => {
    const { table, text } = dropped(bound);
    const asked: (readonly string[])[] = [];
    const words = await settle(table, async (boundTo) => {
      asked.push(boundTo);
      return await elsewhere();
    });
    expect(asked).toEqual([['//srv/acme']]);
    expect(words).toMatch(/is refused: it belongs to \/\/srv\/acme; it is kept as/);
    expect(table.server.readText('/share/licence.json.refused')).toBe(text);
    expect(table.top()).toMatchObject({
      entitlement: bareLicence().entitlement,
      events: [{ kind: 'refused replacement', why: 'it belongs to //srv/acme' }],
    });
    expect(table.shown()).toBe(3);
  });

  test('also behind the next commit', async () => {
    const { table, text } = dropped(bound);
    await table.writer({ judgePlace: elsewhere }).add('mine');
    expect(table.server.readText('/share/licence.json.refused')).toBe(text);
    expect(table.top().entitlement).toEqual(bareLicence().entitlement);
  });

  test.each([
    ['may be here', says({ kind: 'unsure', why: 'it may be here' }), /left as it is: it may be here/],
    ['is not told', () => Promise.reject(new Error('silent')), /left as it is: silent/],
  ])('%s, and is left for a process that can tell', async (_, unsure, words) => {
    const { table, text } = dropped(bound);
    expect(await settle(table, unsure)).toMatch(words);
    expect(table.server.readText(table.paths.licenceFile)).toBe(text);
    expect(table.top().revision).toBe(2);
    expect(await settle(table, here)).toMatch(/in force now/);
    expect(table.top().entitlement).toEqual(bound.entitlement);
  });

  test('by the binding that is in force is not asked about', async () => {
    const { table } = dropped(bound);
    await settle(table, here);
    const next = fresh({ binding: { paths: ['//srv/acme'] }, issuedAt: '2026-02-01T00:00:00Z' });
    table.server.scribble(table.paths.licenceFile, formatLicence(next, 'pretty'));
    expect(await settle(table, elsewhere)).toMatch(/in force now/);
  });
});

describe('settings that an administrator edits in licence.json', () => {
  function edited(edit: (shown: Licence) => Licence, settings: Settings = {}): Table {
    const table = new Table();
    table.makeRevision({ ...bareLicence(), settings });
    table.server.scribble(table.paths.licenceFile, formatLicence(edit(table.top()), 'pretty'));
    return table;
  }
  const settle = (table: Table) => {
    const writer = table.writer();
    return table.timeline.run(writer.store.settleReplacement(writer.deadline()));
  };

  test('are in force with the next look, and nothing else of the edit is', async () => {
    const table = edited((shown) => ({
      ...shown,
      settings: { level: 'light' },
      gone: [],
      lastEventHash: null,
    }));
    table.grow(2);
    expect(await settle(table)).toMatch(/its changed settings are in force now/);
    expect(table.top()).toMatchObject({ settings: { level: 'light' }, revision: 3 });
    expect(table.top().events).toMatchObject([{ kind: 'settings', settings: { level: 'light' } }]);
    expect(table.tally()).toEqual(['w1', 'w2']);
    expect(table.shown()).toBe(3);
  });

  test('are joined with what was set meanwhile', async () => {
    const table = edited(
      (shown) => ({ ...shown, settings: { ...shown.settings, checkIntervalSeconds: 77 } }),
      {
        level: 'light',
      },
    );
    const writer = table.writer();
    const change: Change<null> = (context) => ({
      answer: null,
      draft: changeSettings(context, { changes: { journalMonths: 3 }, actor: 'root@pc-1' }),
    });
    await table.timeline.run(writer.store.commit(change, writer.deadline()));
    await settle(table);
    expect(table.top().settings).toEqual({ level: 'light', checkIntervalSeconds: 77, journalMonths: 3 });
  });

  test('can be taken out', async () => {
    const table = edited((shown) => ({ ...shown, settings: {} }), { level: 'light' });
    await settle(table);
    expect(table.top().settings).toEqual({});
  });

  test('that cannot be are refused with the file, and told', async () => {
    const table = edited((shown) => ({ ...shown, settings: { checkIntervalSeconds: -5 } }));
    expect(await settle(table)).toMatch(/settings\.checkIntervalSeconds.*kept as .*\.refused$/);
    expect(table.top().settings).toEqual({});
  });

  test('an older state of the file is no edit', async () => {
    const table = edited((shown) => shown);
    await table.timeline.run(Promise.resolve());
    const writer = table.writer();
    const change: Change<null> = (context) => ({
      answer: null,
      draft: changeSettings(context, { changes: { level: 'light' }, actor: 'root@pc-1' }),
    });
    await table.timeline.run(writer.store.commit(change, writer.deadline()));
    expect(await settle(table)).toBeNull();
    expect(table.top().settings).toEqual({ level: 'light' });
  });
});

test('garbage is no drop', async () => {
  const { table } = dropped('{"entitlement"');
  const writer = table.writer();
  expect(await table.timeline.run(writer.store.settleReplacement(writer.deadline()))).toBeNull();
});
