import type { Step } from './explore.js';
import { childOf, isFree, type Placed, place, readable } from './folder.js';
import type { Rules, Setting } from './setting.js';
import {
  ageOf,
  appliedBits,
  first,
  idle,
  type Left,
  latestOf,
  nameOf,
  type Process,
  type ProcessPlace,
  type Revision,
  type State,
  UNUSED,
} from './state.js';

type Steps = Step<State>[];

/** What one process can do next. */
export class Turn {
  private readonly setting: Setting;
  private readonly rules: Rules;
  private readonly state: State;
  private readonly self: number;
  private readonly process: Process;

  constructor(setting: Setting, rules: Rules, state: State, self: number) {
    this.setting = setting;
    this.rules = rules;
    this.state = state;
    this.self = self;
    this.process = state.processes[self] as Process;
  }

  steps(): Steps {
    const { listed, held } = this.process;
    switch (this.process.at) {
      case 'start':
        return this.begins();
      case 'listed':
        return this.reads(listed, '');
      case 'read':
        return this.listsAgain('listed', () => this.uses(held as Revision, listed, 'lists again: the same'));
      case 'ready':
        return this.renames();
      case 'looking':
        return this.looks();
      case 'confirm':
        return this.confirms();
      case 'confirmListed':
        return this.readsAfterwards(listed, '');
      case 'confirmRead':
        return this.listsAgain('confirmListed', () =>
          this.judges(held as Revision, listed, 'lists again: the same'),
        );
      case 'child':
        return this.asksChild();
      case 'done':
      case 'refused':
      case 'over':
        return [];
    }
  }

  /** The state after a change of this process. */
  becomes(label: string, change: Partial<Process>, state: State = this.state): Step<State> {
    const processes = state.processes.with(this.self, { ...this.process, ...change });
    return { label: `${nameOf(this.self)} ${label}`, next: { ...state, processes } };
  }

  /** The state after its end: which revision was of which attempt no longer matters. */
  ends(label: string, at: ProcessPlace): Step<State> {
    const change = { ...idle, at, left: this.leftBehind() };
    return this.becomes(label, change, this.forgotten());
  }

  private after(change: Partial<Process>): Turn {
    return new Turn(this.setting, this.rules, this.becomes('', change).next, this.self);
  }

  /** No process recognises the commit id of an attempt that is over. */
  private forgotten(): State {
    if (!isNamed(this.state, this.self + 1)) return this.state;
    const name = this.self + 1;
    const forget = <Kind extends Revision | null>(revision: Kind): Kind => {
      if (!revision || (revision.author !== name && revision.parent !== name)) return revision;
      const { author, parent } = revision;
      return { ...revision, author: author === name ? 0 : author, parent: parent === name ? 0 : parent };
    };
    const processes = this.state.processes.map((process) => ({
      ...process,
      stage: forget(process.stage),
      held: forget(process.held),
      left: process.left.map((one) => ({ ...one, revision: forget(one.revision) })),
    }));
    return { ...this.state, folder: this.state.folder.map(forget), processes };
  }

  /** The stage of an attempt matters after it only if a request may still move it. */
  private leftBehind(): Left[] {
    const { stage, sent, target, left } = this.process;
    if (!stage || !sent) return [...left];
    const one = { revision: { ...stage, author: 0 }, target };
    return [...left, one].sort((a, b) => a.target - b.target || a.revision.applied - b.revision.applied);
  }

  // Before the rename.

  private begins(): Steps {
    const { attempt } = this.process;
    const { refusesByLook, believesEmpty } = this.rules;
    const steps: Steps = [];
    if (attempt > 0 && refusesByLook) steps.push(this.isUnknown());
    if (attempt > 0 && !refusesByLook) steps.push(this.saysNo('gives up at its deadline'));
    if (this.isLast && !refusesByLook) return steps;
    if (believesEmpty !== 'never')
      steps.push(...this.uses(first, 0, 'is shown an empty folder, and starts from the licence as issued'));
    return [...steps, ...this.shown().flatMap((number) => this.listsBefore(number))];
  }

  private get isLast(): boolean {
    return this.process.attempt === this.setting.attempts;
  }

