/** A server that says nothing more, while some hold seats and others want one; then it comes back. */
import { App, type AppSaid } from '../apps.js';
import type { Guest } from '../guest.js';
import { must, type Rig, type Scenario } from '../rig.js';
import { pause } from '../shell.js';
import { newTable, seatedIn } from '../table.js';

const T_SECONDS = 8;
const ACQUIRE_MS = 5000;
/** What release() and a beat give the share. Milliseconds. */
const PATIENCE_MS = 30_000;
/** What a busy computer may add to a deadline. Milliseconds. */
const LATE_MS = 2500;
const EXIT_MS = 2000;
const GIVE_UP_MS = 12_000;

export const hung: Scenario = {
  name: 'hung',
  play: async (rig) => {
    const table = bigTable();
    const [a, b, c] = rig.guests;
    const open = async (guest: Guest, user: string, hasSeat: boolean, { file } = table) => {
      const app = await App.open(guest, { file, user });
      if (hasSeat) must((await app.ask('acquire 30000')).kind === 'seated', `${user} has no seat`);
      return app;
    };
    const stays = await open(a, 'stays', true);
    const leaves = await open(a, 'leaves', true);
    const wants = await open(b, 'wants', false);
    const exits = await open(c, 'exits', true, bigTable());
    const ends = await open(c, 'ends', true, bigTable());
    const dies = await open(b, 'dies', true, bigTable());
    rig.mount.server.stop();
    try {
      const from = stays.now;
      await pause(3000); // looks are on their way by now
      const released = leaves.ask('release', PATIENCE_MS + 3 * LATE_MS);
      const refused = await wants.ask(`acquire ${ACQUIRE_MS}`, ACQUIRE_MS + 4 * LATE_MS);
      say(rig, 'acquire', refused);
      must(
        refused.code !== undefined && refused.code !== 'no fault of ours',
        `acquire: ${JSON.stringify(refused)}`,
      );
      must((refused.tookMs ?? 0) < ACQUIRE_MS + LATE_MS, `acquire gave up after ${refused.tookMs} ms`);
      const stuck = await served(rig, [stays, wants]);
      await stays.next('jeopardy', from, 2 * 1000 * T_SECONDS);
      await stays.next('suspended', from, 3 * 1000 * T_SECONDS);
      ends.run.say('end\n');
      const endings = await gone(rig, exits, dies);
      const left = await released;
      say(rig, 'release', left);
      must(left.code !== undefined, 'release was confirmed by a server that does not answer');
      must((left.tookMs ?? 0) < PATIENCE_MS + LATE_MS, `release gave up after ${left.tookMs} ms`);
      const late = endings.filter((one) => one.includes('NOT'));
      must(late.length === 0, late.join('; '));
      const hasWaited = !ends.run.isOver;
      const backFrom = stays.now;
      const startedMs = performance.now();
      rig.mount.server.goOn();
      await stays.next('safe', backFrom, 120_000);
      await endsNow(rig, ends, hasWaited);
      const safeMs = Math.round(performance.now() - startedMs);
      must(
        seatedIn(table).some(({ user }) => user === 'stays'),
        'the one who stayed is not in the table',
      );
      return {
        'threads stuck at most': stuck,
        'acquire gave up after ms': refused.tookMs ?? 0,
        'safe after ms': safeMs,
      };
    } finally {
      rig.mount.server.goOn();
      for (const app of [stays, leaves, wants, exits, ends, dies]) app.run.signal('SIGKILL');
    }
  },
};

/**
 * A process that is to end has a licence of its own. A process that waits for a directory which another process of the
 * same host has locked in the kernel cannot even be killed, whatever it runs.
 */
const bigTable = () => newTable({ checkIntervalSeconds: T_SECONDS, maxUsers: 10 });

const say = (rig: Rig, what: string, said: AppSaid) =>
  rig.say(`${what}: ${said.code} after ${said.tookMs} ms: ${said.message}`);

/** Its own files and names, and its seat's answer, while the share hangs. */
async function served(rig: Rig, apps: readonly App[]): Promise<number> {
  let most = 0;
  for (const app of apps) {
    const probed = await app.ask('probe', 5000);
    must(probed.code === undefined, `an application's own disk: ${probed.message}`);
    most = Math.max(most, probed.stuck ?? 0);
    rig.say(
      `own files and names served in ${probed.tookMs} ms, ${probed.stuck} thread(s) stuck, valid ${probed.valid}`,
    );
  }
  must(most <= 2, `${most} threads of an application are stuck`);
  return most;
}

/** What keeps the applications of a client host, by its kernel. */
const stuckIn = (guest: Guest): Promise<string> =>
  guest.shell("ps -eLo pid,stat,wchan:30,args | grep '[p]rograms/app' | grep ' D' | cut -c1-60 || true");

/**
 * The end of the event loop waits for every file operation, so for the server: nothing but process.exit() spares that.
 */
async function endsNow(rig: Rig, ends: App, hasWaited: boolean): Promise<void> {
  rig.say(`end of the event loop: ${hasWaited ? 'waited for the server' : 'did not wait for the server'}`);
  must((await Promise.race([ends.run.ended, pause(60_000)])) !== undefined, 'a process did not end at all');
}

/** process.exit(), and a signal, for which the library gives seats back for two seconds. */
async function gone(rig: Rig, exits: App, dies: App): Promise<string[]> {
  const leave = async (how: string, app: App, act: () => void) => {
    const startedMs = performance.now();
    act();
    const ending = await Promise.race([app.run.ended, pause(GIVE_UP_MS)]);
    const tookMs = Math.round(performance.now() - startedMs);
    const said = ending ? `ended within ${tookMs} ms` : `NOT ended within ${tookMs} ms`;
    const words = `${how}: ${ending && tookMs > EXIT_MS + 1000 ? `NOT in time, ${said}` : said}`;
    rig.say(words);
    if (!ending) for (const guest of rig.guests) rig.say(await stuckIn(guest));
    return words;
  };
  return await Promise.all([
    leave('process.exit()', exits, () => exits.run.say('exit\n')),
    leave('SIGTERM', dies, () => dies.run.signal('SIGTERM')),
  ]);
}
