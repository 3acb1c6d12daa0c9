import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SealedEntitlement } from '../../src/licence/document.js';
import type { Entitlement } from '../../src/licence/entitlement.js';
import { firstLicence } from '../../src/licence/revision.js';
import { formatLicence } from '../../src/licence/text.js';
import { Trust } from '../../src/licence/trust.js';
import { diskFiles } from '../../src/share/disk.js';
import { type Answered, renewalServer } from '../../src/vendor/renewal-server.js';
import { RenewalShelf } from '../../src/vendor/renewal-shelf.js';
import { acme, granted, other, signedBy } from '../helpers/vendor.js';

/** The small server that stands in for the vendor's own: what it serves, and what it is not moved to. */

let root = '';
let shelf = '';
let nowMs = Date.UTC(2026, 10, 21);
let answered: Answered[] = [];
let ends: (() => void)[] = [];

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'seatfile-test-'));
  shelf = path.join(root, 'licences');
  mkdirSync(shelf);
  nowMs = Date.UTC(2026, 10, 21);
  answered = [];
});
afterEach(() => {
  for (const end of ends) end();
  ends = [];
  rmSync(root, { recursive: true });
});

const textOf = (sealed: SealedEntitlement) =>
  formatLicence(firstLicence(sealed, {}, { lineage: 'issued', commit: 'c0' }), 'pretty');
/** Lies on the shelf under this name. */
function put(name: string, changes: Partial<Entitlement> = {}, vendor = acme): string {
  const text = textOf(signedBy(vendor, changes));
  writeFileSync(path.join(shelf, name), text);
  return text;
}

async function serve(
  options: { trust?: Trust; mostASecond?: number; directory?: string } = {},
): Promise<number> {
  const { trust = Trust.in([{ text: acme.pem, where: 'key' }]), directory = shelf, ...rest } = options;
  const server = renewalServer({
    shelf: new RenewalShelf(directory, diskFiles, trust),
    nowMs: () => nowMs,
    onAnswer: (one) => answered.push(one),
    ...rest,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

interface Got {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

function ask(port: number, asked: string, method = 'GET', body?: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const made = request({ port, path: asked, method, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode, body: text, headers: response.headers }),
      );
    });
    made.on('error', reject);
    made.end(body);
  });
}

describe('what it serves', () => {
  test('the newest licence of an id and of a key, as the file stands', async () => {
    const licenceKey = '7K2M-0QXD-94H8';
    put('a.json', { licenceKey, issuedAt: '2026-01-01T00:00:00Z' });
    const text = put('b.json', { licenceKey, issuedAt: '2026-03-01T00:00:00Z' });
    put('c.json', { licenceKey, issuedAt: '2026-02-01T00:00:00Z' });
    const port = await serve();
    for (const name of ['/acme', `/${licenceKey}`, '/acme.json', '/proxied/before/acme?from=app'])
      expect(await ask(port, name), name).toMatchObject({ status: 200, body: text });
    expect((await ask(port, '/acme', 'HEAD')).headers['content-length']).toBe(
      String(Buffer.byteLength(text)),
    );
    expect(answered[0]).toEqual({ status: 200, name: 'acme', report: null });
  });

  test('one that supersedes the licence that is asked for', async () => {
    put('old.json', { licenceId: 'try', evaluation: true });
    const full = put('full.json', { issuedAt: '2026-11-02T00:00:00Z', supersedes: ['try'] });
    const port = await serve();
    expect(await ask(port, '/try')).toMatchObject({ status: 200, body: full });
  });

  test('what is put there while it runs', async () => {
    const port = await serve();
    expect((await ask(port, '/acme')).status).toBe(404);
    put('.new', {});
    renameSync(path.join(shelf, '.new'), path.join(shelf, 'new.json'));
    nowMs += 2000;
    expect((await ask(port, '/acme')).status).toBe(200);
    rmSync(path.join(shelf, 'new.json'));
    nowMs += 2000;
    expect((await ask(port, '/acme')).status).toBe(404);
  });

  test.each<[string, () => void]>([
    ['expired', () => put('x.json', { expiresAt: '2026-11-02T00:00:00Z' })],
    ['not in force yet', () => put('x.json', { notBefore: '2027-01-01T00:00:00Z' })],
    ['of another vendor', () => put('x.json', {}, other)],
    [
      'not signed',
      () => writeFileSync(path.join(shelf, 'x.json'), textOf({ payload: JSON.stringify(granted()) })),
    ],
    ['not a .json', () => put('x.txt')],
    ['garbage', () => writeFileSync(path.join(shelf, 'x.json'), '{"entitlement":')],
    ['no text', () => writeFileSync(path.join(shelf, 'x.json'), Buffer.from([0xff, 0xfe, 0]))],
    ['too large', () => writeFileSync(path.join(shelf, 'x.json'), `${put('y.txt')}${' '.repeat(1_048_576)}`)],
    ['a directory', () => mkdirSync(path.join(shelf, 'x.json'))],
  ])('no file that is %s, and the others all the same', async (_, spoil) => {
    spoil();
    put('good.json', { licenceId: 'good' });
    const port = await serve();
    expect((await ask(port, '/acme')).status).toBe(404);
    expect((await ask(port, '/good')).status).toBe(200);
  });

  test.runIf(process.platform !== 'win32')('no link, wherever it leads', async () => {
    put('../outside.json');
    symlinkSync(path.join(root, 'outside.json'), path.join(shelf, 'x.json'));
    expect((await ask(await serve(), '/acme')).status).toBe(404);
  });
});

