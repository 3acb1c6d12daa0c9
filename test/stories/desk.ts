import { openStore } from '../../src/client/open-store.js';
import type { InstanceRecord, SeatRecord, Settings } from '../../src/licence/document.js';
import { changeSettings, remove } from '../../src/rules/admin.js';
import { notify } from '../../src/rules/messages.js';
import { undo } from '../../src/rules/undo.js';
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
