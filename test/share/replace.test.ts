import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { replaceWhole } from '../../src/share/replace.js';

/** A share that is unmounted, or mounted again, between any two steps of showing a text in a file. */

let around = '';
const share = () => path.join(around, 'share');
const elsewhere = () => path.join(around, 'elsewhere');
const file = () => path.join(share(), 'licence.json');
const folder = () => path.join(share(), 'folder');
const show = () => replaceWhole(file(), 'new', 0o644, folder());

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

/** Lets something happen before or after one step, once. */
function atStep(step: 'writeFile' | 'stat', when: 'before' | 'after', happen: () => void): void {
  const real = fs[step] as (...args: unknown[]) => Promise<unknown>;
  vi.spyOn(fs, step).mockImplementationOnce((async (...args: unknown[]) => {
    if (when === 'before') happen();
    const done = await real(...args);
    if (when === 'after') happen();
    return done;
  }) as never);
}

test('as it should be', async () => {
  await show();
  expect(await fs.readFile(file(), 'utf8')).toBe('new');
  expect(readdirSync(share()).sort()).toEqual(['folder', 'licence.json']);
});

test.each([
  ['writeFile', 'before'],
  ['writeFile', 'after'],
  ['stat', 'after'],
] as const)('gone %2$s %1$s: nothing is left where it was', async (step, when) => {
  atStep(step, when, unmount);
  await expect(show()).rejects.toMatchObject({ code: 'ENOENT' });
  expect(inMountPoint()).toEqual([]);
  expect(await fs.readFile(path.join(elsewhere(), 'licence.json'), 'utf8')).toBe('old');
});

test('gone before it began', async () => {
  unmount();
  await expect(show()).rejects.toMatchObject({ code: 'ENOENT' });
  expect(inMountPoint()).toEqual([]);
});

test.each([
  ['writeFile', 'before'],
  ['writeFile', 'after'],
] as const)('back %2$s %1$s: no file of the mount point is shown', async (step, when) => {
  unmount();
  atStep(step, when, mount);
  await expect(show()).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await fs.readFile(file(), 'utf8')).toBe('old');
  expect(inMountPoint()).not.toContain('licence.json');
});
