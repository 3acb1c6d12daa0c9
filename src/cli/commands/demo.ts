import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import nodePath from 'node:path';
import type { Command } from 'commander';
import type { Licence } from '../../licence/document.js';
import { SeatfileFault } from '../../licence/fault.js';
import { fromIso } from '../../licence/time.js';
import type { StatusView } from '../../rules/status-view.js';
import type { Clock } from '../../share/clock.js';
import { withAdminSession } from '../admin-session.js';
import { DemoHolder } from '../demo-holder.js';
import { type Example, withExamples } from '../help.js';
import { type Interruption, unlessStopped } from '../interruption.js';
import { EXIT } from '../words.js';
import type { World } from '../world.js';

/** T in the demonstration, seconds. Below 8 s is for this only. */
const INTERVAL = 3;
/** What a busy computer may add to a promise before it counts as broken. Seconds. */
const SLACK = 2;

const EXAMPLES: readonly Example[] = [['seatfile demo', 'takes half a minute']];

export function addDemo(program: Command, world: World): void {
  withExamples(program.command('demo'), EXAMPLES)
    .summary('run a demonstration of half a minute on this computer')
    .description(
      'Takes seats, refuses one, kills a process and waits for its eviction, removes a user; then the same on Light. ' +
        'Starts real processes on a temporary licence, and checks every step.',
    )
    .action(async () => {
      const failures = await unlessStopped(world, (interruption) => demonstrate(world, interruption));
      if (failures > 0) world.setStatus(EXIT.failed);
    });
}

/**
 * How many promises did not hold. Its processes have ended and its directory is removed afterwards, whatever happens.
 */
async function demonstrate(world: World, { unless }: Interruption): Promise<number> {
  const directory = await unless(temporaryDirectory());
  const stage = new DemoStage(world, directory);
  try {
    await unless(Promise.race([tell(stage), world.outputGone]));
  } finally {
    await stage.close();
    await rm(directory, { recursive: true, force: true, maxRetries: REMOVALS });
  }
  return stage.failures;
}

/** A process that was killed may still be writing for a moment. */
const REMOVALS = 10;

async function tell(stage: DemoStage): Promise<void> {
  await heartbeatStory(stage);
  await lightStory(stage);
  stage.say(stage.failures === 0 ? '\nAll of it was so.' : `\n${stage.failures} of it was not so.`);
}

const ELSEWHERE = 'name another directory for temporary files with TMPDIR, on Windows TEMP';

async function temporaryDirectory(): Promise<string> {
  const around = os.tmpdir();
  return await mkdtemp(nodePath.join(around, 'seatfile-demo-')).catch((cause: Error) => {
    throw new SeatfileFault(
      'SHARE_REFUSED',
      `${around}: expected a directory for temporary files that this user may write in, found none ` +
        `(${cause.message}); ${ELSEWHERE}`,
      { cause },
    );
  });
}

async function heartbeatStory(stage: DemoStage): Promise<void> {
  const options = ['--module', 'CAD=2', '--check-interval', `${INTERVAL}s`];
  const file = await stage.licence('heartbeat.json', options);
  stage.say(
    `A licence for 2 users of CAD. Every instance beats every ${INTERVAL} s (in real life: 30 s x max users).`,
  );
  const ada = await stage.sit(file, 'ada', 'pc-1');
  const bob = await stage.sit(file, 'bob', 'pc-2');
  await stage.refuse(file, 'cyd', 'pc-3');

  await ada.kill();
  const lastBeatMs = await stage.lastBeatMs(file, 'ada');
  stage.say(
    "Ada's process is killed. It cannot tell the table; Bob's instance sees her heartbeat stand still.",
  );
  const goneMs = await stage.evictedMs(file, 'ada');
  const afterSeconds = (goneMs - lastBeatMs) / 1000;
  const [earliest, latest] = [1.75 * INTERVAL, 2 * INTERVAL + SLACK];
  stage.check(
    afterSeconds >= earliest && afterSeconds <= latest,
    `Ada's seat was free ${afterSeconds.toFixed(1)} s after her last heartbeat (promised: ${earliest} to ${latest} s).`,
  );
  const cyd = await stage.sit(file, 'cyd', 'pc-3', 'Cyd asks again and');

  const { status } = await stage.run(['remove', file, '--user', 'bob', '--reason', 'out to lunch', '--yes']);
  stage.check(
    status === 0,
    'An administrator removes Bob: seatfile remove --user bob --reason "out to lunch".',
  );
  const loss = await bob.event('lost', INTERVAL + SLACK);
  stage.check(
    loss?.['words'] === 'out to lunch',
    `Bob's instance is told: ${JSON.stringify(loss?.['reason'])}, ${JSON.stringify(loss?.['words'])}.`,
  );
  stage.check((await bob.ended) === EXIT.lost, "Bob's hold has ended with status 5, seat lost.");
  await cyd.release();
}

async function lightStory(stage: DemoStage): Promise<void> {
  const options = ['--module', 'CAD=1', '--level', 'light', '--check-interval', `${INTERVAL}s`];
  const file = await stage.licence('light.json', options);
  stage.say('\nThe same on Light, for 1 user: written at start and end only, and no user is ever evicted.');
  const ada = await stage.sit(file, 'ada', 'pc-1');
  await ada.kill();
  stage.say(`Ada's process is killed. ${2 * INTERVAL} s pass.`);
  await stage.clock.sleep(2 * INTERVAL * 1000);
  const left = await stage.seatOf(file, 'ada');
  stage.check(left?.state === 'unmonitored', `Ada's seat is still taken (${left?.state}).`);
  await stage.refuse(file, 'bob', 'pc-2');
  const { status } = await stage.run(['remove', file, '--user', 'ada', '--yes']);
  stage.check(status === 0, 'An administrator frees it: seatfile remove --user ada.');
  const bob = await stage.sit(file, 'bob', 'pc-2');
  await bob.release();
}

