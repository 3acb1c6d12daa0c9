import { SeatfileFault } from '../licence/fault.js';
import { checkLimits, type Limits, toFault } from '../share/deadline.js';
import { ShareError } from '../share/files.js';
import { numbersAmong } from '../share/layout.js';
import { SLOW_MS } from '../share/op-timeouts.js';
import type { StoreContext } from './context.js';
import { KnownNumbers } from './known-numbers.js';
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
  readonly onSlow?: ((waitingFor: string) => void) | undefined;
}

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
  private readonly met: TroubleMemory;

  constructor(context: StoreContext, reader: TextReader<D>, options: LatestOptions) {
    this.context = context;
    this.reader = reader;
    this.known = new KnownNumbers(context.clock);
    this.options = options;
    this.met = new TroubleMemory(options.cachesMs);
  }

  /** Ascending; null when there is no folder. */
  async numbers(): Promise<number[] | null> {
    const { files, place } = this.context;
    try {
      const numbers = numbersAmong(await files.list(place.folder));
      const latest = numbers.at(-1);
      if (latest !== undefined) this.known.noteLatest(latest);
      return numbers;
    } catch (error) {
      if (error instanceof ShareError && error.kind === 'missing') return null;
      throw error;
    }
  }

  /** See {@link Register.latest}. */
  async latest(limits: Limits): Promise<Latest<D>> {
    const { clock, place } = this.context;
    let failingMs: number | null = null;
    let tellMs = clock.elapsedMs() + SLOW_MS;
    for (let tries = 0; ; tries++) {
      const startedMs = clock.elapsedMs();
      const found = await this.readOnce();
      if (!('kind' in found)) {
        this.met.forget();
        return found;
      }
      const nowMs = clock.elapsedMs();
      failingMs = found.kind === 'failing' ? (failingMs ?? nowMs) : null;
      const isCertain =
        failingMs === null
          ? this.met.isBelieved(found, startedMs, nowMs)
          : startedMs - failingMs >= FAILING_MS;
      if (isCertain) throw await faultOf(found, place, this.context.files);
      if (nowMs >= limits.untilMs) throw await this.unseen(found);
      checkLimits(limits, clock, `the newest revision in ${place.folder}`);
      if (startedMs >= tellMs) {
        tellMs = startedMs + TELL_AGAIN_MS;
        this.tell(found, failingMs === null ? this.met.leftMs(nowMs) : failingMs + FAILING_MS - nowMs);
      }
      await clock.sleep(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(tries, 10), LONGEST_PAUSE_MS), limits.signal);
    }
  }

  private tell(found: Trouble, leftMs: number): void {
    const left = `${Math.max(1, Math.ceil(leftMs / 1000))} s at most`;
    this.options.onSlow?.(
      `the share to show the latest revision (${describeTrouble(found)}; the share may only be slow); ${left}`,
    );
  }

  /** See {@link Register.stableLatest}. */
  async stableLatest(limits: Limits): Promise<Latest<D>> {
    const { clock, dice, place } = this.context;
    for (;;) {
      const latest = await this.latest(limits);
      const numbers = await this.numbers().catch(() => null); // what lasts, the next reading meets too
      if (numbers?.at(-1) === this.reader.kind.numberOf(latest.document)) return latest;
      await clock.sleep(dice.fraction() * 20, limits.signal);
      checkLimits(limits, clock, `the newest revision in ${place.folder} to stand still`);
    }
  }

  async latestOnce(): Promise<Latest<D> | null> {
    const found = await this.readOnce();
    return 'kind' in found ? null : found;
  }

  /** See {@link Register.acceptBehind}. */
  acceptBehind(): boolean {
    if (this.met.what !== 'behind') return false;
    this.known.acceptBehind();
    return true;
  }

  /** See {@link Register.resetTrouble}. */
  resetTrouble(number: number): void {
    this.known.expectAtLeast(number);
    this.met.forget();
  }

  /** The deadline ended before the trouble could be believed. */
  private async unseen(found: Trouble): Promise<unknown> {
    const { files, place } = this.context;
    if (found.kind === 'failing') return found.fault;
    const cause = await faultOf(found, place, files);
    return new SeatfileFault(
      'SHARE_UNREACHABLE',
      `${place.folder}: given up at the deadline before the share showed the newest revision (${messageOf(cause)})`,
      { cause },
    );
  }

  private async readOnce(): Promise<Latest<D> | Trouble> {
    const startedMs = this.context.clock.elapsedMs();
    try {
      return await this.readListed(startedMs);
    } catch (error) {
      if (error instanceof SeatfileFault && error.code === 'TABLE_DAMAGED') return trouble('damaged', error);
      if (error instanceof ShareError && ['unsaid', 'busy', 'stale'].includes(error.kind))
        return { kind: 'failing', what: 'failing', fault: toFault(error) };
      throw toFault(error);
    }
  }

  private async readListed(startedMs: number): Promise<Latest<D> | Trouble> {
    const { clock, files, place } = this.context;
    const numbers = await this.numbers();
    if (numbers === null) return trouble('noFolder', await folderGone(place, files));
    const number = numbers.at(-1);
    if (number === undefined) return trouble('empty', lost(place, 'holds no revision'));
    if (this.known.isBehind(number)) {
      const found = `ends at revision ${number}, but ${this.known.highest} was seen before`;
      return trouble('behind', lost(place, found));
    }
    const document = await this.reader.read(number);
    if (document === null) {
      await files.removeDirectory(this.reader.pathOf(number)).catch(() => undefined); // succeeds on an empty one only
      return trouble('vanished', damaged(place, number, 'cannot be opened'));
    }
    const foreign = this.reader.kind.refuse(document);
    if (foreign) return trouble('foreign', foreign);
    const isBelow = number < this.known.highest;
    this.known.expectAtLeast(number);
    return { document, isBelow, startedMs, endedMs: clock.elapsedMs() };
  }
}
