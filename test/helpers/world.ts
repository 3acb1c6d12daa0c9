import type { AcquireOptions, OpenOptions } from '../../src/api.js';
import type { Answer } from '../../src/client/answers.js';
import './full-check.js';
import { createHash } from 'node:crypto';
import type { Instances } from '../../src/client/instances.js';
import type { MachineFacts } from '../../src/client/machine.js';
import { type OpenLicence, openWith } from '../../src/client/open-licence.js';
import type { Seat } from '../../src/client/seat.js';
import type { System } from '../../src/client/system.js';
import type { CountBy, Level, Licence, Settings } from '../../src/licence/document.js';
import { type Entitlement, sealUnsigned } from '../../src/licence/entitlement.js';
import { firstLicence } from '../../src/licence/revision.js';
import { sign } from '../../src/licence/signature.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import type { ShareErrorKind, ShareFiles } from '../../src/share/files.js';
import { numbersAmong } from '../../src/share/layout.js';
import type { Random } from '../../src/share/random.js';
import type { StoreOptions } from '../../src/store/store-options.js';
import { HandClock, HostTime, type HostTimeOptions } from '../../src/testing/host-time.js';
import { EPOCH_MS, Timeline } from '../../src/testing/timeline.js';
import type { Download } from '../../src/vendor/download.js';
import type { SimClient, SimClientState } from '../share/simulated/client.js';
import { SimServer } from '../share/simulated/server.js';
import type { ServerOptions } from '../share/simulated/tree.js';
import { seededDice } from './dice.js';
import { clientOf, filesOfProcess } from './memory-share.js';
import type { TestVendor } from './vendor.js';

export const FACE = '/share/licence.json';
export const FOLDER = `${FACE}.revisions`;

export interface WorldOptions extends ServerOptions {
  /** Max users by module. */
  readonly modules: Readonly<Record<string, number>>;
  readonly overdraft?: number;
  /** T. Seconds. @default the formula */
  readonly checkIntervalSeconds?: number;
  readonly offlineGraceSeconds?: number;
  readonly level?: Level;
  readonly countBy?: CountBy;
  readonly notBefore?: string;
  readonly expiresAt?: string;
  readonly settings?: Settings;
  /** Everything that chance decides follows from it. @default 1 */
  readonly seed?: string | number;
  readonly store?: Partial<StoreOptions>;
  /** What a host gets from the vendor's address. @default no way out */
  readonly download?: (host: string) => Download | null;
  /** More of what the vendor grants. */
  readonly granted?: Partial<Entitlement>;
  /** Signs the licence. @default it is unsigned */
  readonly vendor?: TestVendor;
  /** Of every host, unless it has its own. @default none */
  readonly latencyMs?: SimClientState['latencyMs'];
  /**
   * Another server than the plain one, and another view of it by each host.
   * @default a plain one, seen by {@link clientOf}
   */
  readonly share?: (timeline: Timeline) => ShareModel;
  /** @default '/share': the mode of the directory around the licence, and of the licence file */
  readonly directoryMode?: number;
  readonly fileMode?: number;
}

/** A server, and how a host sees it. */
export interface ShareModel {
  readonly server: SimServer;
  readonly clientFor: (host: string) => SimClient;
}

/** What a seat told, and when by true time. */
export interface Told {
  readonly atMs: number;
  readonly who: string;
  readonly module: string;
  readonly event: 'jeopardy' | 'suspended' | 'safe' | 'message' | 'lost' | 'released' | 'warning';
  readonly detail: unknown;
}

/** A share with a fresh licence, the hosts around it, and the people at them. Nothing in it happens by chance. */
export class World {
  readonly timeline = new Timeline();
  readonly share: ShareModel;
  readonly hosts: Host[] = [];
  readonly told: Told[] = [];
  readonly options: WorldOptions;

  constructor(options: WorldOptions) {
    this.options = options;
    this.share = options.share?.(this.timeline) ?? this.plainShare();
    this.server.makeDirectory('/share');
    this.server.setMode('/share', options.directoryMode ?? 0o775);
    this.server.writeNew(FACE, formatLicence(freshLicence(options), 'pretty'), options.fileMode ?? 0o664);
  }

