import type { FileStat } from '../../../src/share/files.js';
import type { Random } from '../../../src/share/random.js';
import type { ClientSemantics, Sometimes } from './semantics.js';
import type { DirectoryNode } from './tree.js';

interface Until {
  readonly untilMs: number;
}

/** A file's bytes as read before. */
interface Content {
  readonly bytes: Uint8Array;
  untilMs: number;
  readonly atMostMs: number;
}

/** What one host remembers of one directory. */
class Directory {
  node: DirectoryNode | null = null;
  nodeUntilMs = 0;
  names: readonly string[] | null = null;
  namesUntilMs = 0;
  readonly missing = new Map<string, Until>();
  readonly stats = new Map<string, Until & { readonly stat: FileStat }>();
  readonly contents = new Map<string, Content>();
}

/** So many directories, and names of each kind in one, are remembered; the oldest are forgotten first. */
const MOST = 64;

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The caches of one host's kernel. Each entry has its own age, rolled when it is made. All paths are folded. */
export class Remembered {
  private readonly directories = new Map<string, Directory>();
  private readonly semantics: ClientSemantics;
  private readonly random: Pick<Random, 'fraction'>;
  private readonly now: () => number;

  constructor(semantics: ClientSemantics, random: Pick<Random, 'fraction'>, now: () => number) {
    this.semantics = semantics;
    this.random = random;
    this.now = now;
  }

  /** Nothing is known of any directory: always so in a client without caches, which this keeps quick. */
  get isEmpty(): boolean {
    return this.directories.size === 0;
  }

  // --- what it says -------------------------------------------------------------------------------------------------

  stat(path: string): FileStat | null {
    const known = this.directories.get(parentOf(path))?.stats.get(nameOf(path));
    return known && known.untilMs > this.now() ? known.stat : null;
  }

  names(path: string): readonly string[] | null {
    const directory = this.directories.get(path);
    return directory?.names && directory.namesUntilMs > this.now() ? directory.names : null;
  }

  /** Whether it, or the directory it would be in, was not there. */
  isMissing(path: string): boolean {
    return this.isNoName(path) || this.isNoName(parentOf(path));
  }

  content(path: string): Uint8Array | null {
    const known = this.directories.get(parentOf(path))?.contents.get(nameOf(path));
    if (!known || known.untilMs <= this.now()) return null;
    if (this.random.fraction() >= this.semantics.contents.chance) return null;
    known.untilMs = Math.min(known.atMostMs, this.now() + this.semantics.contents.forMs);
    return known.bytes;
  }

  handle(path: string): DirectoryNode | null {
    const directory = this.directories.get(path);
    return directory?.node && directory.nodeUntilMs > this.now() ? directory.node : null;
  }

  private isNoName(path: string): boolean {
    const known = this.directories.get(parentOf(path))?.missing.get(nameOf(path));
    return known !== undefined && known.untilMs > this.now();
  }

  // --- what it learns -----------------------------------------------------------------------------------------------

  sawStat(path: string, stat: FileStat): void {
    const untilMs = this.roll(this.semantics.attributes);
    if (untilMs === null) return;
    setAmong(this.at(parentOf(path)).stats, nameOf(path), { stat, untilMs });
  }

  sawNames(path: string, names: readonly string[]): void {
    const untilMs = this.roll(this.semantics.listing);
    const directory = untilMs === null ? this.directories.get(path) : this.at(path);
    if (!directory) return;
    directory.names = untilMs === null ? null : names.slice(); // the caller may sort its own
    directory.namesUntilMs = untilMs ?? 0;
    if (directory.missing.size > 0 && this.falls(this.semantics.listingHeals)) directory.missing.clear();
  }

  sawMissing(path: string): void {
    const untilMs = this.roll(this.semantics.missing);
    if (untilMs === null) return;
    const directory = this.at(parentOf(path));
    directory.stats.delete(nameOf(path));
    setAmong(directory.missing, nameOf(path), { untilMs });
  }

  sawContent(path: string, bytes: Uint8Array): void {
    const { contents, contentsAtMostMs } = this.semantics;
    if (contents.chance === 0) return;
    const atMostMs = this.now() + contentsAtMostMs;
    const untilMs = this.now() + contents.forMs;
    setAmong(this.at(parentOf(path)).contents, nameOf(path), { bytes, untilMs, atMostMs });
  }

  sawHandle(path: string, node: DirectoryNode): void {
    const untilMs = this.roll(this.semantics.handles);
    if (untilMs === null) return;
    if (this.directories.get(path)?.node !== node) this.directories.delete(path); // another one: nothing known of it
    const directory = this.at(path);
    directory.node = node;
    directory.nodeUntilMs = untilMs;
  }

  // --- what it forgets ----------------------------------------------------------------------------------------------

  /** This host itself changed what is under that name. */
  changed(path: string): void {
    if (this.isEmpty) return;
    const parent = parentOf(path);
    this.directories.get(parentOf(parent))?.stats.delete(nameOf(parent));
    const directory = this.directories.get(parent);
    if (!directory) return;
    const name = nameOf(path);
    directory.missing.delete(name);
    directory.stats.delete(name);
    directory.contents.delete(name);
    if (directory.names === null && directory.missing.size === 0) return;
    if (!this.falls(this.semantics.ownChangeHeals)) return;
    directory.names = null;
    directory.missing.clear();
  }

  /** This host itself moved or removed the directory there, if there was one. */
  moved(path: string): void {
    const below = `${path}/`;
    for (const known of this.directories.keys())
      if (known === path || known.startsWith(below)) this.directories.delete(known);
  }

  // --- ages ---------------------------------------------------------------------------------------------------------

  private at(path: string): Directory {
    const known = this.directories.get(path);
    if (known) return known;
    const directory = new Directory();
    setAmong(this.directories, path, directory);
    return directory;
  }

  /** Until when it is remembered; null: not at all. */
  private roll(sometimes: Sometimes): number | null {
    if (!this.falls(sometimes.chance)) return null;
    return this.now() + this.random.fraction() * sometimes.forMs;
  }

  private falls(chance: number): boolean {
    return chance > 0 && (chance === 1 || this.random.fraction() < chance);
  }
}

function setAmong<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key); // so that it is the newest
  map.set(key, value);
  if (map.size <= MOST) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
}
