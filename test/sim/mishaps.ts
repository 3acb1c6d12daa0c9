import nodePath from 'node:path';
import { locateStore, openStore } from '../../src/client/open-store.js';
import type { Licence } from '../../src/licence/document.js';
import type { ChangeContext, Draft } from '../../src/licence/revision.js';
import { formatLicence } from '../../src/licence/text.js';
import { changeSettings, remove } from '../../src/rules/admin.js';
import { ban, liftBan } from '../../src/rules/bans.js';
import { notify } from '../../src/rules/messages.js';
import { undo } from '../../src/rules/reinstate.js';
import { liftReservation, reserve } from '../../src/rules/reservations.js';
import { reservedSeats } from '../../src/rules/reserved-seats.js';
import type { ShareErrorKind } from '../../src/share/files.js';
import { numberName, numbersAmong } from '../../src/share/layout.js';
import { FACE, FOLDER, type Host } from '../helpers/world.js';
import { deadAfterMs } from './evictions.js';
import type { Office } from './office.js';
import { Person } from './person.js';
import type { Mishap } from './plan.js';
import type { Process } from './process.js';
import { RETRANSMIT_MS } from './share-model.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** No commit takes more operations than this: where in one a process is killed or stopped. */
const OPERATIONS = 45;
/** A commit that waits for no turn takes about so many. */
const COMMIT_OPERATIONS = 8;
const COMMAND_MS = 90_000;
/** So long the living have had to heal a loss by themselves. Milliseconds. */
const REPAIR_MS = 300_000;
/** And the administrator tries again after so long, while it is lost. Milliseconds. */
const REPAIR_AGAIN_MS = 150_000;

/** What befalls an office, one thing at a time, each with its end; at the end of a run everything is mended. */
export class Mishaps {
  private readonly office: Office;
  private readonly undone = new Set<() => void>();
  private readonly slow = new Set<Host>();
  private newcomers = 0;

  constructor(office: Office) {
    this.office = office;
  }

  begin(mishap: Mishap): void {
    this.office.trace.note('MISHAP', mishap);
    this[mishap]();
  }

  /** Everything works again. */
  mendAll(): void {
    for (const undo of [...this.undone]) undo();
    this.after(REPAIR_MS, () => this.repair());
  }

  // --- one process --------------------------------------------------------------------------------------------------

  private leave(): void {
    const person = this.anyPerson();
    const { process } = person ?? {};
    const seat = process?.seats()[0];
    if (person && process && seat) void person.giveBack(process, seat);
  }

  /** The same user opens the application once more on the same computer, for a while. */
  private window(): void {
    const person = this.anyPerson();
    if (!person) return;
    const second = new Person(this.office, person.plan);
    this.after(this.span(), () => void second.leave(Number.POSITIVE_INFINITY).catch(() => undefined));
    second.start();
  }

  /** A waiter does not want to wait any longer. */
  private giveUp(): void {
    const waiting = this.office.people.filter((person) => person.patience !== null);
    if (waiting.length > 0) this.office.chance.pick(waiting).patience?.abort();
  }

  private kill(): void {
    this.anyPerson()?.die(this.span());
  }

  private killMidway(): void {
    const person = this.anyPerson();
    const { process } = person ?? {};
    process?.setTrap(this.office.chance.whole(0, OPERATIONS), () => {
      if (person?.process === process) person?.die(this.span());
    });
  }

  private freeze(process: Process | undefined = this.anyProcess(), forMs = this.span()): void {
    if (!process?.user.isAlive || process.user.clock.gate.isShut) return;
    this.during(
      'stopped',
      process.who,
      () => {
        process.misfortune.begin(this.nowMs);
        process.blind.begin(this.nowMs);
        process.user.freeze();
      },
      () => {
        process.runningSinceMs = this.nowMs;
        process.user.thaw();
        process.misfortune.end(this.nowMs);
        process.blind.end(this.nowMs);
      },
      forMs,
    );
  }

  private freezeMidway(): void {
    const process = this.anyProcess();
    process?.setTrap(this.office.chance.whole(0, OPERATIONS), () => this.freeze(process));
  }

  /** Most operations are no step of a commit: the file is watched, and the display copy refreshed. */
  private freezeCommit(): void {
    const process = this.anyProcess();
    process?.setTrap(this.office.chance.whole(0, COMMIT_OPERATIONS), () => this.freeze(process), true);
  }