describe('what it is not moved to', () => {
  test.each([
    ...[
      '/../outside',
      '/..%2foutside',
      '/%2e%2e/outside',
      '/....//outside',
      '//etc/passwd',
      '/outside%00.json',
    ],
    ...[
      '/',
      '',
      '/licences/',
      '/\\..\\outside',
      '/C:/outside',
      `/${'a'.repeat(7000)}`,
      '/constructor',
      '/__proto__',
    ],
  ])('a path that leaves the directory: %j', async (asked) => {
    writeFileSync(path.join(root, 'outside.json'), 'secret');
    put('good.json');
    const got = await ask(await serve(), asked);
    expect(got.status).toBe(404);
    expect(got.body).not.toContain('secret');
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])('%s', async (method) => {
    put('good.json');
    expect(await ask(await serve(), '/acme', method)).toMatchObject({ status: 405 });
  });

  test('more requests in a second than it is set to answer: the next second it answers again', async () => {
    put('good.json');
    const port = await serve({ mostASecond: 5 });
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await ask(port, '/acme')).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(15);
    nowMs += 1000;
    expect((await ask(port, '/acme')).status).toBe(200);
  });

  test('what is no HTTP ends that connection, and no other', async () => {
    put('good.json');
    const port = await serve();
    const heard = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => socket.write('\u0016\u0003\u0001 garbage\r\n\r\n'));
      socket.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
    });
    expect(heard).toMatch(/^HTTP\/1\.1 400/);
    expect((await ask(port, '/acme')).status).toBe(200);
  });

  test('a head larger than 8 KiB', async () => {
    const port = await serve();
    expect((await ask(port, `/${'a'.repeat(9000)}`)).status).toBe(431);
  });

  test('a directory that is gone is told, and comes back', async () => {
    const port = await serve();
    renameSync(shelf, `${shelf}-away`);
    expect(await ask(port, '/acme')).toMatchObject({ status: 503 });
    renameSync(`${shelf}-away`, shelf);
    put('good.json');
    expect((await ask(port, '/acme')).status).toBe(200);
  });
});

describe('reports', () => {
  test('are told to the vendor on one line', async () => {
    const port = await serve();
    expect((await ask(port, '/acme', 'POST', '{\n "days": []\n}')).status).toBe(204);
    expect(answered).toEqual([{ status: 204, name: 'acme', report: '{"days":[]}' }]);
  });

  test.each([
    ['no JSON', 'days=3', 400],
    ['no object', '[1]', 400],
    ['nothing', '', 400],
    ['more than 64 KiB', `{"a":"${'x'.repeat(65_536)}"}`, 413],
  ])('%s is refused', async (_, body, status) => {
    const port = await serve();
    const got = await ask(port, '/acme', 'POST', body).catch(() => ({ status: 413 }));
    expect(got.status).toBe(status);
    expect(answered.map(({ report }) => report)).toEqual([null]);
  });
});
