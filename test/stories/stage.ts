import type { ClaimAnswer, Loss, Message } from '../../src/api.js';
import type { Seat } from '../../src/client/seat.js';
import type { CountBy, Level, Licence, LicenceEvent, Settings } from '../../src/licence/document.js';
import { SeatfileFault } from '../../src/licence/fault.js';
import { numbersAmong } from '../../src/share/layout.js';
import { EPOCH_MS } from '../../src/testing/timeline.js';
import {
  FOLDER,
  type Host,
  type HostOptions,
  type Told,
  type User,
  World,
  type WorldOptions,
} from '../helpers/world.js';
import { AdminSession } from './desk.js';

/** Something that happened while a command was played. */
interface Happening {
  readonly atMs: number;
  readonly text: string;
}

type Words = readonly string[];
type Play = (stage: Stage, groups: Readonly<Record<string, string>>) => Promise<Words>;

/** `80s`, `5m`, `2h`, or `2.5T`: milliseconds. */
function duration(text: string, intervalMs: number): number {
  const match = /^([\d.]+)(ms|s|m|h|T)$/.exec(text);
  if (!match) throw new Error(`expected a duration like 80s or 2T, got ${text}`);
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, T: intervalMs };
  return Number(match[1]) * (units[match[2] ?? ''] ?? Number.NaN);
}

const seconds = (ms: number): string => `${Number((ms / 1000).toFixed(3))} s`;

/** What a story plays on: a world, people by name (`ada/2` is another process of ada's on her PC), an administrator. */
class Stage {
  private readonly opened: World | null;
  private readonly people = new Map<string, User>();
  private readonly hosts = new Map<string, Host>();
  private readonly seatNames = new Map<string, string>();
  private readonly reads = new Map<string, number>();
  private revision = 0;
  private told = 0;
  private desk: AdminSession | null = null;
  private readonly patience = new Map<string, AbortController>();
  private readonly said: Happening[] = [];

  constructor(world: World | null) {
    this.opened = world;
  }

  get world(): World {
    if (this.opened === null) throw new Error('a story begins with its licence: file M1=2 ...');
    return this.opened;
  }

  get admin(): AdminSession {
    this.desk ??= new AdminSession(this.world);
    return this.desk;
  }

  ms(text: string): number {
    return duration(text, this.world.intervalMs);
  }

  host(name: string, options: HostOptions = {}): Host {
    const known = this.hosts.get(name);
    if (known) return known;
    const host = this.world.host(name, {
      ...options,
      wrap: (files) => ({
        ...files,
        read: (path) => {
          this.reads.set(name, (this.reads.get(name) ?? 0) + 1);
          return files.read(path);
        },
      }),
    });
    this.hosts.set(name, host);
    return host;
  }

  readsOf(host: string): number {
    const reads = this.reads.get(host) ?? 0;
    this.reads.set(host, 0);
    return reads;
  }

  /** A user by name. A new one starts a process, on a separate PC unless said. */
  async user(handle: string, hostName?: string): Promise<User> {
    const known = this.people.get(handle);
    if (known) return known;
    const name = handle.replace(/\/.*$/, '');
    const user = await this.world.user(this.host(hostName ?? `pc-${name}`), name);
    this.people.set(handle, user);
    return user;
  }

  person(handle: string): User {
    const user = this.people.get(handle);
    if (!user) throw new Error(`nobody is called ${handle}`);
    return user;
  }

  seatOf(handle: string, module: string): Seat {
    const seat = this.person(handle).seats.findLast((one) => one.module === module);
    if (!seat) throw new Error(`${handle} never had a seat in ${module}`);
    return seat;
  }

