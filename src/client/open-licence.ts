import { EventEmitter } from 'node:events';
import type { Licence } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { awake, type Clock, inTime, LATE } from '../share/clock.js';
import type { Limits } from '../share/deadline.js';
import type { Place } from '../share/layout.js';
import { ANSWER_MS, patient } from '../share/op-timeouts.js';
import { locate, whyNotOpened } from '../store/locate.js';
import type { Top } from '../store/revisions.js';
import type { Store } from '../store/store.js';
import type { ClaimAnswer } from './answers.js';
import type { AcquireOptions, LicenceEvents, OpenOptions } from './options.js';
import { addLeaver, leaveForWorkers, leaveMs, removeLeaver } from './process-exit.js';
import { LATE_MS, unconfirmed } from './release.js';
import {
  firstLook,
  type Instances,
  instancesOfProcess,
  join,
  type Member,
  storeAt,
} from './shared-instance.js';
import type { System } from './system.js';
import { placeWarnings, realSystem } from './system.js';
import { PATIENCE_MS } from './table-view.js';

const OPEN_MS = 90_000;
/** The time for one operation of a warning about the place, because no caller should wait for that. */
const WARNING_MS = 2000;
const MAX_WAIT_MS = 86_400_000;

/**
 * Opens a licence on the share, and reads it once.
 * @param path the licence file; links are followed once, now
 * @throws SeatfileFault LICENCE_*, TABLE_*, SHARE_*, BAD_ARGUMENT
 */
export async function openLicence(path: string, options: OpenOptions = {}): Promise<OpenLicence> {
  return await awake(() => openWith(path, options, realSystem(), instancesOfProcess()));
}

/** As openLicence, on any system. `instances` is what this process has open already. */
export async function openWith(
  path: string,
  options: OpenOptions,
  system: System,
  instances: Instances = new Map(),
): Promise<OpenLicence> {
  if (options.timeoutMs !== undefined) checkTimeout(options.timeoutMs);
  checkNames({
    ...options,
    user: options.user ?? system.facts.user,
    host: options.host ?? system.facts.host,
  });
  const limits = openLimits(system);
  const place = await find(path, system, options.onSlow);
  const { user = system.facts.user, host = system.facts.host } = options;
  const opened = await openAs(
    join(instances, { place, user, host, options, system }),
    place.face,
    options,
    system,
    limits,
  );
  const files = patient(system.files, system.clock, { answerMs: WARNING_MS });
  const warnings = await placeWarnings(place.around, files, system);
  setImmediate(() => {
    for (const warning of warnings) opened.emit('warning', warning); // by now the application can listen
  });
  return opened;
}

async function openAs(
  member: Member,
  file: string,
  options: OpenOptions,
  system: System,
  limits: Limits,
): Promise<OpenLicence> {
  if (options.onSlow) member.onSlow = options.onSlow;
  try {
    return new OpenLicence(member, file, (await member.read(limits)).policy, options, system);
  } catch (error) {
    member.part();
    throw whyNotOpened(error);
  }
}

/** Finds a licence and reads it once, and makes sure that it is one. */
export async function openStore(
  path: string,
  system: System,
  onSlow?: ((waitingFor: string) => void) | undefined,
): Promise<{ store: Store; licence: Licence; policy: Policy }> {
  const { store, look } = await locateStore(path, system, onSlow);
  const { licence, policy } = await look();
  return { store, licence, policy };
}

/** Finds a licence without reading it, for commands that repair it. `look` reads it for the first time. */
export async function locateStore(
  path: string,
  system: System,
  onSlow?: ((waitingFor: string) => void) | undefined,
): Promise<{ store: Store; look: () => Promise<Top> }> {
  const limits = openLimits(system);
  const place = await find(path, system, onSlow);
  const store = storeAt(place, system, onSlow);
  const look = () =>
    firstLook(store, system, limits, onSlow).catch((error: unknown) => {
      throw whyNotOpened(error);
    });
  return { store, look };
}

