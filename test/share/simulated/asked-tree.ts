import { ShareError, type ShareErrorKind } from '../../../src/share/files.js';
import type { Random } from '../../../src/share/random.js';
import type { ClientSemantics } from './semantics.js';
import {
  type DirectoryNode,
  type Entry,
  type FileNode,
  type Holder,
  type Node,
  split,
  Tree,
} from './tree.js';

/** Whose request is being carried out. */
export interface Asker {
  readonly host: string;
  readonly semantics: ClientSemantics;
  readonly random: Pick<Random, 'fraction'>;
  /** The directory this host means by a path; null: whatever the server finds there. */
  handleOf(path: string, operation: string): DirectoryNode | null;
  /** The time there, for what the client stamps. */
  wallMs(): number;
}

/** A file that is open for an operation. */
export interface OpenFile {
  readonly node: FileNode;
  readonly close: () => void;
}

/** What cifs keeps of a handle after its close. Milliseconds (netfs 2a, `closetimeo`). */
const DEFERRED_CLOSE_MS = 1000;

/** A tree as the host that asks means it, and what other processes have open in it. */
export class AskedTree extends Tree {
  protected asker: Asker | null = null;
  private sillyNames = 0;

  /** Does what a host asks for, as that host means it; throws what the server refuses it with. */
  perform<T>(asker: Asker, act: () => T): T {
    const before = this.asker;
    this.asker = asker;
    try {
      return act();
    } finally {
      this.asker = before;
    }
  }

  // --- what the asker means -----------------------------------------------------------------------------------------

  protected nodeAt(path: string, operation: string, followLast: boolean): Node {
    const { asker } = this;
    if (!asker) return this.find(path, operation, followLast);
    const node = this.nodeByHandle(asker, path, operation, followLast);
    if (node.isDeletePending) throw new ShareError('refused', operation, path);
    if (node.kind === 'file' && looks(operation) && this.isBlindTo(node, asker))
      throw new ShareError('missing', operation, path);
    return node;
  }

  private nodeByHandle(asker: Asker, path: string, operation: string, followLast: boolean): Node {
    const slash = path.lastIndexOf('/');
    const directory = asker.handleOf(path.slice(0, slash), operation);
    if (directory === null) return this.find(path, operation, followLast);
    const node = this.child(directory, path.slice(slash + 1));
    if (node === undefined) throw new ShareError('missing', operation, path);
    return node.kind === 'link' && followLast ? this.find(path, operation, true) : node;
  }

  protected directoryAt(path: string, operation: string): DirectoryNode {
    return this.asker?.handleOf(path, operation) ?? this.findDirectory(path, operation);
  }

  protected parentOf(path: string, operation: string): Entry {
    const { above, name } = split(path);
    return { directory: this.directoryAt(above, operation), name };
  }

  protected fileOfAsker(text: string, mode: number): FileNode {
    const node = this.newFile(text, mode);
    if (this.asker?.semantics.stampsFiles) node.modifiedMs = this.asker.wallMs();
    return node;
  }

  // --- what is open and in the way -----------------------------------------------------------------------------------

  /** It is not under that name any more: nothing is, or something else will be. */
  protected displace(directory: DirectoryNode, name: string, node: Node, by: 'remove' | 'replace'): void {
    const isOpen = this.asker !== null && node.kind === 'file' && node.holders.length > 0;
    if (isOpen && by === 'remove' && this.semantics.removesOpen === 'atLastClose')
      this.removeLater(directory, name, node);
    else if (isOpen && this.asker?.semantics.sillyRenames && this.isOpenAt(node, this.asker.host))
      this.sillyRename(directory, name, node);
    else this.unlink(directory, name, node);
  }

  private unlink(directory: DirectoryNode, name: string, node: Node): void {
    this.leave(directory, name);
    node.links = node.kind === 'directory' ? 0 : node.links - 1;
  }

  private removeLater(directory: DirectoryNode, name: string, node: Node): void {
    node.isDeletePending = true;
    node.onLastClose = () => {
      node.isDeletePending = false;
      if (this.child(directory, name) === node) this.unlink(directory, name, node);
    };
  }

  private sillyRename(directory: DirectoryNode, name: string, node: Node): void {
    const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0');
    const silly = `.nfs${hex(node.inode, 16)}${hex(this.sillyNames++, 8)}`;
    this.leave(directory, name);
    this.enter(directory, silly, node);
    node.onLastClose = () => {
      if (this.child(directory, silly) === node) this.unlink(directory, silly, node);
    };
  }

  protected refuseOpen(node: Node, operation: 'rename' | 'remove', path: string): void {
    const kind = this.openKind(node, operation);
    if (kind) throw new ShareError(kind, operation, path);
  }

  /** Why that cannot be done to what is open. */
  protected openKind(node: Node, operation: 'replace' | 'rename' | 'remove'): ShareErrorKind | null {
    for (const holder of node.holders) if (this.isInTheWay(holder, operation)) return holder.kind;
    if (node.kind !== 'directory' || this.semantics.openStops === 'nobody') return null;
    for (const one of node.entries.values()) {
      const kind = this.openKind(one, operation);
      if (kind) return kind;
    }
    return null;
  }

  private isInTheWay(holder: Holder, operation: 'replace' | 'rename' | 'remove'): boolean {
    const { openStops, removesOpen } = this.semantics;
    if (operation === 'remove') return removesOpen === 'atLastClose' && !holder.sharesDelete;
    return openStops === 'anybody' || (openStops === 'sameHost' && holder.host === this.asker?.host);
  }

  protected opened(node: FileNode): OpenFile {
    const host = this.asker?.host ?? null;
    return { node, close: this.open(node, { kind: 'refused', host, sharesDelete: true }) };
  }

  private isOpenAt(node: Node, host: string): boolean {
    for (const holder of node.holders) if (holder.host === host) return true;
    return false;
  }

  /** A new file in another's place: for a moment other hosts may not find it. */
  protected show(directory: DirectoryNode, name: string, node: FileNode): void {
    this.enter(directory, name, node);
    node.shownMs = this.timeline.nowMs;
    node.shownBy = this.asker?.host ?? '';
    this.scan(node);
  }

  private isBlindTo(node: FileNode, asker: Asker): boolean {
    const { forMs, chance } = asker.semantics.blindAfterReplace;
    const isNew = this.timeline.nowMs - node.shownMs < forMs && node.shownBy !== asker.host;
    return isNew && asker.random.fraction() < chance;
  }

  protected isWarm(node: FileNode): boolean {
    return node.holders.length > 0 || this.timeline.nowMs - node.readMs < DEFERRED_CLOSE_MS;
  }

  /** The writing host's virus scanner opens it, and may not let it be removed meanwhile. */
  protected scan(node: FileNode): void {
    const { asker } = this;
    if (!asker || asker.semantics.scanner.chance === 0) return;
    if (asker.random.fraction() >= asker.semantics.scanner.chance) return;
    const sharesDelete = asker.random.fraction() < 0.5;
    const untilMs = this.timeline.nowMs + asker.random.fraction() * asker.semantics.scanner.forMs;
    this.timeline.at(untilMs, this.open(node, { kind: 'busy', host: asker.host, sharesDelete }));
  }
}

const looks = (operation: string): boolean => operation === 'read' || operation === 'look at';