/** Longest wait for one process to start and answer. Seconds. */
const ANSWER = 15;

class DemoStage {
  failures = 0;
  readonly clock: Clock;
  private readonly world: World;
  private readonly directory: string;
  /** Every process that was started, with its end. */
  private readonly started = new Map<ChildProcess, Promise<unknown>>();
  private isOver = false;

  constructor(world: World, directory: string) {
    this.world = world;
    this.directory = directory;
    this.clock = world.system().clock;
  }

  say(text: string): void {
    if (!this.isOver) this.world.out(`${text}\n`);
  }

  check(isSo: boolean, text: string): void {
    if (this.isOver) return; // the processes were ended by us
    if (!isSo) this.failures++;
    this.say(`${isSo ? '  ' : 'NOT SO: '}${text}`);
  }

  async licence(name: string, options: readonly string[]): Promise<string> {
    const file = nodePath.join(this.directory, name);
    const { status, complaint } = await this.run(['init', file, ...options]);
    if (status !== 0)
      throw new SeatfileFault(
        'SHARE_UNFIT',
        `${this.directory}: no licence can be made there (${lastLine(complaint)}); ${ELSEWHERE}`,
      );
    return file;
  }

  async sit(
    file: string,
    user: string,
    host: string,
    words = `${capital(user)} on ${host}`,
  ): Promise<DemoHolder> {
    const holder = this.start(file, user, host);
    const event = await holder.event('seated|full', ANSWER);
    this.check(event?.['event'] === 'seated', `${words} is seated.`);
    return holder;
  }

  async refuse(file: string, user: string, host: string): Promise<void> {
    const holder = this.start(file, user, host);
    const event = await holder.event('seated|full', ANSWER);
    const holders = (event?.['holders'] ?? []) as readonly { user: string; host: string }[];
    const names = holders.map((one) => `${one.user}@${one.host}`).join(', ');
    const isRefused = event?.['event'] === 'full' && (await holder.ended) === EXIT.noSeat;
    this.check(isRefused, `${capital(user)} on ${host} is refused, status 4: in use by ${names}.`);
  }

  private start(file: string, user: string, host: string): DemoHolder {
    const args = ['hold', file, '--json', '--user', user, '--host', host];
    const child = this.spawn(args, { SEATFILE_MACHINE: host });
    child.stderr?.on('data', (text: Buffer) => this.world.err(`${user}: ${text.toString()}`));
    return new DemoHolder(child, this.clock);
  }

  async run(args: readonly string[]): Promise<{ status: number | null; text: string; complaint: string }> {
    const child = this.spawn(args, {});
    let text = '';
    let complaint = '';
    child.stdout?.on('data', (part: Buffer) => {
      text += part.toString();
    });
    child.stderr?.on('data', (part: Buffer) => {
      complaint += part.toString();
    });
    child.stdin?.end();
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, text, complaint };
  }

  private spawn(args: readonly string[], environment: Record<string, string>): ChildProcess {
    if (this.isOver) throw new Error('the demonstration is over');
    const child = this.world.spawnSelf(args, { ...environment, SEATFILE_PUBLIC_KEY: '' });
    child.stdin?.on('error', () => undefined); // it may be killed while we speak to it
    const ended = once(child, 'close').finally(() => this.started.delete(child));
    this.started.set(
      child,
      ended.catch(() => undefined),
    );
    return child;
  }

  async seatOf(file: string, user: string): Promise<StatusView['seats'][number] | undefined> {
    const { text } = await this.run(['status', file, '--json']);
    const { seats } = JSON.parse(text) as StatusView;
    return seats.find((seat) => seat.user === user && seat.state !== 'leaving');
  }

  private table(file: string): Promise<Licence> {
    return withAdminSession({ file, publicKey: [] }, this.world, async (session) => session.licence);
  }

  /** When a user last beat, by the file server's clock. */
  async lastBeatMs(file: string, user: string): Promise<number> {
    const record = (await this.table(file)).instances.find((one) => one.user === user);
    return record ? fromIso(record.beatAt) : Number.NaN;
  }

  /** When a user was evicted, by the same clock; NaN if it does not happen. */
  async evictedMs(file: string, user: string): Promise<number> {
    const untilMs = this.clock.elapsedMs() + (2 * INTERVAL + ANSWER) * 1000;
    while (this.clock.elapsedMs() < untilMs) {
      const tombstone = (await this.table(file)).gone.find((one) => one.user === user);
      if (tombstone) return fromIso(tombstone.at);
      await this.clock.sleep(100);
    }
    return Number.NaN;
  }

  async close(): Promise<void> {
    this.isOver = true;
    for (const child of this.started.keys()) child.kill('SIGKILL');
    await Promise.all(this.started.values());
  }
}

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

const lastLine = (text: string): string =>
  text
    .trim()
    .split('\n')
    .at(-1)
    ?.replace(/^seatfile: /, '') ?? '';
