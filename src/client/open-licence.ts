import type {
  AcquireOptions,
  LicenceEvents,
  LicencePlace,
  LicenceStatus,
  OpenOptions,
  OpenLicence as Public,
  SeveralAnswer,
  StatusOptions,
} from '../api.js';
import { grantOf, type Policy } from '../licence/entitlement.js';
import { closedFault, inFile, type SeatfileFault } from '../licence/fault.js';
import { type Clock, inTime, LATE, soon } from '../share/clock.js';
import type { Deadline } from '../share/deadline.js';
import { endHungProcess } from '../share/hung-exit.js';
import { whyNotOpened } from '../store/locate.js';
import { abortedFault, answeredBy, LATE_MS, nameOf, silentFault } from './answered.js';
import type { Answer, InstanceAnswer, RefusalNote } from './answers.js';
import {
  abortSignalOf,
  checkClaim,
  checkModule,
  checkNames,
  checkOpening,
  trustIn,
} from './argument-checks.js';
import { LicenceEmitter } from './emitter.js';
import { type Instances, join } from './instances.js';
import { OpenClaims } from './open-claims.js';
import { find, openDeadline, refuseOtherKey } from './open-store.js';
import {
  addLastAct,
  addLeaver,
  leaveForWorkers,
  leaveMs,
  removeLastAct,
  removeLeaver,
} from './process-exit.js';
import { releaseAll } from './release.js';
import type { Seat } from './seat.js';
import type { Member } from './shared-instance.js';
import { StatusReader } from './status-reader.js';
import type { System } from './system.js';
import { PATIENCE_MS } from './table-view.js';

/** As openLicence, on any system. `instances` is what this process has open already. */
export async function openWith(
  place: LicencePlace,
  options: OpenOptions,
  system: System,
  instances: Instances = new Map(),
): Promise<OpenLicence> {
  checkOpening(place, options);
  checkNames({
    ...options,
    user: options.user ?? system.facts.user,
    host: options.host ?? system.facts.host,
  });
  const trust = trustIn(options.publicKey);
  if (options.releaseOnExit !== false) endHungProcess();
  const { user = system.facts.user, host = system.facts.host, onSlow } = options;
  const deadline = openDeadline(system, options);
  const what = { name: nameOf(place), doing: 'opening' };
  const looked = () => find(place, system, { onSlow, trust, deadline });
  const paths = await answeredBy(deadline, looked, system.clock, what);
  return await openAs(
    join(instances, { paths, user, host, trust, options, system }),
    { place, reader: new StatusReader(paths, trust, system) },
    options,
    system,
    deadline,
  );
}

async function openAs(
  member: Member,
  { place, reader }: { readonly place: LicencePlace; readonly reader: StatusReader },
  options: OpenOptions,
  system: System,
  deadline: Deadline,
): Promise<OpenLicence> {
  if (options.onSlow) member.onSlow = options.onSlow;
  try {
    const what = { name: reader.file, doing: 'opening' };
    const { policy } = await answeredBy(deadline, () => member.read(deadline), system.clock, what);
    refuseOtherKey(place, policy, reader.file);
    return new OpenLicence(member, reader, policy, options, system);
  } catch (error) {
    member.part();
    throw whyNotOpened(error);
  }
}

/** How a claim is to be made. */
interface Wish {
  readonly timeoutMs: number;
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
  readonly refusalNote: RefusalNote;
}

const NO_RELAY = { isHeard: () => false, tell: () => undefined };

export class OpenLicence extends LicenceEmitter implements Public {
  readonly file: string;
  /** For several licences: those that listen to all of them. */
  relay: { readonly isHeard: () => boolean; readonly tell: () => void } = NO_RELAY;
  /** As it was opened; {@link policy} is the latest. */
  private readonly opened: Policy;
  private readonly member: Member;
  private readonly reader: StatusReader;
  private readonly clock: Clock;
  private readonly claims: OpenClaims;
  private isClosed = false;
  private readonly timeoutMs: number;
  private waiting = new AbortController();
  private stopForWorkers: () => void = () => undefined;

  constructor(member: Member, reader: StatusReader, policy: Policy, options: OpenOptions, system: System) {
    super();
    this.file = reader.file;
    this.reader = reader;
    this.opened = policy;
    this.member = member;
    this.clock = system.clock;
    this.claims = new OpenClaims(reader.file, system.clock);
    this.timeoutMs = options.timeoutMs ?? PATIENCE_MS;
    member.onWaiting = (news) => soon(() => this.emit('waiting', { file: this.file, ...news }));
    member.onWarning = (warning) => soon(() => this.emit('warning', warning));
    member.isWatching = () => !this.isClosed && (this.listenerCount('changed') > 0 || this.relay.isHeard());
    member.onChanged = () =>
      soon(() => {
        this.emit('changed');
        this.relay.tell();
      });
    member.warnOfPlaceLater();
    if (options.releaseOnExit === false) return;
    this.stopForWorkers = leaveForWorkers();
    member.onBusy = (isBusy) => {
      (isBusy ? addLeaver : removeLeaver)(this.leave);
      (isBusy || this.isClosed ? removeLastAct : addLastAct)(this.showLast);
    };
  }

