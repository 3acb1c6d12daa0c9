import { describe, expect, test } from 'vitest';
import type { Licence } from '../../src/licence/document.js';
import { type Entitlement, entitlementHash, sealUnsigned } from '../../src/licence/entitlement.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import type { ShareFiles } from '../../src/share/files.js';
import { faulty } from '../helpers/faults.js';
import { bareLicence, Table } from '../helpers/table.js';

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

describe('one that is refused is kept beside it, and the newest revision shown again', () => {
  const signed = { ...fresh(), entitlement: { ...fresh().entitlement, signature: 'abcd' } };
  test.each([
    [
      'of another licence',
      fresh({ licenceId: 'other-2' }),
      /it is licence "other-2"; expected licence "acme-1"/,
    ],
    ['signed', signed, /it is signed, and this version cannot verify signatures/],
    ['invalid', { ...fresh(), revision: -1 }, /revision: .*>=0/],
    ['of a newer format', { ...fresh(), format: 'seatfile/3' } as never, /written by a newer version/],
  ])('%s', async (_, licence, why) => {
    const { table, text } = dropped(licence);
    const writer = table.writer();
    const words = await table.timeline.run(writer.store.settleReplacement(writer.deadline()));
    expect(words).toMatch(why);
    expect(words).toMatch(/kept as \/share\/licence\.json\.refused$/);
    expect(table.server.readText('/share/licence.json.refused')).toBe(text);
    expect(table.shown()).toBe(2);
    expect(table.top().revision).toBe(2);
  });

  test('also behind the next commit', async () => {
    const { table, text } = dropped(fresh({ licenceId: 'other-2' }));
    await table.writer().add('mine');
    expect(table.server.readText('/share/licence.json.refused')).toBe(text);
    expect(table.shown()).toBe(3);
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
    expect(table.shown()).toBe(4);
  });
});

test('garbage is no drop', async () => {
  const { table } = dropped('{"entitlement"');
  const writer = table.writer();
  expect(await table.timeline.run(writer.store.settleReplacement(writer.deadline()))).toBeNull();
});
