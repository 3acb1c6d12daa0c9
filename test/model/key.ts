import type { Rules, Setting } from './setting.js';
import {
  ageOf,
  appliedBits,
  idle,
  isLive,
  type Left,
  latestOf,
  type Process,
  type ProcessPlace,
  places,
  type Revision,
  type State,
  timesApplied,
  UNUSED,
} from './state.js';

/**
 * A state as a short text of small numbers. States that differ in nothing that can still matter have the same text.
 * Left out are: a revision, a stage or a request that no process can meet again; a process that has ended, was told
 * right, and has nothing on its way; numbers below the lowest that any process can meet. Processes are alike, so they
 * are put in an order that does not depend on their names. If that is a tie, states that are alike may get different
 * keys: more to walk, none left out.
 */
export class Keys {
  private readonly usesChildren: boolean;
  /** Whether what stands under a number that was cleared away may be read. */
  private readonly readsRefilled: boolean;
  /** Whether a stage may become the newest revision although its number is not the next now. */
  private readonly movesStages: boolean;
  /** Whether what was right when it was told stays right: not where the chain itself breaks. */
  private readonly forgets: boolean;
  /** Whether a number means more than how it stands to the others: all are kept. */
  private readonly keepsNumbers: boolean;
  private readonly isStale: boolean;
  private readonly isLoose: boolean;

  constructor(setting: Setting, rules: Rules) {
    this.usesChildren = rules.asksChild && Number.isFinite(setting.mostAbove);
    this.readsRefilled = setting.pausedLooks || rules.looksAgain || !rules.waitsToClear || this.usesChildren;
    this.forgets = !rules.clearsNewest && !rules.aimsAnew;
    this.keepsNumbers = rules.believesEmpty !== 'never' || rules.clearsNewest;
    this.movesStages = !rules.newStageNames || rules.aimsAnew || this.keepsNumbers;
    this.isStale = setting.stale;
    this.isLoose = setting.loose;
  }

  keyOf(state: State): string {
    const sight = this.sightOf(state);
    const { low, order } = sight;
    const out = [state.floor - low, state.others, order.length, state.folder.length - low];
    for (let number = low; number < state.folder.length; number++)
      write(out, state.folder[number] ?? null, sight, sight.meets[number] ?? NEVER);
    for (const self of order) writeProcess(out, state, self, sight);
    return String.fromCharCode(...out);
  }

  private sightOf(state: State): Sight {
    const meets = this.meetings(state);
    const top = latestOf(state);
    const lefts = state.processes.map(({ left }) =>
      this.isLoose
        ? left.filter(({ target }) => target > top)
        : left.filter(({ target }) => this.movesStages || target >= state.floor || meets[target] !== NEVER),
    );
    for (const { target } of lefts.flat())
      if (target <= top && meets[target] === NEVER) meets[target] = RENAMING;
    const forgotten = state.processes.map(
      (one, self) => this.forgets && isForgotten(state, one, self, lefts[self] ?? [], meets),
    );
    const knows = state.processes.map(
      ({ at }) => at === 'ready' || at === 'looking' || (this.usesChildren && targetAt.includes(at)),
    );
    const stays = (target: number): Meeting => {
      if (target > top || this.movesStages) return READING;
      if (this.isLoose) return RENAMING;
      if (!this.readsRefilled || (target < state.floor && meets[target] !== READING)) return RENAMING;
      return READING;
    };
    const { isStale, isLoose, movesStages } = this;
    const lowest = () => (this.keepsNumbers ? 0 : lowestMet(state, meets, forgotten, lefts));
    const low = this.isLoose ? Math.max(0, state.floor - 2) : lowest();
    const sight: Sight = {
      meets,
      lefts,
      forgotten,
      knows,
      stays,
      isStale,
      isLoose,
      movesStages,
      low,
      order: [],
    };
    sight.order = orderOf(state, sight);
    return sight;
  }

  /** Ended processes and what they left on its way are not asked: alone they can do no harm below the floor. */
  private meetings(state: State): Meeting[] {
    const top = latestOf(state);
    const meets: Meeting[] = [];
    for (let number = 0; number <= top; number++)
      meets.push(number >= state.floor || number === top || this.keepsNumbers ? READING : NEVER);
    const mark = (number: number, how: Meeting) => {
      if (number <= top && (meets[number] ?? NEVER) < how) meets[number] = how;
    };
    for (const { at, listed, target, stage } of state.processes) {
      if (this.isLoose) continue;
      const isBefore = at === 'listed' || at === 'read';
      if (listedAt.includes(at)) mark(listed, READING);
      if (isBefore) mark(listed + 1, RENAMING);
      if (at === 'ready' || at === 'looking' || (targetAt.includes(at) && stage)) mark(target, RENAMING);
      if (this.usesChildren && isBefore) mark(listed + 2, READING);
      if (this.usesChildren && targetAt.includes(at)) mark(target + 1, READING);
    }
    return meets;
  }
}

