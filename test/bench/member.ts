import type { ContenderName, Traffic } from './contenders/contender.js';
import type { Launch, Voice } from './voice.js';

/** What a process is started with. */
export interface Job {
  readonly contender: ContenderName;
  readonly table: string;
  readonly user: string;
  readonly delayMs: number;
}

/**
 * `seat` opens and takes a seat; `pairs` takes and gives back so many times; `refused` asks where none is free; `valid`
 * asks the seat whether it is valid; `state` does nothing.
 */
export interface Order {
  readonly do: 'open' | 'acquire' | 'seat' | 'pairs' | 'refused' | 'valid' | 'state';
  readonly times?: number;
}

export interface Said {
  readonly error?: string;
  /** Of the process, since it began. Milliseconds. */
  readonly cpuMs: number;
  readonly residentBytes: number;
  /** Of each acquire, and of each release. Milliseconds. */
  readonly tookMs: readonly number[];
  /** Of the process, since it began. */
  readonly traffic: Traffic;
  readonly isSeated: boolean;
}

/** What a process says, and when it was told and heard: by the clock of the bench, for processes anywhere. */
export interface Answer extends Said {
  readonly startedMs: number;
  readonly endedMs: number;
}

/** A process of a measurement, as the bench sees it: programs/member.ts. It has loaded its packages. */
export class Member implements AsyncDisposable {
  /** As it was when it had loaded its packages. */
  readonly loaded: Said;
  private readonly voice: Voice;

  private constructor(voice: Voice, loaded: Said) {
    this.voice = voice;
    this.loaded = loaded;
  }

  static async start(launch: Launch, job: Job, n = 0): Promise<Member> {
    const voice = launch(JSON.stringify(job), n);
    return new Member(voice, JSON.parse(await voice.hear()) as Said);
  }

  /** @throws Error what the process could not do */
  async ask(order: Order): Promise<Answer> {
    const answer = await this.attempt(order);
    if (answer.error !== undefined) throw new Error(`${order.do} failed: ${answer.error}`);
    return answer;
  }

  /** As ask(), and a failure is an answer. */
  async attempt(order: Order): Promise<Answer> {
    const startedMs = performance.now();
    this.voice.say(JSON.stringify(order));
    const line = await this.voice.hear();
    return { ...(JSON.parse(line) as Said), startedMs, endedMs: performance.now() };
  }

  /** Ends it on the spot: its table is thrown away. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.voice.end();
  }
}

/** As many as are started at once: more would only wait for the processors. */
const AT_ONCE = 8;

/** Starts a crowd. Each has a user of its own. */
export async function startAll(
  launch: Launch,
  count: number,
  job: Omit<Job, 'user'>,
  members: Member[],
): Promise<void> {
  let begun = 0;
  const startNext = async (): Promise<void> => {
    for (let n = begun++; n < count; n = begun++)
      members.push(await Member.start(launch, { ...job, user: `user-${n}` }, n));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, startNext));
}