  /** The numbers that a listing may end with. */
  private shown(): number[] {
    const top = latestOf(this.state);
    const seen = this.rules.mindsSeen ? this.process.seen : 0;
    const lowest = this.setting.stale ? Math.max(this.state.floor, seen) : top;
    return Array.from({ length: Math.max(0, top - lowest + 1) }, (_, index) => top - index);
  }

  private listing(number: number): string {
    return `lists: ${number} is the newest${number < latestOf(this.state) ? ' (an old listing)' : ''}`;
  }

  private listsBefore(number: number): Steps {
    const label = this.listing(number);
    if (!this.setting.pausedLooks) return this.reads(number, label);
    return [this.becomes(label, { at: 'listed', listed: number })];
  }

  private reads(number: number, before: string): Steps {
    const label = joined(before, `reads ${number}`);
    const gone = this.becomes(`${label}: it is gone`, { at: 'start' });
    const revision = this.isOld(number) ? UNFOLLOWED : readable(this.state, number);
    if (!revision) return [gone];
    const found = this.finds(revision, number, label);
    return this.isOld(number) ? [gone, ...found] : found;
  }

  private isOld(number: number): boolean {
    return this.setting.loose && number < this.state.floor;
  }

  private finds(revision: Revision, number: number, label: string): Steps {
    if (!this.rules.looksAgain || this.process.attempt === 0) return this.uses(revision, number, label);
    return [this.becomes(label, { at: 'read', listed: number, held: revision })];
  }

  private listsAgain(at: ProcessPlace, goOn: () => Steps): Steps {
    const { listed } = this.process;
    return this.shown().flatMap((number) =>
      number === listed
        ? goOn()
        : [this.becomes(`lists again: ${number} is the newest by now`, { at, listed: number, held: null })],
    );
  }

  /** Looks for its change in the base, applies it, and writes the stage. */
  private uses(base: Revision, number: number, label: string): Steps {
    const { attempt, firstAim } = this.process;
    if (attempt > 0 && this.remembers(base))
      return [this.ends(`${label}, which holds its change: says "done"`, 'done')];
    if (firstAim !== UNUSED && number - firstAim >= this.setting.mostAbove)
      return [this.ends(`${label}, too far above its first attempt: says "unknown"`, 'over')];
    const no = this.saysNo(`${label}; the change does not apply to it, or it is late`);
    return this.isLast ? [no] : [no, this.writes(base, number, label)];
  }

  private writes(base: Revision, number: number, label: string): Step<State> {
    const bits = appliedBits(base, this.self);
    const bit = this.rules.oneChangeId ? (bits === 0 ? 1 : 2) : 1 << this.process.attempt;
    const stage = childOf(base, this.self, bit, this.setting);
    const seen = Math.max(this.process.seen, number);
    const ready = { at: 'ready', stage, target: number + 1, held: null, seen } as const;
    return this.becomes(`${label}, and writes its stage`, ready);
  }

  private remembers(revision: Revision): boolean {
    const bits = appliedBits(revision, this.self);
    if (!this.rules.oneChangeId) return (bits & (1 << this.process.attempt)) > 0;
    return bits > 0 && ageOf(revision, this.self) < this.setting.remembers;
  }

  private saysNo(label: string): Step<State> {
    return this.process.doubtful
      ? this.ends(`${label}: says "unknown"`, 'over')
      : this.ends(`${label}: says "not done"`, 'refused');
  }

  // The rename.

  private renames(): Steps {
    const { stage, target } = this.process;
    if (this.rules.aimsAnew && target !== latestOf(this.state) + 1) return [this.aimsAnew()];
    const isFreeNow = isFree(this.state, target) || this.isOld(target);
    const isTaken = !isFree(this.state, target) || this.isOld(target);
    const steps: Steps = [];
    if (stage && isFreeNow) steps.push(this.publishes(stage, target));
    if (!stage || isTaken || this.setting.late) steps.push(this.isAnswered('an error', {}));
    const isSame = this.rules.refusesBySetAside; // then silence allows nothing that an error does not
    if (this.setting.late && !isSame) steps.push(this.isAnswered('nothing', { unsaid: true }));
    return steps;
  }

  private aimsAnew(): Step<State> {
    const { stage } = this.process;
    const target = latestOf(this.state) + 1;
    const change = { target, stage: stage && { ...stage, chained: false } };
    return this.becomes(`lists again, and aims at ${target} without reading what is below it`, change);
  }

