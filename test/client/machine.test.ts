import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { readOrMakeId } from '../../src/client/home.js';
import {
  describeMachine,
  domainOf,
  isProcessGone,
  processStart,
  type SystemView,
  thisSystem,
} from '../../src/client/machine.js';
import { sameUser } from '../../src/rules/seats.js';

const texts: Record<string, string> = {
  '/proc/sys/kernel/random/boot_id': 'boot-1\n',
  '/etc/machine-id': 'installed-1\n',
};
const links: Record<string, string> = {
  '/proc/self/ns/pid': 'pid:[4026531836]',
  '/proc/self/ns/time': 'time:[4026531834]',
};
const linux = (changes: Partial<SystemView> = {}, otherTexts = {}, otherLinks = {}): SystemView => ({
  platform: 'linux',
  hostname: 'pc-1',
  user: 'ada',
  domain: null,
  uid: 1000,
  isUptimeKnown: true,
  readText: (file) => ({ ...texts, ...otherTexts })[file] ?? null,
  readLink: (file) => ({ ...links, ...otherLinks })[file] ?? '',
  installationId: () => null,
  ...changes,
});
const windows = (changes: Partial<SystemView> = {}): SystemView =>
  linux({
    platform: 'win32',
    readText: () => null,
    readLink: () => null,
    installationId: () => 'i'.repeat(32),
    ...changes,
  });
const machineOf = (system: SystemView, environment = {}) => describeMachine(system, environment).machine;

describe('users of Windows', () => {
  test('one of a domain and a local one of that name are two', () => {
    const name = (domain: string | null) => describeMachine(windows({ domain }), {}).user;
    expect([name('ACME'), name(null)]).toEqual(['ACME\\ada', 'ada']);
    expect(describeMachine(windows({ domain: 'ACME' }), { SEATFILE_USER: 'bob' }).user).toBe('bob');
  });

  test.each([
    [{ USERDOMAIN: 'ACME', COMPUTERNAME: 'PC-1' }, 'ACME'],
    [{ USERDOMAIN: 'PC-1', COMPUTERNAME: 'PC-1' }, null],
    [{ USERDOMAIN: 'pc-1', COMPUTERNAME: 'PC-1' }, null],
    [{ COMPUTERNAME: 'PC-1' }, null],
    [{ USERDOMAIN: '' }, null],
  ])('the domain in %o', (environment, domain) => {
    expect(domainOf(environment)).toBe(domain);
  });
});

describe('where pids mean the same thing', () => {
  const here = machineOf(linux());

  test.each([
    ['another boot', linux({}, { '/proc/sys/kernel/random/boot_id': 'boot-2' })],
    ['another pid namespace', linux({}, {}, { '/proc/self/ns/pid': 'pid:[4026532000]' })],
    [
      'another time namespace, which shifts start times',
      linux({}, {}, { '/proc/self/ns/time': 'time:[4026532001]' }),
    ],
    ['another host name', linux({ hostname: 'pc-2' })],
  ])('not across %s', (_words, other) => {
    expect(machineOf(other).pids).not.toBe(here.pids);
  });

  test('the ids of Linux are as before hardware addresses were left out: old and new are of one machine', () => {
    expect(here).toMatchObject({
      pids: '3a24f575abd688ef4dacbb0ca7b867a3',
      host: 'ec5c77c5450619fb562e35d6b6419e79',
    });
  });

  test('nor with another SEATFILE_MACHINE, which tells everything apart', () => {
    const other = machineOf(linux(), { SEATFILE_MACHINE: 'x' });
    for (const part of ['pids', 'host', 'installation'] as const) expect(other[part]).not.toBe(here[part]);
  });

  test('the host is the same in another pid namespace; the installation after another boot', () => {
    expect(machineOf(linux({}, {}, { '/proc/self/ns/pid': 'pid:[1]' })).host).toBe(here.host);
    expect(machineOf(linux({}, { '/proc/sys/kernel/random/boot_id': 'boot-2' })).installation).toBe(
      here.installation,
    );
  });

  test('what cannot be read is null, and proves nothing', () => {
    const blind = machineOf(linux({ readText: () => null, readLink: () => null }));
    expect(blind).toEqual({ pids: null, host: null, installation: null });
    expect(machineOf(windows({ installationId: () => null }))).toEqual({
      pids: null,
      host: null,
      installation: null,
    });
  });

  test('a boot time proves something outside containers only', () => {
    expect(describeMachine(linux(), {}).isBootKnown).toBe(true);
    expect(describeMachine(linux({}, {}, { '/proc/self/ns/pid': 'pid:[4026532000]' }), {}).isBootKnown).toBe(
      false,
    );
    expect(
      describeMachine(linux({}, {}, { '/proc/self/ns/time': 'time:[4026532001]' }), {}).isBootKnown,
    ).toBe(false);
    expect(describeMachine(linux({ isUptimeKnown: false }), {}).isBootKnown).toBe(false);
    expect(describeMachine(windows(), {}).isBootKnown).toBe(false);
  });

  test('on Windows and macOS the installation and the host name tell', () => {
    for (const platform of ['win32', 'darwin'] as const) {
      const one = machineOf(windows({ platform }));
      expect(one.pids).toBe(one.installation);
      for (const change of [{ hostname: 'pc-2' }, { installationId: () => 'j'.repeat(32) }])
        expect(machineOf(windows({ platform, ...change })).pids).not.toBe(one.pids);
    }
  });
});

