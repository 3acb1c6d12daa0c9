import nodePath from 'node:path';
import { MAX_BYTES } from '../../src/licence/size.js';
import { type FileStat, ShareError, type ShareErrorKind, type Volume } from '../../src/share/files.js';
import { untrusted } from '../../src/share/layout.js';
import { EPOCH_MS, type Timeline } from './clock.js';

/** A process that has something open. */
export interface Holder {
  /** What a Windows-shaped server answers to a process that would move or remove it. */
  readonly kind: ShareErrorKind;
  /** Its host; null: no host in particular. */
  readonly host: string | null;
  /** Whether it lets others remove it meanwhile (Windows: FILE_SHARE_DELETE). */
  readonly sharesDelete: boolean;
}
interface Common {
  readonly inode: number;
  mode: number;
  modifiedMs: number;
  /** 0: it is in no directory any more. */
  links: number;
  holders: Set<Holder> | null;
  /** What is left to do when no process has it open any more. */
  onLastClose: (() => void) | null;
}
export type FileNode = Common & { readonly kind: 'file'; bytes: Uint8Array };
export type DirectoryNode = Common & { readonly kind: 'directory'; readonly entries: Map<string, Node> };
type LinkNode = Common & { readonly kind: 'link'; readonly target: string };
export type Node = FileNode | DirectoryNode | LinkNode;

export interface MemoryServerOptions {
  /** Added to true time: what the server stamps. @default 0 */
  readonly wallOffsetMs?: number;
  /**
   * Windows: no directory is renamed onto another, and what is open is neither renamed nor removed. @default 'posix'
   */
  readonly shape?: 'posix' | 'windows';
  /** Of the clients: what a new directory lacks. @default 0o022 */
  readonly umask?: number;
}

const NEW_DIRECTORY = 0o777;
const NEW_LINK = 0o777;
const FEW_LINKS = 40;
const encoder = new TextEncoder();