  /** Gives a seat back and asks for one at once. */
  private rejoin(): void {
    const person = this.anyPerson();
    const { process } = person ?? {};
    const seat = process?.seats()[0];
    if (!person || !process || !seat) return;
    void person.giveBack(process, seat);
    void person.sit(process, seat.module);
  }

  // --- one computer -------------------------------------------------------------------------------------------------

  private sleep(host: Host = this.anyHost()): void {
    if (host.time.gate.isShut) return;
    this.trouble(
      'asleep',
      host,
      () => host.sleep(),
      () => {
        for (const process of this.office.processesOn(host)) process.runningSinceMs = this.nowMs;
        host.wake();
      },
      { isBlind: true },
    );
  }

  private reboot(): void {
    const host = this.anyHost();
    for (const process of this.office.processesOn(host)) this.office.kill(process);
    for (const person of this.office.people) if (person.host === host) person.die(this.span());
    host.reboot();
    for (const person of this.office.people)
      if (person.host === host) this.after(this.span(), () => person.start());
  }

  private cut(host = this.anyHost()): void {
    if (this.isAffected(host)) return;
    this.trouble(
      'cut off',
      host,
      () => host.cut('hangs'),
      () => host.mend(),
      { isBlind: true },
    );
  }

  private failing(): void {
    const host = this.anyHost();
    if (this.isAffected(host)) return;
    this.trouble(
      'met by failures',
      host,
      () => host.cut('unsaid'),
      () => host.mend(),
      { isBlind: true },
    );
  }

  private revoke(host: Host = this.anyHost(), forMs?: number): void {
    if (this.isAffected(host)) return;
    const kind = this.office.chance.pick<ShareErrorKind>(['refused', 'readOnly', 'full']);
    this.trouble(
      `refused (${kind})`,
      host,
      () => host.unwritable(kind),
      () => host.unwritable(null),
      { forMs },
    );
  }

  private setWall(): void {
    const host = this.anyHost();
    host.time.setWall(this.office.chance.pick([-1, 1]) * this.office.chance.scaled(1000, 24 * HOUR_MS));
  }

  private slowHost(): void {
    const host = this.anyHost();
    if (this.isAffected(host)) return;
    const { state } = host.client;
    const before = state.latencyMs;
    const ms = this.office.chance.scaled(20, 3000);
    this.trouble(
      `slow (${Math.round(ms)} ms)`,
      host,
      () => {
        this.slow.add(host);
        state.latencyMs = () => ms * this.office.chance.between(0.5, 1.5);
      },
      () => {
        this.slow.delete(host);
        state.latencyMs = before;
      },
    );
  }

  // --- most of them -------------------------------------------------------------------------------------------------

  /** At night: everybody, or nearly, and not all wake at the same time. */
  private sleepAll(): void {
    const most = this.office.chance.between(0.5, 1);
    for (const host of this.office.hosts) if (this.office.chance.is(most)) this.sleep(host);
  }

  private freezeAll(): void {
    const most = this.office.chance.between(0.5, 1);
    for (const process of [...this.office.alive]) if (this.office.chance.is(most)) this.freeze(process);
  }

  /**
   * The building loses its power: all processes die at once. Later they are back, one after the other; those without a
   * seat come first.
   */
  private friday(): void {
    const { people, chance } = this.office;
    const isSeated = (person: Person) => (person.process?.seats().length ?? 0) > 0;
    const seated = people.filter(isSeated);
    const others = people.filter((person) => !isSeated(person));
    let awayMs = this.span();
    for (const person of [...others, ...seated]) {
      person.die(awayMs);
      awayMs += chance.scaled(0.1, 4) * this.office.plan.intervalMs;
    }
    const dark = chance.pick([0, 0.5]);
    for (const host of this.office.hosts) if (chance.is(dark)) this.powerOff(host);
  }

  /** The next requester that makes a roll call falls asleep over it. */
  private drowsyAsker(): void {
    this.office.onAsked = (process) => {
      const awakeMs = this.office.chance.between(0.01, 0.24) * this.office.plan.intervalMs;
      this.after(awakeMs, () => this.sleep(process.user.host));
    };
  }

  /** A holder that the next roll call names reads it, and cannot answer in time. */
  private muteCalled(): void {
    const { chance, plan } = this.office;
    const mute = (_: Process, named: Process | undefined) => {
      const forMs = chance.between(1, 4) * (plan.answerMs ?? plan.intervalMs);
      if (named?.isRunning) this.revoke(named.user.host, forMs);
      else this.office.onAsked = mute; // the next one
    };
    this.office.onAsked = mute;
  }