  get server(): SimServer {
    return this.share.server;
  }

  get seed(): string {
    return String(this.options.seed ?? 1);
  }

  /** Time since the world began, by the test's own clock. Milliseconds. */
  get nowMs(): number {
    return this.timeline.nowMs;
  }

  /** T of the licence as issued. Milliseconds. */
  get intervalMs(): number {
    const { checkIntervalSeconds, modules, settings } = this.options;
    const seconds = settings?.checkIntervalSeconds ?? checkIntervalSeconds;
    return 1000 * (seconds ?? 30 * Math.max(...Object.values(modules)));
  }

  get users(): User[] {
    return this.hosts.flatMap((host) => host.users);
  }

  host(name: string, options: HostOptions = {}): Host {
    const host = new Host(this, name, options);
    this.hosts.push(host);
    return host;
  }

  /** Starts a process for a user, and opens the licence in it; time passes as far as that takes. */
  async user(host: Host, name: string, options: OpenOptions = {}): Promise<User> {
    return await this.run(host.start(name, options));
  }

  advance(ms: number): Promise<void> {
    return this.timeline.advance(ms);
  }

  /** Lets time pass until a promise is settled. */
  run<T>(promise: Promise<T>, withinMs?: number): Promise<T> {
    return this.timeline.run(promise, withinMs);
  }

  /** Lets time pass in steps until something is so; fails when it takes longer. */
  async until(isSo: () => boolean, withinMs: number, stepMs = 1000): Promise<void> {
    const endMs = this.nowMs + withinMs;
    while (!isSo()) {
      if (this.nowMs >= endMs) throw new Error(`not so within ${withinMs} ms: ${isSo}`);
      await this.advance(stepMs);
    }
  }

  /** The newest revision as it lies on the server; the licence file itself where there is none yet. */
  table(): Licence {
    const top = this.server.isThere(FOLDER) ? numbersAmong(this.server.list(FOLDER)).at(-1) : undefined;
    const path = top === undefined ? FACE : `${FOLDER}/${String(top).padStart(12, '0')}/licence.json`;
    return parseLicence(this.server.readText(path), path);
  }

  /** Seats in use by the newest revision: distinct ids, as `status` counts. */
  inUse(module: string): number {
    const seats = this.table().instances.flatMap((record) => record.seats);
    return new Set(seats.filter((seat) => seat.module === module).map((seat) => seat.id)).size;
  }

  /** Distinct seats that an instance believes in now, whatever the table says: what rule 9 bounds. */
  believedIn(module: string): number {
    const running = this.users.filter((user) => user.isAlive && !user.clock.gate.isShut);
    const seats = running
      .flatMap((user) => user.seats)
      .filter((seat) => seat.module === module && seat.valid);
    return new Set(seats.map((seat) => seat.id)).size;
  }

  /** Nothing can be written by anybody (`null`: it can again). */
  unwritable(kind: ShareErrorKind | null): void {
    for (const host of this.hosts) host.client.state.unwritable = kind;
  }

  private plainShare(): ShareModel {
    const server = new SimServer(this.timeline, this.options);
    return { server, clientFor: () => clientOf(server) };
  }

  tell(who: string, module: string, event: Told['event'], detail: unknown = null): void {
    this.told.push({ atMs: this.nowMs, who, module, event, detail });
  }

  /** What was told, shortly: `ada M1 jeopardy`. */
  stories(): string[] {
    return this.told.map(({ who, module, event }) => `${who} ${module} ${event}`);
  }
}

export interface HostOptions extends HostTimeOptions {
  readonly latencyMs?: SimClientState['latencyMs'];
  /** How old what its client shows can be. Milliseconds. @default 0 */
  readonly cacheAgeMs?: number;
  /** Wraps the share as a process of this host sees it: faults of a test's own. */
  readonly wrap?: (files: ShareFiles, pid: number) => ShareFiles;
  /** Where processes cannot be told apart from other machines': null parts prove nothing. @default known */
  readonly isMachineKnown?: boolean;
  /** Whether a boot time proves anything here (Linux, outside containers). @default true */
  readonly isBootKnown?: boolean;
}