/** A file server in memory: one tree, one clock, every operation at once and whole. It fails as a disk fails. */
export class MemoryServer {
  readonly timeline: Timeline;
  wallOffsetMs: number;
  /** What it lies on: SMB, with room. */
  disk: Volume = { type: 0xfe534d42, freeBytes: 1e12 };
  private readonly options: MemoryServerOptions;
  private inodes = 1;
  protected readonly root: DirectoryNode;

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
    return this.namesIn(this.directoryAt(path, 'list'));
  }

  removable(path: string, _expected: readonly string[]): string[] {
    return this.list(path);
  }

  read(path: string): Uint8Array {
    const file = this.nodeAt(path, 'read', false);
    if (file.kind !== 'file') throw new ShareError('wrongKind', 'read', path);
    if (file.bytes.length > MAX_BYTES) throw new ShareError('tooLarge', 'read', path);
    return file.bytes.slice();
  }

  writeNew(path: string, text: string, mode: number): void {
    this.put(path, 'write', this.newFile(text, mode));
  }

  /** A temporary file and a rename over the target: a new inode, and a link in its place is replaced. */
  replace(path: string, text: string, mode: number, beside: string): void {
    const there = this.isThere(path) ? this.nodeAt(path, 'replace', false) : null;
    if (there?.kind === 'directory') throw new ShareError('wrongKind', 'replace', path);
    if (there) this.refuseOpen(there, 'replace', path);
    const { directory, name } = this.parentOf(path, 'replace');
    this.need(beside);
    if (there) this.displace(directory, name, there, 'replace');
    this.enter(directory, name, this.newFile(text, mode));
  }

  makeDirectory(path: string): void {
    this.put(path, 'make directory', this.newDirectory(NEW_DIRECTORY & ~(this.options.umask ?? 0o022)));
  }

  setMode(path: string, mode: number): void {
    this.nodeAt(path, 'set rights of', true).mode = mode & 0o7777;
  }

  stat(path: string): FileStat {
    const node = this.nodeAt(path, 'look at', false);
    return {
      kind: node.kind,
      bytes: node.kind === 'file' ? node.bytes.length : 4096,
      modifiedMs: node.modifiedMs,
      inode: String(node.inode),
      device: '1',
      links: node.links,
      mode: node.mode,
    };
  }

  rename(from: string, to: string): void {
    const fail = (kind: ShareErrorKind) => new ShareError(kind, 'rename', `${from} to ${to}`);
    const node = this.nodeAt(from, 'rename', false);
    const source = this.parentOf(from, 'rename');
    const target = this.parentOf(to, 'rename');
    const there = this.child(target.directory, target.name);
    if (there === node) return;
    if (to.startsWith(from) && `${to}/`.startsWith(`${from}/`)) throw fail('unsaid'); // EINVAL
    this.refuseOpen(node, 'rename', `${from} to ${to}`);
    const refusal = there ? this.whyNotOnto(node, there) : null;
    if (refusal) throw fail(refusal);
    if (there) this.displace(target.directory, target.name, there, 'replace');
    this.leave(source.directory, source.name);
    this.enter(target.directory, target.name, node);
  }

  removeFile(path: string): void {
    const node = this.nodeAt(path, 'remove', false);
    if (node.kind === 'directory') throw new ShareError('wrongKind', 'remove', path);
    this.drop(path, node);
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

  volume(path: string): Volume {
    this.nodeAt(path, 'ask for the file system of', true);
    return this.disk;
  }

  /** Fails a replace where there is nothing. */
  protected need(path: string): void {
    if (!this.isThere(path)) throw new ShareError('missing', 'replace', path);
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
    const { directory, name } = this.parentOf(path, 'remove');
    const node = this.child(directory, name);
    this.leave(directory, name);
    if (node) forsake(node);
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

  /** A process has it open until the result is called. Only a Windows-shaped server minds. */
  holdOpen(path: string, kind: ShareErrorKind = 'refused'): () => void {
    return this.open(this.nodeAt(path, 'open', true), { kind, host: null, sharesDelete: false });
  }

  /** The same, with what is open and by which process; the last to close it does what is left to do. */
  open(node: Node, holder: Holder): () => void {
    node.holders ??= new Set();
    node.holders.add(holder);
    return () => {
      const wasOpen = node.holders?.delete(holder);
      if (!wasOpen || node.holders?.size !== 0) return;
      node.onLastClose?.();
      node.onLastClose = null;
    };
  }

  // --- the tree; what another server does otherwise ---------------------------------------------------------------

  protected child(directory: DirectoryNode, name: string): Node | undefined {
    return directory.entries.get(name);
  }

  protected namesIn(directory: DirectoryNode): string[] {
    return [...directory.entries.keys()];
  }

  protected enter(directory: DirectoryNode, name: string, node: Node): void {
    directory.entries.set(name, node);
    directory.modifiedMs = this.stampMs();
  }

  protected leave(directory: DirectoryNode, name: string): void {
    directory.entries.delete(name);
    directory.modifiedMs = this.stampMs();
  }

  /** It is not under that name any more: nothing is, or something else will be. */
  protected displace(directory: DirectoryNode, name: string, node: Node, _by: 'remove' | 'replace'): void {
    this.leave(directory, name);
    node.links = node.kind === 'directory' ? 0 : node.links - 1;
  }

  /** What the server writes down as the time of a change. */
  protected stampMs(): number {
    return this.nowMs;
  }

  protected whyNotOnto(node: Node, there: Node): ShareErrorKind | null {
    if (node.kind !== 'directory')
      return there.kind === 'directory' ? 'wrongKind' : this.openKind(there, 'replace');
    if (there.kind !== 'directory') return 'wrongKind';
    if (this.options.shape === 'windows') return 'refused';
    return there.entries.size > 0 ? 'notEmpty' : null;
  }

  private refuseOpen(node: Node, operation: 'replace' | 'rename' | 'remove', path: string): void {
    const kind = this.openKind(node, operation);
    if (kind) throw new ShareError(kind, operation, path);
  }

  /** Why that cannot be done to what is open. */
  protected openKind(node: Node, operation: 'replace' | 'rename' | 'remove'): ShareErrorKind | null {
    if (this.options.shape !== 'windows') return null;
    for (const holder of node.holders ?? []) return holder.kind;
    if (node.kind !== 'directory') return null;
    for (const one of node.entries.values()) {
      const kind = this.openKind(one, operation);
      if (kind) return kind;
    }
    return null;
  }

  private drop(path: string, node: Node): void {
    this.refuseOpen(node, 'remove', path);
    const { directory, name } = this.parentOf(path, 'remove');
    this.displace(directory, name, node, 'remove');
  }

  protected put(path: string, operation: string, node: Node): void {
    const { directory, name } = this.parentOf(path, operation);
    if (this.child(directory, name) !== undefined) throw new ShareError('exists', operation, path);
    this.enter(directory, name, node);
  }

  protected parentOf(path: string, operation: string) {
    const slash = path.lastIndexOf('/');
    return {
      directory: this.directoryAt(path.slice(0, slash) || '/', operation),
      name: path.slice(slash + 1),
    };
  }

  protected directoryAt(path: string, operation: string): DirectoryNode {
    const node = this.nodeAt(path, operation, true);
    if (node.kind !== 'directory') throw new ShareError('wrongKind', operation, path);
    return node;
  }

  protected nodeAt(path: string, operation: string, followLast: boolean): Node {
    return this.straightTo(path, operation, followLast) ?? this.walk(path, operation, followLast)[1];
  }

  /** The quick way: null where a link or an odd path is met. */
  private straightTo(path: string, operation: string, followLast: boolean): Node | null {
    let node: Node = this.root;
    for (let start = 1; start < path.length; ) {
      const slash = path.indexOf('/', start);
      const end = slash < 0 ? path.length : slash;
      const part = path.slice(start, end);
      if (part === '' || part === '.' || part === '..') return null;
      if (node.kind !== 'directory') throw new ShareError('wrongKind', operation, path);
      const next: Node | undefined = this.child(node, part);
      if (next === undefined) throw new ShareError('missing', operation, path);
      const isFollowed = next.kind === 'link' && (followLast || slash >= 0);
      if (isFollowed && start >= ownFrom(path)) throw new ShareError('wrongKind', operation, path); // as O_NOFOLLOW
      if (isFollowed) return null;
      node = next;
      start = end + 1;
    }
    return node;
  }

  /** The path with links resolved, and what is there. */
  private walk(path: string, operation: string, followLast: boolean, links = FEW_LINKS): [string, Node] {
    let at = '/';
    let node: Node = this.root;
    const parts = nodePath.posix.resolve('/', path).split('/').filter(Boolean);
    for (const [index, part] of parts.entries()) {
      if (node.kind !== 'directory') throw new ShareError('wrongKind', operation, path);
      const next: Node | undefined = this.child(node, part);
      if (next === undefined) throw new ShareError('missing', operation, path);
      const here = nodePath.posix.join(at, part);
      if (next.kind === 'link' && (followLast || index < parts.length - 1)) {
        if (links === 0) throw new ShareError('wrongKind', operation, path); // ELOOP
        [at, node] = this.walk(nodePath.posix.resolve(at, next.target), operation, true, links - 1);
      } else [at, node] = [here, next];
    }
    return [at, node];
  }

  protected newFile(text: string, mode: number): FileNode {
    return { ...this.common(mode & 0o7777), kind: 'file', bytes: encoder.encode(text) };
  }

  private newDirectory(mode: number): DirectoryNode {
    return { ...this.common(mode), kind: 'directory', entries: new Map() };
  }

  private common(mode: number): Common {
    const modifiedMs = this.stampMs();
    return { inode: this.inodes++, mode, modifiedMs, links: 1, holders: null, onLastClose: null };
  }
}

/** Where in a path the directories begin in which no link is followed. */
const ownFrom = (path: string): number => path.length - untrusted(path).names.join('/').length;

/** What was in a directory that is gone is gone too. */
function forsake(node: Node): void {
  node.links = node.kind === 'directory' ? 0 : node.links - 1;
  if (node.kind === 'directory') for (const one of node.entries.values()) forsake(one);
}