  /** Asks and waits, while the story goes on. */
  enqueue(handle: string, user: User, module: string, waitMs: number): void {
    const patience = new AbortController();
    this.patience.set(handle, patience);
    const say = (text: string) => this.said.push({ atMs: this.world.nowMs, text });
    user.licence.on('waiting', ({ place }) => say(`${handle} is told: place ${place}`));
    void user.ask(module, { wait: waitMs, signal: patience.signal }).then(
      (answer) => say(`${handle} is answered: ${answerWords(this, module, answer)}`),
      (error: unknown) => say(`${handle} is answered: ${(error as SeatfileFault).code}`),
    );
  }

  giveUp(handle: string): void {
    this.patience.get(handle)?.abort();
  }

  /** Seats are s1, s2, ... in the order in which the story meets them. */
  seatName(id: string): string {
    const name = this.seatNames.get(id) ?? `s${this.seatNames.size + 1}`;
    this.seatNames.set(id, name);
    return name;
  }

  seatIdOf(name: string): string {
    return [...this.seatNames].find(([, known]) => known === name)?.[0] ?? name;
  }

  /** What the revisions and the seats told since this was last asked, in order of time. */
  happened(): string[] {
    const all = [...this.fromRevisions(), ...this.fromSeats(), ...this.said.splice(0)].sort(
      (a, b) => a.atMs - b.atMs,
    );
    return all.map(({ atMs, text }) => `${seconds(atMs)}: ${text}`);
  }

  private fromRevisions(): Happening[] {
    const { server } = this.world;
    if (!server.isThere(FOLDER)) return [];
    const fresh = numbersAmong(server.list(FOLDER)).filter((number) => number > this.revision);
    this.revision = fresh.at(-1) ?? this.revision;
    return fresh.flatMap((number) => {
      const path = `${FOLDER}/${String(number).padStart(12, '0')}/licence.json`;
      const { events } = JSON.parse(server.readText(path)) as Licence;
      return events.map((event) => ({ atMs: Date.parse(event.at) - EPOCH_MS, text: this.eventWords(event) }));
    });
  }

  private eventWords(event: LicenceEvent): string {
    if (event.kind === 'ban set' || event.kind === 'ban lifted') return `${event['user']}: ${event.kind}`;
    if (event.kind.startsWith('reserv'))
      return `${event.kind} in ${event['module']}: ${event['user'] ?? event['host']}`;
    if (event.kind === 'settings') return `settings: ${JSON.stringify(event['settings'])}`;
    const why = [event['actor'], event['reason']].filter((part) => typeof part === 'string').join(', ');
    const by = why === '' ? '' : ` by ${why}`;
    if (event.kind === 'denied' && event['reason'] !== 'full')
      return `${event['user']} denied in ${event['module']}: ${event['reason']}`;
    if (event['seat'] === undefined) return `${event['user']} ${event.kind} in ${event['module']}`;
    return `${event['user']} ${event.kind} in ${this.seatName(String(event['seat']))} of ${event['module']}${by}`;
  }

  private fromSeats(): Happening[] {
    const fresh = this.world.told.slice(this.told);
    this.told = this.world.told.length;
    const aboutSeats = fresh.filter(({ event }) => event !== 'warning');
    return aboutSeats.map((told) => ({ atMs: told.atMs, text: toldWords(told) }));
  }
}

function toldWords({ who, module, event, detail }: Told): string {
  switch (event) {
    case 'jeopardy':
      return `${who} is told jeopardy in ${module}, ${seconds((detail as { remainingMs: number }).remainingMs)} left`;
    case 'lost': {
      return `${who} is told lost in ${module}: ${lossWords(detail as Loss)}`;
    }
    case 'message': {
      const { by, words } = detail as Message;
      return `${who} is told in ${module}, by ${by}: ${words}`;
    }
    default:
      return `${who} is told ${event} in ${module}`;
  }
}

const lossWords = ({ reason, by, words }: Loss): string =>
  [reason, by && `by ${by}`, words].filter(Boolean).join(', ');

