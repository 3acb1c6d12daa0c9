import type { OnSlow, SlowWait } from '../api/opening.js';
import { isForgery, SeatfileFault } from '../licence/fault.js';
import { checkDeadline, type Deadline, toFault } from '../share/deadline.js';
import { ShareError } from '../share/files.js';
import { highestAmong, numbersAmong } from '../share/layout.js';
import { SLOW_MS, withEnd } from '../share/op-timeouts.js';
import type { StoreContext } from './context.js';
import { KnownNumbers } from './known-numbers.js';
import type { Line } from './line.js';
import type { TextReader } from './reading.js';
import type { Latest } from './register.js';
import {
  damaged,
  describeTrouble,
  faultOf,
  folderGone,
  lost,
  messageOf,
  type Trouble,
  TroubleMemory,
  trouble,
} from './trouble.js';

export interface LatestOptions {
  /**
   * How long a client may go on seeing an old listing or an old absence: trouble is believed after that.
   * Milliseconds. @default 60,000
   */
  readonly cachesMs: number;
  readonly onSlow?: OnSlow | undefined;
}

/** `lists`: a text that was seen under its number a moment ago is not read again. */
type Depth = 'reads' | 'lists';

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 2000;
/** A reading that goes on waiting says so again, with how long it may still take. Milliseconds. */
const TELL_AGAIN_MS = 10_000;
/** A share that answers with failures is given this long to recover within one reading. Milliseconds. */
const FAILING_MS = 10_000;

/** Finds the latest text of a folder: lists, opens, reads. */
export class LatestReader<D> {
  readonly reader: TextReader<D>;
  readonly known: KnownNumbers;
  private readonly context: StoreContext;
  private readonly options: LatestOptions;
  private readonly line: Line;
  private readonly trouble: TroubleMemory;

  /** @param line told what each listing shows */
  constructor(context: StoreContext, reader: TextReader<D>, options: LatestOptions, line: Line) {
    this.context = context;
    this.line = line;
    this.reader = reader;
    this.known = new KnownNumbers(context.clock);
    this.options = options;
    this.trouble = new TroubleMemory(options.cachesMs);
  }

  /** Ascending; null when there is no folder. */
  async numbers(): Promise<number[] | null> {
    const listed = await this.list();
    return listed && numbersAmong(listed.names);
  }

  /** The highest number; -1 for none, null when there is no folder. */
  async highest(): Promise<number | null> {
    return (await this.list())?.highest ?? null;
  }

  private async list(): Promise<{ readonly names: readonly string[]; readonly highest: number } | null> {
    const { files, paths } = this.context;
    try {
      const names = await files.list(paths.folder);
      const highest = highestAmong(names);
      this.line.note(names, highest);
      if (highest >= 0) this.known.noteLatest(highest);
      return { names, highest };
    } catch (error) {
      if (error instanceof ShareError && error.kind === 'missing') return null;
      throw error;
    }
  }

  /** See {@link Register.latest}. */
  async latest(deadline: Deadline, depth: Depth = 'reads'): Promise<Latest<D>> {
    return await withEnd((over) => this.look(deadline, depth, over));
  }

  private async look(deadline: Deadline, depth: Depth, over: Promise<void>): Promise<Latest<D>> {
    const { clock, paths } = this.context;
    let failingMs: number | null = null;
    let tellMs = clock.elapsedMs() + SLOW_MS;
    for (let tries = 0; ; tries++) {
      const startedMs = clock.elapsedMs();
      const found = await this.readOnce(depth);
      if (!('kind' in found)) {
        this.trouble.forget();
        return found;
      }
      const nowMs = clock.elapsedMs();
      failingMs = found.kind === 'failing' ? (failingMs ?? nowMs) : null;
      const isCertain =
        failingMs === null
          ? found.kind === 'forged' || this.trouble.isBelieved(found, startedMs, nowMs)
          : startedMs - failingMs >= FAILING_MS;
      if (isCertain) throw await faultOf(found, paths, this.context.files);
      if (nowMs >= deadline.untilMs) throw await this.unseen(found);
      checkDeadline(deadline, clock, `the newest revision in ${paths.folder}`);
      if (startedMs >= tellMs) {
        tellMs = startedMs + TELL_AGAIN_MS;
        const mostMs = failingMs === null ? this.trouble.leftMs(nowMs) : failingMs + FAILING_MS - nowMs;
        this.tell(found, { mostMs, over });
      }
      await clock.sleep(
        Math.min(FIRST_PAUSE_MS * 2 ** Math.min(tries, 10), LONGEST_PAUSE_MS),
        deadline.signal,
      );
    }
  }

