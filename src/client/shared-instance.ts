import type { OnSlow, OpenOptions, Warning } from '../api.js';
import type { SeatfileFault } from '../licence/fault.js';
import type { Trust } from '../licence/trust.js';
import { isShownOtherwise } from '../rules/shown-changes.js';
import type { CallOff } from '../share/clock.js';
import type { Deadline } from '../share/deadline.js';
import type { LicencePaths } from '../share/layout.js';
import { withTimeouts } from '../share/op-timeouts.js';
import type { LatestRevision } from '../store/revisions.js';
import type { Store } from '../store/store.js';
import type { InstanceAnswer, QueueNews, RefusalNote } from './answers.js';
import { Instance } from './instance.js';
import { firstPoll, storeAt } from './open-store.js';
import { PlaceCheck } from './place-check.js';
import type { Seat } from './seat.js';
import { placeWarnings, type System } from './system.js';
import { PATIENCE_MS } from './table-view.js';
import { displayCopyTrouble } from './warning-text.js';

/** What an application is told of the licence. */
export type Shown = Pick<LatestRevision, 'licence' | 'policy'>;

export interface Opening {
  readonly paths: LicencePaths;
  readonly user: string;
  readonly host: string;
  readonly trust: Trust;
  readonly options: OpenOptions;
  readonly system: System;
}

/** The place is looked at, and told of, when the application has opened and has taken its first seat. Milliseconds. */
const WARN_AFTER_MS = 2000;
/** The longest wait for each operation of that. Milliseconds. */
const WARNING_MS = 2000;

/** The longest wait for each operation on a path that the licence is renewed from. Milliseconds. */
const RENEWAL_MS = 30_000;

/** What the openings of one licence for one user and host share in this process: one instance in the table. */
export class SharedInstance {
  readonly store: Store;
  readonly instance: Instance;
  readonly members = new Set<Member>();
  /** What the last poll or own commit has shown; null before the first. */
  latest: Shown | null = null;
  private readonly place: PlaceCheck;
  private readonly opening: Opening;
  private readonly onEmpty: () => void;

  constructor(opening: Opening, onEmpty: () => void) {
    this.opening = opening;
    this.onEmpty = onEmpty;
    this.place = new PlaceCheck(opening.paths, opening.system);
    this.store = this.makeStore();
    this.store.rebuildAs(null);
    this.instance = this.makeInstance();
  }

  join(): Member {
    const member = new Member(this);
    this.members.add(member);
    return member;
  }

  /** No seat rests on what is wrong with the place, so no caller waits for that. */
  warnOfPlaceLater(member: Member): CallOff {
    return this.opening.system.clock.alarm(WARN_AFTER_MS, () => void this.warnOfPlace(member));
  }

  /** Not in the line of the store's operations: a heartbeat must not wait for this one. */
  private async warnOfPlace(member: Member): Promise<void> {
    if (!this.members.has(member)) return;
    const { paths, system } = this.opening;
    const files = withTimeouts(system.files, system.clock, { answerMs: WARNING_MS });
    for (const warning of await placeWarnings(paths.around, files, system))
      if (this.members.has(member)) member.onWarning(warning);
  }

  part(member: Member): void {
    if (!this.members.delete(member) || this.members.size > 0) return;
    this.instance.end();
    this.onEmpty();
  }

  /** For an opening. @throws SeatfileFault LICENCE_ELSEWHERE, too */
  async read(deadline: Deadline): Promise<LatestRevision> {
    const first = await firstPoll(this.store, this.opening.system, deadline, this.onSlow);
    this.noteShown(first);
    try {
      await this.place.check(first.policy.boundTo);
      return first;
    } catch (error) {
      if ((await this.store.noticeDisplayCopy(first.licence)) !== 'foreign') throw error;
      await this.store.settleReplacement(deadline).catch(() => null);
    }
    const next = await this.store.read(deadline); // a licence for this place may have been put over the other
    this.noteShown(next);
    await this.place.check(next.policy.boundTo);
    return next;
  }

  /** What an application would show is compared only where one listens. */
  private readonly noteShown = ({ licence, policy }: Shown): void => {
    const before = this.latest;
    this.latest = { licence, policy };
    const listening = [...this.members].filter((member) => member.isWatching());
    if (before === null || listening.length === 0 || !isShownOtherwise(before.licence, licence)) return;
    for (const member of listening) member.onChanged();
  };

  /** A member listens to changes. */
  watch(): void {
    const isWanted = () => [...this.members].some((member) => member.isWatching());
    this.instance.watch(isWanted, () => this.latest?.policy.checkIntervalSeconds ?? 1);
  }

  private tell(act: (member: Member) => void): void {
    for (const member of this.members) act(member);
  }

  private warn(warning: Warning): void {
    this.tell((member) => member.onWarning(warning));
  }

  private readonly onSlow: OnSlow = (waitingFor, wait) =>
    this.tell((member) => member.onSlow(waitingFor, wait));

  private makeStore(): Store {
    const { paths, trust, system } = this.opening;
    const store = storeAt(paths, trust, system, this.onSlow);
    store.onJournalTrouble = (message) => this.warn({ code: 'JOURNAL', message });
    store.onDisplayCopyTrouble = (trouble) => this.warn(displayCopyTrouble(paths.licenceFile, trouble));
    return store;
  }

