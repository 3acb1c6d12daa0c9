import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeEach, describe, test } from 'vitest';
import { diskFiles } from '../../src/share/files.js';
import { Timeline } from '../helpers/clock.js';
import { clientOf, MemoryServer } from '../helpers/memory-share.js';
import { conformance, type Ground } from './conformance.js';

/** One suite over the disk and the memory share: what the code relies on is so on both. */
const memoryServer = new MemoryServer(new Timeline(), { umask: 0o077 });
const memory: Omit<Ground, 'root'> = {
  files: clientOf(memoryServer).files,
  link: async (path, target) => memoryServer.symbolicLink(path, target),
};
const disk: Omit<Ground, 'root'> = { files: diskFiles, link: (path, target) => symlink(target, path) };

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

afterEach(async () => {
  for (const root of rubbish.splice(0)) await rm(root, { recursive: true });
});
afterAll(() => {
  process.umask(before);
});

describe.each([
  ['disk', disk],
  ['memory', memory],
])('%s', (name, ground) => {
  let root = '';
  beforeEach(async () => {
    root = await newRoot(name);
  });
  conformance({ ...ground, root: () => root }, (what, act) => test(what, act));
});
