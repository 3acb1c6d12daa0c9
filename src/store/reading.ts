import { isForgery, SeatfileFault } from '../licence/fault.js';
import { elapsedMs, type Instant } from '../licence/time.js';
import { breath, type Clock, instantOf, LARGE_BYTES } from '../share/clock.js';
import { ShareError, type ShareFiles } from '../share/files.js';
import { documentIn, inFolder, type LicencePaths, numberName } from '../share/layout.js';
import type { StoreContext } from './context.js';
import type { Kind } from './register.js';
import { damaged, messageOf } from './trouble.js';

/** What is wrong with a text, in words, and what brought it to light. */
type Damage = (found: string, cause?: unknown) => SeatfileFault;

/** Another version of the application may read it: it is not damaged, and this process leaves it alone. */
const isForAnother = (error: unknown): boolean =>
  error instanceof SeatfileFault && (error.code === 'LICENCE_NEWER' || error.code === 'LICENCE_UNTRUSTED');

interface ReadText<D> {
  readonly text: string;
  readonly document: D;
}

/** A text that was seen under a number longer ago is read again before anything is made from it. Milliseconds. */
const JUST_SEEN_MS = 1000;

/**
 * Reads the texts of a folder, each whole or not at all. Remembers the last: most readings find the same one.
 */
export class TextReader<D> {
  readonly kind: Kind<D>;
  private readonly paths: LicencePaths;
  private readonly files: ShareFiles;
  private readonly clock: Clock;
  private cached: ReadText<D> | null = null;
  /** The last text that was seen under its number, and when that was, at the least. */
  private seen: { readonly document: D; readonly at: Instant } | null = null;

  constructor({ paths, files, clock }: Pick<StoreContext, 'paths' | 'files' | 'clock'>, kind: Kind<D>) {
    this.paths = paths;
    this.files = files;
    this.clock = clock;
    this.kind = kind;
  }

  /** A text of this process, which is checked already. `placedAt`: it was under its number then; null: perhaps. */
  remember({ text, document }: ReadText<D>, placedAt: Instant | null): void {
    this.cached = { text, document };
    this.seen = placedAt && { document, at: placedAt };
  }

  /** The text of a number that was read, or published, a moment ago: a text never changes. Null: it is to be read. */
  justSeen(number: number): D | null {
    if (this.seen === null || this.kind.numberOf(this.seen.document) !== number) return null;
    const isRecent = elapsedMs(this.seen.at, instantOf(this.clock)) <= JUST_SEEN_MS;
    return isRecent ? this.seen.document : null;
  }

  pathOf(number: number): string {
    return inFolder(this.paths, numberName(number));
  }

  /**
   * The text of a number. Null: it is not there (removed, or not yet visible). @throws SeatfileFault
   * TABLE_DAMAGED
   */
  async read(number: number): Promise<D | null> {
    const fault: Damage = (found, cause) => damaged(this.paths, number, found, cause);
    const at = instantOf(this.clock);
    this.seen = null; // whatever this reading meets, nothing that was seen before speaks against it
    const read = await this.readIn(this.pathOf(number), fault);
    if (read && this.kind.numberOf(read.document) !== number)
      throw fault(`says it is revision ${this.kind.numberOf(read.document)}`);
    this.seen = read && { document: read.document, at };
    return read?.document ?? null;
  }

  /** A text under a name of its own, to be copied byte by byte. @throws SeatfileFault TABLE_DAMAGED */
  async readNamed(directory: string): Promise<ReadText<D> | null> {
    return await this.readIn(directory, (found, cause) => {
      const advice = `${documentIn(directory)} ${found}; rename ${directory}`;
      return new SeatfileFault('TABLE_DAMAGED', advice, {
        cause,
        details: { path: documentIn(directory), found },
      });
    });
  }

  private async readIn(directory: string, fault: Damage): Promise<ReadText<D> | null> {
    const path = documentIn(directory);
    const bytes = await this.files.read(path).catch((error: unknown) => {
      if (error instanceof ShareError && (error.kind === 'missing' || error.kind === 'stale')) return null;
      if (error instanceof ShareError && error.kind === 'wrongKind')
        throw fault('is no revision of ours (remove it)');
      if (error instanceof ShareError && error.kind === 'tooLarge')
        throw fault('is larger than the 16 MiB a revision may have');
      throw error;
    });
    const read = bytes && (await this.parse(bytes, path, fault));
    if (bytes && bytes.length > LARGE_BYTES) await breath();
    return read;
  }

  private async parse(bytes: Uint8Array, path: string, fault: Damage): Promise<ReadText<D>> {
    try {
      const text = this.kind.decode(bytes, path);
      if (this.cached?.text === text) return this.cached;
      const read = { text, document: await this.kind.parse(text, path) };
      this.cached = read;
      return read;
    } catch (error) {
      if (isForAnother(error)) throw error;
      const code = isForgery(error) ? error.code : null;
      const what = code === null ? 'is damaged' : code === 'LICENCE_UNSIGNED' ? 'is not signed' : 'is forged';
      throw fault(`${what} (${messageOf(error)})`, error);
    }
  }
}
