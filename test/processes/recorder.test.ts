import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { seatfile, tableOf, until } from '../cli/seatfile.js';
import { seededDice } from '../helpers/dice.js';
import { adopt, type Child, reap } from './children.js';
import { mostAtOnce, type Stretch, samplesIn, stretchesOf } from './recorder.js';
import { newDirectory, removeShares } from './shares.js';

/**
 * Six processes that all want one of three seats are stopped, killed and started again, and cut off from the share,
 * each in its own time and by chance; now and then the share is away for everybody. Each writes down when its seat was
 * valid; read together afterwards, no more than three ever were. SEED=x plays the same mishaps again, as far as real
 * processes obey; RECORD_SECONDS=600 plays on.
 */

/** T, seconds. */
const T = 4;
const SEATS = 3;
const PEOPLE = ['ada', 'bob', 'cyd', 'dan', 'eve', 'fay'];
const PLAYED_MS = Number(process.env['RECORD_SECONDS'] ?? 45) * 1000;
const worker = fileURLToPath(new URL('recorder-worker.mjs', import.meta.url));
const seed = process.env['SEED'] ?? String(Date.now());

const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
const stretch = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

afterEach(async () => {
  await reap();
  removeShares();
});

/** One user on one computer: one process after the other, each with a log. */
class Person {
  readonly lives: { readonly log: string; endMs: number }[] = [];
  private child: Child | null = null;
  private readonly name: string;
  private readonly file: string;
  private readonly logs: string;

  constructor(name: string, file: string, logs: string) {
    this.name = name;
    this.file = file;
    this.logs = logs;
  }

  start(): void {
    const log = path.join(this.logs, `${this.name}-${this.lives.length}`);
    this.lives.push({ log, endMs: Number.POSITIVE_INFINITY });
    const job = JSON.stringify({ file: this.file, log, user: this.name });
    const env = { ...process.env, SEATFILE_MACHINE: this.name, SEATFILE_HOST: this.name };
    this.child = adopt(spawn(process.execPath, [worker, job], { env }));
  }

  async kill(): Promise<void> {
    this.child?.process.kill('SIGKILL');
    await this.child?.ended;
    const life = this.lives.at(-1);
    if (life) life.endMs = nowMs();
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.process.kill(name);
  }

  order(word: 'cut' | 'mend'): void {
    this.child?.process.stdin?.write(`${word}\n`);
  }

  /** When its seat was valid, in all its lives until now. */
  stretches(): Stretch[] {
    const endMs = nowMs();
    return this.lives
      .filter(({ log }) => fs.existsSync(log))
      .flatMap((life) =>
        stretchesOf(this.name, samplesIn(fs.readFileSync(life.log, 'utf8')), Math.min(life.endMs, endMs)),
      );
  }

  get isSeated(): boolean {
    const last = this.stretches().at(-1);
    return last !== undefined && nowMs() - last.untilMs < 500;
  }
}

/** What can befall a person, each for so long: from a blink to long enough to lose the seat. Milliseconds. */
const mishaps: readonly ((person: Person, ms: number) => Promise<void>)[] = [
  async (person, ms) => {
    person.signal('SIGSTOP');
    await stretch(ms);
    person.signal('SIGCONT');
  },
  async (person, ms) => {
    await person.kill();
    await stretch(ms / 4);
    person.start();
  },
  async (person, ms) => {
    person.order('cut');
    await stretch(ms);
    person.order('mend');
  },
];

async function livesOf(person: Person, name: string, endMs: number): Promise<void> {
  const random = seededDice(`${seed}/${name}`);
  person.start();
  await stretch(3000 * random.fraction());
  while (nowMs() < endMs) {
    const mishap = mishaps[Math.floor(mishaps.length * random.fraction())];
    await mishap?.(person, 4 * T * 1000 * random.fraction() ** 2);
    await stretch(2 * T * 1000 * random.fraction());
  }
}

/** The share is away for everybody, now and then. */
async function weather(share: string, endMs: number): Promise<void> {
  const random = seededDice(`${seed}/share`);
  for (;;) {
    await stretch(4 * T * 1000 * (0.5 + random.fraction()));
    if (nowMs() >= endMs) return;
    fs.renameSync(share, `${share}-away`);
    await stretch(2 * T * 1000 * random.fraction());
    fs.renameSync(`${share}-away`, share);
  }
}

describe.runIf(process.platform !== 'win32')('a recorder of every moment', () => {
  test(
    'never sees more valid seats than the licence has, whatever is stopped, killed or cut off',
    async () => {
      console.log(`SEED=${seed}`);
      const share = path.join(newDirectory(), 'share');
      const logs = newDirectory();
      fs.mkdirSync(share);
      const file = path.join(share, 'licence.json');
      await seatfile(['init', file, '--module', `M1=${SEATS}`, '--check-interval', `${T}s`]);
      const people = PEOPLE.map((name) => new Person(name, file, logs));
      const endMs = nowMs() + PLAYED_MS;
      await Promise.all([
        weather(share, endMs),
        ...people.map((person, at) => livesOf(person, PEOPLE[at] ?? '', endMs)),
      ]);
      const seated = () => people.filter((person) => person.isSeated).length;
      await until('all seats in use again', 60_000, () => seated() === SEATS || undefined);
      const { gone, revision } = tableOf(file);
      await Promise.all(people.map((person) => person.kill()));
      const stretches = people.flatMap((person) => person.stretches());
      const lives = people.reduce((sum, person) => sum + person.lives.length, 0);
      console.log(
        `${lives} lives, ${stretches.length} valid samples, ${revision} revisions, ${gone.length} put out`,
      );
      expect(mostAtOnce(stretches).who).toHaveLength(SEATS);
      expect(gone.length).toBeGreaterThan(0);
    },
    PLAYED_MS + 180_000,
  );
});

describe('what the recorder reads from samples', () => {
  const samples = (...pairs: [number, number][]) => pairs.map(([atMs, goodForMs]) => ({ atMs, goodForMs }));

  test('a seat is valid from sample to sample, until it runs out, and no longer than its process lives', () => {
    expect(stretchesOf('ada', samples([0, 90], [50, 40], [200, 0], [250, 100]), 300)).toEqual([
      { who: 'ada', fromMs: 0, untilMs: 50 },
      { who: 'ada', fromMs: 50, untilMs: 90 },
      { who: 'ada', fromMs: 250, untilMs: 300 },
    ]);
  });

  test('one too many is seen, also where no two were sampled at the same time', () => {
    const ada = stretchesOf('ada', samples([0, 100], [90, 60]), 1000);
    const bob = stretchesOf('bob', samples([150, 100]), 1000);
    expect(mostAtOnce([...ada, ...bob]).who).toEqual(['ada']);
    const cyd = stretchesOf('cyd', samples([149, 1]), 1000);
    expect(mostAtOnce([...ada, ...bob, ...cyd])).toEqual({ who: ['ada', 'cyd'], atMs: 149 });
  });

  test('the line that a killed process did not finish counts for nothing', () => {
    expect(samplesIn('1.5 20\n51.5 0\n101.5 2')).toEqual(samples([1.5, 20], [51.5, 0]));
  });
});
