import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';
import type { Machine } from '../core/licence.js';
import { installationId } from './home.js';

/**
 * Who and where this process is, and whether another one here is provably gone. Everything is read once, from the local
 * system; what cannot be read is null, and null proves nothing.
 */
export interface MachineFacts {
  readonly machine: Machine;
  readonly host: string;
  readonly user: string;
  /** Whether a boot time of this machine proves anything: Linux, outside containers. */
  readonly isBootKnown: boolean;
}

/** Who acts here, for tombstones and the journal: `user@host`. At most 600 characters. */
export const actorOf = ({ user, host }: Pick<MachineFacts, 'user' | 'host'>): string =>
  `${user}@${host}`.slice(0, 600);

/**
 * How old what a look shows can be, by operating system, milliseconds. Linux opens what it lists, and was measured never to show
 * an older state; Windows may keep a directory for 10 s (DirectoryCacheLifetime), and nobody has measured the others.
 */
export const lookLagMs = (platform: NodeJS.Platform): number => (platform === 'linux' ? 0 : 10_000);

/** The initial pid namespace of Linux has this fixed inode; every container has another. */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';

type Environment = Readonly<Record<string, string | undefined>>;

/** What is asked of the system, so that tests can be another one. */
export interface SystemView {
  readonly platform: NodeJS.Platform;
  readonly hostname: string;
  readonly user: string;
  readonly macs: readonly string[];
  /** A text file, or null. */
  readonly readText: (path: string) => string | null;
  readonly readLink: (path: string) => string | null;
  readonly installationId: () => string | null;
}

export const thisSystem = (environment: Environment): SystemView => ({
  platform: process.platform,
  hostname: os.hostname(),
  user: systemUser(environment),
  macs: hardwareAddresses(),
  readText: (path) => orNull(() => readFileSync(path, 'utf8')),
  readLink: (path) => orNull(() => readlinkSync(path)),
  installationId: () => installationId(process.platform, environment),
});

/**
 * @param environment SEATFILE_MACHINE is mixed into every part: it can tell machines apart, never make them one.
 * SEATFILE_USER and SEATFILE_HOST name user and host otherwise (containers, terminal servers).
 */
export function describeMachine(system: SystemView, environment: Environment): MachineFacts {
  const extra = environment['SEATFILE_MACHINE'] ?? '';
  const isLinux = system.platform === 'linux';
  const boot = isLinux ? trimmed(system.readText('/proc/sys/kernel/random/boot_id')) : null;
  const namespace = isLinux ? system.readLink('/proc/self/ns/pid') : null;
  const times = isLinux ? (system.readLink('/proc/self/ns/time') ?? '') : ''; // '' before Linux 5.6: there is only one
  const installed = isLinux ? trimmed(system.readText('/etc/machine-id')) : system.installationId();
  const macs = system.macs.length > 0 ? system.macs.join(' ') : null;
  const installation = digest(installed, macs, system.hostname, extra);
  return {
    machine: {
      pids: isLinux ? digest(boot, namespace, times, system.hostname, extra) : installation,
      host: isLinux ? digest(boot, system.hostname, extra) : installation,
      installation,
    },
    host: environment['SEATFILE_HOST'] || system.hostname || 'unknown',
    user: environment['SEATFILE_USER'] || system.user,
    isBootKnown:
      isLinux &&
      boot !== null &&
      namespace === INITIAL_PID_NAMESPACE &&
      (times === '' || times === 'time:[4026531834]'),
  };
}

/** 32 hexadecimal digits of all parts; null when one of them is unknown. */
function digest(...parts: readonly (string | null)[]): string | null {
  if (parts.includes(null)) return null;
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32);
}

const trimmed = (text: string | null): string | null => text?.trim() || null;

function hardwareAddresses(): string[] {
  const all = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
  const macs = all.filter((one) => !one.internal && one.mac !== '00:00:00:00:00:00').map((one) => one.mac);
  return [...new Set(macs)].sort();
}

function systemUser(environment: Environment): string {
  return orNull(() => os.userInfo().username) || environment['USERNAME'] || environment['USER'] || 'unknown';
}

function orNull<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}

/** When a process started, in clock ticks since boot (Linux); null elsewhere, or where /proc is hidden. */
export function processStart(pid: number): string | null {
  return statFields(pid)?.[19] ?? null; // field 22, counted from the state, field 3
}

/** The fields of /proc/PID/stat from the third on: the second, a name in brackets, may hold anything. */
function statFields(pid: number): string[] | null {
  const text = process.platform === 'linux' ? orNull(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) : null;
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/**
 * Rule 5(a), for a process of this very machine: no such pid, or, on Linux only, a dead state, or another start time than the
 * record's. A pid that may not be signalled is alive.
 */
export function isProcessGone(pid: number, start: string | null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const fields = statFields(pid);
  if (fields === null) return false;
  if (fields[0] === 'Z' || fields[0] === 'X') return true;
  const found = fields[19];
  return start !== null && found !== undefined && found !== start;
}