/** One computer: its clocks, its processes, its own view of the share. */
export class Host {
  readonly world: World;
  readonly name: string;
  readonly time: HostTime;
  readonly client: SimClient;
  readonly users: User[] = [];
  private readonly options: HostOptions;
  private readonly starts = new Map<number, string>();
  private boots = 1;
  private pids = 1000;

  constructor(world: World, name: string, options: HostOptions) {
    this.world = world;
    this.name = name;
    this.options = options;
    this.time = new HostTime(world.timeline, options);
    this.client = world.share.clientFor(name);
    const latencyMs = options.latencyMs ?? world.options.latencyMs;
    if (latencyMs) this.client.state.latencyMs = latencyMs;
  }

  /** Starts a process and opens the licence in it. Time is moved by the caller: see {@link World.user}. */
  async start(name: string, options: OpenOptions = {}): Promise<User> {
    const user = this.enter(name);
    await user.open(options);
    return user;
  }

  /** A process that has not opened anything yet. */
  enter(name: string): User {
    const pid = this.pids++;
    this.starts.set(pid, String(Math.round(this.time.uptimeMs() / 10)));
    const user = new User(this, name, pid);
    this.users.push(user);
    return user;
  }

  sleep(): void {
    this.time.sleep();
  }

  wake(): void {
    this.time.wake();
  }

  /** The share does not answer this host, or answers with failures only. */
  cut(how: SimClientState['cut'] = 'unsaid'): void {
    this.client.state.cut = how;
  }

  mend(): void {
    this.client.mend();
  }

  unwritable(kind: ShareErrorKind | null): void {
    this.client.state.unwritable = kind;
  }

  /** The power goes: every process dies, and the machine comes up as another boot. */
  reboot(): void {
    for (const user of this.users) user.kill();
    this.boots++;
    this.time.reboot();
  }

  get cacheAgeMs(): number {
    return this.options.cacheAgeMs ?? 0;
  }

  facts(user: string): MachineFacts {
    const known = (part: string) => (this.options.isMachineKnown === false ? null : part);
    return {
      machine: {
        pids: known(digest(this.name, 'pids', this.boots)),
        host: known(digest(this.name, 'host', this.boots)),
        installation: known(digest(this.name, 'installation')),
      },
      host: this.name,
      user,
      isBootKnown: this.options.isBootKnown ?? true,
    };
  }

  /** What kill(pid, 0) and the start time tell. */
  isProcessGone = (pid: number, start: string | null): boolean => {
    const found = this.starts.get(pid);
    return found === undefined || (start !== null && found !== start);
  };

  processStart = (pid: number): string | null => this.starts.get(pid) ?? null;

  buried(pid: number): void {
    this.starts.delete(pid);
  }

  filesOf(clock: HandClock, random: Random, pid: number): ShareFiles {
    const { wrap } = this.options;
    return filesOfProcess(this.client, clock, random, wrap && ((files) => wrap(files, pid)));
  }
}

/** One process on a host, with the licence open in it. */
export class User {
  readonly host: Host;
  readonly name: string;
  readonly pid: number;
  readonly clock: HandClock;
  readonly seats: Seat[] = [];
  /** What this process has open. */
  readonly instances: Instances = new Map();
  private opened: OpenLicence | null = null;
  private openings = 1;

  constructor(host: Host, name: string, pid: number) {
    this.host = host;
    this.name = name;
    this.pid = pid;
    this.clock = new HandClock(host.time);
  }

  get licence(): OpenLicence {
    if (this.opened === null) throw new Error(`${this.who} has not opened the licence`);
    return this.opened;
  }

  get who(): string {
    return `${this.name}@${this.host.name}`;
  }

  get isAlive(): boolean {
    return this.clock.isAlive;
  }

  async open(options: OpenOptions, licenceFile = FACE): Promise<void> {
    const { host } = this;
    this.opened = await openWith(
      licenceFile,
      { releaseOnExit: false, ...options },
      this.system(),
      this.instances,
    );
    this.opened.on('warning', (warning) => host.world.tell(this.name, '', 'warning', warning));
  }