function answerWords(stage: Stage, module: string, answer: ClaimAnswer): string {
  switch (answer.kind) {
    case 'seated': {
      const max = stage.world.options.modules[module];
      const told = answer.removed ? `; told: ${lossWords(answer.removed)}` : '';
      return `seated in ${stage.seatName(answer.seat.id)}, ${stage.world.inUse(module)} of ${max}${told}`;
    }
    case 'full': {
      const who = answer.holders.map((holder) => `${holder.user}@${holder.host}`).join(', ');
      const frees = answer.freesAt ? seconds(Date.parse(answer.freesAt) - EPOCH_MS) : 'unknown';
      return `full: ${who}; frees at: ${frees}`;
    }
    case 'refused': {
      const { reason, untilAt, by, words } = answer;
      const until = untilAt && `until ${seconds(Date.parse(untilAt) - EPOCH_MS)}`;
      return `refused: ${[reason, until, by && `by ${by}`, words].filter(Boolean).join(', ')}`;
    }
  }
}

function seatWords(seat: Seat): string {
  if (!seat.valid) return `${seat.state}, not valid`;
  const left =
    seat.remainingMs === Number.POSITIVE_INFINITY ? 'for ever' : `for ${seconds(seat.remainingMs)}`;
  return `${seat.state}, valid ${left}`;
}

/** One line per record: user, seats, beats, and what it promises. */
function tableWords(stage: Stage): string[] {
  return stage.world.table().instances.map((record) => {
    const seats = record.seats.map((seat) => `${stage.seatName(seat.id)} of ${seat.module}`).join(', ');
    const promise = record.level === 'light' ? 'light' : `T ${record.checkIntervalSeconds} s`;
    return `${record.user}@${record.host}: ${seats}; beat ${record.beat}; ${promise}`;
  });
}

/** The licence of a story: `M1=2 M2=45 T=80s level=light grace=20s countBy=user expires=1h latency=40ms`. */
function worldOptions(text: string): WorldOptions {
  const pairs = text.split(/\s+/).map((pair) => pair.split('=') as [string, string]);
  const named = new Map(pairs.filter(([key]) => !/^M\d/.test(key)));
  const modules = Object.fromEntries(
    pairs.filter(([key]) => /^M\d/.test(key)).map(([key, n]) => [key, Number(n)]),
  );
  const inSeconds = (key: string) => duration(named.get(key) ?? '', 0) / 1000;
  const latencyMs = named.has('latency') ? duration(named.get('latency') ?? '', 0) : 0;
  return {
    modules,
    latencyMs: () => latencyMs,
    ...(named.has('T') && { checkIntervalSeconds: inSeconds('T') }),
    ...(named.has('grace') && { offlineGraceSeconds: inSeconds('grace') }),
    ...(named.has('level') && { level: named.get('level') as Level }),
    ...(named.has('countBy') && { countBy: named.get('countBy') as CountBy }),
    ...(named.has('expires') && {
      expiresAt: new Date(EPOCH_MS + 1000 * inSeconds('expires')).toISOString(),
    }),
  };
}

function settingsOf(name: string, value: string): Settings {
  switch (name) {
    case 'level':
      return { level: value as Level };
    case 'T':
      return { checkIntervalSeconds: duration(value, 0) / 1000 };
    case 'onDemand':
      return {
        onDemand: value === 'off' ? undefined : { answerWithinSeconds: duration(value, 0) / 1000 },
      };
    default:
      throw new Error(`no setting ${name} in stories`);
  }
}

const onHosts: Readonly<Record<string, (host: Host) => void>> = {
  sleeps: (host) => host.sleep(),
  wakes: (host) => host.wake(),
  reboots: (host) => host.reboot(),
  'loses the share': (host) => host.cut('unsaid'),
  'finds the share': (host) => host.mend(),
  'cannot write': (host) => host.unwritable('full'),
  'can write': (host) => host.unwritable(null),
};
const onUsers: Readonly<Record<string, (user: User) => void>> = {
  dies: (user) => user.kill(),
  freezes: (user) => user.freeze(),
  thaws: (user) => user.thaw(),
};
const alternatives = (verbs: object) => Object.keys(verbs).join('|');