  get modules(): readonly string[] {
    return [...this.policy.modules.keys()];
  }

  get customer(): string | null {
    return this.policy.customer;
  }

  get licenceId(): string {
    return this.policy.licenceId;
  }

  get expiresAt(): string | null {
    return this.policy.expiresAt;
  }

  maxUsers(module: string): number {
    checkModule(module);
    return inFile(this.file, () => grantOf(this.policy, module)).maxUsers;
  }

  /** Those that it holds now. */
  get seats(): readonly Seat[] {
    return this.member.held;
  }

  private get policy(): Policy {
    return this.member.latest?.policy ?? this.opened;
  }

  protected override isHeard(event: keyof LicenceEvents): void {
    if (event === 'changed') this.watch();
  }

  /** There is a listener to changes, here or at the {@link relay}. */
  watch = (): void => this.member.watch();

  acquire(module: string, options?: AcquireOptions, refusalNote?: RefusalNote): Promise<Answer>;
  acquire(
    modules: readonly string[],
    options?: AcquireOptions,
    refusalNote?: RefusalNote,
  ): Promise<SeveralAnswer>;
  async acquire(
    module: string | readonly string[],
    options: AcquireOptions = {},
    refusalNote: RefusalNote = 'final',
  ): Promise<Answer | SeveralAnswer> {
    if (this.isClosed) throw closedFault(this.file);
    const modules = checkClaim(module, options);
    const { timeoutMs = this.timeoutMs, wait = 0 } = options;
    const signal = options.signal && abortSignalOf(options.signal);
    const wish = { timeoutMs, waitMs: wait, signal, refusalNote };
    const answer = await this.clock.awake(() => this.claims.noted(this.ask(modules, wish)));
    if (answer.kind !== 'seated') return answer;
    const one = Array.isArray(module) ? {} : { seat: answer.seats[0] };
    return { ...answer, ...one, file: this.file };
  }

  async status(options: StatusOptions = {}): Promise<LicenceStatus> {
    if (this.isClosed) throw closedFault(this.file);
    return await this.clock.awake(() => this.reader.read(options));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.stopForWorkers();
    this.stopForWorkers = () => undefined;
    const endMs = this.clock.elapsedMs() + this.timeoutMs;
    this.claims.begin();
    await this.clock.awake(async () => {
      try {
        await this.giveAllBack(endMs);
        await this.claims.answered(endMs);
      } finally {
        await this.settled(endMs);
        removeLastAct(this.showLast);
        this.member.part();
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => undefined);
  }

  override toJSON(): object {
    const { file, customer, modules, isClosed } = this;
    return { file, customer, modules, seats: this.seats.map((seat) => seat.toJSON()), isClosed };
  }

  private readonly leave = async (): Promise<void> => {
    await this.giveAllBack(this.clock.elapsedMs() + leaveMs()).catch(() => undefined);
    await this.settled(this.clock.elapsedMs() + leaveMs());
  };

  /** After a release the process may end without closing the licence: `licence.json` shows the release all the same. */
  private readonly showLast = (): Promise<void> =>
    this.clock.awake(() => this.settled(this.clock.elapsedMs() + leaveMs()));

  private async giveAllBack(untilMs: number): Promise<void> {
    this.waiting.abort();
    this.waiting = new AbortController();
    await this.member.leave({ untilMs });
  }

  /** Ends the background work too, unless the share hangs. After the deadline it has {@link leaveMs} more. */
  private async settled(untilMs: number): Promise<void> {
    await inTime(this.clock, Math.max(untilMs - this.clock.elapsedMs(), leaveMs()), this.member.settled());
  }

  /** The caller is answered at the deadline, whatever hangs. A seat that comes later is given back by itself. */
  private async ask(
    modules: readonly string[],
    { timeoutMs, waitMs, signal, refusalNote }: Wish,
  ): Promise<InstanceAnswer> {
    const nowMs = this.clock.elapsedMs();
    const deadline: Deadline = { untilMs: nowMs + timeoutMs, signal };
    const enough = signal ? AbortSignal.any([signal, this.waiting.signal]) : this.waiting.signal;
    const wait = waitMs > 0 ? { untilMs: nowMs + waitMs, signal: enough } : null;
    const asked = this.member.acquire(modules, deadline, wait, refusalNote);
    const answer = await inTime(this.clock, waitMs + timeoutMs + LATE_MS, asked, signal);
    if (answer === LATE) {
      void this.claims.noted(asked.then((late) => this.giveBack(late))).catch(() => undefined);
      throw this.unanswered(timeoutMs, signal);
    }
    if (!this.isClosed || (answer.kind !== 'seated' && waitMs === 0)) return answer;
    void this.claims.noted(this.giveBack(answer)).catch(() => undefined); // closed meanwhile
    throw closedFault(this.file);
  }

  private async giveBack(answer: InstanceAnswer): Promise<void> {
    if (answer.kind === 'seated') await releaseAll(answer.seats, this.file);
  }

  private unanswered(timeoutMs: number, signal: AbortSignal | undefined): SeatfileFault {
    if (signal?.aborted) return abortedFault({ name: this.file, doing: 'acquire' }, signal);
    return this.member.outpaced() ?? silentFault(this.file, timeoutMs);
  }
}
