import { MAX_BYTES } from '../../../src/licence/size.js';
import { ShareError, type ShareErrorKind } from '../../../src/share/files.js';
import type { Dice } from '../../../src/share/random.js';
import type { Timeline } from '../../helpers/clock.js';
import {
  type DirectoryNode,
  type FileNode,
  type Holder,
  MemoryServer,
  type MemoryServerOptions,
  type Node,
} from '../../helpers/memory-server.js';
import type { Operation } from '../../helpers/memory-share.js';
import type { ClientSemantics, ServerSemantics } from './semantics.js';

/** How a request came to be carried out: as asked; asked again for want of a reply; late; once more by the network. */
export type Way = 'asked' | 'again' | 'late' | 'duplicate';

/** Called right after each carrying out, with the paths as the asker sees them. */
export type OnDone = (
  operation: Operation,
  args: readonly unknown[],
  host: string,
  outcome: 'done' | ShareErrorKind,
  way: Way,
) => void;

/** Whose request is being carried out. */
export interface Asker {
  readonly host: string;
  readonly semantics: ClientSemantics;
  readonly dice: Pick<Dice, 'fraction'>;
  /** The directory this host means by a path; null: whatever the server finds there. */
  handleOf(path: string, operation: string): DirectoryNode | null;
  /** The time there, for what the client stamps. */
  wallMs(): number;
}

/** A request that a restart of the server interrupts. */
interface OnItsWay {
  interrupt(): void;
}

/** A file that is open for an operation. */
export interface OpenFile {
  readonly node: FileNode;
  readonly close: () => void;
}

/** What cifs keeps of a handle after its close. Milliseconds (netfs 2a, `closetimeo`). */
const DEFERRED_CLOSE_MS = 1000;

/** A server's file, with what caches and refusals go by. */
type SimFile = FileNode & {
  /** When and by whom it was shown in another's place. */
  shownMs: number;
  shownBy: string;
  /** When it was last opened for reading. */
  readMs: number;
};

/**
 * A file server with the manners of NFS, Samba or Windows. What a test asks of it by path is the plain truth; what a
 * host asks comes through `perform`, and means what that host's handles say.
 */
export class SimServer extends MemoryServer {
  readonly semantics: ServerSemantics;
  /** Called right after an operation was carried out, whether or not a client is still there to be told. */
  onDone: OnDone | undefined;
  /** What it answered before a restart, it does not remember. */
  restarts = 0;
  downUntilMs = Number.NEGATIVE_INFINITY;
  readonly onItsWay = new Set<OnItsWay>();
  private asker: Asker | null = null;
  private sillyNames = 0;
  /** Removed, and still there until they are closed. */
  private readonly pending = new Set<Node>();
  /** Names as they were made, where the server folds them. */
  private readonly shownNames = new WeakMap<DirectoryNode, Map<string, string>>();

  constructor(timeline: Timeline, semantics: ServerSemantics, options: MemoryServerOptions = {}) {
    super(timeline, options);
    this.semantics = semantics;
  }

  get top(): DirectoryNode {
    return this.root;
  }

  get isDown(): boolean {
    return this.timeline.nowMs < this.downUntilMs;
  }

  /** Of what is on its way some is still carried out, and no reply arrives; for so long nothing is served. */
  restart(downMs: number): void {
    this.restarts++;
    this.downUntilMs = Math.max(this.downUntilMs, this.timeline.nowMs + downMs);
    for (const request of [...this.onItsWay]) request.interrupt();
  }

  fold(path: string): string {
    return this.semantics.foldsCase ? path.toLowerCase() : path;
  }

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

  // --- what a host asks for, beyond the port ------------------------------------------------------------------------

  /** What is under that name, links not followed. */
  entryOf(directory: DirectoryNode, name: string): Node | undefined {
    return this.child(directory, name);
  }

  /** The directory at a path, links followed, whatever handles there are. */
  directoryByPath(path: string, operation: string): DirectoryNode {
    const node = super.nodeAt(path, operation, true);
    if (node.kind !== 'directory') throw new ShareError('wrongKind', operation, path);
    return node;
  }

  openForReading(path: string): OpenFile {
    const node = this.nodeAt(path, 'read', false);
    if (node.kind !== 'file') throw new ShareError('wrongKind', 'read', path);
    if (node.bytes.length > MAX_BYTES) throw new ShareError('tooLarge', 'read', path);
    (node as SimFile).readMs = this.timeline.nowMs;
    return this.opened(node);
  }

  create(path: string, text: string, mode: number): OpenFile {
    const node = this.newFile(text, mode);
    this.put(path, 'write', node);
    this.scan(node);
    return this.opened(node);
  }

