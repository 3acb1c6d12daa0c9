import nodePath from 'node:path';
import { MAX_BYTES } from '../../src/core/licence.js';
import { type FileStat, ShareError, type ShareErrorKind } from '../../src/share/files.js';
import { EPOCH_MS, type Timeline } from './clock.js';

interface Common {
  readonly inode: number;
  mode: number;
  modifiedMs: number;
  links: number;
  /** Who has it open: the kind of refusal that a Windows-shaped server answers with, per holder. */
  readonly holders: Set<{ readonly kind: ShareErrorKind }>;
}
type FileNode = Common & { readonly kind: 'file'; bytes: Uint8Array };
type DirectoryNode = Common & { readonly kind: 'directory'; readonly entries: Map<string, Node> };
type LinkNode = Common & { readonly kind: 'link'; readonly target: string };
type Node = FileNode | DirectoryNode | LinkNode;

export interface MemoryServerOptions {
  /** Added to true time: what the server stamps. @default 0 */
  readonly wallOffsetMs?: number;
  /** Windows: no directory is renamed onto another, and what somebody has open is neither renamed nor removed. @default 'posix' */
  readonly shape?: 'posix' | 'windows';
  /** Of the clients: what a new directory lacks. @default 0o022 */
  readonly umask?: number;
}

const NEW_DIRECTORY = 0o777;
const NEW_LINK = 0o777;
const FEW_LINKS = 40;

/** A file server in memory: one tree, one clock, every operation at once and whole. It fails as a disk fails. */
export class MemoryServer {
  readonly timeline: Timeline;
  wallOffsetMs: number;
  private readonly options: MemoryServerOptions;
  private inodes = 1;
  private readonly root: DirectoryNode;

  constructor(timeline: Timeline, options: MemoryServerOptions = {}) {
    this.timeline = timeline;
    this.options = options;
    this.wallOffsetMs = options.wallOffsetMs ?? 0;
    this.root = this.newDirectory(0o755);
  }

  get nowMs(): number {
    return EPOCH_MS + this.wallOffsetMs + this.timeline.nowMs;
  }

  // --- what the port offers -----------------------------------------------------------------------------------------

  list(path: string): string[] {
    return [...this.directoryAt(path, 'list').entries.keys()];
  }

  read(path: string): Uint8Array {
    const file = this.nodeAt(path, 'read', true);
    if (file.kind !== 'file') throw new ShareError('wrongKind', 'read', path);
    if (file.bytes.length > MAX_BYTES) throw new ShareError('tooLarge', 'read', path);
    return file.bytes.slice();
  }

  writeNew(path: string, text: string, mode: number): void {
    this.put(path, 'write', this.newFile(text, mode));
  }

  /** A temporary file and a rename over the target: a new inode, and links followed, as write-file-atomic does. */
  replace(path: string, text: string, mode: number): void {
    const target = this.isThere(path) ? this.resolve(path) : path;
    const there = this.isThere(target) ? this.nodeAt(target, 'replace', false) : null;
    if (there?.kind === 'directory') throw new ShareError('wrongKind', 'replace', path);
    if (there) this.refuseOpen(there, 'replace', path);
    const { entries, name, directory } = this.parentOf(target, 'replace');
    entries.set(name, this.newFile(text, mode));
    this.touch(directory);
  }

  makeDirectory(path: string): void {
    this.put(path, 'make directory', this.newDirectory(NEW_DIRECTORY & ~(this.options.umask ?? 0o022)));
  }

  setMode(path: string, mode: number): void {
    this.nodeAt(path, 'set rights of', true).mode = mode & 0o7777;
  }

  stat(path: string): FileStat {
    const { kind, inode, mode, modifiedMs, links, ...node } = this.nodeAt(path, 'look at', false);
    const bytes = 'bytes' in node ? node.bytes.length : 4096;
    return { kind, bytes, modifiedMs, inode: String(inode), links, mode };
  }

  rename(from: string, to: string): void {
    const fail = (kind: ShareErrorKind) => new ShareError(kind, 'rename', `${from} to ${to}`);
    const node = this.nodeAt(from, 'rename', false);
    const source = this.parentOf(from, 'rename');
    const target = this.parentOf(to, 'rename');
    const there = target.entries.get(target.name);
    if (there === node) return;
    if (`${to}/`.startsWith(`${from}/`)) throw fail('unsaid'); // EINVAL
    this.refuseOpen(node, 'rename', `${from} to ${to}`);
    const refusal = there ? this.whyNotOnto(node, there) : null;
    if (refusal) throw fail(refusal);
    source.entries.delete(source.name);
    target.entries.set(target.name, node);
    this.touch(source.directory);
    this.touch(target.directory);
  }

  removeFile(path: string): void {
    const node = this.nodeAt(path, 'remove', false);
    if (node.kind === 'directory') throw new ShareError('wrongKind', 'remove', path);
    this.drop(path, node);
    node.links--;
  }

  removeDirectory(path: string): void {
    const node = this.nodeAt(path, 'remove', false);
    if (node.kind !== 'directory') throw new ShareError('wrongKind', 'remove', path);
    if (node.entries.size > 0) throw new ShareError('notEmpty', 'remove', path);
    this.drop(path, node);
  }

  resolve(path: string): string {
    const [resolved] = this.walk(path, 'resolve', true);
    return resolved;
  }

  // --- what tests do to it ------------------------------------------------------------------------------------------

  isThere(path: string): boolean {
    try {
      this.nodeAt(path, 'look at', false);
      return true;
    } catch {
      return false;
    }
  }

