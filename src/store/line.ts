import type { Clock } from '../share/clock.js';
import { isStage, LOCK, stageName } from '../share/layout.js';
import type { StoreContext } from './context.js';

/** A stage that this process has overtaken so often, over this time, waits for nothing any more. */
const OVERTAKEN_TIMES = 3;
const OVERTAKEN_MS = 5000;
/** A listing older than this says nothing about a crowd. Milliseconds. */
const CROWD_MS = 2000;
/** One younger than this is as good as a new one. Milliseconds. */
const FRESH_MS = 50;
/** A stage that this many later ones went past is stopped, or dead. */
const WENT_PAST = 2;
/** So many stages are believed to be those of processes that wait, and twice as many as have had their turn. */
const BELIEVED = 4;

/**
 * Which processes wait to write, as the listings of the folder show it: each waiting process has made its stage. It
 * decides only how long this process pauses between two tries. A stage of a dead process lengthens a pause, and no
 * commit rests on any of it.
 */
export class Line {
  private readonly clock: Clock;
  /** How the names of this process's own stages begin. */
  private readonly own: string;
  private stages: ReadonlySet<string> = new Set();
  /** How many listings in a row have shown no lock since this process waits: those ahead do not take their turn. */
  sightsOfNoLock = 0;
  private listedMs = Number.NEGATIVE_INFINITY;
  private latest = -1;
  private place: Place | null = null;
  private overtaken = new Map<string, { readonly sinceMs: number; readonly times: number }>();

  constructor({ clock, owner }: Pick<StoreContext, 'clock' | 'owner'>) {
    this.clock = clock;
    this.own = stageName(owner, '');
  }

  /** The folder was listed. `latest`: the highest number, -1 for none. */
  note(names: readonly string[], latest: number): void {
    this.latest = latest;
    this.listedMs = this.clock.elapsedMs();
    const isOld = this.place !== null && !names.includes(this.place.own); // or empty, as of a client in trouble
    this.sightsOfNoLock = isOld || names.includes(LOCK) ? 0 : this.sightsOfNoLock + 1;
    this.stages = new Set(names.filter((name) => isStage(name) && !name.startsWith(this.own)));
    this.overtaken = new Map([...this.overtaken].filter(([name]) => this.stages.has(name)));
    this.place?.note(this.stages, latest);
  }

  /** Other processes waited a moment ago: a newcomer does not go before them. */
  get isCrowded(): boolean {
    return this.clock.elapsedMs() - this.listedMs < CROWD_MS && this.live().length > 0;
  }

  /** The last listing shows no lock, and is no older than the own stage, which it shows. */
  get isLockGone(): boolean {
    return this.place !== null && this.sightsOfNoLock > 0;
  }

  get isFresh(): boolean {
    return this.clock.elapsedMs() - this.listedMs < FRESH_MS;
  }

  /** This process waits from now on, with this stage. */
  join(stage: string): void {
    this.place = new Place(stage, new Set(this.live()), this.latest);
    this.sightsOfNoLock = 0;
  }

  /** How many are to write before this process. */
  get ahead(): number {
    return this.place?.ahead.length ?? 0;
  }

  /** The same, but for stages that may be of dead processes: few are believed before any has had its turn. */
  get believed(): number {
    return Math.min(this.ahead, BELIEVED + 2 * (this.place?.departed ?? 0));
  }

  /** No stage is ahead but that of the writer which has the lock. */
  get isNext(): boolean {
    return this.ahead === 0 || (this.ahead === 1 && this.sightsOfNoLock === 0);
  }

  /** All that are ahead came at the same moment: they may hold that this process is ahead of them. */
  get hasOnlyTies(): boolean {
    return this.place?.hasOnlyTies ?? false;
  }

  /** This process has the turn, or has given up. */
  leave(hasTurn: boolean): void {
    const nowMs = this.clock.elapsedMs();
    for (const name of (hasTurn && this.place?.ahead) || []) {
      const before = this.overtaken.get(name);
      this.overtaken.set(name, { sinceMs: before?.sinceMs ?? nowMs, times: (before?.times ?? 0) + 1 });
    }
    this.place = null;
  }

  private live(): string[] {
    const nowMs = this.clock.elapsedMs();
    return [...this.stages].filter((name) => {
      const { times = 0, sinceMs = nowMs } = this.overtaken.get(name) ?? {};
      return times < OVERTAKEN_TIMES || nowMs - sinceMs < OVERTAKEN_MS;
    });
  }
}

/** The random part of a stage's name. */
const idOf = (stage: string): string => stage.slice(stage.lastIndexOf('-') + 1);

/**
 * The place of one stage. Stages that were listed before it was made are ahead of it. Of those that came at the same
 * time the ones with the lower random id are, which all of them see alike.
 */
class Place {
  readonly own: string;
  private readonly before: ReadonlySet<string>;
  /** Null until the first listing after the own stage was made. In the order of their turns. */
  private tied: readonly string[] | null = null;
  private readonly joinedAt: number;
  ahead: readonly string[];
  /** How many that were ahead have had their turn, or have given up. */
  departed = 0;

  get hasOnlyTies(): boolean {
    return !this.ahead.some((name) => this.before.has(name));
  }

  /** @param joinedAt the latest number then */
  constructor(own: string, before: ReadonlySet<string>, joinedAt: number) {
    this.own = own;
    this.before = before;
    this.joinedAt = joinedAt;
    this.ahead = [...before];
  }

  note(stages: ReadonlySet<string>, latest: number): void {
    this.departed += this.ahead.filter((name) => !stages.has(name)).length;
    this.tied ??= [...stages]
      .filter((name) => !this.before.has(name) && idOf(name) < idOf(this.own))
      .sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
    const gone = this.tied.filter((name) => !stages.has(name));
    const last = gone.at(-WENT_PAST);
    const left = this.tied.slice(last === undefined ? 0 : this.tied.indexOf(last));
    // Others published that came later: those before do not wait any more.
    const arePassed = latest - this.joinedAt - this.departed >= WENT_PAST;
    const queue = last === undefined && !arePassed ? [...this.before, ...left] : left;
    this.ahead = queue.filter((name) => stages.has(name));
  }
}
