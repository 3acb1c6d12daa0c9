import type {
  AcquireOptions,
  ClaimAnswer,
  LicenceEvents,
  LicencePlace,
  LicenceStatus,
  OpenOptions,
  OpenLicence as Public,
  SeveralAnswer,
  StatusOptions,
} from '../api.js';
import { closedFault, type SeatfileFault } from '../licence/fault.js';
import type { Clock } from '../share/clock.js';
import type { NotSeated } from './answers.js';
import { abortSignalOf, checkClaim, checkModule, checkSeveral } from './argument-checks.js';
import { LicenceEmitter } from './emitter.js';
import type { Instances } from './instances.js';
import { isFinal, isOutOfReach, isPassedBy, together, worstOf } from './joint-answer.js';
import { ListedLicence } from './listed-licence.js';
import { type OpenLicence, openWith } from './open-licence.js';
import type { System } from './system.js';

/** How long one licence may be out of reach until the next is tried, unless the caller says otherwise. Milliseconds. */
const PATIENCE_MS = 10_000;
/** The pause before it is tried again where it fails at once. Milliseconds. */
const PAUSE_MS = 1000;

/** As openLicence, on any system. `instances` is what this process has open already. */
export async function openAny(
  place: LicencePlace | readonly LicencePlace[],
  options: OpenOptions,
  system: System,
  instances?: Instances,
): Promise<Public> {
  if (!isList(place)) return await openWith(place, options, system, instances);
  checkSeveral(place, options);
  const giveUp = new AbortController();
  const asked = { ...options, signal: giveUp.signal };
  const several = new SeveralLicences(
    place.map((one) => new ListedLicence(one, () => openWith(one, asked, system, instances), system.clock)),
    options,
    system.clock,
  );
  const signal = options.signal && abortSignalOf(options.signal);
  const heed = () => giveUp.abort(signal?.reason);
  if (signal?.aborted) heed();
  signal?.addEventListener('abort', heed);
  try {
    await several.open(giveUp.signal);
    return several;
  } finally {
    signal?.removeEventListener('abort', heed); // what is opened later is not given up by it
  }
}

const isList = (place: LicencePlace | readonly LicencePlace[]): place is readonly LicencePlace[] =>
  Array.isArray(place);

/** What one licence of the list said, where the claim goes on to the next. */
interface Refused {
  readonly licence: OpenLicence;
  readonly answer: NotSeated;
}

/**
 * Several licences, asked in order. The next is opened and asked when one is out of reach, or has no free seat. A seat
 * stays in the licence that gave it. Each claim begins with the first again.
 */
class SeveralLicences extends LicenceEmitter implements Public {
  private readonly list: readonly ListedLicence[];
  private readonly clock: Clock;
  private readonly timeoutMs: number | undefined;
  private readonly patienceMs: number;
  private isClosed = false;

  constructor(list: readonly ListedLicence[], options: OpenOptions, clock: Clock) {
    super();
    this.list = list;
    this.clock = clock;
    this.timeoutMs = options.timeoutMs;
    this.patienceMs = options.patienceMs ?? PATIENCE_MS;
    for (const one of list) one.onOpened = (licence) => this.follow(licence);
  }

  get file(): string {
    return this.opened[0]?.file ?? '';
  }

  get modules(): readonly string[] {
    return [...new Set(this.opened.flatMap(({ modules }) => modules))];
  }

  get customer(): string | null {
    return this.opened[0]?.customer ?? null;
  }

  get licenceId(): string {
    return this.opened[0]?.licenceId ?? '';
  }

  get expiresAt(): string | null {
    return this.opened[0]?.expiresAt ?? null;
  }

  maxUsers(module: string): number {
    checkModule(module);
    const having = this.opened.filter((licence) => licence.modules.includes(module));
    if (having.length === 0 && this.opened[0]) return this.opened[0].maxUsers(module); // which says that it has none
    return having.reduce((sum, licence) => sum + licence.maxUsers(module), 0);
  }