  private powerOff(host: Host): void {
    for (const process of this.office.processesOn(host)) this.office.kill(process);
    host.reboot();
  }

  // --- the share ----------------------------------------------------------------------------------------------------

  private full(): void {
    this.unwritable('full');
  }

  private readOnly(): void {
    this.unwritable(this.office.chance.pick<ShareErrorKind>(['readOnly', 'refused']));
  }

  private unwritable(kind: ShareErrorKind): void {
    const { world, outage } = this.office;
    if (this.isAnyAffected()) return;
    this.during(
      `unwritable (${kind})`,
      'share',
      () => {
        outage.begin(this.nowMs);
        world.unwritable(kind);
      },
      () => {
        world.unwritable(null);
        outage.end(this.nowMs);
      },
    );
  }

  /** The share is out of everybody's reach, and back for all at once. */
  private away(): void {
    const { hosts, outage } = this.office;
    if (this.isAnyAffected()) return;
    const how = this.office.chance.pick(['hangs', 'unsaid'] as const);
    this.during(
      `away (${how})`,
      'share',
      () => {
        outage.begin(this.nowMs);
        this.office.away.begin(this.nowMs);
        for (const host of hosts) host.cut(how);
      },
      () => {
        for (const host of hosts) host.mend();
        outage.end(this.nowMs);
        this.office.away.end(this.nowMs);
      },
    );
  }

  /** As away, but the computers come back one after the other. */
  private awayUneven(): void {
    const { hosts, outage, away, chance, plan } = this.office;
    if (this.isAnyAffected()) return;
    this.during(
      'away',
      'share',
      () => {
        outage.begin(this.nowMs);
        away.begin(this.nowMs);
        for (const host of hosts) host.cut('hangs');
      },
      () => {
        outage.end(this.nowMs);
        away.end(this.nowMs);
        for (const host of hosts) this.comeBackLater(host, chance.scaled(0.01, 1) * plan.intervalMs);
      },
    );
  }

  /**
   * The disk is full, and the computers find room again one after the other. Half of the time it begins just after an
   * instance has beaten. That instance then has no cause to write, and to notice, until the others were silent for
   * long.
   */
  private fullUneven(): void {
    const { chance, plan, truth } = this.office;
    const standings = [...truth.evictions.standings.values()];
    if (standings.length === 0 || chance.is(0.5)) {
      this.fullFor(plan.intervalMs * chance.between(0.6, 1.6));
      return;
    }
    const { beatAtMs, record } = chance.pick(standings);
    const nextMs = beatAtMs + 1000 * record.checkIntervalSeconds;
    this.after(Math.max(0, nextMs - this.nowMs), () =>
      this.fullFor(plan.intervalMs * chance.between(0.3, 0.8)),
    );
  }

  private fullFor(ms: number): void {
    const { hosts, outage, chance, plan, world, isQuiet } = this.office;
    if (isQuiet || this.isAnyAffected()) return;
    this.during(
      'full',
      'share',
      () => {
        outage.begin(this.nowMs);
        world.unwritable('full');
      },
      () => {
        outage.end(this.nowMs);
        for (const host of hosts) this.comeBackLater(host, chance.between(0, 0.6) * plan.intervalMs);
      },
      ms,
    );
  }

  /** An instance is stopped until just about when the others put it out. */
  private nearMiss(): void {
    const process = this.anyProcess((one) => one.seats().length > 0);
    const standing = [...this.office.truth.evictions.standings.values()].find(
      ({ record }) => record.note === process?.key && record.level === 'heartbeat',
    );
    if (!process || !standing) return;
    const { checkIntervalSeconds } = standing.record;
    const aimMs =
      standing.beatAtMs +
      deadAfterMs(standing.record) +
      this.office.chance.between(-0.05, 0.2) * 1000 * checkIntervalSeconds;
    if (aimMs > this.nowMs) this.freeze(process, aimMs - this.nowMs);
  }

  private comeBackLater(host: Host, ms: number): void {
    this.office.beginTrouble(host);
    this.after(this.office.isQuiet ? 0 : ms, () => {
      host.unwritable(null);
      host.mend();
      this.office.endTrouble(host);
    });
  }