describe('each reading fails once: the part that rests on it is null, and proves nothing', () => {
  const nothing = { pids: null, host: null, installation: null };
  test.each<[string, SystemView, object]>([
    ['the host name', linux({ hostname: null }), nothing],
    ['an empty host name', linux({ hostname: '' }), nothing],
    ['the boot id', linux({}, { '/proc/sys/kernel/random/boot_id': null }), { pids: null, host: null }],
    ['the pid namespace', linux({}, {}, { '/proc/self/ns/pid': null }), { pids: null }],
    [
      'the time namespace',
      linux({ readLink: (file) => links[file.replace('time', 'none')] ?? null }),
      { pids: null },
    ],
    ['the id of the installation', linux({}, { '/etc/machine-id': null }), { installation: null }],
    ['the same on Windows', windows({ installationId: () => null }), nothing],
  ])('%s', (_words, system, parts) => {
    expect(machineOf(system)).toEqual({ ...machineOf({ ...system, ...unread(system) }), ...parts });
  });

  /** What the system would tell if all of it could be read. */
  function unread(system: SystemView): Partial<SystemView> {
    const whole = system.platform === 'linux' ? linux() : windows();
    const { hostname, readText, readLink, installationId } = whole;
    return { hostname, readText, readLink, installationId };
  }

  test('before Linux 5.6 there is no time namespace: one machine all the same', () => {
    const old = linux({ readLink: (file) => (file.endsWith('time') ? '' : (links[file] ?? '')) });
    expect(machineOf(old).pids).toMatch(/^[0-9a-f]{32}$/);
    expect(describeMachine(old, {}).isBootKnown).toBe(true);
  });
});

describe('what counts as one user', () => {
  const whoIs = (id: string, system: SystemView) => ({ id, ...describeMachine(system, {}) });
  const isOne = (a: SystemView, b: SystemView) => sameUser('user@host', whoIs('1', a), whoIs('2', b));

  test.each(['linux', 'win32', 'darwin'] as const)('two windows of one user on one PC (%s)', (platform) => {
    const system = platform === 'linux' ? linux() : windows({ platform });
    expect(isOne(system, { ...system })).toBe(true);
    expect(isOne(system, { ...system, hostname: 'renamed' })).toBe(false);
  });

  test('two users without names are two', () => {
    const nameless = (uid: number | null) => linux({ user: null, uid });
    expect(describeMachine(nameless(23_451), {}).user).toBe('uid-23451');
    expect(describeMachine(linux({ user: '' }), {}).user).toBe('uid-1000');
    expect(isOne(nameless(23_451), nameless(23_452))).toBe(false);
    expect(isOne(nameless(23_451), nameless(23_451))).toBe(true);
    expect(describeMachine(nameless(null), {}).user).toMatch(/^nameless-[0-9a-f]{8}$/);
  });
});

describe('a process that is provably gone', () => {
  test('not this one, nor one that may not be signalled', () => {
    expect(isProcessGone(process.pid, processStart(process.pid))).toBe(false);
    expect(isProcessGone(process.pid, null)).toBe(false);
    expect(isProcessGone(1, null)).toBe(false);
  });

  test('on Linux, one of whose threads it was that is over; not where that cannot be told', () => {
    const start = processStart(process.pid);
    const isLinux = process.platform === 'linux';
    const mainThread = `${process.pid}/${start}`;
    expect(isProcessGone(process.pid, start, mainThread)).toBe(false);
    expect(isProcessGone(process.pid, start, `${process.pid}/1`)).toBe(isLinux);
    expect(isProcessGone(process.pid, start, `${2 ** 30}/1`)).toBe(isLinux);
    for (const words of ['', '1', '../../1/2', '-1/1', `${2 ** 30}/`])
      expect(isProcessGone(process.pid, start, words)).toBe(false);
  });

  test('one that is not there', () => {
    expect(isProcessGone(2 ** 30, null)).toBe(true); // above every pid_max
  });

  test('on Linux, one whose pid now belongs to another: the start time differs', () => {
    expect(isProcessGone(process.pid, '1')).toBe(process.platform === 'linux');
  });
});

test('this very system can be described', () => {
  const facts = describeMachine(thisSystem(process.env), {});
  expect(facts.host).toBe(os.hostname());
  expect(facts.user).not.toBe('');
});

test('the id of an installation is made once, and wreckage in its place proves nothing', () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'seatfile-home-'));
  try {
    const id = readOrMakeId(path.join(directory, 'state'));
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(readOrMakeId(path.join(directory, 'state'))).toBe(id);
    const file = path.join(directory, 'state', 'installation-id');
    expect(readFileSync(file, 'utf8')).toBe(id);
    expect([statSync(path.dirname(file)).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o755, 0o644]);
    for (const wreckage of ['wreckage', '', `${id}${id}`, `${id}\n${id}`]) {
      writeFileSync(file, wreckage);
      expect(readOrMakeId(path.join(directory, 'state'))).toBeNull();
    }
    writeFileSync(file, `${id}\n`);
    expect(readOrMakeId(path.join(directory, 'state'))).toBe(id);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

describe('in the place of the id of an installation lies', () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'seatfile-home-'));
  const file = path.join(directory, 'installation-id');
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  afterEach(() => rmSync(file, { recursive: true, force: true }));

  test.each<[string, () => void]>([
    ['a pipe that no process writes to', () => execFileSync('mkfifo', [file])],
    ['a link', () => symlinkSync('/etc/machine-id', file)],
    ['a directory', () => mkdirSync(file)],
  ])('%s: there is none, at once', (_words, put) => {
    put();
    expect(readOrMakeId(directory)).toBeNull();
  });

  test('nor is there one where its directory is a file', () => {
    expect(readOrMakeId('/etc/passwd')).toBeNull();
  });
});