  private publishes(stage: Revision, target: number): Step<State> {
    const { state, breaks }: Placed = this.isOld(target)
      ? { state: this.state }
      : place(this.state, stage, target);
    const label = `renames its stage to ${target}: done`;
    const next = new Turn(this.setting, this.rules, state, this.self).hasPlaced(label, { stage: null });
    return { ...next, breaks: next.breaks ?? breaks };
  }

  private hasPlaced(label: string, change: Partial<Process>): Step<State> {
    if (!this.rules.confirms) {
      const left = this.after(change);
      return left.ends(`${label}; says "done"`, 'done');
    }
    const seen = Math.max(this.process.seen, this.process.target);
    return this.becomes(label, { ...change, at: 'confirm', placed: true, seen });
  }

  private isAnswered(answer: string, change: Partial<Process>): Step<State> {
    const { target } = this.process;
    const label = `renames its stage to ${target}, and hears ${answer}`;
    const sent = this.setting.late;
    if (!this.rules.trustsErrors) return this.becomes(label, { at: 'looking', sent, ...change });
    const asked = this.after({ sent });
    return asked.ends(`${label}: says "not done"`, 'refused');
  }

  /** Step 7: by what is there. */
  private looks(): Steps {
    const isOld = this.isOld(this.process.target);
    const there = isOld ? null : readable(this.state, this.process.target);
    const steps: Steps = [];
    const isOwn = there?.author === this.self + 1;
    if (isOld || isOwn) steps.push(this.hasPlaced('finds its own revision under the number', {}));
    if (isOld || (there && !isOwn) || this.mayShowAnothers) steps.push(...this.isBeaten());
    if (this.setting.late) steps.push(this.becomes('cannot look', { at: 'ready' }), this.isUnknown());
    return there && !this.mayBeUnseen ? steps : [...steps, ...this.seesNothing()];
  }

  /** An old look shows what had the number first. */
  private get mayShowAnothers(): boolean {
    const { target, landed } = this.process;
    return this.setting.stale && target < this.state.floor && !landed;
  }

  /** An old look shows nothing yet. */
  private get mayBeUnseen(): boolean {
    const { target } = this.process;
    return this.setting.stale && (target > this.state.floor || !this.state.folder[target]?.chained);
  }

  private seesNothing(): Steps {
    const { stale } = this.setting;
    const steps: Steps = [];
    if (this.process.stage || stale) steps.push(...this.findsNobodys());
    if (!this.process.stage || stale)
      steps.push(this.becomes('sees neither the number nor its stage', { at: 'confirm', placed: false }));
    return steps;
  }

  private isUnknown(): Step<State> {
    return this.ends('says "unknown"', 'over');
  }

  private isBeaten(): Steps {
    const label = "finds another's revision under the number";
    const aside = this.after({ stage: null });
    const steps: Steps = [];
    if (this.process.stage) steps.push(aside.startsAnew(`${label}, and sets its stage aside`, false));
    if (!this.process.stage || this.setting.late)
      steps.push(this.startsAnew(`${label}, and cannot set its stage aside`, this.rules.doubtsBeaten));
    return steps;
  }

  private findsNobodys(): Steps {
    const label = 'sees its stage and nothing under the number';
    const again = this.becomes(`${label}, and tries again`, { at: 'ready' });
    if (this.rules.emptiesInPlace) return [again, ...this.emptiesStage(label)];
    return this.process.unsaid ? [again, this.isUnknown()] : [again, ...this.givesUp(label)];
  }

  private givesUp(label: string): Steps {
    const aside = this.after({ stage: null });
    const steps: Steps = [];
    if (this.process.stage) steps.push(aside.hasFailed(`${label}, gives up, and sets its stage aside`));
    const failed = `${label}, gives up, and cannot set its stage aside`;
    if (!this.process.stage || this.setting.late)
      steps.push(
        this.rules.refusesBySetAside ? this.ends(`${failed}: says "unknown"`, 'over') : this.saysNo(failed),
      );
    return steps;
  }

  /** After a first attempt it looks for its change once more before it says so. */
  private hasFailed(label: string): Step<State> {
    const looks = this.rules.refusesByLook && this.process.attempt > 0;
    return looks ? this.startsAnew(label, false, this.setting.attempts) : this.saysNo(label);
  }