  /** What was to be written into a file arrives. */
  fill(file: FileNode, text: string): void {
    file.bytes = new TextEncoder().encode(text);
    file.modifiedMs = this.stampMs();
  }

  /**
   * As write-file-atomic does, on a share that may first remove what it replaces. Gives what is still to be done when
   * it did: until then, or for ever, nothing is under that name.
   */
  override replace(path: string, text: string, mode: number, beside: string): (() => void) | null {
    const { asker } = this;
    const { directory, name } = this.parentOf(path, 'replace');
    const there = this.child(directory, name);
    if (!asker || there?.kind !== 'file') {
      super.replace(path, text, mode, beside);
      return null;
    }
    this.need(beside);
    if (this.pending.has(there)) throw new ShareError('refused', 'replace', path);
    const isWarm = this.isWarm(there as SimFile);
    const unlinks = isWarm && asker.dice.fraction() < asker.semantics.replaceUnlinks;
    const refusal = this.openKind(there, 'replace') ?? (isWarm ? refusedBy(asker) : null);
    if (unlinks) this.displace(directory, name, there, 'remove');
    if (refusal) throw new ShareError(refusal, 'replace', path);
    if (unlinks) return this.beginReplace(path, text, mode, beside);
    this.displace(directory, name, there, 'replace');
    this.show(directory, name, this.newFile(text, mode), asker);
    return null;
  }

  /** The temporary file beside the target, and what puts it in its place: later, or never, or is refused then. */
  beginReplace(path: string, text: string, mode: number, beside: string): () => void {
    const { asker } = this;
    const { directory, name } = this.parentOf(path, 'replace');
    const random = Math.floor((asker?.dice.fraction() ?? 0) * 2 ** 32);
    const temporary = `${name}.show-${random.toString(16).padStart(32, '0')}`;
    const node = this.newFile(text, mode);
    this.enter(directory, temporary, node);
    return () => {
      if (this.child(directory, temporary) !== node) throw new ShareError('missing', 'replace', path);
      this.leave(directory, temporary);
      this.need(beside);
      const there = this.child(directory, name);
      if (there && (there.kind === 'directory' || this.pending.has(there)))
        throw new ShareError('refused', 'replace', path);
      if (there) this.displace(directory, name, there, 'replace');
      this.show(directory, name, node, asker);
    };
  }

  // --- its manners --------------------------------------------------------------------------------------------------

  protected override nodeAt(path: string, operation: string, followLast: boolean): Node {
    const { asker } = this;
    if (!asker) return super.nodeAt(path, operation, followLast);
    const node = this.nodeByHandle(asker, path, operation, followLast);
    if (this.pending.size > 0 && this.pending.has(node)) throw new ShareError('refused', operation, path);
    if (node.kind === 'file' && looks(operation) && this.isBlindTo(node as SimFile, asker))
      throw new ShareError('missing', operation, path);
    return node;
  }

  protected override directoryAt(path: string, operation: string): DirectoryNode {
    return this.asker?.handleOf(path, operation) ?? this.directoryByPath(path, operation);
  }

  private nodeByHandle(asker: Asker, path: string, operation: string, followLast: boolean): Node {
    const slash = path.lastIndexOf('/');
    const directory = asker.handleOf(path.slice(0, slash), operation);
    if (directory === null) return super.nodeAt(path, operation, followLast);
    const node = this.child(directory, path.slice(slash + 1));
    if (node === undefined) throw new ShareError('missing', operation, path);
    return node.kind === 'link' && followLast ? super.nodeAt(path, operation, true) : node;
  }

  protected override child(directory: DirectoryNode, name: string): Node | undefined {
    return directory.entries.get(this.semantics.foldsCase ? name.toLowerCase() : name);
  }

  protected override namesIn(directory: DirectoryNode): string[] {
    const shown = this.shownNames.get(directory);
    const names = super.namesIn(directory);
    return shown ? names.map((name) => shown.get(name) ?? name) : names;
  }

  protected override enter(directory: DirectoryNode, name: string, node: Node): void {
    const key = this.fold(name);
    super.enter(directory, key, node);
    if (key === name) return;
    const shown = this.shownNames.get(directory) ?? new Map<string, string>();
    this.shownNames.set(directory, shown.set(key, name));
  }

  protected override leave(directory: DirectoryNode, name: string): void {
    const key = this.fold(name);
    super.leave(directory, key);
    this.shownNames.get(directory)?.delete(key);
  }

