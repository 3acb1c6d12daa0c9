import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readOrMakeId } from '../../src/instance/home.js';
import {
  describeMachine,
  isProcessGone,
  processStart,
  type SystemView,
  thisSystem,
} from '../../src/instance/machine.js';

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
  macs: ['aa:bb'],
  readText: (file) => ({ ...texts, ...otherTexts })[file] ?? null,
  readLink: (file) => ({ ...links, ...otherLinks })[file] ?? null,
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
    const blind = machineOf(linux({ readText: () => null, readLink: () => null, macs: [] }));
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
    expect(describeMachine(windows(), {}).isBootKnown).toBe(false);
  });

  test('on Windows the installation, the host name and the hardware addresses tell', () => {
    const one = machineOf(windows());
    expect(one.pids).toBe(one.installation);
    for (const change of [
      { hostname: 'pc-2' },
      { macs: ['cc:dd'] },
      { installationId: () => 'j'.repeat(32) },
    ])
      expect(machineOf(windows(change)).pids).not.toBe(one.pids);
  });
});

test('user and host are the system’s unless named otherwise; an empty host name is told as unknown', () => {
  expect(describeMachine(linux(), {})).toMatchObject({ user: 'ada', host: 'pc-1' });
  const named = { SEATFILE_USER: 'bob', SEATFILE_HOST: 'desk' };
  expect(describeMachine(linux(), named)).toMatchObject({ user: 'bob', host: 'desk' });
  expect(describeMachine(linux({ hostname: '' }), {})).toMatchObject({ host: 'unknown' });
});

describe('a process that is provably gone', () => {
  test('not this one, nor one that may not be signalled', () => {
    expect(isProcessGone(process.pid, processStart(process.pid))).toBe(false);
    expect(isProcessGone(process.pid, null)).toBe(false);
    expect(isProcessGone(1, null)).toBe(false);
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
    writeFileSync(file, 'wreckage');
    expect(readOrMakeId(path.join(directory, 'state'))).toBeNull();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