  private emptiesStage(label: string): Steps {
    if (!this.process.stage) return [];
    const stage = { ...this.process.stage, hollow: true };
    const emptied = this.after({ stage });
    return [emptied.ends(`${label}, gives up, and deletes the document inside of the stage`, 'over')];
  }

  // After the rename.

  private confirms(): Steps {
    const steps = this.shown().flatMap((number) => this.listsAfterwards(number));
    if (this.rules.believesEmpty === 'always' && this.process.placed)
      steps.push(this.ends('is shown an empty folder, so nobody else is there: says "done"', 'done'));
    if (this.setting.late) steps.push(this.isUnknown());
    return steps;
  }

  private listsAfterwards(number: number): Steps {
    const { placed, target } = this.process;
    const label = this.listing(number);
    if (this.rules.looksAgain && placed && number === target)
      return [this.ends(`${label}, its own number: says "done"`, 'done')]; // a listing's end was never cleared away
    if (!this.setting.pausedLooks) return this.readsAfterwards(number, label);
    return [this.becomes(label, { at: 'confirmListed', listed: number })];
  }

  private readsAfterwards(number: number, before: string): Steps {
    const label = joined(before, `reads ${number}`);
    const gone = this.becomes(`${label}: it is gone`, { at: 'confirm' });
    const revision = this.isOld(number) ? UNFOLLOWED : readable(this.state, number);
    if (!revision) return [gone];
    const found = this.findsAfterwards(revision, number, label);
    return this.isOld(number) ? [gone, ...found] : found;
  }

  private findsAfterwards(revision: Revision, number: number, label: string): Steps {
    if (!this.rules.looksAgain) return this.judges(revision, number, label);
    return [this.becomes(label, { at: 'confirmRead', listed: number, held: revision })];
  }

  private judges(revision: Revision, number: number, label: string): Steps {
    const { placed, target } = this.process;
    if (this.remembers(revision)) return [this.ends(`${label}, which holds its change: says "done"`, 'done')];
    const seen = Math.max(this.process.seen, number);
    const knowing = this.after({ seen, held: null });
    if (number - target < this.setting.mostAbove)
      return [knowing.startsAnew(`${label}, which does not hold its change`, !placed)];
    if (!this.rules.asksChild) return [this.ends(`${label}, too far above: says "unknown"`, 'over')];
    return [knowing.becomes(`${label}, too far above to tell`, { at: 'child' })];
  }

  private asksChild(): Steps {
    const number = this.process.target + 1;
    const child = readable(this.state, number);
    const unknown = this.ends(`finds no ${number}: says "unknown"`, 'over');
    if (!child) return [unknown];
    const told =
      child.parent === this.self + 1
        ? this.ends(`finds that ${number} follows its own revision: says "done"`, 'done')
        : this.startsAnew(`finds that ${number} follows another's revision`, !this.process.placed);
    return this.setting.stale ? [told, unknown] : [told];
  }

  private startsAnew(
    label: string,
    isDoubtful: boolean,
    attempt: number = this.process.attempt + 1,
  ): Step<State> {
    const { seen } = this.process;
    const doubtful = this.process.doubtful || isDoubtful;
    const fresh = { ...idle, attempt, seen, doubtful, firstAim: this.firstAim };
    return this.becomes(label, { ...fresh, ...this.stageKept(), left: this.leftBehind() }, this.forgotten());
  }

  /** Kept only where something depends on it. */
  private get firstAim(): number {
    const { firstAim, target } = this.process;
    const matters = this.rules.mindsForgetting && Number.isFinite(this.setting.remembers);
    return firstAim !== UNUSED || !matters ? firstAim : target;
  }

  /** A process that uses one name again finds there what it left, and empties it. */
  private stageKept(): Partial<Process> {
    const { stage, sent } = this.process;
    return this.rules.newStageNames || !stage || !sent
      ? {}
      : { stage: { ...stage, hollow: true, author: 0 } };
  }
}

function isNamed({ folder, processes }: State, name: number): boolean {
  const isOf = (revision: Revision | null) => revision?.author === name || revision?.parent === name;
  return (
    folder.some(isOf) ||
    processes.some(({ stage, held, left }) => isOf(stage) || isOf(held) || left.length > 0)
  );
}

/** What may stand under a number so old that nothing follows from it. */
const UNFOLLOWED: Revision = { ...first, chained: false };

const joined = (before: string, then: string): string => (before === '' ? then : `${before}; ${then}`);
