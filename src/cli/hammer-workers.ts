import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import nodePath from 'node:path';
import { openStore } from '../client/open-store.js';
import type { Extra } from '../doctor/examine.js';
import { hammer, judgeHammer, type StressCounts, scratchLicence } from '../doctor/hammer.js';
import type { ExaminedSite } from '../doctor/probes.js';
import type { Licence } from '../licence/document.js';
import { formatLicence } from '../licence/text.js';
import { toIso } from '../licence/time.js';
import type { StoreOptions } from '../store/store-options.js';
import type { World } from './world.js';

/** The processes of `doctor --hammer`, each this same program. */

const WORKERS = 4;
/** A scratch table of a minute keeps little, so that clearing away is tried too, and the rest is soon removed. */
const STORE: Partial<StoreOptions> = {
  clearing: { segmentNumbers: 16, supersededMs: 15_000, abandonedMs: 86_400_000 },
};

/** One process of the hammer: it ends when its time is over, or when its parent no longer reads the answer. */
export async function runHammerWorker(
  file: string,
  worker: number,
  seconds: number,
  world: World,
): Promise<void> {
  const system = world.system();
  const { store } = await openStore(file, { ...system, store: STORE });
  const endMs = system.clock.elapsedMs() + seconds * 1000;
  let isUnwanted = false;
  void world.inputClosed().then(() => {
    isUnwanted = true;
  });
  const stress = await hammer(
    store,
    system.clock,
    worker,
    () => isUnwanted || system.clock.elapsedMs() >= endMs,
  );
  await store.settled();
  world.out(`${JSON.stringify(stress)}\n`);
}

export const hammerCheck = (seconds: number, world: World, signal: AbortSignal): Extra => ({
  check: 'hammer',
  run: async (site) => {
    const file = await makeScratch(site, world);
    const children = Array.from({ length: WORKERS }, (_, worker) =>
      startWorker(file, worker, seconds, world),
    );
    const stop = () => {
      for (const { child } of children) child.kill();
    };
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      const told = (await Promise.all(children.map(({ stress }) => stress))).filter((one) => one !== null);
      const table = signal.aborted ? null : await tableOf(file, world);
      return judgeHammer(told, table, seconds, WORKERS - told.length);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  },
});

async function makeScratch({ files, directory, modes }: ExaminedSite, world: World): Promise<string> {
  const folder = nodePath.join(directory, 'hammer');
  const file = nodePath.join(folder, 'licence.json');
  const system = world.system();
  await files.makeDirectory(folder);
  const licence = scratchLicence(system.random.id(), toIso(system.clock.wallMs()));
  await files.writeNew(file, formatLicence(licence, 'pretty'), modes.file);
  return file;
}

async function tableOf(file: string, world: World): Promise<Licence | null> {
  const { licence } = await openStore(file, world.system());
  return licence;
}

/** What it tells; null when it ended without a word. */
function startWorker(file: string, worker: number, seconds: number, world: World) {
  const child: ChildProcess = world.spawnSelf(
    ['doctor', file, '--hammer', `${seconds}s`, '--hammer-worker', String(worker)],
    {},
  );
  let said = '';
  child.stdout?.on('data', (text) => {
    said += String(text);
  });
  child.stderr?.resume();
  const ended = once(child, 'close').catch(() => undefined);
  return { child, stress: ended.then(() => stressIn(said)) };
}

function stressIn(said: string): StressCounts | null {
  try {
    return JSON.parse(said) as StressCounts;
  } catch {
    return null;
  }
}