/** Includes the time to find the licence, and the time in which the process is stopped. */
const openLimits = ({ clock }: System): Limits => ({ untilMs: clock.elapsedMs() + OPEN_MS });

async function find(path: string, system: System, onSlow: OpenOptions['onSlow']): Promise<Place> {
  if (path === '')
    throw new SeatfileFault('BAD_ARGUMENT', 'path: expected the path of a licence file, got ""');
  const files = patient(system.files, system.clock, { answerMs: ANSWER_MS, onSlow }); // the store has its own patience
  return await locate(path, files, system.surroundings?.mountinfo() ?? null).catch((error: unknown) => {
    throw whyNotOpened(error);
  });
}

function checkNames(names: OpenOptions): void {
  const limits = { application: 256, note: 1024, user: 256, host: 256 } as const;
  for (const [name, most] of Object.entries(limits)) {
    const value: unknown = names[name as keyof typeof limits];
    const least = name === 'user' || name === 'host' ? 1 : 0;
    if (value === undefined || (typeof value === 'string' && value.length >= least && value.length <= most))
      continue;
    const got = typeof value === 'string' ? `${value.length}` : `a ${typeof value}`;
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `${name}: expected a text of ${least} to ${most} characters, got ${got}`,
    );
  }
}

function checkTimeout(timeoutMs: number): void {
  if (!(timeoutMs > 0))
    throw new SeatfileFault('BAD_ARGUMENT', `timeoutMs: expected more than 0, got ${timeoutMs}`);
}

/**
 * A licence opened by this process. For one user and host it is one instance in the table, also if it is opened often
 * or takes many modules. Seats, waits and listeners belong to each opening.
 */
export class OpenLicence extends EventEmitter<LicenceEvents> implements AsyncDisposable {
  /** The licence file, every link resolved. */
  readonly file: string;
  /** The modules the licence has, as it was opened. */
  readonly modules: readonly string[];
  private readonly member: Member;
  private readonly clock: Clock;
  private readonly asking = new Set<Promise<unknown>>();
  /** A claim or a return that the share neither confirmed nor refused. */
  private unsure: SeatfileFault | null = null;
  private isClosed = false;
  private readonly timeoutMs: number;
  private waiting = new AbortController();
  private stopForWorkers: () => void = () => undefined;

  /** @internal Use openLicence. */
  constructor(member: Member, file: string, policy: Policy, options: OpenOptions, system: System) {
    super();
    this.file = file;
    this.modules = [...policy.modules.keys()];
    this.member = member;
    this.clock = system.clock;
    this.timeoutMs = options.timeoutMs ?? PATIENCE_MS;
    member.onWaiting = (news) => queueMicrotask(() => this.emit('waiting', news));
    member.onWarning = (warning) => queueMicrotask(() => this.emit('warning', warning));
    if (options.releaseOnExit === false) return;
    this.stopForWorkers = leaveForWorkers();
    member.onBusy = (isBusy) => (isBusy ? addLeaver : removeLeaver)(this.leave);
  }

  /**
   * Asks for a seat in a module. That none is free is an answer. Asking again for a module this process holds gives
   * another handle on the same seat, which is free when the last of them is released.
   * @throws SeatfileFault UNKNOWN_MODULE, LICENCE_EXPIRED, SHARE_*, TABLE_*, COMMIT_UNKNOWN, ABORTED, CLOSED
   */
  async acquire(module: string, options: AcquireOptions = {}): Promise<ClaimAnswer> {
    if (this.isClosed)
      throw new SeatfileFault('CLOSED', `${this.file}: the licence was closed; open it again`);
    const { timeoutMs = this.timeoutMs, wait = 0 } = options;
    checkTimeout(timeoutMs);
    if (!(wait >= 0 && wait <= MAX_WAIT_MS))
      throw new SeatfileFault('BAD_ARGUMENT', `wait: expected 0 to ${MAX_WAIT_MS} milliseconds, got ${wait}`);
    return await awake(() => this.noted(this.ask(module, timeoutMs, wait, options.signal)));
  }