  private tell(found: Trouble, wait: SlowWait): void {
    this.options.onSlow?.(
      `the share to show the latest revision (${describeTrouble(found)}; the share may only be slow)`,
      wait,
    );
  }

  /** See {@link Register.stableLatest}. */
  async stableLatest(deadline: Deadline): Promise<Latest<D>> {
    const { clock, random, paths } = this.context;
    for (;;) {
      const latest = await this.latest(deadline);
      const highest = await this.highest().catch(() => null); // what lasts, the next reading meets too
      if (highest === this.reader.kind.numberOf(latest.document)) return latest;
      await clock.sleep(random.fraction() * 20, deadline.signal);
      checkDeadline(deadline, clock, `the newest revision in ${paths.folder} to stand still`);
    }
  }

  async latestOnce(): Promise<Latest<D> | null> {
    const found = await this.readOnce('reads');
    return 'kind' in found ? null : found;
  }

  /** See {@link Register.acceptBehind}. */
  acceptBehind(): boolean {
    if (this.trouble.what !== 'behind') return false;
    this.known.acceptBehind();
    return true;
  }

  /** See {@link Register.resetTrouble}. */
  resetTrouble(number: number): void {
    this.known.expectAtLeast(number);
    this.trouble.forget();
  }

  /** The deadline ended before the trouble could be believed. */
  private async unseen(found: Trouble): Promise<unknown> {
    const { files, paths } = this.context;
    if (found.kind === 'failing') return found.fault;
    const cause = await faultOf(found, paths, files);
    return new SeatfileFault(
      'SHARE_UNREACHABLE',
      `${paths.folder}: given up at the deadline before the share showed the newest revision (${messageOf(cause)})`,
      { cause, details: { path: paths.folder } },
    );
  }

  private async readOnce(depth: Depth): Promise<Latest<D> | Trouble> {
    const startedMs = this.context.clock.elapsedMs();
    try {
      return await this.readListed(startedMs, depth);
    } catch (error) {
      if (error instanceof SeatfileFault && error.code === 'TABLE_DAMAGED')
        return isForgery(error.cause) ? trouble('forged', error.cause) : trouble('damaged', error);
      if (error instanceof ShareError && ['unsaid', 'busy', 'stale'].includes(error.kind))
        return { kind: 'failing', what: 'failing', fault: toFault(error) };
      throw toFault(error);
    }
  }

  private async readListed(startedMs: number, depth: Depth): Promise<Latest<D> | Trouble> {
    const { clock, files, paths } = this.context;
    const number = await this.highest();
    if (number === null) return trouble('noFolder', await folderGone(paths, files));
    if (number < 0) return trouble('empty', lost(paths, 'holds no revision'));
    if (this.known.isBehind(number)) {
      const found = `ends at revision ${number}, but ${this.known.highest} was seen before`;
      return trouble('behind', lost(paths, found));
    }
    const seen = depth === 'lists' ? this.reader.justSeen(number) : null;
    const document = seen ?? (await this.reader.read(number));
    if (document === null) {
      await files.removeDirectory(this.reader.pathOf(number)).catch(() => undefined); // succeeds on an empty one only
      return trouble('vanished', damaged(paths, number, 'cannot be opened'));
    }
    const foreign = this.reader.kind.refuse(document);
    if (foreign) return trouble('foreign', foreign);
    const isBelow = number < this.known.highest;
    this.known.expectAtLeast(number);
    return { document, isBelow, startedMs, endedMs: clock.elapsedMs() };
  }
}