const commands: readonly (readonly [RegExp, Play])[] = [
  [
    /^(?<who>\S+) sits (?<module>M\d+)(?: on (?<host>\S+))?$/,
    async (stage, { who = '', module = '', host }) => {
      const user = await stage.user(who, host);
      const answer = await user.acquire(module).catch((error: unknown) => {
        if (error instanceof SeatfileFault) return error;
        throw error;
      });
      if (answer instanceof SeatfileFault) return [`fault ${answer.code}`];
      const words = answerWords(stage, module, answer);
      const others = stage.happened().filter((line) => !line.includes(`: ${user.name} seated in`));
      return [words, ...others];
    },
  ],
  [
    /^(?<who>\S+) waits (?<time>\S+) for (?<module>M\d+)(?: on (?<host>\S+))?$/,
    async (stage, { who = '', time = '', module = '', host }) => {
      const user = await stage.user(who, host);
      const answer = await user.acquire(module, { wait: stage.ms(time) });
      return [answerWords(stage, module, answer), ...stage.happened()];
    },
  ],
  [
    /^(?<who>\S+) stands in line (?<time>\S+) for (?<module>M\d+)(?: on (?<host>\S+))?$/,
    async (stage, { who = '', time = '', module = '', host }) => {
      const user = await stage.user(who, host);
      stage.enqueue(who, user, module, stage.ms(time));
      await stage.world.advance(0);
      return stage.happened();
    },
  ],
  [
    /^(?<who>\S+) gives up$/,
    async (stage, { who = '' }) => {
      stage.giveUp(who);
      await stage.world.advance(0);
      return stage.happened();
    },
  ],
  [
    /^line\?$/,
    async (stage) => {
      const line = stage.world.table().waiting.map(({ user, module }) => `${user} for ${module}`);
      return [line.length > 0 ? line.join(', ') : 'nobody'];
    },
  ],
  [
    /^(?<who>\S+) releases (?<module>M\d+)$/,
    async (stage, { who = '', module = '' }) => {
      await stage.world.run(stage.seatOf(who, module).release());
      await stage.world.advance(0);
      return stage.happened();
    },
  ],
  [
    /^(?<who>\S+) leaves$/,
    async (stage, { who = '' }) => {
      await stage.person(who).leave();
      return stage.happened();
    },
  ],
  [
    /^(?<name>pc-\S+) counts its sleep$/,
    async (stage, { name = '' }) => {
      stage.host(name, { monotonicStops: false });
      return [];
    },
  ],
  [
    new RegExp(`^(?<who>\\S+) (?<verb>${alternatives(onUsers)})$`),
    async (stage, { who = '', verb = '' }) => {
      onUsers[verb]?.(stage.person(who));
      return [];
    },
  ],
  [
    new RegExp(`^(?<name>pc-\\S+|everybody) (?<verb>${alternatives(onHosts)})$`),
    async (stage, { name = '', verb = '' }) => {
      for (const host of name === 'everybody' ? stage.world.hosts : [stage.host(name)]) onHosts[verb]?.(host);
      return [];
    },
  ],
  [
    /^wait (?<time>\S+)$/,
    async (stage, { time = '' }) => {
      await stage.world.advance(stage.ms(time));
      const happened = stage.happened();
      return happened.length > 0 ? happened : ['nothing yet'];
    },
  ],
  [
    /^admin (?<gently>gently )?removes (?<name>\S+?)(?:, saying "(?<words>[^"]*)")?$/,
    async (stage, { gently, name = '', words }) => {
      const isNamed = (record: { user: string }) => record.user === name;
      const removed = await stage.admin.remove(isNamed, words ?? null, gently !== undefined);
      return removed ? stage.happened() : ['nobody by that name'];
    },
  ],
  [
    /^admin bans (?<name>\S+?)(?: for (?<time>\S+?))?(?:, saying "(?<words>[^"]*)")?$/,
    async (stage, { name = '', time, words }) => {
      await stage.admin.ban(name, time === undefined ? null : stage.ms(time), words ?? null);
      return stage.happened();
    },
  ],
  [
    /^admin lifts the ban of (?<name>\S+)$/,
    async (stage, { name = '' }) =>
      (await stage.admin.liftBan(name)) ? stage.happened() : ['nobody by that name is banned'],
  ],
  [
    /^admin (?<verb>keeps|frees) a seat of (?<module>M\d+) for (?<name>\S+)$/,
    async (stage, { verb, module = '', name = '' }) => {
      const reservation = { module, ...(name.startsWith('pc-') ? { host: name } : { user: name }) };
      const { admin } = stage;
      const isDone = await (verb === 'keeps'
        ? admin.reserve(reservation)
        : admin.liftReservation(reservation));
      return isDone ? stage.happened() : ['it is so already'];
    },
  ],
  [
    /^admin grants (?<module>M\d+)=(?<users>\d+)$/,
    async (stage, { module = '', users = '' }) =>
      (await stage.admin.grant(module, Number(users))) ? stage.happened() : ['it is so already'],
  ],
  [
    /^admin undoes (?<seat>s\d+)$/,
    async (stage, { seat = '' }) => {
      const why = await stage.admin.undo(stage.seatIdOf(seat));
      return why === null ? stage.happened() : [`refused: ${why}`];
    },
  ],
  [
    /^admin tells (?<name>\S+) "(?<words>[^"]*)"$/,
    async (stage, { name = '', words = '' }) => {
      const told = await stage.admin.notify((record) => record.user === name, words);
      return told ? stage.happened() : ['nobody by that name'];
    },
  ],
  [
    /^admin sets (?<setting>\S+) (?<value>\S+)$/,
    async (stage, { setting = '', value = '' }) => {
      const isChanged = await stage.admin.set(settingsOf(setting, value));
      return isChanged ? stage.happened() : ['it is so already'];
    },
  ],
  [
    /^(?<who>\S+) has (?<module>M\d+)\?$/,
    async (stage, { who = '', module = '' }) => [seatWords(stage.seatOf(who, module))],
  ],
  [/^table\?$/, async (stage) => tableWords(stage)],
  [
    /^called\?$/,
    async (stage) => {
      const { instances, rollCall } = stage.world.table();
      const userOf = (id: string) => instances.find((record) => record.id === id)?.user;
      const names = rollCall?.names ?? [];
      return names.length === 0
        ? ['nobody']
        : names.map((name) => `${userOf(name.instance)} at beat ${name.beat}, by ${name.by}`);
    },
  ],
  [
    /^the server's clock goes (?<way>ahead|back) (?<time>\S+)$/,
    async (stage, { way = '', time = '' }) => {
      stage.world.server.wallOffsetMs += (way === 'ahead' ? 1 : -1) * stage.ms(time);
      return [];
    },
  ],
  [/^revision\?$/, async (stage) => [`revision ${stage.world.table().revision}`]],
  [/^reads of (?<host>\S+)\?$/, async (stage, { host = '' }) => [`${stage.readsOf(host)} reads`]],
];

/** Plays one story, command by command. Every `file` begins a new world. */
export function storyPlayer(): (command: string) => Promise<Words> {
  let stage = new Stage(null);
  return async (command) => {
    const file = /^file (.*)$/.exec(command)?.[1];
    if (file !== undefined) {
      stage = new Stage(new World(worldOptions(file)));
      return [`T = ${stage.world.intervalMs / 1000} s`];
    }
    for (const [pattern, play] of commands) {
      const match = pattern.exec(command);
      if (match) return await play(stage, match.groups ?? {});
    }
    throw new Error(`no such command in stories: ${command}`);
  };
}
