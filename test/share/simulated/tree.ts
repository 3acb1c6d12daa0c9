import nodePath from 'node:path';
import { MAX_BYTES } from '../../../src/licence/size.js';
import { ShareError, type ShareErrorKind, type Volume } from '../../../src/share/files.js';
import { untrusted } from '../../../src/share/layout.js';
import { EPOCH_MS, type Timeline } from '../../../src/testing/timeline.js';
import { local, type ServerSemantics } from './semantics.js';

/** A process that has something open. */
export interface Holder {
  /** What a process is answered that would move or remove it, where that is refused. */
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
  holders: readonly Holder[];
  /** What is left to do when no process has it open any more. */
  onLastClose: (() => void) | null;
  /** Removed, and still there until it is closed. */
  isDeletePending: boolean;
}
export type FileNode = Common & {
  readonly kind: 'file';
  bytes: Uint8Array;
  /** When and by which host it was shown in another's place. */
  shownMs: number;
  shownBy: string;
  /** When it was last opened for reading. */
  readMs: number;
};
export type DirectoryNode = Common & {
  readonly kind: 'directory';
  readonly entries: Map<string, Node>;
  /** Names as they were made, where the server folds them. */
  shownNames: Map<string, string> | null;
};
type LinkNode = Common & { readonly kind: 'link'; readonly target: string };
export type Node = FileNode | DirectoryNode | LinkNode;

export interface ServerOptions {
  /** @default local */
  readonly semantics?: ServerSemantics;
  /** Added to true time: what the server stamps. @default 0 */
  readonly wallOffsetMs?: number;
  /** Of the clients: what a new directory lacks. @default 0o022 */
  readonly umask?: number;
}

const NEW = 0o777;
const FEW_LINKS = 40;
const unseen = { shownMs: Number.NEGATIVE_INFINITY, shownBy: '', readMs: Number.NEGATIVE_INFINITY };
const encoder = new TextEncoder();

/** What lies on a file server, under one clock: what is at a path, and what a test does to it by hand. */
export class Tree {
  readonly timeline: Timeline;
  readonly semantics: ServerSemantics;
  wallOffsetMs: number;
  /** What it lies on: SMB, with room. */
  disk: Volume = { type: 0xfe534d42, freeBytes: 1e12 };
  readonly top: DirectoryNode;
  private readonly umask: number;
  private inodes = 1;

  constructor(timeline: Timeline, options: ServerOptions = {}) {
    this.timeline = timeline;
    this.semantics = options.semantics ?? local;
    this.wallOffsetMs = options.wallOffsetMs ?? 0;
    this.umask = options.umask ?? 0o022;
    this.top = this.newDirectory();
  }

  get nowMs(): number {
    return EPOCH_MS + this.wallOffsetMs + this.timeline.nowMs;
  }

  fold(path: string): string {
    return this.semantics.foldsCase ? path.toLowerCase() : path;
  }

  // --- what a test does to it ---------------------------------------------------------------------------------------

  isThere(path: string): boolean {
    try {
      this.find(path, 'look at', false);
      return true;
    } catch {
      return false;
    }
  }

  readText(path: string): string {
    return new TextDecoder().decode(fileIn(this.find(path, 'read', false), path).bytes);
  }

  /** Every path below a directory, sorted: what a test compares before and after. */
  paths(directory: string): string[] {
    const names = this.namesIn(this.findDirectory(directory, 'list'));
    const below = names.map((name) => nodePath.posix.join(directory, name));
    const isDirectory = (path: string) => this.find(path, 'list', false).kind === 'directory';
    return below.flatMap((path) => [path, ...(isDirectory(path) ? this.paths(path) : [])]).sort();
  }

  /** Writes over a file in place, or makes it: what an editor or a failing disk does. */
  scribble(path: string, text: string, mode = 0o644): void {
    if (!this.isThere(path)) this.put(this.placeOf(path, 'write'), path, 'write', this.newFile('', mode));
    const node = this.find(path, 'write', true);
    if (node.kind !== 'file') throw new ShareError('wrongKind', 'write', path);
    node.bytes = encoder.encode(text);
    node.modifiedMs = this.nowMs;
  }

  /** A directory and all in it, gone. */
  removeTree(path: string): void {
    const { directory, name } = this.placeOf(path, 'remove');
    const node = this.child(directory, name);
    this.leave(directory, name);
    if (node) forsake(node);
  }

  /** A copy of a directory and all in it, as a backup would make. */
  copyTree(from: string, to: string): void {
    const node = this.find(from, 'copy', false);
    const isDirectory = node.kind === 'directory';
    const copy = isDirectory ? this.newDirectory() : this.newFile(this.readText(from), node.mode);
    this.put(this.placeOf(to, 'copy'), to, 'copy', copy);
    if (isDirectory) for (const name of this.namesIn(node)) this.copyTree(`${from}/${name}`, `${to}/${name}`);
  }

  symbolicLink(path: string, target: string): void {
    this.put(this.placeOf(path, 'link'), path, 'link', { ...this.common(NEW), kind: 'link', target });
  }

  hardLink(path: string, existing: string): void {
    const node = this.find(existing, 'link', false);
    this.put(this.placeOf(path, 'link'), path, 'link', node);
    node.links++;
  }

  /** A process has it open until the result is called, and shares nothing. Only a Windows-shaped server minds. */
  holdOpen(path: string, kind: ShareErrorKind = 'refused'): () => void {
    return this.open(this.find(path, 'open', true), { kind, host: null, sharesDelete: false });
  }

