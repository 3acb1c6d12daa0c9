import type { Model, Step } from './explore.js';
import { childOf, clear, isFree, place, stuckAmong, wrongWith } from './folder.js';
import { fromKey, Keys } from './key.js';
import type { Rules, Setting } from './setting.js';
import {
  first,
  idle,
  isLive,
  type Left,
  latestOf,
  nameOf,
  type Process,
  type Revision,
  type State,
} from './state.js';
import { Turn } from './turn.js';

/**
 * The commit of `src/store/store.ts` and `src/store/revisions.ts`, one step for each operation at the server and for
 * each decision of a process. What is local (making a stage, writing into it) happens together with the step before.
 */
export function protocol(setting: Setting, rules: Rules): Model<State> {
  const keys = new Keys(setting, rules);
  const around = new Around(setting, rules);
  return {
    initial: {
      folder: [first],
      floor: 0,
      others: setting.others,
      processes: Array.from({ length: setting.processes }, () => idle),
    },
    steps: (state) => around.steps(state),
    wrongWith,
    keyOf: (state) => keys.keyOf(state),
    fromKey,
  };
}

type Steps = Step<State>[];

/** Everything that can happen: to the folder, to the network, to a process, and by it. */
class Around {
  private readonly setting: Setting;
  private readonly rules: Rules;

  constructor(setting: Setting, rules: Rules) {
    this.setting = setting;
    this.rules = rules;
  }

  steps(state: State): Steps {
    const own = state.processes.map((_, self) => new Turn(this.setting, this.rules, state, self).steps());
    const stuck = stuckAmong(state, (self) => (own[self]?.length ?? 0) > 0);
    if (stuck >= 0)
      return [{ label: `${nameOf(stuck)} waits`, next: state, breaks: `${nameOf(stuck)} is stuck` }];
    const happenings = state.processes.flatMap((process, self) => this.happeningsTo(state, process, self));
    return [...own.flat(), ...happenings, ...this.othersCommit(state), ...this.clearings(state)];
  }

  private othersCommit(state: State): Steps {
    const newest = state.folder.at(-1);
    if (state.others === 0 || !newest) return [];
    const number = latestOf(state) + 1;
    const placed = place(state, childOf(newest, -1, 0, this.setting), number);
    return [
      {
        label: `somebody else commits revision ${number}`,
        next: { ...placed.state, others: state.others - 1 },
      },
    ];
  }

  private clearings(state: State): Steps {
    if (!this.setting.clearing) return [];
    const { clearsNewest, waitsToClear } = this.rules;
    const top = latestOf(state);
    const lowest = this.setting.loose ? state.floor : 0;
    const old = [...state.folder.keys()].filter(
      (number) => number >= lowest && state.folder[number] && number < top,
    );
    const steps: Steps = old.map((number) => ({
      label: `somebody clears away number ${number}`,
      next: clear(state, number, waitsToClear),
    }));
    if (clearsNewest && old.length > 0)
      steps.push({ label: `somebody clears away number ${top}, the newest`, next: clear(state, top, false) });
    return steps;
  }

  private happeningsTo(state: State, process: Process, self: number): Steps {
    const steps = this.landings(state, process, self);
    if (!isLive(process)) return steps;
    const turn = new Turn(this.setting, this.rules, state, self);
    if (this.setting.crashes) steps.push(turn.ends('crashes', 'over'));
    const isWaiting = process.at === 'ready' || process.at === 'looking';
    if (this.setting.clearing && isWaiting && process.stage)
      steps.push(
        turn.becomes('has been stopped for so long that its stage is cleared away', { stage: null }),
      );
    return steps;
  }

  /** Requests to rename that are carried out after their process stopped waiting for them. */
  private landings(state: State, process: Process, self: number): Steps {
    const { stage, sent, target, left } = process;
    const steps = left.flatMap((one, index) => this.landingsOf(one, left.toSpliced(index, 1), state, self));
    if (!sent || !stage) return steps;
    if (this.isOld(state, target)) {
      const turn = new Turn(this.setting, this.rules, state, self);
      steps.push(turn.becomes('loses its stage to an old number', { stage: null }));
    } else if (isFree(state, target)) {
      const landed = stage.chained && target > latestOf(state);
      steps.push(this.landing(state, self, stage, target, { stage: null, landed }));
    }
    return steps;
  }

  private landingsOf({ revision, target }: Left, left: Left[], state: State, self: number): Steps {
    if (!isFree(state, target) || this.isOld(state, target)) return [];
    if (this.rules.newStageNames) return [this.landing(state, self, revision, target, { left })];
    const stage = state.processes[self]?.stage;
    if (!stage) return [];
    const moved = { ...stage, hollow: true, chained: true }; // what stands under the name now is not what was meant
    return [this.landing(state, self, moved, target, { left, stage: null })];
  }

  private isOld(state: State, number: number): boolean {
    return this.setting.loose && number < state.floor;
  }

  private landing(
    state: State,
    self: number,
    revision: Revision,
    target: number,
    change: Partial<Process>,
  ): Step<State> {
    const process = { ...(state.processes[self] as Process), ...change };
    const placed = place({ ...state, processes: state.processes.with(self, process) }, revision, target);
    const label = `a request of ${nameOf(self)} arrives late: its stage becomes number ${target}`;
    return { label, next: placed.state, breaks: placed.breaks };
  }
}
