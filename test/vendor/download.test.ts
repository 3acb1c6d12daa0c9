import { describe, expect, test } from 'vitest';
import { addressOf, download, MOST_BYTES } from '../../src/vendor/download.js';
import { type Answering, sends, vendorServer } from './vendor-server.js';

/** Against a real HTTP server on this computer: one that is slow, down, lying, or sends what is none of ours. */

const SHORT_MS = 300;
const noProxy = { environment: {} };

test('gives what the address answers, to the byte', async () => {
  const { address, asked } = await vendorServer(sends('{"ä":1}'));
  expect((await download(`${address}/acme`)).toString()).toBe('{"ä":1}');
  expect(asked).toEqual(['GET /acme']);
});

test('posts a text as JSON', async () => {
  let posted = '';
  const { address } = await vendorServer((request, response) => {
    request.on('data', (chunk) => {
      posted += chunk;
    });
    request.on('end', () => response.writeHead(204).end());
    expect(request.headers['content-type']).toBe('application/json');
  });
  expect(await download(address, { post: '{"peak":3}' })).toHaveLength(0);
  expect(posted).toBe('{"peak":3}');
});

test('leaves nothing on the global object', async () => {
  const before = Reflect.ownKeys(globalThis).map(String);
  const { address } = await vendorServer(sends('x'));
  await download(address);
  expect(Reflect.ownKeys(globalThis).map(String)).toEqual(before);
});

describe('a server in trouble', () => {
  const never: Answering = () => undefined;
  const halfABody: Answering = (_, response) => void response.writeHead(200).write('{"half');
  const drip: Answering = (_, response) => {
    response.writeHead(200);
    const dripping = setInterval(() => response.write('x'), 50);
    response.on('close', () => clearInterval(dripping));
  };
  const longer: Answering = (_, response) => {
    response.writeHead(200, { 'content-length': '50' }).write('short');
    setTimeout(() => response.destroy(), 50);
  };
  const huge: Answering = (_, response) => {
    response.writeHead(200);
    const more = () => {
      while (response.write(Buffer.alloc(65_536))) if (response.destroyed) return;
      response.once('drain', more);
    };
    more();
  };
  test.each<[string, Answering, RegExp]>([
    ['that never answers', never, /no whole answer within 0\.3 s/],
    ['that stops in the middle', halfABody, /no whole answer within 0\.3 s/],
    ['that sends a byte now and then', drip, /no whole answer within 0\.3 s/],
    ['that hangs up', (request) => request.socket.destroy(), /no answer \(ECONNRESET\)/],
    ['that promises more than it sends', longer, /no answer \(ECONNRESET\)/],
    ['that sends without end', huge, new RegExp(`more than ${MOST_BYTES} bytes`)],
    ['that says no', sends('no such licence', 404), /found status 404/],
    ['that is broken', sends('', 500), /found status 500/],
    ['that answers no HTTP', (request) => void request.socket.end('hello\n'), /no answer \(HPE_INVALID/],
  ])('%s', async (_, answer, why) => {
    const { address } = await vendorServer(answer);
    const failure = download(`${address}/acme`, { timeoutMs: SHORT_MS, ...noProxy });
    await expect(failure).rejects.toThrow(why);
    await expect(failure).rejects.toMatchObject({ code: 'RENEWAL_FAILED' });
  });

  test('that is down', async () => {
    const { address, end } = await vendorServer(sends('x'));
    await end();
    await expect(download(`${address}/acme`, noProxy)).rejects.toThrow(
      new RegExp(`^${address}/acme: no answer \\(ECONNREFUSED\\)$`),
    );
  });

  test('where a web proxy is set: the fault says that it is not used', async () => {
    const { address, end } = await vendorServer(sends('x'));
    await end();
    await expect(download(address, { environment: { HTTPS_PROXY: 'http://proxy:3128' } })).rejects.toThrow(
      /HTTPS_PROXY names a web proxy, which is not used for this; let the vendor give a path/,
    );
  });

  test('is given up at once when the caller has enough', async () => {
    const { address } = await vendorServer(never);
    const enough = new AbortController();
    const asked = download(address, { signal: enough.signal, ...noProxy });
    enough.abort();
    await expect(asked).rejects.toMatchObject({ code: 'RENEWAL_FAILED' });
  });
});

describe('redirections', () => {
  test('on the same host are followed', async () => {
    const { address, asked } = await vendorServer((request, response) =>
      request.url === '/old'
        ? sends('', 302, { location: '/new' })(request, response)
        : sends('x')(request, response),
    );
    expect((await download(`${address}/old`)).toString()).toBe('x');
    expect(asked).toEqual(['GET /old', 'GET /new']);
  });

  test('in a circle end', async () => {
    const { address, asked } = await vendorServer(sends('', 301, { location: '/again' }));
    await expect(download(address)).rejects.toThrow('more than 3 redirections');
    expect(asked).toHaveLength(4);
  });

  test.each([
    'http://127.0.0.1:1/',
    'https://evil.example/',
    '//evil.example/',
    'file:///etc/passwd',
    'http://[',
  ])('to another place are not: %j', async (location) => {
    const { address, asked } = await vendorServer(sends('', 302, { location }));
    await expect(download(address)).rejects.toThrow(/redirects to another place|status 302/);
    expect(asked).toHaveLength(1);
  });
});

describe('addresses', () => {
  test.each([
    'https://acme.example/x',
    'http://localhost:8/',
    'http://127.0.0.1/',
    'http://127.9.9.9/',
    'http://[::1]:8/',
  ])('%s is one', (text) => expect(addressOf(text).href).toContain(text));

  test.each([
    ...[
      'http://acme.example/',
      'http://localhost.evil.example/',
      'http://127.0.0.1.evil.example/',
      'ftp://acme/',
    ],
    ...['http://2130706433.example/', 'file:///etc/passwd', 'https://', 'acme', '', 'http://[::2]/'],
  ])('%j is none', (text) => {
    expect(() => addressOf(text)).toThrow(/renewal\.from: expected an address like https/);
  });

  test('a name and a password in one are not told', async () => {
    const { address } = await vendorServer(sends('', 500));
    const withSecret = address.replace('//', '//ada:secret@');
    await expect(download(`${withSecret}/x?token=abc`)).rejects.toThrow(`${address}/x: expected`);
  });
});