  protected override put(path: string, operation: string, node: Node): void {
    const { directory, name } = this.parentOf(path, operation);
    const there = this.child(directory, name);
    if (there) throw new ShareError(this.pending.has(there) ? 'refused' : 'exists', operation, path);
    this.enter(directory, name, node);
  }

  protected override displace(
    directory: DirectoryNode,
    name: string,
    node: Node,
    by: 'remove' | 'replace',
  ): void {
    const isOpen = this.asker !== null && node.kind === 'file' && (node.holders?.size ?? 0) > 0;
    if (isOpen && by === 'remove' && this.semantics.removesOpen === 'atLastClose')
      this.removeLater(directory, name, node);
    else if (isOpen && this.asker?.semantics.sillyRenames && this.isOpenAt(node, this.asker.host))
      this.sillyRename(directory, name, node);
    else super.displace(directory, name, node, by);
  }

  private removeLater(directory: DirectoryNode, name: string, node: Node): void {
    this.pending.add(node);
    node.onLastClose = () => {
      this.pending.delete(node);
      if (this.child(directory, name) === node) super.displace(directory, name, node, 'remove');
    };
  }

  private sillyRename(directory: DirectoryNode, name: string, node: Node): void {
    const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0');
    const silly = `.nfs${hex(node.inode, 16)}${hex(this.sillyNames++, 8)}`;
    this.leave(directory, name);
    this.enter(directory, silly, node);
    node.onLastClose = () => {
      if (this.child(directory, silly) === node) super.displace(directory, silly, node, 'remove');
    };
  }

  protected override openKind(node: Node, operation: 'replace' | 'rename' | 'remove'): ShareErrorKind | null {
    for (const holder of node.holders ?? []) if (this.isInTheWay(holder, operation)) return holder.kind;
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

  protected override whyNotOnto(node: Node, there: Node): ShareErrorKind | null {
    if (this.pending.has(there)) return 'refused';
    if (node.kind !== 'directory' || there.kind !== 'directory') return super.whyNotOnto(node, there);
    if (there.entries.size > 0) return this.semantics.ontoFull;
    return this.semantics.replacesEmpty ? null : 'refused';
  }

  protected override newFile(text: string, mode: number): SimFile {
    const { asker } = this;
    const node = super.newFile(text, mode);
    if (asker?.semantics.stampsFiles) node.modifiedMs = asker.wallMs();
    const never = Number.NEGATIVE_INFINITY;
    return Object.assign(node, { shownMs: never, shownBy: '', readMs: never });
  }

  protected override stampMs(): number {
    const grainMs = this.semantics?.stampGrainMs ?? 0; // the root is stamped before there are any
    return grainMs > 0 ? Math.floor(this.nowMs / grainMs) * grainMs : this.nowMs;
  }

  private opened(node: FileNode): OpenFile {
    const host = this.asker?.host ?? null;
    return { node, close: this.open(node, { kind: 'refused', host, sharesDelete: true }) };
  }

  private isOpenAt(node: Node, host: string): boolean {
    for (const holder of node.holders ?? []) if (holder.host === host) return true;
    return false;
  }

  /** A new file in another's place: for a moment other hosts may not find it. */
  private show(directory: DirectoryNode, name: string, node: SimFile, asker: Asker | null): void {
    this.enter(directory, name, node);
    node.shownMs = this.timeline.nowMs;
    node.shownBy = asker?.host ?? '';
    this.scan(node);
  }

  private isBlindTo(node: SimFile, asker: Asker): boolean {
    const { forMs, chance } = asker.semantics.blindAfterReplace;
    const isNew = this.timeline.nowMs - node.shownMs < forMs && node.shownBy !== asker.host;
    return isNew && asker.dice.fraction() < chance;
  }

  private isWarm(node: SimFile): boolean {
    return (node.holders?.size ?? 0) > 0 || this.timeline.nowMs - node.readMs < DEFERRED_CLOSE_MS;
  }

  /** The writing host's virus scanner opens it, and may not let it be removed meanwhile. */
  private scan(node: FileNode): void {
    const { asker } = this;
    if (!asker || asker.semantics.scanner.chance === 0) return;
    if (asker.dice.fraction() >= asker.semantics.scanner.chance) return;
    const sharesDelete = asker.dice.fraction() < 0.5;
    const untilMs = this.timeline.nowMs + asker.dice.fraction() * asker.semantics.scanner.forMs;
    this.timeline.at(untilMs, this.open(node, { kind: 'busy', host: asker.host, sharesDelete }));
  }
}

const looks = (operation: string): boolean => operation === 'read' || operation === 'look at';

const refusedBy = ({ dice, semantics }: Asker): ShareErrorKind | null =>
  dice.fraction() < semantics.replaceRefused ? 'refused' : null;
