import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';
import { isMainThread } from 'node:worker_threads';
import type { Machine } from '../licence/document.js';
import { installationId } from './home.js';

/**
 * The user and the computer of this process, and whether another process here is provably gone. Everything is read
 * once, from the local system. What cannot be read is null, and null proves nothing.
 */
export interface MachineFacts {
  readonly machine: Machine;
  readonly host: string;
  readonly user: string;
  /** Whether a boot time of this machine proves anything: Linux, outside containers. */
  readonly isBootKnown: boolean;
}

/** The acting user, for tombstones and the journal: `user@host`. At most 600 characters. */
export const actorOf = ({ user, host }: Pick<MachineFacts, 'user' | 'host'>): string =>
  `${user}@${host}`.slice(0, 600);

/**
 * How old the state can be that a poll shows, by operating system. Milliseconds. Linux opens what it lists; in
 * measurements it never showed an older state. Windows may keep a directory for 10 s (DirectoryCacheLifetime). The
 * other systems are not measured.
 */
export const cacheAgeMs = (platform: NodeJS.Platform): number => (platform === 'linux' ? 0 : 10_000);

/** The initial pid namespace of Linux has this fixed inode. Every container has another. */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';
const INITIAL_TIME_NAMESPACE = 'time:[4026531834]';

type Environment = Readonly<Record<string, string | undefined>>;

/** What is asked of the system, so that tests can be another one. What cannot be read is null. */
export interface SystemView {
  readonly platform: NodeJS.Platform;
  readonly hostname: string | null;
  /** The user's name in the system's tables. */
  readonly user: string | null;
  /** The Windows domain that this user belongs to; null: the computer itself, or none is told. */
  readonly domain: string | null;
  readonly uid: number | null;
  readonly isUptimeKnown: boolean;
  /** A text file. */
  readonly readText: (path: string) => string | null;
  /** Where a symbolic link leads; '' where there is none of this name. */
  readonly readLink: (path: string) => string | null;
  readonly installationId: () => string | null;
}

export const thisSystem = (environment: Environment): SystemView => ({
  platform: process.platform,
  hostname: orNull(() => os.hostname()),
  user: systemUser(environment),
  domain: process.platform === 'win32' ? domainOf(environment) : null,
  uid: orNull(() => process.geteuid?.()) ?? null,
  isUptimeKnown: orNull(() => os.uptime()) !== null,
  readText: (path) => orNull(() => readFileSync(path, 'utf8')),
  readLink,
  installationId: () => installationId(process.platform, environment),
});

/** The name of a user for which the system has neither name nor number: each process has its own. */
const NAMELESS = `nameless-${randomBytes(4).toString('hex')}`;

/**
 * @param environment SEATFILE_MACHINE is mixed into every part: it can tell machines apart, never make them one.
 * SEATFILE_USER and SEATFILE_HOST name user and host otherwise (containers, terminal servers).
 */
export function describeMachine(system: SystemView, environment: Environment): MachineFacts {
  const extra = environment['SEATFILE_MACHINE'] ?? '';
  const isLinux = system.platform === 'linux';
  const name = system.hostname || null;
  const boot = isLinux ? trimmed(system.readText('/proc/sys/kernel/random/boot_id')) : null;
  const namespace = isLinux ? trimmed(system.readLink('/proc/self/ns/pid')) : null;
  const times = isLinux ? system.readLink('/proc/self/ns/time') : null; // '' before Linux 5.6: there is only one
  const installed = isLinux ? trimmed(system.readText('/etc/machine-id')) : system.installationId();
  const installation = digest(installed, name, extra);
  return {
    machine: {
      pids: isLinux ? digest(boot, namespace, times, name, extra) : installation,
      host: isLinux ? digest(boot, name, extra) : installation,
      installation,
    },
    host: environment['SEATFILE_HOST'] || name || 'unknown',
    user: environment['SEATFILE_USER'] || userOf(system),
    isBootKnown:
      boot !== null &&
      system.isUptimeKnown &&
      namespace === INITIAL_PID_NAMESPACE &&
      (times === '' || times === INITIAL_TIME_NAMESPACE),
  };
}

