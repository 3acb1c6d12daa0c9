import dns, { type LookupOptions } from 'node:dns';
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { SeatfileFault } from '../licence/fault.js';
import { tracked } from '../share/hung-exit.js';

/**
 * One request to the vendor's address. `node:https`, and not `fetch`: fetch would bring a second HTTP client of a
 * megabyte into the application, and leaves a dispatcher on the global object. What is loaded here is loaded by the
 * first renewal, and by nothing else.
 */

export interface DownloadOptions {
  /** What is posted, as JSON; without it the address is only read. */
  readonly post?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For the whole of it. Milliseconds. @default 30,000 */
  readonly timeoutMs?: number;
  /** For the text of a fault: which proxies are set. @default the process's own */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export type Download = (address: string, options: DownloadOptions) => Promise<Uint8Array>;

/** Bytes. A licence of a thousand modules has a tenth of it. */
export const MOST_BYTES = 1_048_576;
const TIMEOUT_MS = 30_000;
const MOST_REDIRECTS = 3;

/**
 * The body of the answer. A process that has nothing else to do does not wait for it, once the name of the host is
 * found: that look-up cannot be given up.
 * @throws SeatfileFault BAD_ARGUMENT for an address that is none; RENEWAL_FAILED with what came instead
 */
export async function download(address: string, options: DownloadOptions = {}): Promise<Buffer> {
  const { timeoutMs = TIMEOUT_MS } = options;
  const late = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
  let url = addressOf(address);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const answer = await ask(url, { ...options, signal }).catch((error: unknown) => {
      throw late.aborted
        ? failed(url, `no whole answer within ${timeoutMs / 1000} s`, error)
        : unanswered(url, error, options.environment ?? process.env);
    });
    if (!('location' in answer)) return answer.body;
    url = redirected(url, answer.location);
  }
  throw failed(url, `more than ${MOST_REDIRECTS} redirections`);
}

/** @throws SeatfileFault BAD_ARGUMENT: neither https nor http to this very computer */
export function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLoopback = url !== null && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) return url;
  throw new SeatfileFault(
    'BAD_ARGUMENT',
    `renewal.from: expected an address like https://licences.acme.example/{key}, http:// to this computer only, ` +
      `or a path; got ${JSON.stringify(text.slice(0, 200))}`,
  );
}

/** Another host would be asked for the licence, or told of it, that the vendor did not name. */
function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : null;
  if (to === null || to.host !== from.host || to.protocol !== from.protocol)
    throw failed(from, `it redirects to another place (${location.slice(0, 200)}), which is not followed`);
  return to;
}

type Answer = { readonly body: Buffer } | { readonly location: string };

function ask(url: URL, { post, signal }: DownloadOptions): Promise<Answer> {
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    ...(post !== undefined && {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(post),
    }),
  };
  const options: RequestOptions = {
    method: post === undefined ? 'GET' : 'POST',
    ...{ headers, agent: false, signal, lookup: lookUp },
  };
  return new Promise((resolve, reject) => {
    const asked = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options);
    asked.on('socket', (socket) => socket.unref()); // the application may end meanwhile
    asked.on('error', reject);
    asked.on('response', (answer) => read(url, answer, asked).then(resolve, reject));
    asked.end(post);
  });
}

/**
 * Where a name server is silent, the system asks on (10 s, unless resolv.conf says otherwise) on a thread of Node's
 * pool, also when the request was given up meanwhile.
 */
const lookUp: LookupFunction = (host, options: LookupOptions, found) => {
  const asked = () =>
    new Promise<void>((resolve) =>
      dns.lookup(host, options, (...answer: Parameters<typeof found>) => {
        resolve();
        found(...answer);
      }),
    );
  void tracked(asked, 'name').catch((error: NodeJS.ErrnoException) => found(error, ''));
};

async function read(url: URL, answer: IncomingMessage, asked: ClientRequest): Promise<Answer> {
  try {
    const { statusCode: status = 0, headers } = answer;
    if (status >= 300 && status < 400 && headers.location) return { location: headers.location };
    if (status < 200 || status > 299) throw failed(url, `status ${status}`);
    return { body: await bodyOf(url, answer) };
  } finally {
    asked.destroy();
  }
}

async function bodyOf(url: URL, answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw failed(url, `more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function failed(url: URL, what: string, cause?: unknown): SeatfileFault {
  return new SeatfileFault('RENEWAL_FAILED', `${shown(url)}: expected a licence, found ${what}`, {
    cause,
    details: { address: shown(url), found: what },
  });
}

function unanswered(
  url: URL,
  error: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): unknown {
  if (error instanceof SeatfileFault) return error;
  const what =
    error instanceof Error ? ('code' in error && String(error.code)) || error.message : String(error);
  const proxy = PROXIES.find((name) => environment[name]);
  const hint =
    proxy === undefined
      ? ''
      : ` (${proxy} names a web proxy, which is not used for this; let the vendor give a path as renewal.from)`;
  return new SeatfileFault('RENEWAL_FAILED', `${shown(url)}: no answer (${what})${hint}`, {
    cause: error,
    details: { address: shown(url) },
  });
}

const PROXIES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'];

/** Without a name and a password, and without what follows the path. */
const shown = ({ protocol, host, pathname }: URL): string => `${protocol}//${host}${pathname}`;
