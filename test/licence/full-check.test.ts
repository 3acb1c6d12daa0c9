import { beforeEach, expect, test, vi } from 'vitest';
import type * as Door from '../../src/licence/full-check-door.js';
import { bareLicence } from '../helpers/table.js';

/** As in a process that has just started: nothing of the full check is loaded. */
async function fresh() {
  const door = (await import('../../src/licence/full-check-door.js')) as typeof Door;
  const { parseLicence, formatLicence } = await import('../../src/licence/text.js');
  const { readPolicy } = await import('../../src/licence/entitlement.js');
  return { ...door, parseLicence, formatLicence, readPolicy };
}

beforeEach(() => {
  vi.resetModules();
});

test('a document as seatfile writes it needs no full check, on a leap day neither', async () => {
  const { parseLicence, formatLicence } = await fresh();
  const licence = { ...bareLicence(), committedAt: '2028-02-29T09:30:00.000Z' };
  expect(parseLicence(formatLicence(licence, 'pretty'), 'x')).toEqual(licence);
});

test('any other document does: it is loaded then, and says what is wrong', async () => {
  const { parseLicence, withFullCheck, FullCheckWanted } = await fresh();
  const text = JSON.stringify({ ...bareLicence(), revision: -1 });
  expect(() => parseLicence(text, 'x')).toThrow(FullCheckWanted);
  await expect(withFullCheck(() => parseLicence(text, 'x'))).rejects.toThrow(
    'x: revision: expected at least 0, found -1',
  );
  expect(() => parseLicence(text, 'x')).toThrow('x: revision: expected at least 0, found -1');
});

test('a later format is told without it', async () => {
  const { parseLicence } = await fresh();
  expect(() => parseLicence('{"format":"seatfile/3"}', 'x')).toThrow('written by a newer version');
  expect(() => parseLicence('[]', 'x')).toThrow('expected a seatfile licence (a JSON object), found a list');
});

test('an entitlement does so too', async () => {
  const { readPolicy, withFullCheck, FullCheckWanted } = await fresh();
  const payload = JSON.stringify({ licenceId: 'a', issuedAt: '2026-11-21T09:30:00.000Z', modules: [] });
  const read = () => readPolicy({ ...bareLicence(), entitlement: { payload } });
  expect(read).toThrow(FullCheckWanted);
  await expect(withFullCheck(read)).rejects.toThrow('entitlement.payload: modules');
});

test('where it cannot be loaded, that is said; what needs none goes on', async () => {
  vi.doMock('../../src/licence/full-check.js', () => {
    throw new Error('gone');
  });
  const { parseLicence, formatLicence, withFullCheck } = await fresh();
  await expect(withFullCheck(() => parseLicence('{"format":"seatfile/2"}', 'x'))).rejects.toMatchObject({
    code: 'LICENCE_NEWER', // what is thrown away as damaged would be rebuilt
    message: expect.stringContaining('start the application again'),
  });
  expect(parseLicence(formatLicence(bareLicence(), 'compact'), 'x')).toEqual(bareLicence());
  vi.doUnmock('../../src/licence/full-check.js');
});