/** Never a name that two users share, unless the system itself gives it to both. */
function userOf({ user, domain, uid }: SystemView): string {
  if (user && domain) return `${domain}\\${user}`;
  return user || (uid === null ? NAMELESS : `uid-${uid}`);
}

/**
 * `DOMAIN\user` and a local user of that name are two. A local user has the computer in place of a domain. It is left
 * out: without a domain the users of that name on all computers are one, as on other systems.
 */
export function domainOf({ USERDOMAIN: domain, COMPUTERNAME: computer }: Environment): string | null {
  return domain && domain.toUpperCase() !== computer?.toUpperCase() ? domain : null;
}

/** 32 hexadecimal digits of all parts; null when one of them is unknown. */
function digest(...parts: readonly (string | null)[]): string | null {
  if (parts.includes(null)) return null;
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32);
}

const trimmed = (text: string | null): string | null => text?.trim() || null;

/** The environment may be that of another user (su, sudo), so it is asked only where users have no numbers. */
function systemUser(environment: Environment): string | null {
  const named = orNull(() => os.userInfo().username);
  return named || (process.platform === 'win32' && environment['USERNAME']) || null;
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? '' : null;
  }
}

function orNull<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}

/** When a process started, in clock ticks since boot (Linux); null elsewhere, or where /proc does not tell. */
export function processStart(pid: number): string | null {
  return statFields(pid)?.[19] ?? null; // field 22, counted from the state, field 3
}

/**
 * Which thread of its process this is, as `<number>/<start>` (Linux). Undefined for the main thread, which lives as
 * long as the process, and where /proc does not tell.
 */
export function threadHere(): string | undefined {
  if (isMainThread || !isProcOurs()) return undefined;
  const number = orNull(() => readlinkSync('/proc/thread-self'))
    ?.split('/')
    .at(-1);
  const text = orNull(() => readFileSync(`/proc/self/task/${number}/stat`, 'utf8'));
  const start = text === null ? undefined : fieldsIn(text)[19];
  return start === undefined ? undefined : `${number}/${start}`;
}

function statFields(pid: number): string[] | null {
  const text = isProcOurs() ? orNull(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) : null;
  return text === null ? null : fieldsIn(text);
}

/** The fields of a `stat` from the third on: the second, a name in brackets, may hold anything. */
const fieldsIn = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

/** A pid namespace may show the /proc of the one outside. There /proc/1 is not pid 1, so /proc proves nothing. */
const isProcOurs = (): boolean =>
  process.platform === 'linux' && readLink('/proc/self') === String(process.pid);

/** The process of a record, when it started, and which thread of it, as the record says. */
export type IsProcessGone = (pid: number, start: string | null, thread?: string | undefined) => boolean;

/**
 * Rule 5(a), for a process of this machine. It is gone if there is no such pid. On Linux it is also gone if its state
 * is dead, its start time is not that of the record, or its thread is over. A pid that may not be signalled is alive.
 */
export const isProcessGone: IsProcessGone = (pid, start, thread) => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  const fields = statFields(pid);
  if (fields === null) return false;
  if (fields[0] === 'Z' || fields[0] === 'X') return true;
  const found = fields[19];
  if (start !== null && found !== undefined && found !== start) return true;
  return thread !== undefined && isThreadGone(pid, thread);
};

/** Of a process that lives and can be seen. */
function isThreadGone(pid: number, thread: string): boolean {
  const [, number, start] = /^(\d+)\/(\d+)$/.exec(thread) ?? [];
  if (number === undefined) return false;
  try {
    return fieldsIn(readFileSync(`/proc/${pid}/task/${number}/stat`, 'utf8'))[19] !== start;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