  /** One more opening of the licence in this process; time is moved as far as that takes. */
  async openAgain(options: OpenOptions = {}): Promise<OpenLicence> {
    const random = seededDice(`${this.host.world.seed}/${this.who}/${++this.openings}`);
    const system = { ...this.system(), random };
    return await this.host.world.run(
      openWith(FACE, { releaseOnExit: false, ...options }, system, this.instances),
    );
  }

  /** What this process has in the place of a real system. */
  system(): System {
    const { host, clock, pid } = this;
    const random = seededDice(`${host.world.seed}/${host.name}/${pid}`);
    return {
      files: host.filesOf(clock, random, pid),
      clock,
      random,
      facts: host.facts(this.name),
      pid,
      isProcessGone: host.isProcessGone,
      processStart: host.processStart,
      watching: null,
      cacheAgeMs: host.cacheAgeMs,
      environment: null,
      store: host.world.options.store ?? {},
      download: host.world.options.download?.(host.name) ?? null,
    };
  }

  /** Asks for a seat; time passes as far as the answer takes. */
  async acquire(module: string, options?: AcquireOptions): Promise<Answer> {
    return await this.host.world.run(this.ask(module, options));
  }

  /** As acquire, and time is moved by the caller. */
  async ask(module: string, options?: AcquireOptions): Promise<Answer> {
    const answer = await this.licence.acquire(module, options);
    if (answer.kind === 'seated') this.listen(answer.seat);
    return answer;
  }

  /** Takes a seat that must be there. */
  async sit(module: string): Promise<Seat> {
    const answer = await this.acquire(module);
    if (answer.kind !== 'seated')
      throw new Error(`${this.who}: expected a seat in ${module}, got ${answer.kind}`);
    return answer.seat;
  }

  /** Gives every seat back and closes the licence. */
  async leave(): Promise<void> {
    await this.host.world.run(this.licence.close());
    this.kill();
  }

  /** SIGKILL: no timer of it fires again, and what it asked of the share may be done or not. */
  kill(): void {
    this.clock.gate.shut('ever');
    this.host.buried(this.pid);
  }

  /** SIGSTOP: its clocks go on, and nothing of it runs. */
  freeze(): void {
    this.clock.gate.shut();
  }

  /** SIGCONT. */
  thaw(): void {
    this.clock.gate.open();
  }

  private listen(seat: Seat): void {
    this.seats.push(seat);
    const { world } = this.host;
    const tell = (event: Told['event']) => (detail?: unknown) =>
      world.tell(this.name, seat.module, event, detail);
    seat.on('jeopardy', tell('jeopardy'));
    seat.on('suspended', tell('suspended'));
    seat.on('safe', tell('safe'));
    seat.on('message', tell('message'));
    seat.on('lost', tell('lost'));
    seat.on('released', tell('released'));
  }
}

function freshLicence(options: WorldOptions): Licence {
  const modules = Object.entries(options.modules).map(([module, maxUsers]) => ({
    module,
    maxUsers,
    overdraft: options.overdraft,
  }));
  const { checkIntervalSeconds, offlineGraceSeconds, level, countBy, notBefore, expiresAt } = options;
  const issuedAt = new Date(EPOCH_MS - 86_400_000).toISOString();
  const granted: Entitlement = {
    ...{ licenceId: 'acme-1', customer: 'Acme', issuedAt, modules },
    ...{ checkIntervalSeconds, offlineGraceSeconds, level, countBy, notBefore, expiresAt },
    ...options.granted,
  };
  const ids = { lineage: digest('lineage', options.seed ?? 1), commit: digest('commit', options.seed ?? 1) };
  const payload = JSON.stringify(granted);
  const sealed = options.vendor ? sign(payload, options.vendor.privateKey) : sealUnsigned(granted);
  return firstLicence(sealed, options.settings ?? {}, ids);
}

const digest = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(parts.join('/')).digest('hex').slice(0, 32);