  protected override isHeard(event: keyof LicenceEvents): void {
    if (event === 'changed') for (const licence of this.opened) licence.watch();
  }

  private get opened(): OpenLicence[] {
    return this.list.flatMap(({ licence }) => licence ?? []);
  }

  /** Until the first of them is open. @throws SeatfileFault as openLicence(): of the first, where none can be opened */
  async open(signal: AbortSignal): Promise<void> {
    const patienceMs = Math.min(this.patienceMs, this.timeoutMs ?? this.patienceMs);
    try {
      await this.first<OpenLicence>(async (licence) => licence, { signal, patienceMs });
    } catch (error) {
      await this.close().catch(() => undefined);
      throw error;
    }
  }

  acquire(module: string, options?: AcquireOptions): Promise<ClaimAnswer>;
  acquire(modules: readonly string[], options?: AcquireOptions): Promise<SeveralAnswer>;
  async acquire(module: Wanted, options: AcquireOptions = {}): Promise<SeveralAnswer> {
    if (this.isClosed) throw closedFault(this.file);
    checkClaim(module, options);
    const signal = options.signal && abortSignalOf(options.signal);
    return await this.clock.awake(() => this.claim(module, { ...options, signal }));
  }

  async status(options: StatusOptions = {}): Promise<LicenceStatus> {
    const [first] = this.opened;
    if (this.isClosed || first === undefined) throw closedFault(this.file);
    return await first.status(options);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const closed = await Promise.allSettled(this.list.map((one) => one.close()));
    for (const one of closed) if (one.status === 'rejected') throw one.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => undefined);
  }

  override toJSON(): object {
    const { customer, modules, isClosed } = this;
    const seats = this.opened.flatMap((licence) => licence.seats).map((seat) => seat.toJSON());
    return { files: this.opened.map(({ file }) => file), customer, modules, seats, isClosed };
  }

  private follow(licence: OpenLicence): void {
    licence.on('warning', (warning) => this.emit('warning', warning));
    licence.on('waiting', (news) => this.emit('waiting', news));
    const isHeard = () => this.listenerCount('changed') > 0;
    licence.relay = { isHeard, tell: () => this.emit('changed') };
    if (isHeard()) licence.watch();
  }

  private async claim(module: Wanted, options: AcquireOptions & Signalled): Promise<SeveralAnswer> {
    const { signal, wait = 0 } = options;
    const startedMs = this.clock.elapsedMs();
    const refused: Refused[] = [];
    const longestMs = options.timeoutMs ?? this.timeoutMs;
    const patienceMs = Math.min(this.patienceMs, longestMs ?? this.patienceMs);
    const ask: Ask<SeveralAnswer> = async (licence, timeoutMs) => {
      if (refused.some((other) => other.licence.file === licence.file)) return null; // one file in two spellings
      const note = wait > 0 ? 'none' : timeoutMs === null ? 'final' : 'goes on';
      const answer = await licence.acquire(one(module), { signal, timeoutMs: timeoutMs ?? longestMs }, note);
      if (answer.kind === 'seated' || isFinal(answer)) return answer;
      refused.push({ licence, answer });
      return null;
    };
    const answer = await this.first(ask, { signal, patienceMs }, refused);
    if (answer !== null) return answer;
    const got =
      wait > 0
        ? await this.waitInAll(module, options, refused)
        : together(refused.map(({ answer }) => answer));
    const waitedMs = Math.round(this.clock.elapsedMs() - startedMs);
    return got.kind === 'full' ? { ...got, waitedMs } : got;
  }

  /**
   * The first answer in the order of the list. Null: each that can be reached was asked, and `refused` is not empty.
   * @throws SeatfileFault at once where a licence is reached, and is wrong in itself; else where none could be asked
   */
  private async first<T>(
    ask: Ask<T>,
    patience: Patience,
    refused: readonly Refused[] = [],
  ): Promise<T | null> {
    const faults: SeatfileFault[] = [];
    for (const one of this.list) {
      const isLast = one === this.list.at(-1);
      try {
        const answer = await (isLast ? askLast(one, ask, patience) : this.askPatiently(one, ask, patience));
        if (answer !== null) return answer;
      } catch (error) {
        if (this.isClosed) throw closedFault(this.file);
        if (!isPassedBy(error)) throw error;
        faults.push(error);
        if (!isLast && isOutOfReach(error)) this.warnOf(error);
      }
    }
    if (refused.length === 0) throw worstOf(faults);
    return null;
  }

  /** Tried again while it may be out of reach. What became of a claim is not guessed: then the next one is asked. */
  private async askPatiently<T>(
    one: ListedLicence,
    ask: Ask<T>,
    { signal, patienceMs }: Patience,
  ): Promise<T | null> {
    let endMs = this.clock.elapsedMs() + patienceMs;
    for (;;)
      try {
        const isNew = one.licence === null;
        const licence = await one.reach(endMs, signal);
        if (isNew) endMs = this.clock.elapsedMs() + patienceMs;
        return await ask(licence, endMs - this.clock.elapsedMs());
      } catch (error) {
        const isOver = this.isClosed || this.clock.elapsedMs() + PAUSE_MS >= endMs;
        if (isOver || !isOutOfReach(error) || error.code === 'COMMIT_UNKNOWN') throw error;
        await this.clock.sleep(PAUSE_MS, signal);
      }
  }

  /** The claim stands in the queue of each, and takes the first seat that comes. The other places are passed on. */
  private async waitInAll(
    module: Wanted,
    { signal, wait, timeoutMs = this.timeoutMs }: AcquireOptions & Signalled,
    refused: readonly Refused[],
  ): Promise<SeveralAnswer> {
    const enough = new AbortController();
    const either = signal ? AbortSignal.any([signal, enough.signal]) : enough.signal;
    const answers: NotSeated[] = [];
    const asked = refused.map(async ({ licence }) => {
      const answer = await licence.acquire(one(module), { wait, timeoutMs, signal: either });
      if (answer.kind !== 'seated') {
        answers.push(answer);
        throw NOT_SEATED;
      }
      if (!enough.signal.aborted) {
        enough.abort(); // ends the other waits
        return answer;
      }
      await Promise.all(answer.seats.map((seat) => seat.release())); // two came at once
      throw NOT_SEATED;
    });
    return await Promise.any(asked).catch((error: AggregateError) => {
      if (answers.length > 0) return together(answers);
      throw error.errors.find((one) => one !== NOT_SEATED);
    });
  }

  private warnOf({ message }: SeatfileFault): void {
    const tell = () =>
      this.emit('warning', { code: 'SHARE', message: `${message}; the next licence is asked` });
    this.clock.alarm(0, tell); // at the opening nothing can listen yet
  }
}

/** @param timeoutMs how long the licence may be out of reach; null: it is the last one. Null: the next is asked */
type Ask<T> = (licence: OpenLicence, timeoutMs: number | null) => Promise<T | null>;

/** One module, or several of which all are wanted. */
type Wanted = string | readonly string[];

/** The answer is as for the kind of question. */
const one = (module: Wanted): readonly string[] => module as readonly string[];

interface Signalled {
  readonly signal?: AbortSignal | undefined;
}

/** How long each but the last may be out of reach. */
interface Patience extends Signalled {
  readonly patienceMs: number;
}

/** The last one has the time that an opening and a claim have. */
const askLast = async <T>(one: ListedLicence, ask: Ask<T>, { signal }: Patience): Promise<T | null> =>
  await ask(await one.reach(null, signal), null);

const NOT_SEATED = new Error('another licence gave the seat, or this one gave none');
