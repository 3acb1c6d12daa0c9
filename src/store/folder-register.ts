import type { Deadline } from '../share/deadline.js';
import type { StoreContext } from './context.js';
import { type LatestOptions, LatestReader } from './latest.js';
import { Line } from './line.js';
import { Publisher } from './publish.js';
import { TextReader } from './reading.js';
import type { Attempt, Entry, Kind, Latest, PublishResult, Register, Turn, TurnRequest } from './register.js';
import { Stages } from './stages.js';
import { type TurnOptions, Turns } from './turns.js';

export interface FolderOptions extends LatestOptions, TurnOptions {
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
  private readonly turns: Turns;

  constructor(context: StoreContext, kind: Kind<D>, options: FolderOptions) {
    this.stages = new Stages(context);
    this.reader = new TextReader(context, kind);
    const line = new Line(context);
    this.latestReader = new LatestReader(context, this.reader, options, line);
    this.publisher = new Publisher(context, this.latestReader, this.stages, options.busyMs);
    this.turns = new Turns(context, options, this.stages, line);
  }

  numbers(): Promise<number[] | null> {
    return this.latestReader.numbers();
  }

  read(number: number): Promise<D | null> {
    return this.reader.read(number);
  }

  latest(deadline: Deadline): Promise<Latest<D>> {
    return this.latestReader.latest(deadline);
  }

  base(deadline: Deadline): Promise<Latest<D>> {
    return this.latestReader.latest(deadline, 'lists');
  }

  stableLatest(deadline: Deadline): Promise<Latest<D>> {
    return this.latestReader.stableLatest(deadline);
  }

  latestOnce(): Promise<Latest<D> | null> {
    return this.latestReader.latestOnce();
  }

  begin(): Promise<Attempt> {
    return this.stages.make();
  }

  publish(attempt: Attempt, entry: Entry<D>, deadline: Deadline): Promise<PublishResult> {
    return this.publisher.publish(attempt, entry, deadline);
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

  takeTurn({ patienceMs, onLatest }: TurnRequest, deadline: Deadline): Promise<Turn> {
    const highest = async () => {
      const latest = (await this.latestReader.highest()) ?? -1;
      onLatest(latest);
      return latest;
    };
    return this.turns.take({ latest: highest, patienceMs }, deadline);
  }
}
