import nodePath from 'node:path';
import type { LicencePlace, OpenLicence, OpenOptions } from '../api.js';
import { checkSeveral } from '../client/argument-checks.js';
import { openWith } from '../client/open-licence.js';
import { openStore } from '../client/open-store.js';
import type { InstanceRecord, Licence, Machine, SeatRecord } from '../licence/document.js';
import { readPolicy, sealUnsigned } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { firstLicence } from '../licence/revision.js';
import { toIso } from '../licence/time.js';
import { chooseSeats, remove, type Selection } from '../rules/admin.js';
import { isNamed } from '../rules/tombstones.js';
import type { ShareFiles } from '../share/files.js';
import { createLicenceFile } from '../store/create.js';
import { memoryFiles } from './memory-files.js';
import { RunnerTime } from './runner-time.js';
import { TestProcess } from './test-process.js';
import type { TestLicenceOptions, TestOffice, TestRemoval, WhichApplication } from './test-types.js';
import { drained, EPOCH_MS, MOST_BREATHS, Timeline } from './timeline.js';

/** Where the licence lies. On Windows it is on the drive of the working directory: only in memory, too. */
const FOLDER = nodePath.resolve('/office');
const FILE = nodePath.join(FOLDER, 'licence.json');
const LONGEST_ADVANCE_MS = 31 * 86_400_000;
const MOST_WORDS = 1024;
const LONGEST_NAME = 600;
const COMMAND_MS = 90_000;

export class Office implements TestOffice {
  private readonly time: Timeline | RunnerTime;
  private readonly wallOffsetMs: number;
  private readonly files: ShareFiles;
  private readonly machines = new Map<string, Machine>();
  private readonly processes = new Set<TestProcess>();
  private cuts: WhichApplication[] = [];
  private ids = 0n;
  private pids = 1000;
  private closing: Promise<void> | null = null;

  constructor(clock: NonNullable<TestLicenceOptions['clock']>) {
    if (clock !== 'hand' && clock !== 'timers') throw bad(`clock: expected 'hand' or 'timers', got ${clock}`);
    this.time = clock === 'hand' ? new Timeline() : new RunnerTime();
    this.wallOffsetMs = clock === 'hand' ? 0 : Date.now() - EPOCH_MS;
    this.files = memoryFiles(() => this.nowMs);
  }

  get nowMs(): number {
    return EPOCH_MS + this.wallOffsetMs + this.time.nowMs;
  }

  /** Writes the licence. To be called once. */
  async issue(options: TestLicenceOptions): Promise<void> {
    const licence = this.licenceOf(options);
    await this.files.makeDirectory(FOLDER);
    await createLicenceFile(FILE, licence, this.files, async () => undefined);
  }

  openLicence = async (
    place: LicencePlace | readonly LicencePlace[],
    options: OpenOptions = {},
  ): Promise<OpenLicence> => {
    this.checkOpen();
    const { user = 'user', host = 'pc' } = options;
    const process = this.processOf(String(user), String(host)); // what is no text is refused below
    const asked = { ...options, user, host, releaseOnExit: false };
    checkSeveral(Array.isArray(place) ? place : [place], asked);
    const licence = await openWith(place === '' ? place : FILE, asked, process.system, process.instances);
    process.licences.add(licence);
    return licence;
  };

  open = (options: OpenOptions = {}): Promise<OpenLicence> => this.openLicence(FILE, options);

  async advance(ms: number): Promise<void> {
    this.checkOpen();
    if (!(ms >= 0 && ms <= LONGEST_ADVANCE_MS))
      throw bad(`advance: expected 0 to ${LONGEST_ADVANCE_MS} milliseconds, got ${ms}`);
    if (this.time instanceof RunnerTime)
      throw bad(
        "advance: this licence has clock: 'timers'; " +
          'use vi.advanceTimersByTimeAsync() or jest.advanceTimersByTimeAsync()',
      );
    await this.time.advance(ms);
  }

  cutShare(which: WhichApplication = {}): void {
    this.checkOpen();
    this.cuts.push(which);
  }

  mendShare(): void {
    this.checkOpen();
    this.cuts = [];
  }

  sleep(which: WhichApplication): void {
    for (const process of this.chosen('sleep', which)) process.sleep();
  }

  wake(which: WhichApplication): void {
    for (const process of this.chosen('wake', which)) process.wake();
  }

  kill(which: WhichApplication): void {
    for (const process of this.chosen('kill', which)) this.end(process);
  }

