import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { diskFiles } from '../../src/share/disk.js';
import { identityOf } from '../../src/share/files.js';
import { replaceWhole } from '../../src/share/replace.js';

const before = vi.fn();
const after = vi.fn();
vi.mock('write-file-atomic', async (original) => {
  const { default: real } = await original<{ default: (...args: unknown[]) => Promise<void> }>();
  return {
    default: async (...args: unknown[]) => {
      before();
      await real(...args);
      after();
    },
  };
});

/** A share that is unmounted, or mounted again, between any two steps of showing a text in a file. */

let around = '';
const share = () => path.join(around, 'share');
const elsewhere = () => path.join(around, 'elsewhere');
const file = () => path.join(share(), 'licence.json');
const folder = () => path.join(share(), 'folder');
const show = (isStill = async () => true) =>
  replaceWhole(file(), 'new', 0o644, { beside: folder(), isStill });

function unmount(): void {
  renameSync(share(), elsewhere());
  mkdirSync(share());
}

function mount(): void {
  renameSync(share(), path.join(around, 'mount-point'));
  renameSync(elsewhere(), share());
}

/** What is left where the share is mounted, when it is not. */
const inMountPoint = () => readdirSync(existsSync(elsewhere()) ? share() : path.join(around, 'mount-point'));

beforeEach(() => {
  around = mkdtempSync(path.join(os.tmpdir(), 'seatfile-test-'));
  mkdirSync(folder(), { recursive: true });
  writeFileSync(file(), 'old');
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(around, { recursive: true });
});

type Step = 'open' | 'lstat' | 'rename' | 'package';

/**
 * Lets something happen before or after one step, once: our own opening, looks and rename, and all that the package
 * does.
 */
function atStep(step: Step, when: 'before' | 'after', happen: () => void): void {
  if (step === 'package') {
    (when === 'before' ? before : after).mockImplementationOnce(happen);
    return;
  }
  const real = fs[step] as (...args: unknown[]) => Promise<unknown>;
  vi.spyOn(fs, step).mockImplementationOnce((async (...args: unknown[]) => {
    if (when === 'before') happen();
    const done = await real(...args);
    if (when === 'after') happen();
    return done;
  }) as never);
}

const moments = (['package', 'open', 'lstat', 'rename'] as const).flatMap((step) =>
  (['before', 'after'] as const).map((when) => [step, when] as const),
);
/** What is shown by then is shown on the share. */
const tooLate = (step: Step, when: string) => step === 'rename' && when === 'after';

test('as it should be', async () => {
  await show();
  expect(await fs.readFile(file(), 'utf8')).toBe('new');
  expect(readdirSync(share()).sort()).toEqual(['folder', 'licence.json']);
});

test.each(moments.filter(([step, when]) => !tooLate(step, when)))(
  'gone: %s, %s: nothing is shown where it was',
  async (step, when) => {
    atStep(step, when, unmount);
    await expect(show()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(inMountPoint()).toEqual([]);
    expect(await fs.readFile(path.join(elsewhere(), 'licence.json'), 'utf8')).toBe('old');
  },
);

test('gone before it began', async () => {
  unmount();
  await expect(show()).rejects.toMatchObject({ code: 'ENOENT' });
  expect(inMountPoint()).toEqual([]);
});

test.each(moments.filter(([step]) => step !== 'rename'))(
  'back: %s, %s: no file of the mount point is shown',
  async (step, when) => {
    const isNew = step === 'package' && when === 'before';
    unmount();
    atStep(step, when, mount);
    const shown = await show().then(
      () => 'new',
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(shown).toBe(isNew ? 'new' : 'ENOENT');
    expect(await fs.readFile(file(), 'utf8')).toBe(isNew ? 'new' : 'old');
    expect(inMountPoint()).not.toContain('licence.json');
  },
);

/** A user that may write in the directory puts a link to another user's file in the place of what is being written. */
const victim = () => path.join(around, 'victim');
const exchangeFor = (target: string) => () => {
  const name = readdirSync(share()).find((one) => one.includes('.show-'));
  if (name === undefined) throw new Error('nothing is being written');
  rmSync(path.join(share(), name));
  symlinkSync(target, path.join(share(), name));
};

test.each([
  ['open', 'before', 'a file', victim],
  ['open', 'before', 'nothing', () => path.join(around, 'nothing')],
  ['package', 'after', 'a file', victim],
  ['lstat', 'before', 'a file', victim],
] as const)(
  'exchanged: %s, %s, for a link to %s: nothing is written through it',
  async (step, when, _what, target) => {
    writeFileSync(victim(), 'precious', { mode: 0o600 });
    atStep(step, when, exchangeFor(target()));
    await expect(show()).rejects.toThrow();
    expect([readFileSync(victim(), 'utf8'), statSync(victim()).mode & 0o777]).toEqual(['precious', 0o600]);
    expect(existsSync(path.join(around, 'nothing'))).toBe(false);
    expect(readFileSync(file(), 'utf8')).toBe('old');
  },
);

test('a hard link to a file of another user in the place of what is being written is left alone', async () => {
  writeFileSync(victim(), '', { mode: 0o600 });
  atStep('open', 'before', () => {
    const name = readdirSync(share()).find((one) => one.includes('.show-')) ?? '';
    rmSync(path.join(share(), name));
    linkSync(victim(), path.join(share(), name));
  });
  await expect(show()).rejects.toMatchObject({ code: 'EPERM' });
  expect([readFileSync(victim(), 'utf8'), statSync(victim()).mode & 0o777]).toEqual(['', 0o600]);
});

test('a link in the place of the file is replaced, and what it points to is left alone', async () => {
  writeFileSync(victim(), 'precious');
  rmSync(file());
  symlinkSync(victim(), file());
  await show();
  expect([readFileSync(victim(), 'utf8'), lstatSync(file()).isFile()]).toEqual(['precious', true]);
});

test('another file than the expected one is left as it is, and nothing beside it', async () => {
  expect(await show(async () => false)).toBe(false);
  expect([readFileSync(file(), 'utf8'), readdirSync(share()).sort()]).toEqual([
    'old',
    ['folder', 'licence.json'],
  ]);
});

test.each([
  [900, true],
  [1100, false],
])('a process that is stopped for %i ms between its last look and the rename', async (stoppedMs, isDone) => {
  const expected = identityOf(await diskFiles.stat(file()));
  const { lstat } = fs;
  vi.spyOn(fs, 'lstat').mockImplementation((async (path: string) => {
    const found = await lstat(path);
    const nowMs = Date.now();
    if (path === file()) vi.spyOn(Date, 'now').mockReturnValue(nowMs + stoppedMs);
    return found;
  }) as never);
  expect(await diskFiles.replace(file(), 'new', 0o644, { beside: folder(), expected })).toBe(isDone);
  expect(readFileSync(file(), 'utf8')).toBe(isDone ? 'new' : 'old');
});