  /** The server is started again: what was on its way is done or not, and no client is told. */
  private restart(): void {
    const { share, hosts, chance } = this.office;
    if (this.isAnyAffected()) return;
    const downMs = chance.scaled(1000, 5 * MINUTE_MS);
    for (const host of hosts) this.office.beginTrouble(host);
    share.restart(downMs);
    this.after(downMs + RETRANSMIT_MS, () => {
      for (const host of hosts) this.office.endTrouble(host);
    });
  }

  /**
   * A process slept until the number that it means to take was cleared away. It publishes below the newest, and void.
   */
  private lateNumber(): void {
    const { truth, world, chance } = this.office;
    const { server } = world;
    const lowest = server.isThere(FOLDER) ? (numbersAmong(server.list(FOLDER))[0] ?? 0) : 0;
    const { table } = truth;
    if (lowest <= 1 || table.committedAt === null) return;
    const number = chance.whole(Math.max(1, lowest - 8), lowest - 1);
    const event = { id: `${table.lineage}.${number}.0`, kind: 'void', at: table.committedAt, before: null };
    const parent = { revision: number - 1, commit: 'void-parent' };
    const late = { ...table, revision: number, parent, commit: `void-${number}`, events: [event] };
    const directory = `${FOLDER}/${numberName(number)}`;
    server.makeDirectory(directory);
    server.writeNew(`${directory}/licence.json`, formatLicence(late, 'compact'), 0o664);
  }

  private serverClock(): void {
    const { chance, world } = this.office;
    world.server.wallOffsetMs += chance.pick([-1, 1]) * chance.scaled(1000, 24 * HOUR_MS);
    this.office.serverClockSets.push(this.nowMs);
  }

  /** Replies and requests are lost, come late, come twice. */
  private lossy(): void {
    const { share, hosts, chance } = this.office;
    const rate = chance.scaled(...this.office.plan.lossy);
    this.during(
      `lossy (${rate.toFixed(3)})`,
      'share',
      () => {
        for (const host of hosts) this.office.beginTrouble(host);
        for (const host of hosts) share.setLossy(host, rate);
        this.office.emptyListings = rate;
      },
      () => {
        for (const host of hosts) share.setLossy(host, 0);
        this.office.emptyListings = 0;
        this.after(RETRANSMIT_MS, () => {
          for (const host of hosts) this.office.endTrouble(host);
        });
      },
    );
  }

  private slowServer(): void {
    const { hosts, chance, plan } = this.office;
    if (this.isAnyAffected()) return;
    const ms = chance.scaled(20, 2000);
    const before = hosts.map((host) => host.client.state.latencyMs);
    this.during(
      `slow (${Math.round(ms)} ms)`,
      'share',
      () => {
        for (const host of hosts) {
          this.slow.add(host);
          this.office.beginTrouble(host);
          host.client.state.latencyMs = () => plan.latencyMs + ms * chance.between(0.5, 1.5);
        }
      },
      () => {
        for (const [index, host] of hosts.entries()) {
          this.slow.delete(host);
          host.client.state.latencyMs = before[index] ?? (() => plan.latencyMs);
          this.office.endTrouble(host);
        }
      },
    );
  }

  // --- the administrator --------------------------------------------------------------------------------------------

  private remove(): void {
    const record = this.anyRecord(() => true);
    if (record) this.removeOne(record.id);
  }

  private removeDead(): void {
    const record = this.anyRecord(({ note }) => !this.office.processAt(note)?.user.isAlive);
    if (record) this.removeOne(record.id);
  }

  private removeGently(): void {
    const id = this.anyRecord(() => true)?.id;
    this.withAdminSession((context, actor) =>
      remove(context, { isChosen: (record) => record.id === id, gently: true, actor, words: 'why' }),
    );
  }

  /** Of a removal that was noticed or not, or of one that is too late. */
  private undo(): void {
    const { instances, gone } = this.office.truth.table;
    const marked = instances.flatMap(({ seats }) =>
      seats.filter(({ leaving }) => leaving).map(({ id }) => id),
    );
    const removed = gone.filter(({ reason }) => reason === 'removed').map(({ seat }) => seat);
    const seats = [...marked, ...removed.slice(-3)];
    if (seats.length === 0) return;
    const seat = this.office.chance.pick(seats);
    this.withAdminSession((context, actor) => {
      const outcome = undo(context, { seat, actor });
      return outcome.kind === 'undone' ? outcome.draft : null;
    });
  }

