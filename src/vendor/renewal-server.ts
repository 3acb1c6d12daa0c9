import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { RenewalShelf } from './renewal-shelf.js';

/** Serves the newest licence of each id and key. It writes nothing, and opens no file by a name that was asked for. */

export interface RenewalServerDeps {
  readonly shelf: Pick<RenewalShelf, 'find'>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Told of each answer, and of each report that an application posts. */
  readonly onAnswer: (answer: Answered) => void;
  /** Requests a second that are answered; to others it says "later". @default 100 */
  readonly mostASecond?: number;
}

export interface Answered {
  readonly status: number;
  /** The id or key that was asked for; null where the address named none. */
  readonly name: string | null;
  /** The posted document; null where nothing was posted. */
  readonly report: string | null;
}

/** Connections at one time. */
const MOST_CONNECTIONS = 256;
/** Bytes of a posted report. */
const MOST_POSTED = 65_536;
/** For a whole request, and for its head. Milliseconds. */
const REQUEST_MS = 15_000;
const HEAD_MS = 10_000;
const A_SECOND = 100;

/** To be listened with by the caller. */
export function renewalServer(deps: RenewalServerDeps): Server {
  const turnstile = new Turnstile(deps.mostASecond ?? A_SECOND);
  const times = { requestTimeout: REQUEST_MS, headersTimeout: HEAD_MS, connectionsCheckingInterval: 5000 };
  const server = createServer({ ...times, maxHeaderSize: 8192 }, (request, response) => {
    void answer(request, response, deps, turnstile).catch(() => request.destroy());
  });
  server.maxConnections = MOST_CONNECTIONS;
  return server;
}

/** So many in each second, whatever their origin: behind a proxy all come from one address. */
class Turnstile {
  private readonly most: number;
  private second = 0;
  private passed = 0;

  constructor(most: number) {
    this.most = most;
  }

  passes(nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    this.passed = second === this.second ? this.passed + 1 : 1;
    this.second = second;
    return this.passed <= this.most;
  }
}

interface Reply {
  readonly status: number;
  readonly body?: Uint8Array | string;
  readonly report?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  deps: RenewalServerDeps,
  turnstile: Turnstile,
): Promise<void> {
  const name = nameIn(request.url ?? '');
  const isPassed = turnstile.passes(deps.nowMs());
  const reply = isPassed
    ? await replyTo(request, name, deps)
    : { status: 429, headers: { 'retry-after': '5' } };
  const { status, body = '', report = null, headers = {} } = reply;
  const isJson = typeof body !== 'string';
  response.writeHead(status, {
    'content-type': isJson ? 'application/json' : 'text/plain; charset=utf-8',
    ...{
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
    ...{ connection: 'close', ...headers },
  });
  response.end(request.method === 'HEAD' ? undefined : body);
  deps.onAnswer({ status, name, report });
}

async function replyTo(
  request: IncomingMessage,
  name: string | null,
  deps: RenewalServerDeps,
): Promise<Reply> {
  const { method = '' } = request;
  if (method === 'POST') return await takeReport(request, name);
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, headers: { allow: 'GET, HEAD, POST' } };
  if (name === null) return { status: 404, body: 'expected /LICENCE-ID or /LICENCE-KEY\n' };
  const found = await deps.shelf.find(name, deps.nowMs()).catch(() => 'unreadable' as const);
  if (found === 'unreadable') return { status: 503, body: 'the directory of licences cannot be read now\n' };
  return found === null
    ? { status: 404, body: 'no licence in force has this id or key\n' }
    : { status: 200, body: found };
}

/** The last part of the address; null where it is neither an id nor a key. A path in front of it is a proxy's. */
function nameIn(url: string): string | null {
  const [path = ''] = url.split('?');
  return /(?:^|\/)([A-Za-z0-9-]{1,64})(?:\.json)?$/.exec(path.slice(0, 1024))?.[1] ?? null;
}

/** What applications post is told to the vendor, and kept nowhere. */
async function takeReport(request: IncomingMessage, name: string | null): Promise<Reply> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_POSTED) return { status: 413 };
    chunks.push(chunk);
  }
  if (name === null) return { status: 404 };
  const report = documentOf(Buffer.concat(chunks).toString('utf8'));
  return report === null ? { status: 400, body: 'expected a JSON object\n' } : { status: 204, report };
}

/** On one line; null where it is no JSON object. */
function documentOf(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? JSON.stringify(value)
      : null;
  } catch {
    return null;
  }
}
