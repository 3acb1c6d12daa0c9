import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MAX_BYTES } from '../../src/core/licence.js';
import { diskFiles, ShareError, type ShareFiles } from '../../src/share/files.js';
import { Timeline } from '../helpers/clock.js';
import { clientOf, MemoryServer } from '../helpers/memory-share.js';

/** One suite over the disk and the memory share: what the code relies on is so on both. */
interface Ground {
  readonly files: ShareFiles;
  readonly link: (path: string, target: string) => Promise<void>;
}

const memoryServer = new MemoryServer(new Timeline(), { umask: 0o077 });
const memory: Ground = {
  files: clientOf(memoryServer).files,
  link: async (path, target) => memoryServer.symbolicLink(path, target),
};
const disk: Ground = { files: diskFiles, link: (path, target) => symlink(target, path) };

const before = process.umask(0o077); // others may read only where somebody said so
const rubbish: string[] = [];
let memoryRoots = 0;

async function newRoot(name: string): Promise<string> {
  if (name === 'disk') {
    const root = await diskFiles.resolve(await mkdtemp(`${tmpdir()}/seatfile-`));
    rubbish.push(root);
    return root;
  }
  const root = `/share-${memoryRoots++}`;
  memoryServer.makeDirectory(root);
  return root;
}

async function kindOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof ShareError ? error.kind : `not refused: ${error}`;
}

afterEach(async () => {
  for (const root of rubbish.splice(0)) await rm(root, { recursive: true });
});
afterAll(() => {
  process.umask(before);
});

