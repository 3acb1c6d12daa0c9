/**
 * A run has namespaces of its own for network, mounts and processes. Whatever it makes (bridges, mounts, servers,
 * guests) is in there, and goes when its first process ends, however that ends. So two runs cannot meet, and nothing is
 * left.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { PLACES, USERS } from './link.js';
import { run } from './shell.js';

/** Below the clone: what is compiled, and what packages.sh makes or fetches. */
export const CACHE = 'node_modules/.cache/seatfile-test';
/** The clone: this file runs compiled, in CACHE. */
export const ROOT = nodePath.join(nodePath.dirname(fileURLToPath(import.meta.url)), '../../../../../..');

const INSIDE = 'SEATFILE_RIG_INSIDE';
export const isInside = (): boolean => process.env[INSIDE] === 'yes' && process.pid === 1;

/** Runs this very program again in there; gives its exit status. */
export async function enter(): Promise<number> {
  const namespaces = ['--net', '--mount', '--pid', '--mount-proc', '--fork', '--kill-child=SIGKILL'];
  const [script = '', ...rest] = process.argv.slice(1);
  const child = spawn('unshare', [...namespaces, process.execPath, script, ...rest], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'], // the pipe ends when we do: then they end too
    env: { ...process.env, [INSIDE]: 'yes' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      child.kill('SIGKILL'); // the kernel clears everything away
      process.exitCode = 130;
    });
  return await new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (status) => resolve(status ?? 130));
  });
}

/** Ends with the process that started this one, also if that was killed. */
export function endWithStarter(): void {
  const leash = new net.Socket({ fd: 3 }); // not a stream of fs: its read would keep process.exit() from ending
  leash.on('error', () => process.exit(130));
  leash.on('close', () => process.exit(130));
  leash.resume();
}

const IMAGE_MB = 256;

/** Directories, a small disk to export, bridges and cards. */
export async function build(guests: number): Promise<void> {
  for (const place of ['/run', '/mnt']) await run('mount', '-t', 'tmpfs', 'rig', place);
  await run('mount', '-t', 'tmpfs', 'rig', '/dev/shm');
  for (const place of [PLACES.app, PLACES.exported, PLACES.share, PLACES.team]) mkdirSync(place);
  writeFileSync(PLACES.node, '');
  await run('mount', '--bind', ROOT, PLACES.app);
  await run('mount', '--bind', process.execPath, PLACES.node);
  await addUsers();
  await mountDisk(PLACES.exported, IMAGE_MB);
  await lay('data', '10.99.0.1', guests);
  await lay('control', '10.98.0.1', guests);
  await run('ip', 'link', 'set', 'lo', 'up');
}

/** Two users of one group, known in here only. */
async function addUsers(): Promise<void> {
  const lines = {
    passwd: (['ana', 'ben'] as const).map((name) => `${name}:x:${USERS[name]}:${USERS.group}::/tmp:/bin/sh`),
    group: [`team:x:${USERS.group}:ana,ben`],
  };
  for (const [name, added] of Object.entries(lines)) {
    copyFileSync(`/etc/${name}`, `/mnt/${name}`);
    appendFileSync(`/mnt/${name}`, `${added.join('\n')}\n`);
    await run('mount', '--bind', `/mnt/${name}`, `/etc/${name}`);
  }
}

/** A real file system on the real disk, so that syncing costs what it costs, and small, so that it can be filled. */
export async function mountDisk(place: string, megabytes: number): Promise<void> {
  const image = nodePath.join(os.tmpdir(), `seatfile-rig-${crypto.randomUUID()}`);
  await run('truncate', '-s', `${megabytes}M`, image);
  try {
    await run('mkfs.ext4', '-q', '-m', '0', image);
    await run('mount', '-o', 'loop', image, place);
  } finally {
    unlinkSync(image); // the mount keeps it, and it goes with the mount
  }
}

async function lay(name: string, address: string, guests: number): Promise<void> {
  await run('ip', 'link', 'add', name, 'type', 'bridge');
  await run('ip', 'addr', 'add', `${address}/24`, 'dev', name);
  await run('ip', 'link', 'set', name, 'up');
  for (let number = 1; number <= guests; number++) {
    await run('ip', 'tuntap', 'add', 'dev', `${name}${number}`, 'mode', 'tap');
    await run('ip', 'link', 'set', `${name}${number}`, 'master', name, 'up');
  }
}