  private makeInstance(): Instance {
    const { user, host, options, system } = this.opening;
    const { facts, pid, thread } = system;
    return new Instance({
      ...{ store: this.store, place: this.place, clock: system.clock, random: system.random },
      who: {
        ...{ user, host, machine: facts.machine, pid, processStart: system.processStart(pid) },
        ...(thread !== undefined && { thread }),
        ...{ application: options.application ?? null, note: options.note ?? null },
      },
      isProcessGone: system.isProcessGone,
      files: withTimeouts(system.files, system.clock, { answerMs: RENEWAL_MS }),
      download: system.download,
      bootedAtMs: (shareTimeMs) => (facts.isBootKnown ? shareTimeMs - system.clock.uptimeMs() : null),
      watching: system.watching,
      cacheAgeMs: system.cacheAgeMs,
      patienceMs: options.timeoutMs ?? PATIENCE_MS,
      onShown: this.noteShown,
      onWaiting: (news) => this.tell((member) => member.hearPlace(news)),
      onWarning: (warning) => this.warn(warning),
      onSeatsOver: () => this.tell((member) => member.noteBusy()),
    });
  }
}

/** One opening of a licence, in whatever copy of the package. What it hears, it hears from its own `on...`. */
export class Member {
  /** Whether the opening listens to changes of the table, and what it then hears: see {@link watch}. */
  isWatching: () => boolean = () => false;
  onChanged: () => void = nothing;
  onSlow: OnSlow = nothing;
  onWarning: (warning: Warning) => void = nothing;
  onWaiting: (news: QueueNews) => void = nothing;
  /** There is something to give back now, a seat or a place in a line; or nothing any more. */
  onBusy: (isBusy: boolean) => void = nothing;
  private readonly shared: SharedInstance;
  private readonly seats = new Set<Seat>();
  /** Modules, once for each wait. */
  private readonly waits: string[] = [];
  private readonly asked = new Set<string>();
  private isBusy = false;
  private callOffWarning: CallOff = nothing;

  constructor(shared: SharedInstance) {
    this.shared = shared;
  }

  /** What to say where other processes were writing all the time; null where the share did not answer. */
  outpaced(): SeatfileFault | null {
    return this.shared.store.outpaced();
  }

  read(deadline: Deadline): Promise<LatestRevision> {
    return this.shared.read(deadline);
  }

  /** What the last poll or commit of this process has shown. */
  get latest(): Shown | null {
    return this.shared.latest;
  }

  /** From now on, while `isWatching()`, the table is looked at from time to time. */
  watch(): void {
    this.shared.watch();
  }

  async acquire(
    modules: readonly string[],
    deadline: Deadline,
    wait: Deadline | null,
    refusalNote: RefusalNote,
  ): Promise<InstanceAnswer> {
    for (const module of modules) this.asked.add(module);
    if (wait) this.waits.push(...modules);
    this.noteBusy();
    try {
      const answer = await this.shared.instance.acquire(modules, deadline, wait, refusalNote);
      if (answer.kind === 'seated') for (const seat of answer.seats) this.seats.add(seat);
      return answer;
    } finally {
      for (const module of wait ? modules : []) this.waits.splice(this.waits.indexOf(module), 1);
      this.noteBusy();
    }
  }

  /** The seats of this opening that are neither lost nor given back. */
  get held(): Seat[] {
    return [...this.seats].filter(({ state }) => !['leaving', 'left', 'lost'].includes(state));
  }

  /**
   * Gives back the seats of this opening; its waits have been ended by their signals.
   * @throws SeatfileFault when the share did not confirm; the seats are left all the same
   */
  async leave(deadline: Deadline): Promise<void> {
    const others = [...this.shared.members].filter((member) => member !== this);
    const alone = [...this.asked].filter((module) => !others.some((other) => other.asked.has(module)));
    this.asked.clear();
    await this.shared.instance.leave(this.held, alone, deadline);
  }

  /** What goes on behind the answers has ended. */
  async settled(): Promise<void> {
    await this.shared.instance.recorded();
    await this.shared.store.settled();
  }

  /** From now on it can be warned. */
  warnOfPlaceLater(): void {
    this.callOffWarning = this.shared.warnOfPlaceLater(this);
  }

  /** This opening hears nothing any more. The last one ends the instance. */
  part(): void {
    this.callOffWarning();
    this.shared.part(this);
  }

  /** @internal For the shared instance: a place in a queue has changed. */
  hearPlace(news: QueueNews): void {
    if (this.waits.includes(news.module)) this.onWaiting(news);
  }

  /** @internal For the shared instance: seats may be over. */
  noteBusy(): void {
    for (const seat of this.seats)
      if (seat.state === 'left' || seat.state === 'lost') this.seats.delete(seat);
    const isBusy = this.seats.size > 0 || this.waits.length > 0;
    if (isBusy === this.isBusy) return;
    this.isBusy = isBusy;
    this.onBusy(isBusy);
  }
}

const nothing = (): void => undefined;