  readText(path: string): string {
    return new TextDecoder().decode(this.read(path));
  }

  /** Every path below a directory, sorted: what a test compares before and after. */
  paths(directory: string): string[] {
    const below = this.list(directory).map((name) => nodePath.posix.join(directory, name));
    const inside = (path: string) => (this.stat(path).kind === 'directory' ? this.paths(path) : []);
    return below.flatMap((path) => [path, ...inside(path)]).sort();
  }

  /** Writes over a file in place, or makes it: what an editor or a failing disk does. */
  scribble(path: string, text: string, mode = 0o644): void {
    if (!this.isThere(path)) this.writeNew(path, '', mode);
    const node = this.nodeAt(path, 'write', true);
    if (node.kind !== 'file') throw new ShareError('wrongKind', 'write', path);
    node.bytes = new TextEncoder().encode(text);
    node.modifiedMs = this.nowMs;
  }

  /** A directory and all in it, gone. */
  removeTree(path: string): void {
    const { entries, name, directory } = this.parentOf(path, 'remove');
    entries.delete(name);
    this.touch(directory);
  }

  /** A copy of a directory and all in it, as a backup would make. */
  copyTree(from: string, to: string): void {
    const { kind, mode } = this.stat(from);
    if (kind === 'file') this.writeNew(to, this.readText(from), mode);
    else {
      this.makeDirectory(to);
      for (const name of this.list(from)) this.copyTree(`${from}/${name}`, `${to}/${name}`);
    }
  }

  symbolicLink(path: string, target: string): void {
    this.put(path, 'link', { ...this.common(NEW_LINK), kind: 'link', target });
  }

  hardLink(path: string, existing: string): void {
    const node = this.nodeAt(existing, 'link', false);
    this.put(path, 'link', node);
    node.links++;
  }

  /** Somebody has it open until the result is called. Only a Windows-shaped server minds. */
  holdOpen(path: string, kind: ShareErrorKind = 'refused'): () => void {
    const { holders } = this.nodeAt(path, 'open', true);
    const holder = { kind };
    holders.add(holder);
    return () => void holders.delete(holder);
  }

  // --- the tree -----------------------------------------------------------------------------------------------------

  private whyNotOnto(node: Node, there: Node): ShareErrorKind | null {
    if (node.kind !== 'directory') return there.kind === 'directory' ? 'wrongKind' : this.openKind(there);
    if (there.kind !== 'directory') return 'wrongKind';
    if (this.options.shape === 'windows') return 'refused';
    return there.entries.size > 0 ? 'notEmpty' : null;
  }

  private refuseOpen(node: Node, operation: string, path: string): void {
    const kind = this.openKind(node);
    if (kind) throw new ShareError(kind, operation, path);
  }

  private openKind(node: Node): ShareErrorKind | null {
    if (this.options.shape !== 'windows') return null;
    const [holder] = node.holders;
    if (holder) return holder.kind;
    const inside = node.kind === 'directory' ? [...node.entries.values()] : [];
    return inside.map((one) => this.openKind(one)).find((kind) => kind !== null) ?? null;
  }

  private drop(path: string, node: Node): void {
    this.refuseOpen(node, 'remove', path);
    const { entries, name, directory } = this.parentOf(path, 'remove');
    entries.delete(name);
    this.touch(directory);
  }

  private put(path: string, operation: string, node: Node): void {
    const { entries, name, directory } = this.parentOf(path, operation);
    if (entries.has(name)) throw new ShareError('exists', operation, path);
    entries.set(name, node);
    this.touch(directory);
  }

  private parentOf(path: string, operation: string) {
    const directory = this.directoryAt(nodePath.posix.dirname(path), operation);
    return { directory, entries: directory.entries, name: nodePath.posix.basename(path) };
  }

  private directoryAt(path: string, operation: string): DirectoryNode {
    const node = this.nodeAt(path, operation, true);
    if (node.kind !== 'directory') throw new ShareError('wrongKind', operation, path);
    return node;
  }

  private nodeAt(path: string, operation: string, followLast: boolean): Node {
    return this.walk(path, operation, followLast)[1];
  }

  /** The path with links resolved, and what is there. */
  private walk(path: string, operation: string, followLast: boolean, links = FEW_LINKS): [string, Node] {
    let at = '/';
    let node: Node = this.root;
    const parts = nodePath.posix.resolve('/', path).split('/').filter(Boolean);
    for (const [index, part] of parts.entries()) {
      if (node.kind !== 'directory') throw new ShareError('wrongKind', operation, path);
      const next: Node | undefined = node.entries.get(part);
      if (next === undefined) throw new ShareError('missing', operation, path);
      const here = nodePath.posix.join(at, part);
      if (next.kind === 'link' && (followLast || index < parts.length - 1)) {
        if (links === 0) throw new ShareError('wrongKind', operation, path); // ELOOP
        [at, node] = this.walk(nodePath.posix.resolve(at, next.target), operation, true, links - 1);
      } else [at, node] = [here, next];
    }
    return [at, node];
  }

  private touch(directory: DirectoryNode): void {
    directory.modifiedMs = this.nowMs;
  }

  private common(mode: number): Common {
    return { inode: this.inodes++, mode, modifiedMs: this.nowMs, links: 1, holders: new Set() };
  }

  private newFile(text: string, mode: number): FileNode {
    return { ...this.common(mode & 0o7777), kind: 'file', bytes: new TextEncoder().encode(text) };
  }

  private newDirectory(mode: number): DirectoryNode {
    return { ...this.common(mode), kind: 'directory', entries: new Map() };
  }
}
