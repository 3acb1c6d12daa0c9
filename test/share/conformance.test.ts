import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeEach, describe, test } from 'vitest';
import { diskFiles, diskFilesBy } from '../../src/share/disk.js';
import { Timeline } from '../helpers/clock.js';
import { clientOf, MemoryServer } from '../helpers/memory-share.js';
import { conformance, type Ground } from './conformance.js';

/**
 * One suite over the disk, by both ways to a place in it, and the memory share: what the code relies on is so on all.
 */
const memoryServer = new MemoryServer(new Timeline(), { umask: 0o077 });
const memory: Omit<Ground, 'root'> = {
  files: clientOf(memoryServer).files,
  link: async (path, target) => memoryServer.symbolicLink(path, target),
};
const disk: Omit<Ground, 'root'> = { files: diskFiles, link: (path, target) => symlink(target, path) };

const before = process.umask(0o077); // other users may read only what a mode says
const rubbish: string[] = [];
let memoryRoots = 0;

async function newRoot(name: string): Promise<string> {
  if (name !== 'memory') {
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

const byLooks: Omit<Ground, 'root'> = { ...disk, files: diskFilesBy(async () => 'looks') };

describe.each([
  ['disk', disk],
  ['disk by looks', byLooks],
  ['memory', memory],
])('%s', (name, ground) => {
  let root = '';
  beforeEach(async () => {
    root = await newRoot(name);
  });
  conformance({ ...ground, root: () => root }, (what, act) => test(what, act));
});