  /** Gives back every seat of this opening, and ends its background work. @throws SeatfileFault as release() */
  async close(): Promise<void> {
    this.isClosed = true;
    this.stopForWorkers();
    this.stopForWorkers = () => undefined;
    const endMs = this.clock.elapsedMs() + this.timeoutMs;
    this.unsure = null;
    await awake(async () => {
      try {
        await this.giveAllBack(endMs);
        await this.answered(endMs);
      } finally {
        await this.settled(endMs);
        this.member.part();
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => undefined);
  }

  private readonly leave = async (): Promise<void> => {
    await this.giveAllBack(this.clock.elapsedMs() + leaveMs()).catch(() => undefined);
    await this.settled(this.clock.elapsedMs() + leaveMs());
  };

  private async giveAllBack(untilMs: number): Promise<void> {
    this.waiting.abort();
    this.waiting = new AbortController();
    await this.member.leave({ untilMs });
  }

  /** Ends the background work too, unless the share hangs. After the deadline it has {@link leaveMs} more. */
  private async settled(untilMs: number): Promise<void> {
    await inTime(this.clock, Math.max(untilMs - this.clock.elapsedMs(), leaveMs()), this.member.settled());
  }

  /** A claim that is still open gives back its seat. @throws SeatfileFault COMMIT_UNKNOWN if that is not sure */
  private async answered(untilMs: number): Promise<void> {
    while (this.asking.size > 0) {
      const leftMs = untilMs - this.clock.elapsedMs();
      const all = Promise.allSettled(this.asking);
      if (leftMs <= 0 || (await inTime(this.clock, leftMs, all)) === LATE) throw unconfirmed(this.file, null);
    }
    if (this.unsure) throw this.unsure;
  }

  /** Remembered until it is over, so that closing can wait for it. */
  private async noted<T>(asked: Promise<T>): Promise<T> {
    this.asking.add(asked);
    try {
      return await asked;
    } catch (error) {
      if (error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN') this.unsure = error;
      throw error;
    } finally {
      this.asking.delete(asked);
    }
  }

  /** The caller is answered at the deadline, whatever hangs. A seat that comes later is given back by itself. */
  private async ask(
    module: string,
    timeoutMs: number,
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<ClaimAnswer> {
    const nowMs = this.clock.elapsedMs();
    const limits: Limits = { untilMs: nowMs + timeoutMs, signal };
    const enough = signal ? AbortSignal.any([signal, this.waiting.signal]) : this.waiting.signal;
    const wait = waitMs > 0 ? { untilMs: nowMs + waitMs, signal: enough } : null;
    const asked = this.member.acquire(module, limits, wait);
    const answer = await inTime(this.clock, waitMs + timeoutMs + LATE_MS, asked, signal);
    if (answer === LATE) {
      void this.noted(asked.then((late) => this.giveBack(late))).catch(() => undefined);
      throw this.unanswered(timeoutMs, signal);
    }
    if (!this.isClosed || (answer.kind !== 'seated' && waitMs === 0)) return answer;
    void this.noted(this.giveBack(answer)).catch(() => undefined); // closed meanwhile
    throw new SeatfileFault('CLOSED', `${this.file}: the licence was closed; open it again`);
  }

  private async giveBack(answer: ClaimAnswer): Promise<void> {
    if (answer.kind !== 'seated') return;
    await answer.seat.release().catch((cause: unknown) => {
      throw unconfirmed(this.file, cause);
    });
  }

  private unanswered(timeoutMs: number, signal: AbortSignal | undefined): SeatfileFault {
    if (signal?.aborted)
      return new SeatfileFault('ABORTED', `${this.file}: acquire was given up at the caller's wish`, {
        cause: signal.reason,
      });
    return (
      this.member.outpaced() ??
      new SeatfileFault(
        'SHARE_UNREACHABLE',
        `${this.file}: no answer from the share within ${timeoutMs / 1000} s; is it connected?`,
      )
    );
  }
}