describe.each([
  ['disk', disk],
  ['memory', memory],
])('%s', (name, { files, link }) => {
  let root = '';
  const at = (path: string) => `${root}/${path}`;
  const write = (path: string, text = 'x') => files.writeNew(at(path), text, 0o644);
  const make = (path: string) => files.makeDirectory(at(path));
  const text = async (path: string) => new TextDecoder().decode(await files.read(at(path)));

  beforeEach(async () => {
    root = await newRoot(name);
  });

  test('list: every name, in no order', async () => {
    await write('b');
    await make('a');
    expect((await files.list(root)).sort()).toEqual(['a', 'b']);
  });

  test('list: missing, or not a directory', async () => {
    await write('file');
    expect(await kindOf(files.list(at('nothing')))).toBe('missing');
    expect(await kindOf(files.list(at('file')))).toBe('wrongKind');
  });

  test('read: missing, below a file, a directory', async () => {
    await write('file');
    await make('directory');
    expect(await kindOf(files.read(at('nothing')))).toBe('missing');
    expect(await kindOf(files.read(at('file/below')))).toBe('wrongKind');
    expect(await kindOf(files.read(at('directory')))).toBe('wrongKind');
  });

  test('read: 16 MiB, and not a byte more', async () => {
    await write('most', 'x'.repeat(MAX_BYTES));
    await write('more', 'x'.repeat(MAX_BYTES + 1));
    expect((await files.read(at('most'))).length).toBe(MAX_BYTES);
    expect(await kindOf(files.read(at('more')))).toBe('tooLarge');
  });

  test('writeNew: what was written is read back, as UTF-8', async () => {
    await write('file', 'Zoë \u{1F4BA}\n');
    expect(await text('file')).toBe('Zoë \u{1F4BA}\n');
    expect((await files.stat(at('file'))).bytes).toBe(10);
  });

  test('writeNew: an empty text', async () => {
    await write('file', '');
    expect(await text('file')).toBe('');
  });

  test('writeNew: never over a file, a directory or a link', async () => {
    await write('file', 'first');
    await make('directory');
    await link(at('link'), at('nothing'));
    expect(await kindOf(write('file', 'second'))).toBe('exists');
    expect(await kindOf(write('directory'))).toBe('exists');
    expect(await kindOf(write('link'))).toBe('exists');
    expect(await text('file')).toBe('first');
  });

  test('writeNew: no directory for it', async () => {
    expect(await kindOf(write('nothing/file'))).toBe('missing');
    await write('file');
    expect(await kindOf(write('file/below'))).toBe('wrongKind');
  });

  test('writeNew: the mode asked for, whatever the umask', async () => {
    await files.writeNew(at('file'), 'x', 0o664);
    expect((await files.stat(at('file'))).mode).toBe(0o664);
  });

  test('replace: makes a file, and shows another text in it', async () => {
    await files.replace(at('file'), 'first, and longer', 0o644);
    await files.replace(at('file'), 'zweit€', 0o664);
    expect(await text('file')).toBe('zweit€');
    expect((await files.stat(at('file'))).mode).toBe(0o664);
  });

  test('replace: leaves nothing beside the file', async () => {
    await files.replace(at('file'), 'x', 0o644);
    await files.replace(at('file'), 'y', 0o644);
    expect(await files.list(root)).toEqual(['file']);
  });

  test('replace: another file each time, so that a reader keeps the one he opened', async () => {
    await write('file');
    const { inode } = await files.stat(at('file'));
    await files.replace(at('file'), 'y', 0o644);
    expect((await files.stat(at('file'))).inode).not.toBe(inode);
  });

  test('replace: never a directory, and not without one around it', async () => {
    await make('directory');
    expect(await kindOf(files.replace(at('directory'), 'x', 0o644))).toBe('wrongKind');
    expect(await kindOf(files.replace(at('nothing/file'), 'x', 0o644))).toBe('missing');
    expect(await files.list(root)).toEqual(['directory']);
  });

  test('makeDirectory: once', async () => {
    await make('directory');
    await write('file');
    expect(await kindOf(make('directory'))).toBe('exists');
    expect(await kindOf(make('file'))).toBe('exists');
    expect(await kindOf(make('nothing/directory'))).toBe('missing');
  });

  test('makeDirectory obeys the umask, setMode does not', async () => {
    await make('directory');
    expect((await files.stat(at('directory'))).mode).toBe(0o700);
    await files.setMode(at('directory'), 0o2775);
    expect((await files.stat(at('directory'))).mode).toBe(0o2775);
    expect(await kindOf(files.setMode(at('nothing'), 0o700))).toBe('missing');
  });

  test('stat: kind, links, and a link itself', async () => {
    await write('file');
    await make('directory');
    await link(at('link'), at('file'));
    expect(await files.stat(at('file'))).toMatchObject({ kind: 'file', bytes: 1, links: 1 });
    expect((await files.stat(at('directory'))).kind).toBe('directory');
    expect((await files.stat(at('link'))).kind).toBe('link');
    expect(await kindOf(files.stat(at('nothing')))).toBe('missing');
  });

  test('rename: a directory onto a free name, with all in it', async () => {
    await make('from');
    await write('from/file', 'kept');
    const { inode } = await files.stat(at('from'));
    await files.rename(at('from'), at('to'));
    expect(await text('to/file')).toBe('kept');
    expect((await files.stat(at('to'))).inode).toBe(inode);
    expect(await kindOf(files.stat(at('from')))).toBe('missing');
  });

  test('rename: a directory onto an empty one takes its place', async () => {
    await make('from');
    await write('from/file');
    await make('to');
    await files.rename(at('from'), at('to'));
    expect(await files.list(at('to'))).toEqual(['file']);
  });

  test('rename: a directory onto one that is not empty is refused, and both stay', async () => {
    await make('from');
    await write('from/file', 'mine');
    await make('to');
    await write('to/file', 'yours');
    expect(await kindOf(files.rename(at('from'), at('to')))).toBe('notEmpty');
    expect([await text('from/file'), await text('to/file')]).toEqual(['mine', 'yours']);
  });

  test('rename: never a file onto a directory, nor a directory onto a file', async () => {
    await make('directory');
    await write('file');
    expect(await kindOf(files.rename(at('file'), at('directory')))).toBe('wrongKind');
    expect(await kindOf(files.rename(at('directory'), at('file')))).toBe('wrongKind');
  });

  test('rename: a file over a file', async () => {
    await write('from', 'new');
    await write('to', 'old');
    await files.rename(at('from'), at('to'));
    expect([await files.list(root), await text('to')]).toEqual([['to'], 'new']);
  });

  test('rename: nothing to move, no directory to move it to, into itself', async () => {
    await make('directory');
    expect(await kindOf(files.rename(at('nothing'), at('to')))).toBe('missing');
    expect(await kindOf(files.rename(at('directory'), at('nothing/to')))).toBe('missing');
    expect(await kindOf(files.rename(at('directory'), at('directory/in')))).toBe('unsaid');
  });

  test('removeFile: a file, and nothing else', async () => {
    await write('file');
    await make('directory');
    await files.removeFile(at('file'));
    expect(await kindOf(files.removeFile(at('file')))).toBe('missing');
    expect(await kindOf(files.removeFile(at('directory')))).toBe('wrongKind');
  });

  test('removeDirectory: an empty directory, and nothing else', async () => {
    await make('empty');
    await make('full');
    await write('full/file');
    await files.removeDirectory(at('empty'));
    expect(await kindOf(files.removeDirectory(at('empty')))).toBe('missing');
    expect(await kindOf(files.removeDirectory(at('full')))).toBe('notEmpty');
    expect(await kindOf(files.removeDirectory(at('full/file')))).toBe('wrongKind');
  });

  test('resolve: every link followed, also a directory on the way', async () => {
    await make('real');
    await write('real/file');
    await link(at('way'), at('real'));
    await link(at('link'), 'way/file');
    expect(await files.resolve(at('link'))).toBe(at('real/file'));
    expect(await text('link')).toBe('x');
    expect(await kindOf(files.resolve(at('nothing')))).toBe('missing');
  });

  test('resolve: links in a circle', async () => {
    await link(at('a'), at('b'));
    await link(at('b'), at('a'));
    expect(await kindOf(files.resolve(at('a')))).toBe('wrongKind');
  });

  test('volume: the type of the file system and its free bytes', async () => {
    await write('file');
    const { type, freeBytes } = await files.volume(root);
    expect(type).toBeGreaterThanOrEqual(0);
    expect(freeBytes).toBeGreaterThan(0);
    expect((await files.volume(at('file'))).type).toBe(type);
    expect(await kindOf(files.volume(at('nothing')))).toBe('missing');
  });

  test('a directory is stamped by the server as it is made', async () => {
    await make('first');
    const first = (await files.stat(at('first'))).modifiedMs;
    await make('second');
    expect((await files.stat(at('second'))).modifiedMs).toBeGreaterThanOrEqual(first);
  });

  test('one of many renames onto one name is done', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const one of names) await make(one).then(() => write(`${one}/file`, one));
    const kinds = await Promise.all(names.map((one) => kindOf(files.rename(at(one), at('to')))));
    expect(kinds.filter((kind) => kind === 'notEmpty')).toHaveLength(4);
    expect(kinds[names.indexOf(await text('to/file'))]).toMatch('not refused');
  });
});
