import type { Limits } from '../share/deadline.js';
import type { StoreContext } from './context.js';
import { type LatestOptions, LatestReader } from './latest.js';
import { type LockOptions, PoliteLock } from './lock.js';
import { Publisher } from './publish.js';
import { TextReader } from './reading.js';
import type {
  Attempt,
  EndTurn,
  Entry,
  Kind,
  Latest,
  PublishResult,
  Register,
  TurnRequest,
} from './register.js';
import { Stages } from './stages.js';

export interface FolderOptions extends LatestOptions, LockOptions {
  /**
   * For how long a refused rename is tried again while something keeps the stage open. Milliseconds. @default
   * 10,000
   */
  readonly busyMs: number;
}

/**
 * A register in a folder of a network share: one directory a number, one file in it. README.md holds the
 * argument.
 */
export class FolderRegister<D> implements Register<D> {
  readonly stages: Stages;
  readonly reader: TextReader<D>;
  private readonly latestReader: LatestReader<D>;
  private readonly publisher: Publisher<D>;
  private readonly lock: PoliteLock;

  constructor(context: StoreContext, kind: Kind<D>, options: FolderOptions) {
    this.stages = new Stages(context);
    this.reader = new TextReader(context, kind);
    this.latestReader = new LatestReader(context, this.reader, options);
    this.publisher = new Publisher(context, this.latestReader, this.stages, options.busyMs);
    this.lock = new PoliteLock(context, options);
  }

  numbers(): Promise<number[] | null> {
    return this.latestReader.numbers();
  }

  read(number: number): Promise<D | null> {
    return this.reader.read(number);
  }

  latest(limits: Limits): Promise<Latest<D>> {
    return this.latestReader.latest(limits);
  }

  stableLatest(limits: Limits): Promise<Latest<D>> {
    return this.latestReader.stableLatest(limits);
  }

  latestOnce(): Promise<Latest<D> | null> {
    return this.latestReader.latestOnce();
  }

  begin(): Promise<Attempt> {
    return this.stages.make();
  }

  publish(attempt: Attempt, entry: Entry, limits: Limits): Promise<PublishResult> {
    return this.publisher.publish(attempt, entry, limits);
  }

  abandon(attempt: Attempt): Promise<void> {
    return this.stages.drop(attempt);
  }

  supersededAtMs(number: number): number {
    return this.latestReader.known.supersededAtMs(number);
  }

  async remove(number: number, isLate: () => boolean): Promise<void> {
    await this.stages.discard(this.reader.pathOf(number), isLate);
  }

  get highestSeen(): number {
    return this.latestReader.known.highest;
  }

  expectAtLeast(number: number): void {
    this.latestReader.known.expectAtLeast(number);
  }

  acceptBehind(): boolean {
    return this.latestReader.acceptBehind();
  }

  resetTrouble(number: number): void {
    this.latestReader.resetTrouble(number);
  }

  takeTurn({ patienceMs, onLatest }: TurnRequest, limits: Limits): Promise<EndTurn> {
    const highest = async () => {
      const latest = (await this.numbers())?.at(-1) ?? -1;
      onLatest(latest);
      return latest;
    };
    return this.lock.acquire({ latest: highest, patienceMs }, limits);
  }

  async tryTurn(): Promise<EndTurn | null> {
    const turn = await this.lock.tryOnce();
    return typeof turn === 'function' ? turn : null;
  }
}
