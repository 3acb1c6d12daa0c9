/**
 * The share for real: npm run share -- smb|nfs3|nfs42|all [--only a,b] [--long] [-- COMMAND...]. See README.md here.
 */
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Guests, guestHouse, XSTATE } from './guest.js';
import { PLACES, USERS } from './link.js';
import { bootAll, type Rig, type Scenario, userOf } from './rig.js';
import { scenarios } from './scenarios/all.js';
import { type MountName, mountNames, serve } from './servers.js';
import { run } from './shell.js';
import { visit } from './visit.js';
import { build, endWithStarter, enter, isInside } from './world.js';

interface Wish {
  readonly mounts: readonly MountName[];
  readonly only: readonly string[] | null;
  readonly isLong: boolean;
  /** What stands after `--`: a command to run on the mounts; empty: a shell; null: the scenarios. */
  readonly command: readonly string[] | null;
}

const USAGE = `usage: npm run share -- ${mountNames.join('|')}|all [--only NAME,NAME] [--long] [-- COMMAND...]
scenarios: ${scenarios.map((one) => one.name).join(', ')}`;

function wishOf(words: readonly string[]): Wish | null {
  const end = words.indexOf('--');
  const [name = '', ...options] = end < 0 ? words : words.slice(0, end);
  const command = end < 0 ? null : words.slice(end + 1);
  const mounts = mountNames.filter((one) => name === one || name === 'all');
  const only = options.includes('--only') ? (options[options.indexOf('--only') + 1] ?? '').split(',') : null;
  const isKnown = (only ?? []).every((one) => scenarios.some((scenario) => scenario.name === one));
  const isUnderstood = options.every(
    (one, index) => ['--only', '--long'].includes(one) || options[index - 1] === '--only',
  );
  return mounts.length > 0 && isKnown && isUnderstood
    ? { mounts, only, isLong: options.includes('--long'), command }
    : null;
}

/** Why this machine cannot, or null. */
async function prepare(): Promise<string | null> {
  if (process.platform !== 'linux') return 'the rig needs Linux';
  if (process.getuid?.() !== 0) return 'the rig needs root, for namespaces, mounts and network cards';
  try {
    const said = await run(
      'bash',
      nodePath.join(root, 'test/share/rig/packages.sh'),
      nodePath.join(root, XSTATE),
    );
    if (said) console.log(said);
  } catch (error) {
    return `the packages could not be installed: ${String(error)}`;
  }
  return await run('unshare', '--net', '--mount', '--pid', '--fork', 'test', '-c', '/dev/net/tun').then(
    () => null,
    (error: Error) => `no namespaces, or no /dev/net/tun: ${error.message}`,
  );
}

/** The clone: this file runs compiled, in node_modules/.cache/seatfile-test. */
const root = nodePath.join(nodePath.dirname(fileURLToPath(import.meta.url)), '../../../../../..');

function cannot(why: string): number {
  console.log(`THIS MACHINE CANNOT: ${why}. Counted as failed.`);
  return 1;
}

async function outside(): Promise<number> {
  const why = await prepare();
  return why === null ? await enter() : cannot(why);
}

async function inside(wish: Wish): Promise<number> {
  endWithStarter();
  await build(root, 3);
  const log: string[] = [];
  const agent = `${PLACES.app}/node_modules/.cache/seatfile-test/test/share/rig/agent.js`;
  const house = await guestHouse(agent, (line) => log.push(line));
  let failures = 0;
  for (const name of wish.mounts) {
    failures += await onMount(name, wish, house).catch((error: unknown) => {
      console.log(log.slice(-20).join('\n'));
      return cannot(`${name} could not be set up: ${String(error)}`);
    });
    house.killAll();
  }
  return failures === 0 ? 0 : 1;
}

async function onMount(name: MountName, wish: Wish, house: Guests): Promise<number> {
  const startedMs = performance.now();
  makeTeam();
  const mount = await serve(name);
  const guests = await bootAll(house, mount);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`\n${mount.title}; clients: 3 x Linux ${guests[0].kernel}; up in ${seconds} s`);
  const rig: Rig = {
    mount,
    guests,
    isLong: wish.isLong,
    say: (line) => console.log(`    ${line}`),
    replace: async (guest) => {
      guest.kill();
      await house.reboot(guest);
      await mount.mount(guest, userOf(guest));
    },
  };
  try {
    if (wish.command) return await visit(guests, wish.command);
    return await playAll(rig, wish);
  } finally {
    mount.server.goOn();
    await mount.server.kill();
  }
}

function makeTeam(): void {
  const folder = `${PLACES.exported}/team`;
  mkdirSync(folder, { recursive: true });
  chownSync(folder, USERS.ana, USERS.group);
  chmodSync(folder, 0o2770);
}

async function playAll(rig: Rig, wish: Wish): Promise<number> {
  let failures = 0;
  for (const scenario of scenarios.filter(({ name }) => wish.only?.includes(name) ?? true))
    if (!(await playOne(rig, scenario))) failures++;
  return failures;
}

async function playOne(rig: Rig, scenario: Scenario): Promise<boolean> {
  const startedMs = performance.now();
  const took = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  try {
    const figures = await scenario.play(rig);
    const said = Object.entries(figures).map(([what, figure]) => `${what} ${figure}`);
    console.log(`  ok ${rig.mount.name} ${scenario.name} (${took()}): ${said.join(', ')}`);
    return true;
  } catch (error) {
    console.log(`  FAILED ${rig.mount.name} ${scenario.name} (${took()}): ${String(error)}`);
    return false;
  }
}

const wish = wishOf(process.argv.slice(2));
if (wish === null) {
  console.error(USAGE);
  process.exit(2);
}
process.exit(isInside() ? await inside(wish) : await outside());