/** How a process can meet a number: not at all, only by renaming onto it, or by reading it. */
type Meeting = 0 | 1 | 2;
const NEVER = 0;
const RENAMING = 1;
const READING = 2;

interface Sight {
  readonly meets: readonly Meeting[];
  /** Of each process, the requests on their way that a process can meet. */
  readonly lefts: readonly (readonly Left[])[];
  readonly forgotten: readonly boolean[];
  /** Whether a process would recognise the revision of its attempt. */
  readonly knows: readonly boolean[];
  /** How a stage can be met, once it has that number. */
  readonly stays: (target: number) => Meeting;
  readonly isStale: boolean;
  readonly isLoose: boolean;
  readonly movesStages: boolean;
  readonly low: number;
  order: readonly number[];
}

const listedAt: readonly ProcessPlace[] = ['listed', 'read', 'confirmListed', 'confirmRead'];
const targetAt: readonly ProcessPlace[] = [
  'ready',
  'looking',
  'confirm',
  'confirmListed',
  'confirmRead',
  'child',
];

/** A process that has ended, was told right, and has nothing on its way that could change that. */
function isForgotten(
  state: State,
  process: Process,
  self: number,
  left: readonly Left[],
  meets: readonly Meeting[],
): boolean {
  if (isLive(process) || left.length > 0) return false;
  if (process.at === 'over') return true;
  const newest = state.folder.at(-1);
  if (process.at === 'done')
    return newest !== undefined && newest !== null && timesApplied(newest, self) === 1;
  return state.folder.every(
    (one, number) => !one || meets[number] !== READING || appliedBits(one, self) === 0,
  );
}

function lowestMet(
  state: State,
  meets: readonly Meeting[],
  forgotten: readonly boolean[],
  lefts: readonly (readonly Left[])[],
): number {
  const met = meets.findIndex((how) => how !== NEVER);
  let low = Math.min(state.floor, met);
  for (const [self, process] of state.processes.entries()) {
    if (forgotten[self]) continue;
    if (targetAt.includes(process.at)) low = Math.min(low, process.target);
    if (process.firstAim !== UNUSED) low = Math.min(low, process.firstAim);
    for (const { target } of lefts[self] ?? []) low = Math.min(low, target);
  }
  return low;
}