  /** The same, with what is open and by which process; the last to close it does what is left to do. */
  open(node: Node, holder: Holder): () => void {
    node.holders = [...node.holders, holder];
    return () => {
      if (!node.holders.includes(holder)) return;
      node.holders = node.holders.filter((other) => other !== holder);
      if (node.holders.length > 0) return;
      node.onLastClose?.();
      node.onLastClose = null;
    };
  }

  // --- what is where ------------------------------------------------------------------------------------------------

  /** What is under that name, links not followed. */
  child(directory: DirectoryNode, name: string): Node | undefined {
    return directory.entries.get(this.fold(name));
  }

  /** The directory at a path, links followed. */
  findDirectory(path: string, operation: string): DirectoryNode {
    const node = this.find(path, operation, true);
    if (node.kind !== 'directory') throw this.noDirectory(path, operation);
    return node;
  }

  protected find(path: string, operation: string, followLast: boolean): Node {
    return this.straightTo(path, operation, followLast) ?? this.walk(path, operation, followLast)[1];
  }

  protected namesIn({ entries, shownNames }: DirectoryNode): string[] {
    const names = [...entries.keys()];
    return shownNames ? names.map((name) => shownNames.get(name) ?? name) : names;
  }

  protected enter(directory: DirectoryNode, name: string, node: Node): void {
    const key = this.fold(name);
    directory.entries.set(key, node);
    directory.modifiedMs = this.stampMs();
    if (key === name) return;
    directory.shownNames = (directory.shownNames ?? new Map()).set(key, name);
  }

  protected leave(directory: DirectoryNode, name: string): void {
    const key = this.fold(name);
    directory.entries.delete(key);
    directory.modifiedMs = this.stampMs();
    directory.shownNames?.delete(key);
  }

  protected put({ directory, name }: Entry, path: string, operation: string, node: Node): void {
    const there = this.child(directory, name);
    if (there) throw new ShareError(there.isDeletePending ? 'refused' : 'exists', operation, path);
    this.enter(directory, name, node);
  }

  private placeOf(path: string, operation: string): Entry {
    const { above, name } = split(path);
    return { directory: this.findDirectory(above, operation), name };
  }

  /** The quick way: null where a link or an odd path is met. */
  private straightTo(path: string, operation: string, followLast: boolean): Node | null {
    let node: Node = this.top;
    for (let start = 1; start < path.length; ) {
      const slash = path.indexOf('/', start);
      const end = slash < 0 ? path.length : slash;
      const part = path.slice(start, end);
      if (part === '' || part === '.' || part === '..') return null;
      if (node.kind !== 'directory') throw this.noDirectory(path.slice(0, start - 1), operation);
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

  /**
   * A file stands where a directory is meant. A listing tells so everywhere; below the first directory of ours the way
   * is looked at (reach.ts).
   */
  noDirectory(directory: string, operation: string): ShareError {
    const isSeen = operation === 'list' || untrusted(directory).names.length > 1;
    return new ShareError(isSeen ? 'wrongKind' : this.semantics.noDirectory, operation, directory);
  }

  /** The path with links resolved, and what is there. */
  protected walk(path: string, operation: string, followLast: boolean, links = FEW_LINKS): [string, Node] {
    let at = '/';
    let node: Node = this.top;
    const parts = nodePath.posix.resolve('/', path).split('/').filter(Boolean);
    for (const [index, part] of parts.entries()) {
      if (node.kind !== 'directory') throw this.noDirectory(at, operation);
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

  // --- what is made -------------------------------------------------------------------------------------------------

  protected newFile(text: string, mode: number): FileNode {
    return { ...this.common(mode & 0o7777), ...unseen, kind: 'file', bytes: encoder.encode(text) };
  }

  protected newDirectory(): DirectoryNode {
    const mode = NEW & ~this.umask;
    return { ...this.common(mode), kind: 'directory', entries: new Map(), shownNames: null };
  }

  /** What the server writes down as the time of a change. */
  protected stampMs(): number {
    const grainMs = this.semantics.stampGrainMs;
    return grainMs > 0 ? Math.floor(this.nowMs / grainMs) * grainMs : this.nowMs;
  }

  private common(mode: number): Common {
    const modifiedMs = this.stampMs();
    const open = { holders: [], onLastClose: null, isDeletePending: false };
    return { inode: this.inodes++, mode, modifiedMs, links: 1, ...open };
  }
}

/** A name in a directory, whether or not something is there. */
export interface Entry {
  readonly directory: DirectoryNode;
  readonly name: string;
}

export function split(path: string): { readonly above: string; readonly name: string } {
  const slash = path.lastIndexOf('/');
  return { above: path.slice(0, slash) || '/', name: path.slice(slash + 1) };
}

/** A file that can be read. */
export function fileIn(node: Node, path: string): FileNode {
  if (node.kind !== 'file') throw new ShareError('wrongKind', 'read', path);
  if (node.bytes.length > MAX_BYTES) throw new ShareError('tooLarge', 'read', path);
  return node;
}

/** Where in a path the directories begin in which no link is followed. */
const ownFrom = (path: string): number => path.length - untrusted(path).names.join('/').length;

/** What was in a directory that is gone is gone too. */
function forsake(node: Node): void {
  node.links = node.kind === 'directory' ? 0 : node.links - 1;
  if (node.kind === 'directory') for (const one of node.entries.values()) forsake(one);
}