  private notify(): void {
    const message = { id: `message-${this.office.nowMs}`, words: 'tea' };
    this.withAdminSession((context, actor) =>
      notify(context, { isChosen: (record) => record.beat % 2 === 0, ...message, actor }),
    );
  }

  private removeOne(id: string): void {
    this.withAdminSession((context, actor) =>
      remove(context, { isChosen: (record) => record.id === id, actor, words: 'why' }),
    );
  }

  /** For a while, or the end of one. A user that is banned gives up. */
  private ban(): void {
    const record = this.anyRecord(() => true);
    if (!record) return;
    const forMs = this.office.plan.intervalMs * this.office.chance.scaled(0.1, 2);
    const { user } = record;
    const words = 'why';
    const isLifted = this.office.chance.is(0.3);
    this.withAdminSession((context, actor) =>
      isLifted ? liftBan(context, { user, actor, words }) : ban(context, { user, forMs, actor, words }).draft,
    );
  }

  /** A seat is kept for a user, or no longer. */
  private reserve(): void {
    const record = this.anyRecord(() => true);
    const seat = record?.seats[0];
    if (!record || !seat) return;
    const reservation = { module: seat.module, user: record.user };
    this.withAdminSession((context, actor) => {
      const kept = reservedSeats(context.licence).get(seat.module) ?? 0;
      const isAll = kept >= (context.policy.modules.get(seat.module)?.maxUsers ?? 0);
      const request = { reservation, actor };
      return liftReservation(context, request) ?? (isAll ? null : reserve(context, request));
    });
  }

  private setInterval(): void {
    const seconds = Math.round((this.office.plan.intervalMs / 1000) * this.office.chance.scaled(0.4, 2));
    this.withAdminSession((context, actor) =>
      changeSettings(context, { changes: { checkIntervalSeconds: seconds }, actor }),
    );
    this.office.noteInterval(seconds * 1000);
  }

  private setOnDemand(): void {
    const { answerMs } = this.office.plan;
    const seconds = Math.max(
      20,
      Math.round(((answerMs ?? 20_000) / 1000) * this.office.chance.scaled(0.5, 4)),
    );
    const onDemand = this.office.chance.is(0.3) ? undefined : { answerWithinSeconds: seconds };
    this.withAdminSession((context, actor) => changeSettings(context, { changes: { onDemand }, actor }));
  }

  private setLevel(): void {
    const level = this.office.chance.pick(['light', 'heartbeat', 'heartbeat'] as const);
    this.withAdminSession((context, actor) => changeSettings(context, { changes: { level }, actor }));
  }

  /** One command of the administrator's, in a process of its own. */
  private withAdminSession(change: (context: ChangeContext, actor: string) => Draft | null): void {
    const process = this.office.enter(this.anyHost(), 'admin');
    const act = async () => {
      const { store } = await process.ask(
        'open',
        COMMAND_MS + 30_000,
        openStore(FACE, process.user.system()),
      );
      process.listen(store);
      const limits = { untilMs: process.user.clock.elapsedMs() + COMMAND_MS };
      const done = store.commit((context) => ({ answer: null, draft: change(context, process.who) }), limits);
      await process.ask('commit', COMMAND_MS + 30_000, done);
      await store.settled();
    };
    void act()
      .catch((error: unknown) => this.fault(process, error))
      .finally(() => this.office.kill(process));
  }

  /**
   * Its view of the share is not as it was at the beginning: one thing at a time, or the end of one would mend another.
   */
  private isAffected(host: Host): boolean {
    const { state } = host.client;
    return this.office.outage.isOn || state.cut !== null || state.unwritable !== null || this.slow.has(host);
  }

  private isAnyAffected(): boolean {
    return this.office.hosts.some((host) => this.isAffected(host));
  }

  // --- well-meant interventions --------------------------------------------------------------------------------------

  private loseFolder(): void {
    this.lose(null, () => this.office.world.server.removeTree(FOLDER));
  }

  /** Just after an instance was seated that the others have not seen yet. */
  private loseNewSeat(): void {
    this.office.onSeated = () => this.after(this.office.chance.scaled(100, 3000), () => this.loseFolder());
  }

  /** Just after an instance was removed that some of the others have seen. */
  private loseRemoval(): void {
    this.remove();
    this.after(this.office.plan.intervalMs * this.office.chance.between(0.03, 0.1), () => this.loseFolder());
  }

