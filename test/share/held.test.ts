import fs from 'node:fs';
import os from 'node:os';
import nodePath from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { diskFiles, diskFilesBy } from '../../src/share/disk.js';
import { HeldDirectory } from '../../src/share/held.js';

/** Directories that are opened are numbered 1, 2, 3 ... */
function counted() {
  const opened: string[] = [];
  const closed: number[] = [];
  const held = new HeldDirectory({
    open: async (path) => opened.push(path),
    close: async (descriptor) => {
      closed.push(descriptor);
    },
  });
  return { held, opened, closed };
}

const nothing = async () => undefined;
const failing = async () => {
  throw new Error('refused');
};

describe('a directory', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is opened once for operations that follow each other', async () => {
    const { held, opened, closed } = counted();
    for (let n = 0; n < 10; n++) await held.within('/a', nothing);
    expect(opened).toEqual(['/a']);
    expect(closed).toEqual([]);
  });

  test('is closed when nothing has used it for half a second', async () => {
    const { held, closed } = counted();
    await held.within('/a', nothing);
    await vi.advanceTimersByTimeAsync(300);
    await held.within('/a', nothing);
    await vi.advanceTimersByTimeAsync(499);
    expect(closed).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(closed).toEqual([1]);
  });

  test('is found by its path again after a second, however busy it is', async () => {
    const { held, opened, closed } = counted();
    for (let n = 0; n < 11; n++) {
      await held.within('/a', nothing);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(opened).toEqual(['/a', '/a']);
    expect(closed).toEqual([1]);
  });

  test('is found by its path again after a failure, when asked for, and after another directory', async () => {
    const { held, opened, closed } = counted();
    await expect(held.within('/a', failing)).rejects.toThrow('refused');
    await held.within('/a', nothing);
    held.leave();
    await held.within('/a', nothing);
    await held.within('/b', nothing);
    expect(opened).toEqual(['/a', '/a', '/a', '/b']);
    expect(closed).toEqual([1, 2, 3]);
  });

  test('is closed once, and never while an operation uses it', async () => {
    const { held, opened, closed } = counted();
    let end = () => {};
    const long = held.within('/a', () => new Promise<void>((resolve) => (end = resolve)));
    await held.within('/b', nothing);
    held.leave();
    await vi.advanceTimersByTimeAsync(5000);
    expect(closed).toEqual([2]);
    end();
    await long;
    expect(closed).toEqual([2, 1]);
    expect(opened).toEqual(['/a', '/b']);
  });

  test('that could not be opened is none: the next operation tries again', async () => {
    let tries = 0;
    const held = new HeldDirectory({
      open: async () => {
        if (++tries === 1) throw new Error('missing');
        return 7;
      },
      close: nothing,
    });
    await expect(held.within('/a', nothing)).rejects.toThrow('missing');
    await held.within('/a', nothing);
    expect(tries).toBe(2);
  });
});

describe.each([
  ['our way', diskFiles],
  ['by looks', diskFilesBy(async () => 'looks')],
])('another process puts a folder in the place of ours, %s', (_name, files) => {
  let root = '';
  beforeEach(() => {
    root = fs.realpathSync(fs.mkdtempSync(nodePath.join(os.tmpdir(), 'seatfile-held-')));
  });
  afterEach(() => {
    fs.rmSync(root, { recursive: true });
  });

  test('a listing after a rename shows what is at the path, wherever the rename was done', async () => {
    const folder = nodePath.join(root, 'licence.json.revisions');
    fs.mkdirSync(folder);
    await files.makeDirectory(nodePath.join(folder, 'stage'));
    await files.list(folder);
    fs.renameSync(folder, nodePath.join(root, 'older'));
    fs.mkdirSync(folder);
    await files.rename(nodePath.join(folder, 'stage'), nodePath.join(folder, '000000000001')).catch(nothing);
    expect(await files.list(folder)).toEqual([]);
  });
});