/** Which process comes first, second ... in the key. */
function orderOf(state: State, sight: Sight): number[] {
  const signs = state.processes.map((_, self) => signOf(state, self, sight));
  return signs.map((_, self) => self).sort((a, b) => compare(signs[a] ?? '', signs[b] ?? ''));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What tells a process from another without naming a third: where it stands, and where its own change is. */
function signOf(state: State, self: number, sight: Sight): string {
  const out: number[] = [];
  writeStanding(out, state, self, sight);
  if (sight.forgotten[self]) return String.fromCharCode(...out);
  for (let number = sight.low; number < state.folder.length; number++)
    out.push(signIn(state.folder[number] ?? null, sight.meets[number] ?? NEVER, self, sight));
  const { stage, target } = state.processes[self] as Process;
  out.push(stage ? signIn(stage, sight.stays(target), self, sight) : 0);
  for (const left of sight.lefts[self] ?? [])
    out.push(left.target - sight.low, signIn(left.revision, sight.stays(left.target), self, sight));
  return String.fromCharCode(...out);
}

function signIn(revision: Revision | null, how: Meeting, self: number, { knows }: Sight): number {
  if (!revision || how === NEVER) return 0;
  const isOwn = revision.author === self + 1 && knows[self] ? 2 : 1;
  if (how === RENAMING) return isOwn;
  const kind = (revision.hollow ? 128 : 0) + (revision.chained ? 256 : 0);
  return kind + isOwn + 4 * ageOf(revision, self) + 16 * appliedBits(revision, self);
}

function writeStanding(out: number[], state: State, self: number, sight: Sight): void {
  const process = state.processes[self] as Process;
  if (!isLive(process)) {
    out.push(places.indexOf(sight.forgotten[self] ? 'over' : process.at) * 8);
    return;
  }
  const { at, sent, unsaid, landed, placed, doubtful, stage, attempt, seen, firstAim } = process;
  const isRenaming = at === 'ready' || at === 'looking';
  const asked =
    (sent && stage ? 1 : 0) +
    (unsaid && isRenaming ? 2 : 0) +
    (landed && isRenaming && !sight.isLoose ? 4 : 0);
  const from = sight.low - 1; // written one higher, for 0 is a number not in use
  out.push(places.indexOf(at) * 8 + asked, attempt * 4 + (placed ? 1 : 0) + (doubtful ? 2 : 0));
  out.push(sight.isStale ? Math.max(seen, state.floor) - from : 0);
  const { listed, target } = sight.isLoose ? oldAlike(process, state.floor) : process;
  out.push(listedAt.includes(at) ? listed - from : 0, targetAt.includes(at) ? target - from : 0);
  out.push(firstAim === UNUSED ? 0 : Math.max(1, firstAim - from));
}

/** Where old numbers are not kept, all that matters of them is that they are old, and which is the higher. */
function oldAlike({ at, listed, target }: Process, floor: number): { listed: number; target: number } {
  if (at === 'listed' || at === 'read') return { listed: Math.max(listed, floor - 2), target };
  const isLower = listedAt.includes(at) && target < listed;
  const old = isLower ? floor - 2 : floor - 1;
  return { listed: Math.max(listed, floor - 1), target: target < floor ? old : target };
}

function writeProcess(out: number[], state: State, self: number, sight: Sight): void {
  writeStanding(out, state, self, sight);
  const { at, stage, held, target } = state.processes[self] as Process;
  const lefts = sight.lefts[self] ?? [];
  if (isLive(state.processes[self] as Process)) {
    writeStage(out, state, stage, target, sight);
    write(out, held && at === 'confirmRead' ? ownIn(held, self) : held, sight, READING);
  }
  out.push(lefts.length);
  for (const one of lefts) {
    out.push(one.target - sight.low);
    writeStage(out, state, one.revision, one.target, sight);
  }
}

/** After the rename only its own change is looked for in what was read. */
const ownIn = (held: Revision, self: number): Revision => ({
  ...held,
  applied: held.applied & (7 << (3 * self)),
  ages: held.ages & (3 << (2 * self)),
  chained: false,
});

/** Below the newest a stage can only become a revision that nothing follows. */
function writeStage(out: number[], state: State, stage: Revision | null, target: number, sight: Sight): void {
  const mayFollow = target > latestOf(state) || sight.movesStages;
  write(out, stage && !mayFollow ? { ...stage, chained: false } : stage, sight, sight.stays(target));
}

function write(out: number[], revision: Revision | null, sight: Sight, how: Meeting): void {
  if (!revision || how === NEVER) {
    out.push(0);
    return;
  }
  const author = renamed(revision.author, sight);
  if (how === RENAMING) {
    out.push(1 + (revision.chained ? 2 : 0) + 8 * author, 0, 0, 0, 0);
    return;
  }
  let applied = 0;
  let ages = 0;
  for (const [index, self] of sight.order.entries()) {
    if (sight.forgotten[self]) continue;
    applied |= appliedBits(revision, self) << (3 * index);
    ages |= ageOf(revision, self) << (2 * index);
  }
  out.push(1 + (revision.chained ? 2 : 0) + (revision.hollow ? 4 : 0) + 8 * author);
  out.push(renamed(revision.parent, sight), applied & 63, applied >> 6, ages);
}

const renamed = (name: number, { knows, order }: Sight): number =>
  name === 0 || !knows[name - 1] ? 0 : order.indexOf(name - 1) + 1;

/** The state that a key was made of, as far as it mattered. */
export function fromKey(key: string): State {
  const bytes = { key, at: 0 };
  const [floor, others, count, length] = [next(bytes), next(bytes), next(bytes), next(bytes)];
  const folder = Array.from({ length }, () => readRevision(bytes));
  const processes = Array.from({ length: count }, () => readProcess(bytes));
  return { folder, floor, others, processes };
}

interface Bytes {
  readonly key: string;
  at: number;
}

const next = (bytes: Bytes): number => bytes.key.charCodeAt(bytes.at++);

function readRevision(bytes: Bytes): Revision | null {
  const flags = next(bytes);
  if (flags === 0) return null;
  const parent = next(bytes);
  const applied = next(bytes) + 64 * next(bytes);
  const ages = next(bytes);
  return { applied, ages, chained: (flags & 2) > 0, author: flags >> 3, parent, hollow: (flags & 4) > 0 };
}

function readProcess(bytes: Bytes): Process {
  const first = next(bytes);
  const at = places[first >> 3] ?? 'over';
  if (!isLive({ ...idle, at })) return { ...idle, at, left: readLefts(bytes) };
  const second = next(bytes);
  const [seen, listed, target, firstAim] = [
    next(bytes) - 1,
    next(bytes) - 1,
    next(bytes) - 1,
    next(bytes) - 1,
  ];
  const asked = { sent: (first & 1) > 0, unsaid: (first & 2) > 0, landed: (first & 4) > 0 };
  const later = { placed: (second & 1) > 0, doubtful: (second & 2) > 0 };
  const [stage, held] = [readRevision(bytes), readRevision(bytes)];
  const numbers = { attempt: second >> 2, seen: Math.max(0, seen), listed, target, firstAim };
  return { at, ...numbers, ...asked, ...later, stage, held, left: readLefts(bytes) };
}

function readLefts(bytes: Bytes): Left[] {
  return Array.from({ length: next(bytes) }, () => ({
    target: next(bytes),
    revision: readRevision(bytes) as Revision,
  }));
}
