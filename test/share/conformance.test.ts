import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeEach, describe, test } from 'vitest';
import { diskFiles, diskFilesBy } from '../../src/share/disk.js';
import { memoryFiles } from '../../src/testing/memory-files.js';
import { Timeline } from '../../src/testing/timeline.js';
import { clientOf } from '../helpers/memory-share.js';
import { conformance, type Ground, WINDOWS } from './conformance.js';
import { type Semantics, windowsDisk } from './simulated/semantics.js';
import { SimServer } from './simulated/server.js';

/**
 * One suite over the disk, by both ways to a place in it, and the memory share: what the code relies on is so on all.
 */
function inMemory(options: { readonly semantics?: Semantics } = {}) {
  const server = new SimServer(new Timeline(), { umask: 0o077, ...options });
  const link = async (path: string, target: string) => server.symbolicLink(path, target);
  return { server, files: clientOf(server).files, link };
}
const posix = inMemory();
const windows = { ...inMemory({ semantics: windowsDisk }), refusals: WINDOWS };
const disk: Omit<Ground, 'root'> = { files: diskFiles, link: (path, target) => symlink(target, path) };

const before = process.umask(0o077); // other users may read only what a mode says
const rubbish: string[] = [];
let memoryRoots = 0;

async function newRoot(name: string): Promise<string> {
  const inMemory = name === 'memory' ? posix : name === 'memory as on Windows' ? windows : null;
  if (inMemory === null) {
    const root = await diskFiles.resolve(await mkdtemp(`${tmpdir()}/seatfile-`));
    rubbish.push(root);
    return root;
  }
  const root = `/share-${memoryRoots++}`;
  inMemory.server.makeDirectory(root);
  return root;
}

afterEach(async () => {
  for (const root of rubbish.splice(0)) await rm(root, { recursive: true });
});
afterAll(() => {
  process.umask(before);
});

/** The small one that `seatfile/testing` has. It has no links. */
describe('memory as in seatfile/testing', () => {
  const files = memoryFiles(() => Date.now());
  let root = '';
  beforeEach(async () => {
    root = `/share-${memoryRoots++}`;
    await files.makeDirectory(root);
  });
  const link = () => Promise.reject(new Error('expected no check with links'));
  conformance({ files, link, root: () => root }, (what, act, need) => {
    if (need !== 'links') test(what, act);
  });
});

const byLooks: Omit<Ground, 'root'> = { ...disk, files: diskFilesBy(async () => 'looks') };

describe.each([
  ['disk', disk],
  ['disk by looks', byLooks],
  ['memory', posix],
  ['memory as on Windows', windows],
])('%s', (name, ground) => {
  let root = '';
  beforeEach(async () => {
    root = await newRoot(name);
  });
  conformance({ ...ground, root: () => root }, (what, act) => test(what, act));
});
