/** What one Windows computer knows of its own processes: gone ones, ids used again, two instances of one user. */
import { Holder } from '../../people.js';
import { must, type Scenario } from '../../rig.js';
import { newTable, seatedIn } from '../../table.js';
import type { WindowsSide } from '../sides.js';
import type { Windows } from '../world.js';

const T_SECONDS = 5;
const LONG_T_SECONDS = 300;
const COMMIT_MS = 3000;

export const processes: Scenario<Windows> = {
  name: 'processes',
  play: async ({ guests: [host] }) => {
    const [goneMs, againMs] = await Promise.all([gone(host), usedAgain(host), instances(host)]);
    return { 'a dead process is out after ms': goneMs, 'where its id was used again, after ms': againMs };
  },
};

/** At once, long before a check interval. */
async function gone(host: WindowsSide): Promise<number> {
  const table = newTable({ maxUsers: 1, checkIntervalSeconds: LONG_T_SECONDS });
  const ada = await killedHolder(host, table.file);
  const startedMs = performance.now();
  const bob = new Holder(host, table.file, 'bob');
  await bob.next(['seated']);
  const tookMs = Math.round(performance.now() - startedMs);
  must(!seatedIn(table).some(({ user }) => user === ada), 'the dead one is still there');
  await bob.leave();
  return tookMs;
}

async function killedHolder(host: WindowsSide, file: string): Promise<string> {
  const user = 'ada';
  const holder = new Holder(host, file, user);
  await holder.next(['seated']);
  holder.run.signal('SIGKILL');
  await holder.run.ended;
  return user;
}

/** A live process has the id of a dead one: that it lives proves nothing, and 2 T decide. */
async function usedAgain(host: WindowsSide): Promise<number> {
  const table = newTable({ maxUsers: 1, checkIntervalSeconds: T_SECONDS });
  await killedHolder(host, table.file);
  const other = host.program('again', { file: table.file });
  await other.heard((line) => line === 'planted', 30_000);
  const startedMs = performance.now();
  const bob = new Holder(host, table.file, 'bob', { wait: '60s' });
  await bob.next(['waiting']);
  await bob.next(['seated'], 2000 * T_SECONDS + 2 * COMMIT_MS);
  const tookMs = Math.round(performance.now() - startedMs);
  await bob.leave();
  other.close();
  return tookMs;
}

/** Two windows of one user are one seat, until the last of them closes. */
async function instances(host: WindowsSide): Promise<void> {
  const table = newTable({ maxUsers: 1, checkIntervalSeconds: LONG_T_SECONDS });
  const windows = [new Holder(host, table.file, 'ada'), new Holder(host, table.file, 'ada')] as const;
  for (const one of windows) await one.next(['seated']);
  await windows[0].leave();
  await new Holder(host, table.file, 'bob').next(['full']);
  await windows[1].leave();
  const bob = new Holder(host, table.file, 'bob');
  await bob.next(['seated']);
  await bob.leave();
}
