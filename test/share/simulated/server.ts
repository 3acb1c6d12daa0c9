import {
  type FileStat,
  identityOf,
  type ReplaceTerms,
  ShareError,
  type ShareErrorKind,
  type Volume,
} from '../../../src/share/files.js';
import type { Operation } from '../../helpers/port.js';
import { AskedTree, type Asker, type OpenFile } from './asked-tree.js';
import { type Entry, type FileNode, fileIn, type Node } from './tree.js';

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

/** A request that a restart of the server interrupts. */
interface OnItsWay {
  interrupt(): void;
}

/**
 * A file server with the manners of a disk, NFS, Samba or Windows; every operation is done at once and whole. What a
 * test asks of it by path is the plain truth; what a host asks comes through `perform`, and means what that host's
 * handles say.
 */
export class SimServer extends AskedTree {
  /** Called right after an operation was carried out, whether or not a client is still there to be told. */
  onDone: OnDone | undefined;
  /** What it answered before a restart, it does not remember. */
  restarts = 0;
  downUntilMs = Number.NEGATIVE_INFINITY;
  readonly onItsWay = new Set<OnItsWay>();

  get isDown(): boolean {
    return this.timeline.nowMs < this.downUntilMs;
  }

  /** Of what is on its way some is still carried out, and no reply arrives; for so long nothing is served. */
  restart(downMs: number): void {
    this.restarts++;
    this.downUntilMs = Math.max(this.downUntilMs, this.timeline.nowMs + downMs);
    for (const request of [...this.onItsWay]) request.interrupt();
  }

  // --- what the port offers -----------------------------------------------------------------------------------------

  list(path: string): string[] {
    return this.namesIn(this.directoryAt(path, 'list'));
  }

  openForReading(path: string): OpenFile {
    const node = fileIn(this.nodeAt(path, 'read', false), path);
    node.readMs = this.timeline.nowMs;
    return this.opened(node);
  }

  writeNew(path: string, text: string, mode: number): void {
    this.create(path, text, mode).close();
  }

  create(path: string, text: string, mode: number): OpenFile {
    const node = this.fileOfAsker(text, mode);
    this.put(this.parentOf(path, 'write'), path, 'write', node);
    this.scan(node);
    return this.opened(node);
  }

  /** What was to be written into a file arrives. */
  fill(file: FileNode, text: string): void {
    file.bytes = new TextEncoder().encode(text);
    file.modifiedMs = this.stampMs();
  }

  /**
   * As write-file-atomic does: a temporary file and a rename over the target, so there is a new inode, and a link in
   * its place is replaced. A share may first remove what it replaces. Gives what is still to be done when it did:
   * until then, or for ever, nothing is under that name. False: something else stands there than was expected.
   */
  replace(path: string, text: string, mode: number, terms: ReplaceTerms): boolean | (() => void) {
    const entry = this.parentOf(path, 'replace');
    const { directory, name } = entry;
    const there = this.child(directory, name);
    if (there?.kind === 'directory') throw new ShareError(this.semantics.otherKind, 'replace', path);
    this.need(terms.beside);
    if (!this.isStill(path, terms)) return false;
    if (there?.kind === 'file' && this.mustUnlinkFirst(entry, there, path))
      return this.beginReplace(path, text, mode, terms.beside);
    if (there) this.displace(directory, name, there, 'replace');
    const node = this.fileOfAsker(text, mode);
    if (there?.kind === 'file') this.show(directory, name, node);
    else this.enter(directory, name, node);
    return true;
  }

  /** The temporary file beside the target, and what puts it in its place: later, or never, or is refused then. */
  beginReplace(path: string, text: string, mode: number, beside: string): () => void {
    const { directory, name } = this.parentOf(path, 'replace');
    const random = Math.floor((this.asker?.random.fraction() ?? 0) * 2 ** 32);
    const temporary = `${name}.show-${random.toString(16).padStart(32, '0')}`;
    const node = this.fileOfAsker(text, mode);
    this.enter(directory, temporary, node);
    return () => {
      if (this.child(directory, temporary) !== node) throw new ShareError('missing', 'replace', path);
      this.leave(directory, temporary);
      this.need(beside);
      const there = this.child(directory, name);
      if (there && (there.kind === 'directory' || there.isDeletePending))
        throw new ShareError('refused', 'replace', path);
      if (there) this.displace(directory, name, there, 'replace');
      this.show(directory, name, node);
    };
  }

  makeDirectory(path: string): void {
    const node = this.newDirectory();
    this.put(this.parentOf(path, 'make directory'), path, 'make directory', node);
  }

  setMode(path: string, mode: number): void {
    this.nodeAt(path, 'set rights of', true).mode = mode & 0o7777;
  }

  stat(path: string): FileStat {
    const node = this.nodeAt(path, 'look at', false);
    const { kind, modifiedMs, links, mode } = node;
    const bytes = node.kind === 'file' ? node.bytes.length : 4096;
    return { kind, bytes, modifiedMs, inode: String(node.inode), device: '1', links, mode };
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
    if (node.kind === 'directory') throw new ShareError(this.semantics.otherKind, 'remove', path);
    this.drop(path, node);
  }

  removeDirectory(path: string): void {
    const node = this.nodeAt(path, 'remove', false);
    if (node.kind !== 'directory') throw new ShareError(this.semantics.noDirectory, 'remove', path);
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

  // --- what is refused ----------------------------------------------------------------------------------------------

  private drop(path: string, node: Node): void {
    this.refuseOpen(node, 'remove', path);
    const { directory, name } = this.parentOf(path, 'remove');
    this.displace(directory, name, node, 'remove');
  }

  /** Fails a replace where there is nothing. */
  private need(beside: string): void {
    try {
      this.nodeAt(beside, 'look at', false);
    } catch {
      throw new ShareError('missing', 'replace', beside);
    }
  }

  /** The last look before a replace. */
  private isStill(path: string, { expected }: ReplaceTerms): boolean {
    if (expected === undefined) return true;
    const { directory, name } = this.parentOf(path, 'replace');
    return (this.child(directory, name) ? identityOf(this.stat(path)) : 'missing') === expected;
  }

  private whyNotOnto(node: Node, there: Node): ShareErrorKind | null {
    if (there.isDeletePending) return 'refused';
    if (node.kind !== 'directory')
      return there.kind === 'directory' ? this.semantics.otherKind : this.openKind(there, 'replace');
    if (there.kind !== 'directory')
      return this.semantics.replacesFile ? this.openKind(there, 'replace') : 'wrongKind';
    if (there.entries.size > 0) return this.semantics.ontoFull;
    return this.semantics.replacesEmpty ? null : 'refused';
  }

  /** Whether a file is removed before another takes its place, which may be refused instead, removed or not. */
  private mustUnlinkFirst({ directory, name }: Entry, there: FileNode, path: string): boolean {
    const { asker } = this;
    if (there.isDeletePending) throw new ShareError('refused', 'replace', path);
    const isWarm = asker !== null && this.isWarm(there);
    const unlinks = isWarm && asker.random.fraction() < asker.semantics.replaceUnlinks;
    const refusal = this.openKind(there, 'replace') ?? (isWarm ? refusedBy(asker) : null);
    if (unlinks) this.displace(directory, name, there, 'remove');
    if (refusal) throw new ShareError(refusal, 'replace', path);
    return unlinks;
  }
}

const refusedBy = ({ random, semantics }: Asker): ShareErrorKind | null =>
  random.fraction() < semantics.replaceRefused ? 'refused' : null;