  private damageTop(): void {
    const { server } = this.office.world;
    this.lose(null, () =>
      server.scribble(`${FOLDER}/${numberName(this.office.truth.revision)}/licence.json`, '{"f'),
    );
  }

  /** The server has forgotten the last one or two revisions: by chance some have seen them, and all go on. */
  private loseFew(): void {
    this.forget(2);
  }

  /** Up to eight, in which people came, went and died, just before. */
  private loseSome(): void {
    const { chance, plan } = this.office;
    for (let n = chance.whole(1, 3); n > 0; n--) chance.pick([this.kill, this.leave, this.remove]).call(this);
    this.after(plan.intervalMs * chance.between(0, 0.15), () => this.forget(8));
  }

  private loseMany(): void {
    this.forget(30);
  }

  /**
   * The newest revisions are gone, up to this many, and nothing else. Half of the time an instance comes just then that
   * knows nothing of them. Sometimes the computer of the last writer is cut off, or the licence file is as old as the
   * rest.
   */
  private forget(most: number): void {
    const { chance, truth, world, isQuiet } = this.office;
    const { server } = world;
    const count = chance.whole(1, most);
    const older = server.isThere(FOLDER) ? this.licenceAt(truth.revision - count) : null;
    if (isQuiet || truth.isShaken || older === null || this.isAnyAffected()) return;
    const knower = this.office.hostNamed(truth.lastKey.split('/')[0] ?? '');
    this.office.trace.note('LOST', `${count} revisions, down to ${older.revision}`);
    if (chance.is(0.3)) server.scribble(FACE, formatLicence(older, 'pretty'));
    for (let n = 0; n < count; n++) server.removeTree(`${FOLDER}/${numberName(truth.revision - n)}`);
    truth.lose(older);
    if (knower && chance.is(0.3)) this.cut(knower);
    for (let n = chance.pick([0, 0, 1, 2]); n > 0; n--) this.newcomer();
  }

  /** An instance that has never been there, for a while. */
  private newcomer(): void {
    const { chance, people, hosts } = this.office;
    const { plan } = chance.pick(people);
    const other = {
      ...plan,
      name: `n${++this.newcomers}`,
      host: chance.whole(0, hosts.length - 1),
      names: {},
    };
    const comer = new Person(this.office, other);
    this.after(this.span(), () => void comer.leave(Number.POSITIVE_INFINITY).catch(() => undefined));
    comer.start();
  }

  /** The whole folder as it was some time ago. */
  private oldFolder(): void {
    const { server } = this.office.world;
    if (!server.isThere(FOLDER)) return;
    const backup = `/backup-${this.nowMs}`;
    const { lineage, revision } = this.office.truth.table;
    server.copyTree(FOLDER, backup);
    this.after(this.office.plan.intervalMs * this.office.chance.scaled(0.05, 2), () => {
      const { table } = this.office.truth;
      if (this.office.isQuiet || table.lineage !== lineage || table.revision === revision) return;
      const older = this.documentAt(`${backup}/${numberName(revision)}/licence.json`);
      this.lose(older, () => {
        server.removeTree(FOLDER);
        server.copyTree(backup, FOLDER);
      });
    });
  }

  /** Only licence.json as it was some time ago: nothing follows from it. */
  private oldFace(): void {
    const { server } = this.office.world;
    if (!server.isThere(FACE)) return;
    const text = server.readText(FACE);
    this.after(this.span(), () => {
      if (!this.office.truth.isShaken && server.isThere(FACE)) server.scribble(FACE, text);
    });
  }

  /** The mount has gone: everybody sees an empty directory where the share was, and then the share again. */
  private unmounted(): void {
    const { world, outage, away, truth } = this.office;
    const { server } = world;
    const around = nodePath.posix.dirname(FACE);
    const { semantics } = this.office.plan;
    if (/nfs/i.test(semantics)) return; // these write on by handle in what was only renamed here
    if (truth.isShaken || this.isAnyAffected() || !this.moveAway(around)) return;
    this.during(
      'unmounted',
      'share',
      () => {
        outage.begin(this.nowMs);
        away.begin(this.nowMs);
        server.makeDirectory(around);
        server.setMode(around, server.stat('/elsewhere').mode);
      },
      () => {
        if (server.isThere(FOLDER) || server.isThere(FACE))
          this.office.report('written where the share was', server.list(around).join(', '));
        server.removeTree(around);
        server.rename('/elsewhere', around);
        outage.end(this.nowMs);
        away.end(this.nowMs);
      },
    );
  }

