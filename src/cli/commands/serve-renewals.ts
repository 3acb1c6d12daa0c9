import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Command } from 'commander';
import { SeatfileFault } from '../../licence/fault.js';
import { toFault } from '../../share/deadline.js';
import { ANSWER_MS, withTimeouts } from '../../share/op-timeouts.js';
import { wholePath } from '../../share/paths.js';
import { type Answered, renewalServer } from '../../vendor/renewal-server.js';
import { RenewalShelf } from '../../vendor/renewal-shelf.js';
import { waitingReporter } from '../asking.js';
import { type Example, withExamples } from '../help.js';
import { unlessStopped } from '../interruption.js';
import { type KeyOptions, trustFor, withPublicKey } from '../public-key-option.js';
import { counted } from '../told.js';
import { jsonText, printable } from '../words.js';
import { Stopped, type World } from '../world.js';

interface ServeOptions extends KeyOptions {
  readonly port: string;
  readonly host: string;
}

const EXAMPLES: readonly Example[] = [
  [
    'seatfile serve-renewals licences --public-key keys/public.pem --port 8080',
    'serves licences/*.json at http://127.0.0.1:8080',
  ],
];

export function addServeRenewals(program: Command, world: World): void {
  withPublicKey(
    withExamples(program.command('serve-renewals'), EXAMPLES)
      .summary('serve the licence files of a directory to applications that renew theirs')
      .description(
        'Answers GET /LICENCE-ID and GET /LICENCE-KEY with the newest signed licence in force of that id or key. ' +
          'Reads the directory again every 2 s, writes nothing, and speaks plain HTTP: put a web server that speaks ' +
          'HTTPS before it. What applications report goes to stdout, one JSON object a line. Needs the public key: ' +
          'without it no licence can be told from a forged one.',
      )
      .argument('<dir>', 'the directory with the licence files (*.json)')
      .option('--port <number>', 'the port to listen on; 0: any that is free', '8080')
      .option('--host <address>', 'the address to listen on', '127.0.0.1'),
  ).action(async (directory: string, options: ServeOptions) => {
    await serve(directory, options, world);
  });
}

async function serve(directory: string, options: ServeOptions, world: World): Promise<void> {
  const port = portOf(options.port);
  await unlessStopped(world, async ({ signal, unless }) => {
    const shelf = await unless(shelfIn(directory, options, world));
    const { clock } = world.system();
    const server = renewalServer({
      shelf,
      nowMs: () => clock.wallMs(),
      onAnswer: (answer) => tell(answer, world),
    });
    const at = await listening(server, port, options.host);
    const licences = await unless(shelf.count(clock.wallMs()));
    world.err(
      `Serving ${counted(licences, 'signed licence file')} of ${printable(directory)} at ${at}. Ctrl-C ends it.\n`,
    );
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    server.closeAllConnections();
    server.close();
  }).catch((error: unknown) => {
    if (!(error instanceof Stopped)) throw error; // to be stopped is how it ends
  });
}

async function shelfIn(directory: string, options: ServeOptions, world: World): Promise<RenewalShelf> {
  const trust = await trustFor(options, world);
  if (!trust.isAsked)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      'serve-renewals: expected your public key, got none: without it no licence can be told from a forged one; ' +
        'add --public-key, or set SEATFILE_PUBLIC_KEY',
    );
  const system = world.system();
  const timeouts = { answerMs: ANSWER_MS, onSlow: waitingReporter(world) };
  const files = withTimeouts(system.files, system.clock, timeouts);
  const path = await files.resolve(wholePath(directory)).catch((error: unknown) => {
    throw toFault(error);
  });
  const shelf = new RenewalShelf(path, files, trust);
  await shelf.count(system.clock.wallMs()).catch((error: unknown) => {
    throw toFault(error);
  });
  return shelf;
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new SeatfileFault('BAD_ARGUMENT', `--port ${text}: expected a whole number from 0 to 65535`);
}

/** @returns its address */
function listening(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const why = 'code' in cause ? String(cause.code) : cause.message;
      const text = `cannot listen on ${host}, port ${port} (${why}); choose others with --host and --port`;
      reject(new SeatfileFault('BAD_ARGUMENT', `serve-renewals: ${text}`, { cause }));
    });
    server.listen(port, host, () => {
      const { address, family, port: bound } = server.address() as AddressInfo;
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`);
    });
  });
}

function tell({ status, name, report }: Answered, world: World): void {
  if (report !== null) world.out(`${jsonText({ licence: name, report: JSON.parse(report) as unknown })}\n`);
  else if (status !== 200) world.err(`${status} ${name ?? 'no licence named'}\n`);
}
