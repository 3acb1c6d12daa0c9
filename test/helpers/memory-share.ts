import type { ShareFiles } from '../../src/share/files.js';
import type { Random } from '../../src/share/random.js';
import type { HandClock } from '../../src/testing/host-time.js';
import { SimClient, type SimClientState } from '../share/simulated/client.js';
import { local } from '../share/simulated/semantics.js';
import type { SimServer } from '../share/simulated/server.js';
import { callOf, portOf } from './port.js';

/** Nothing is left to chance: a request that a cut meets on its way has been carried out. */
const certain: Pick<Random, 'fraction'> = { fraction: () => 0 };

/** One host's own view of a server, without caches: cut off, refused or slow by itself, as a test says. */
export const clientOf = (server: SimServer, state: Partial<SimClientState> = {}): SimClient =>
  new SimClient({ server, semantics: local, random: certain, name: 'host', state });

/** Paths as Node for Windows writes them (`C:\\share\\licence.json`), as the server in memory knows them. */
function onServer(operation: keyof ShareFiles, [path, second, mode, terms]: readonly unknown[]): unknown[] {
  const named = (one: unknown) =>
    String(one)
      .replace(/^[a-z]:/i, '')
      .replaceAll('\\', '/');
  const there = terms as { readonly beside: string } | undefined;
  return [
    named(path),
    operation === 'rename' ? named(second) : second,
    mode,
    there && { ...there, beside: named(there.beside) },
  ];
}

/**
 * The share for one process: no answer while it is stopped, none when it is dead; what it asked then is done, or not.
 */
export function filesOfProcess(
  client: SimClient,
  clock: HandClock,
  random: Pick<Random, 'fraction'>,
  wrap: (files: ShareFiles) => ShareFiles = (files) => files,
): ShareFiles {
  const call = callOf(wrap(client.filesUnless(() => !clock.isAlive && random.fraction() < 0.5)));
  return portOf(async (operation, args) => {
    await clock.running();
    try {
      return await call(operation, process.platform === 'win32' ? onServer(operation, args) : args);
    } finally {
      await clock.running();
    }
  });
}
