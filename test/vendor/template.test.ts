import { expect, test } from 'vitest';
import type { SealedEntitlement } from '../../src/licence/document.js';
import { sealUnsigned } from '../../src/licence/entitlement.js';
import { firstLicence } from '../../src/licence/revision.js';
import { formatLicence } from '../../src/licence/text.js';
import { Trust } from '../../src/licence/trust.js';
import { readTemplate } from '../../src/vendor/template.js';
import { blocksIn } from '../helpers/pages.js';
import { acme, granted, other, signedBy } from '../helpers/vendor.js';
import { faultOf } from './faults.js';

const trust = Trust.in([{ text: acme.pem, where: 'acme' }]);
const read = (text: string) => readTemplate(text, 'terms.json', trust);
const licenceOf = (sealed: SealedEntitlement): string =>
  formatLicence(firstLicence(sealed, {}, { lineage: 'l1', commit: 'c1' }), 'pretty');
const terms = {
  modules: [{ module: 'CAD', maxUsers: 5, overdraft: 1, countBy: 'host' as const }],
  level: 'light' as const,
  renewal: { from: 'https://acme.example/{key}', everyHours: 24 },
};

test('a file of terms: what it says, without its comment', async () => {
  const text = JSON.stringify({ comment: 'standard', validDays: 365, customer: 'Acme', ...terms });
  expect(await read(text)).toEqual({ terms: { customer: 'Acme', ...terms }, validDays: 365, earlier: null });
});

test('the template of the page is one', async () => {
  const [text = ''] = blocksIn('src/vendor/README.md').flatMap((block) =>
    block.language === 'json' ? [block.text] : [],
  );
  expect(await read(text)).toMatchObject({ validDays: 366, terms: { offlineGraceSeconds: 3600 } });
});

test.each([
  [
    'a mistyped key',
    '{"modul":[]}',
    'terms.json: the document: found the unknown key "modul"; expected a file of terms, or an earlier licence; ' +
      'terms may have $schema, comment, customer, ',
  ],
  [
    'a mistyped key of a module',
    '{"modules":[{"module":"M1","maxUsers":1,"overdaft":1}]}',
    'modules[0]: found the unknown key "overdaft"; expected only module, maxUsers, countBy, overdraft',
  ],
  [
    'deeper still',
    '{"settable":{"checkIntervalSeconds":{"lest":1}}}',
    'settable.checkIntervalSeconds: found the unknown key "lest"; expected only least, most',
  ],
  ['what belongs to one licence', '{"licenceId":"x"}', 'found the unknown key "licenceId"'],
  [
    'a number out of bounds',
    '{"modules":[{"module":"M1","maxUsers":0}]}',
    'modules[0].maxUsers: expected at least 1, found 0',
  ],
  [
    'half a user',
    '{"modules":[{"module":"M1","maxUsers":1.5}]}',
    'modules[0].maxUsers: expected a whole number, found 1.5',
  ],
  ['no modules in the list', '{"modules":[]}', 'modules: expected at least 1 entry, found 0'],
  ['a name too long', `{"customer":"${'x'.repeat(257)}"}`, 'expected at most 256 characters, found 257'],
  ['an unknown level', '{"level":"dark"}', 'level: expected "heartbeat" or "light", found "dark"'],
  ['a text for a number', '{"validDays":"30"}', 'validDays: expected a number, found "30"'],
  ['no module named', '{"modules":[{"maxUsers":1}]}', 'modules[0].module: expected text, found nothing'],
  ['a validity of nothing', '{"validDays":0}', 'validDays: expected at least 1, found 0'],
  [
    'no JSON',
    'modules: M1',
    'terms.json: expected a file of terms, or an earlier licence (JSON), found text that is not JSON',
  ],
  [
    'a list',
    '[]',
    'terms.json: expected a file of terms, or an earlier licence (a JSON object), found a list',
  ],
  [
    'unknown keys',
    '{"name":"x","version":"1"}',
    'found the unknown key "name", and 1 more; expected a file of',
  ],
  ['a prototype', '{"__proto__":{"level":"light"}}', '__proto__'],
])('%s is refused by name', async (_what, text, says) => {
  const { code, message } = await faultOf(read(text));
  expect(code).toBe('LICENCE_INVALID');
  expect(message).toContain(says);
});

test('an earlier licence gives its terms; whose and where it was is no term', async () => {
  const sealed = signedBy(acme, {
    ...{ customer: 'Acme', binding: { paths: ['/srv/acme'] }, expiresAt: '2027-01-01T00:00:00.000Z' },
    ...terms,
  });
  const template = await read(licenceOf(sealed));
  expect(template.earlier).toMatchObject({ verdict: 'valid', granted: { customer: 'Acme' } });
  expect(JSON.parse(JSON.stringify(template.terms))).toEqual(terms);
});

test('an earlier licence that was enlarged is refused; one of another key, and an unsigned one, are told', async () => {
  const sealed = signedBy(acme, { modules: [{ module: 'M1', maxUsers: 5 }] });
  const enlarged = { ...sealed, payload: sealed.payload.replace('"maxUsers":5', '"maxUsers":500') };
  const { code, message } = await faultOf(read(licenceOf(enlarged)));
  expect([code, message]).toEqual(['LICENCE_FORGED', expect.stringContaining('terms.json: ')]);
  expect((await read(licenceOf(signedBy(other)))).earlier?.verdict).toBe('unknown key');
  expect((await read(licenceOf(sealUnsigned(granted())))).earlier?.verdict).toBe('unsigned');
});
