import nodePath from 'node:path';
import { MAX_BYTES } from '../licence/size.js';
import {
  type FileStat,
  identityOf,
  type ReplaceTerms,
  ShareError,
  type ShareErrorKind,
  type ShareFiles,
  type Volume,
} from '../share/files.js';

/**
 * A share in memory: each operation is done at once and whole. It answers as a disk does, and is held to the same
 * checks (`test/share/conformance.ts`). It has no links, and no caches: those are in the simulated share of the tests.
 */

interface Common {
  readonly inode: number;
  mode: number;
  modifiedMs: number;
}
type FileNode = Common & { readonly kind: 'file'; readonly bytes: Uint8Array };
type DirectoryNode = Common & { readonly kind: 'directory'; readonly entries: Map<string, Node> };
type Node = FileNode | DirectoryNode;

/** What a new directory lacks. */
const UMASK = 0o077;
const DIRECTORY_BYTES = 4096;
/** SMB, with room. */
const VOLUME: Volume = { type: 0xfe534d42, freeBytes: 1e12 };

/** @param nowMs the clock of the server: milliseconds since 1970 */
export function memoryFiles(nowMs: () => number): ShareFiles {
  const tree = new MemoryTree(nowMs);
  return {
    list: async (path) => [...tree.directoryAt(path, 'list').entries.keys()],
    removable: async (path) => [...tree.directoryAt(path, 'list').entries.keys()],
    read: async (path) => tree.read(path),
    writeNew: async (path, text, mode) => tree.writeNew(path, text, mode),
    replace: async (path, text, mode, terms) => tree.replace(path, text, mode, terms),
    makeDirectory: async (path, mode = 0o777) => tree.makeDirectory(path, mode),
    setMode: async (path, mode) => tree.setMode(path, mode),
    stat: async (path) => tree.stat(path),
    rename: async (from, to) => tree.rename(from, to),
    removeFile: async (path) => tree.removeFile(path),
    removeDirectory: async (path) => tree.removeDirectory(path),
    resolve: async (path) => tree.resolve(path),
    volume: async (path) => tree.volume(path),
  };
}

class MemoryTree {
  private readonly nowMs: () => number;
  private readonly top: DirectoryNode;
  private inodes = 0;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
    this.top = this.newDirectory(0o755);
  }

  directoryAt(path: string, operation: string): DirectoryNode {
    const node = this.find(path, operation);
    if (node.kind !== 'directory') throw new ShareError('wrongKind', operation, path);
    return node;
  }

  read(path: string): Uint8Array {
    const node = this.find(path, 'read');
    if (node.kind !== 'file') throw new ShareError('wrongKind', 'read', path);
    if (node.bytes.length > MAX_BYTES) throw new ShareError('tooLarge', 'read', path);
    return node.bytes;
  }

  writeNew(path: string, text: string, mode: number): void {
    this.put(path, 'write', this.newFile(text, mode));
  }

  replace(path: string, text: string, mode: number, { beside, expected }: ReplaceTerms): boolean {
    const { directory, name } = this.placeOf(path, 'replace');
    const there = directory.entries.get(name);
    if (there?.kind === 'directory') throw new ShareError('wrongKind', 'replace', path);
    this.find(beside, 'replace');
    if (expected !== undefined && expected !== (there ? identityOf(statOf(there)) : 'missing')) return false;
    this.enter(directory, name, this.newFile(text, mode));
    return true;
  }

  makeDirectory(path: string, mode: number): void {
    this.put(path, 'make directory', this.newDirectory(mode & ~UMASK));
  }

  setMode(path: string, mode: number): void {
    this.directoryAt(path, 'set rights of').mode = mode & 0o7777;
  }

  stat(path: string): FileStat {
    return statOf(this.find(path, 'look at'));
  }

  rename(from: string, to: string): void {
    const fail = (kind: ShareErrorKind) => new ShareError(kind, 'rename', `${from} to ${to}`);
    const node = this.find(from, 'rename');
    if (isWithin(from, to)) throw fail('unsaid'); // EINVAL
    const target = this.placeOf(to, 'rename');
    const there = target.directory.entries.get(target.name);
    if (there === node) return;
    if (there && there.kind !== node.kind) throw fail('wrongKind');
    if (there?.kind === 'directory' && there.entries.size > 0) throw fail('notEmpty');
    this.leave(from);
    this.enter(target.directory, target.name, node);
  }

  removeFile(path: string): void {
    if (this.find(path, 'remove').kind !== 'file') throw new ShareError('wrongKind', 'remove', path);
    this.leave(path);
  }

  removeDirectory(path: string): void {
    if (this.directoryAt(path, 'remove').entries.size > 0) throw new ShareError('notEmpty', 'remove', path);
    this.leave(path);
  }

  resolve(path: string): string {
    this.find(path, 'resolve');
    return nodePath.resolve(path);
  }

  volume(path: string): Volume {
    this.find(path, 'ask for the file system of');
    return VOLUME;
  }

  private find(path: string, operation: string): Node {
    let node: Node = this.top;
    for (const name of namesOf(path)) {
      if (node.kind !== 'directory') throw new ShareError('wrongKind', operation, path);
      const next = node.entries.get(name);
      if (next === undefined) throw new ShareError('missing', operation, path);
      node = next;
    }
    return node;
  }

  private placeOf(path: string, operation: string): { directory: DirectoryNode; name: string } {
    const directory = this.directoryAt(nodePath.dirname(path), operation);
    return { directory, name: nodePath.basename(path) };
  }

  private put(path: string, operation: string, node: Node): void {
    const { directory, name } = this.placeOf(path, operation);
    if (directory.entries.has(name)) throw new ShareError('exists', operation, path);
    this.enter(directory, name, node);
  }

  private enter(directory: DirectoryNode, name: string, node: Node): void {
    directory.entries.set(name, node);
    directory.modifiedMs = this.nowMs();
  }

  private leave(path: string): void {
    const { directory, name } = this.placeOf(path, 'remove');
    directory.entries.delete(name);
    directory.modifiedMs = this.nowMs();
  }

  private newFile(text: string, mode: number): FileNode {
    return { ...this.common(mode), kind: 'file', bytes: new TextEncoder().encode(text) };
  }

  private newDirectory(mode: number): DirectoryNode {
    return { ...this.common(mode), kind: 'directory', entries: new Map() };
  }

  private common(mode: number): Common {
    return { inode: ++this.inodes, mode: mode & 0o7777, modifiedMs: this.nowMs() };
  }
}

/** The names on the way to a place, the drive or the server of Windows left aside. */
function namesOf(path: string): string[] {
  const whole = nodePath.resolve(path);
  return whole.slice(nodePath.parse(whole).root.length).split(nodePath.sep).filter(Boolean);
}

/** Whether `inner` is below `outer`. */
function isWithin(outer: string, inner: string): boolean {
  const way = namesOf(inner);
  return way.length > namesOf(outer).length && namesOf(outer).every((name, index) => way[index] === name);
}

function statOf(node: Node): FileStat {
  const { kind, inode, mode, modifiedMs } = node;
  const bytes = node.kind === 'file' ? node.bytes.length : DIRECTORY_BYTES;
  return { kind, bytes, modifiedMs, inode: String(inode), device: '1', links: 1, mode };
}
