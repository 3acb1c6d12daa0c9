import { openStore } from '../../src/client/open-store.js';
import type { InstanceRecord, Reservation, SeatRecord, Settings } from '../../src/licence/document.js';
import type { ChangeContext, Draft } from '../../src/licence/revision.js';
import { changeSettings, remove } from '../../src/rules/admin.js';
import { ban, liftBan } from '../../src/rules/bans.js';
import { notify } from '../../src/rules/messages.js';
import { changeModules } from '../../src/rules/modules.js';
import { undo } from '../../src/rules/reinstate.js';
import { liftReservation, reserve } from '../../src/rules/reservations.js';
import type { Change } from '../../src/store/commit.js';
import { HandClock } from '../../src/testing/host-time.js';
import { seededDice } from '../helpers/dice.js';
import { FACE, type Host, type World } from '../helpers/world.js';

/** An administrator at a separate desk: every act is a fresh process that commits one change. */
export class AdminSession {
  readonly name = 'admin@desk';
  private readonly host: Host;
  private acts = 0;

  constructor(world: World) {
    this.host = world.host('desk');
  }

  async remove(
    isChosen: (record: InstanceRecord, seat: SeatRecord) => boolean,
    words: string | null = null,
    gently = false,
  ): Promise<boolean> {
    return await this.commit((context) => {
      const draft = remove(context, { isChosen, gently, actor: this.name, words });
      return { answer: draft !== null, draft };
    });
  }

  /** Gives why not; null: it is undone. */
  async undo(seat: string): Promise<string | null> {
    return await this.commit((context) => {
      const outcome = undo(context, { seat, actor: this.name });
      return outcome.kind === 'undone'
        ? { answer: null, draft: outcome.draft }
        : { answer: outcome.why.reason, draft: null };
    });
  }

  async notify(isChosen: (record: InstanceRecord) => boolean, words: string): Promise<boolean> {
    const id = `message-${this.acts}`;
    return await this.commit((context) => {
      const draft = notify(context, { isChosen, id, words, actor: this.name });
      return { answer: draft !== null, draft };
    });
  }

  async set(changes: Settings): Promise<boolean> {
    return await this.commit((context) => {
      const draft = changeSettings(context, { changes, actor: this.name });
      return { answer: draft !== null, draft };
    });
  }

  async ban(user: string, forMs: number | null, words: string | null): Promise<boolean> {
    return await this.commit((context) => {
      const { draft } = ban(context, { user, forMs, words, actor: this.name });
      return { answer: true, draft };
    });
  }

  async liftBan(user: string): Promise<boolean> {
    return await this.make((context) => liftBan(context, { user, words: null, actor: this.name }));
  }

  async reserve(reservation: Reservation): Promise<boolean> {
    return await this.make((context) => reserve(context, { reservation, actor: this.name }));
  }

  async liftReservation(reservation: Reservation): Promise<boolean> {
    return await this.make((context) => liftReservation(context, { reservation, actor: this.name }));
  }

  async grant(module: string, maxUsers: number): Promise<boolean> {
    const modules = { grants: [{ module, maxUsers }], dropped: [] };
    return await this.make((context) => changeModules(context, { ...modules, actor: this.name }));
  }

  private async make(rule: (context: ChangeContext) => Draft | null): Promise<boolean> {
    return await this.commit((context) => {
      const draft = rule(context);
      return { answer: draft !== null, draft };
    });
  }

  private async commit<A>(change: Change<A>): Promise<A> {
    const { host } = this;
    const { world } = host;
    const clock = new HandClock(host.time);
    const random = seededDice(`${world.seed}/desk/${++this.acts}`);
    const system = {
      ...{ clock, random, files: host.filesOf(clock, random, 1), facts: host.facts('admin'), pid: 1 },
      ...{
        isProcessGone: host.isProcessGone,
        processStart: host.processStart,
        watching: null,
        cacheAgeMs: 0,
        environment: null,
        store: {},
        download: null,
      },
    };
    const { store } = await world.run(openStore(FACE, system));
    const limits = { untilMs: clock.elapsedMs() + 60_000 };
    const { answer } = await world.run(store.commit(change, limits));
    await world.run(store.settled());
    return answer;
  }
}