  async remove(removal: TestRemoval = {}): Promise<number> {
    this.checkOpen();
    const { by = 'admin@office', words = null, ...selection } = removal;
    if (by.length > LONGEST_NAME)
      throw bad(`by: expected at most ${LONGEST_NAME} characters, got ${by.length}`);
    if (words !== null && words.length > MOST_WORDS)
      throw bad(`words: expected at most ${MOST_WORDS} characters, got ${words.length}`);
    const { system } = this.newProcess('admin', 'office');
    const { store } = await openStore(FILE, system);
    const { answer } = await store.commit(
      (context) => {
        const chosen = new Set(chooseSeats(context.licence, given(selection)).map(({ seat }) => seat));
        const isChosen = (_: InstanceRecord, seat: SeatRecord) => chosen.has(seat);
        return { answer: chosen.size, draft: remove(context, { isChosen, actor: by, words }) };
      },
      { untilMs: system.clock.elapsedMs() + COMMAND_MS },
    );
    return answer;
  }

  close(): Promise<void> {
    this.closing ??= this.endAll();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async endAll(): Promise<void> {
    const licences = [...this.processes].flatMap((process) => [...process.licences]);
    await mostly(Promise.allSettled(licences.map((licence) => licence.close())));
    for (const process of this.processes) this.end(process);
    if (this.time instanceof RunnerTime) this.time.end();
  }

  private end(process: TestProcess): void {
    process.end();
    this.processes.delete(process);
  }

  private processOf(user: string, host: string): TestProcess {
    const known = [...this.processes].find((process) => matches(process, { user, host }));
    if (known) return known;
    const started = this.newProcess(user, host);
    this.processes.add(started);
    return started;
  }

  private newProcess(user: string, host: string): TestProcess {
    const machine = this.machines.get(host) ?? this.newMachine();
    this.machines.set(host, machine);
    return new TestProcess(
      { user, host, pid: ++this.pids, machine },
      {
        ...{ time: this.time, wallOffsetMs: this.wallOffsetMs, files: this.files, newId: this.newId },
        isCutOff: this.isCutOff,
        isRunning: (pid) => [...this.processes].some((process) => process.pid === pid),
      },
    );
  }

  private readonly isCutOff = (process: TestProcess): boolean =>
    this.cuts.some((which) => matches(process, which));

  private newMachine(): Machine {
    return { pids: this.newId(), host: this.newId(), installation: this.newId() };
  }

  /** 128 bits: never the same twice, in the same order in every run, and different from the first digit on. */
  private readonly newId = (): string =>
    BigInt.asUintN(128, ++this.ids * 0x9e3779b97f4a7c15f39cc0605cedc835n)
      .toString(16)
      .padStart(32, '0');

  private licenceOf({ modules, clock: _, ...rest }: TestLicenceOptions): Licence {
    const granted = {
      ...{ licenceId: 'test', customer: 'Test', issuedAt: toIso(this.nowMs) },
      modules: Object.entries(modules ?? {}).map(([module, maxUsers]) => ({ module, maxUsers })),
      ...rest,
    };
    const licence = firstLicence(sealUnsigned(granted), {}, { lineage: this.newId(), commit: this.newId() });
    try {
      readPolicy(licence);
      return licence;
    } catch (error) {
      throw error instanceof SeatfileFault ? bad(`testLicence: ${error.message}`) : error;
    }
  }

  private chosen(act: string, which: WhichApplication): TestProcess[] {
    this.checkOpen();
    const found = [...this.processes].filter((process) => matches(process, which));
    if (found.length > 0) return found;
    const open = [...this.processes].map(({ user, host }) => `${user}@${host}`).join(', ');
    throw bad(
      `${act}: no application of ${JSON.stringify(which)}; running: ${open || 'none, call open() first'}`,
    );
  }

  private checkOpen(): void {
    if (this.closing !== null)
      throw new SeatfileFault('CLOSED', 'the test licence was closed; make another with testLicence()');
  }
}

/** Waits for what needs no time. A process that is asleep or cut off is closed without giving anything back. */
async function mostly(work: Promise<unknown>): Promise<void> {
  let isDone = false;
  void work.then(() => {
    isDone = true;
  });
  for (let turns = 0; !isDone && turns < MOST_BREATHS; turns++) await drained();
}

const bad = (text: string): SeatfileFault => new SeatfileFault('BAD_ARGUMENT', text);

/** As the rules of the package compare names; what is not given matches. */
const matches = (process: TestProcess, which: WhichApplication): boolean => isNamed(process, given(which));

/** Without what is undefined. */
const given = (which: WhichApplication & { readonly module?: string | undefined }): Selection =>
  Object.fromEntries(Object.entries(which).filter(([, value]) => value !== undefined));
