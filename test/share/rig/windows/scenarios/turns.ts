/** Windows and Linux processes take turns on one place, wait for each other, and evict each other. */
import { Holder, seatfile } from '../../people.js';
import { must, type Scenario } from '../../rig.js';
import type { Station } from '../../station.js';
import { newTable, seatedIn } from '../../table.js';
import type { Windows } from '../world.js';

const T_SECONDS = 5;
const COMMIT_MS = 3000;

export const turns: Scenario<Windows> = {
  name: 'turns',
  play: async ({ guests: [windows, other, linux] }) => {
    const [toLinuxMs, toWindowsMs] = await Promise.all([
      inTurn(windows, linux),
      inTurn(linux, windows),
      removed(other, linux),
    ]);
    return { 'Linux evicts Windows after ms': toLinuxMs, 'Windows evicts Linux after ms': toWindowsMs };
  },
};

/** One leaves, and the waiting other sits; that one is killed, and is evicted by the first. */
async function inTurn(first: Station, second: Station): Promise<number> {
  const table = newTable({ maxUsers: 1, checkIntervalSeconds: T_SECONDS });
  const begins = new Holder(second, table.file, 'begins');
  await begins.next(['seated']);
  const waits = new Holder(first, table.file, 'waits', { wait: '60s' });
  await waits.next(['waiting']);
  await begins.leave();
  await waits.next(['seated']);
  waits.run.signal('SIGKILL');
  await waits.run.ended;
  const startedMs = performance.now();
  const last = new Holder(second, table.file, 'last', { wait: '60s' });
  await last.next(['seated'], 2000 * T_SECONDS + 2 * COMMIT_MS);
  const tookMs = Math.round(performance.now() - startedMs);
  must(
    seatedIn(table)
      .map(({ user }) => user)
      .join() === 'last',
    'others sit there, too',
  );
  await last.leave();
  return tookMs;
}

/** Each removes the other's user, which is told so. */
async function removed(windows: Station, linux: Station): Promise<void> {
  const table = newTable({ maxUsers: 1, checkIntervalSeconds: T_SECONDS });
  for (const [host, by] of [
    [windows, linux],
    [linux, windows],
  ] as const) {
    const holder = new Holder(host, table.file, 'ada');
    await holder.next(['seated']);
    const { ending, said } = await seatfile(by, 'remove', table.file, '--user', 'ada', '--yes');
    must(ending.status === 0, `remove: ${said}`);
    const lost = await holder.next(['lost'], 2000 * T_SECONDS);
    must(lost.reason === 'removed', `lost: ${lost.reason}`);
    must((await holder.run.ended).status === 5, 'hold did not end with 5');
  }
}