  /** Out of the way, unless a file in it is open at this instant. */
  private moveAway(around: string): boolean {
    try {
      this.office.world.server.rename(around, '/elsewhere');
      return true;
    } catch {
      return false;
    }
  }

  /**
   * One loss at a time. `older`: what is left can be read, and instances that have not seen 16 or more above it go on
   * from it. Otherwise no instance can write until the table is rebuilt, and every instance has had its look.
   */
  private lose(older: Licence | null, happen: () => void): void {
    const { truth, outage, world } = this.office;
    const isFace = world.server.isThere(FACE);
    if (truth.isShaken || truth.revision === 0 || !isFace || this.isAnyAffected()) return;
    if (older === null) outage.begin(this.nowMs);
    happen();
    truth.lose(older);
  }

  /** Null where it is not there, or cut off. */
  private licenceAt(number: number): Licence | null {
    return number < 0 ? null : this.documentAt(`${FOLDER}/${numberName(number)}/licence.json`);
  }

  private documentAt(document: string): Licence | null {
    const { server } = this.office.world;
    const text = server.isThere(document) ? server.readText(document) : '';
    return text.trimEnd().endsWith('}') ? (JSON.parse(text) as Licence) : null;
  }

  /** Where no instance is alive that would: the administrator, with `seatfile repair`. */
  private repair(): void {
    if (this.office.truth.lostSinceMs === null) return;
    const process = this.office.enter(this.anyHost(), 'admin');
    const act = async () => {
      const { store } = await locateStore(FACE, process.user.system());
      await store.repair({ untilMs: process.user.clock.elapsedMs() + COMMAND_MS });
      await store.settled();
    };
    void act()
      .catch((error: unknown) => this.fault(process, error))
      .finally(() => this.office.kill(process));
    this.after(REPAIR_AGAIN_MS, () => this.repair()); // something may have kept it open
  }

  // --- small things -------------------------------------------------------------------------------------------------

  private get nowMs(): number {
    return this.office.nowMs;
  }

  private fault(process: Process, error: unknown): void {
    this.office.checkFault(process.who, error);
  }

  /** How long something lasts: from a moment to a few check intervals. */
  private span(): number {
    return this.office.plan.intervalMs * this.office.chance.scaled(...this.office.plan.span);
  }

  private after(ms: number, act: () => void): void {
    if (Number.isFinite(ms)) this.office.world.timeline.at(this.nowMs + ms, act);
  }

  /** From now until some time later, or until everything is mended. */
  private during(what: string, who: string, begin: () => void, end: () => void, forMs = this.span()): void {
    const undo = () => {
      if (!this.undone.delete(undo)) return;
      this.office.trace.note(who, `is no longer ${what}`);
      end();
    };
    this.undone.add(undo);
    this.office.trace.note(who, `is ${what}`);
    begin();
    this.after(forMs, undo);
  }

  /** What befalls one computer; a `blind` one sees nothing of the share meanwhile. */
  private trouble(
    what: string,
    host: Host,
    begin: () => void,
    end: () => void,
    { isBlind = false, forMs = this.span() } = {},
  ): void {
    let blinded: Process[] = [];
    this.during(
      what,
      host.name,
      () => {
        if (isBlind) blinded = this.office.processesOn(host);
        for (const process of blinded) process.blind.begin(this.nowMs);
        this.office.beginTrouble(host);
        begin();
      },
      () => {
        end();
        this.office.endTrouble(host);
        for (const process of blinded) process.blind.end(this.nowMs);
      },
      forMs,
    );
  }

  private anyHost(): Host {
    return this.office.chance.pick(this.office.hosts);
  }

  private anyPerson(): Person | undefined {
    const there = this.office.people.filter((person) => person.process?.user.isAlive);
    return there.length === 0 ? undefined : this.office.chance.pick(there);
  }

  private anyProcess(isMeant: (process: Process) => boolean = () => true): Process | undefined {
    const running = this.office.people.flatMap(({ process }) =>
      process?.isRunning && isMeant(process) ? [process] : [],
    );
    return running.length === 0 ? undefined : this.office.chance.pick(running);
  }

  private anyRecord(isMeant: (record: Licence['instances'][number]) => boolean) {
    const records = this.office.truth.table.instances.filter(isMeant);
    return records.length === 0 ? undefined : this.office.chance.pick(records);
  }
}
