import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

/** A vendor's server on this computer, which answers as a test says. */

export type Answering = (request: IncomingMessage, response: ServerResponse) => void;

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of running.splice(0)) await end();
});

export interface VendorServer {
  /** `http://127.0.0.1:PORT` */
  readonly address: string;
  /** What was asked for, in order: `GET /acme`. */
  readonly asked: readonly string[];
  readonly end: () => Promise<void>;
}

/** Ends with the test. */
export async function vendorServer(answer: Answering): Promise<VendorServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const end = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  running.push(end);
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, end };
}

export const sends =
  (body: string | Uint8Array, status = 200, headers: Readonly<Record<string, string>> = {}): Answering =>
  (request, response) => {
    request.resume();
    response.writeHead(status, headers).end(body);
  };
