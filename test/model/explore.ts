/**
 * Walks every state of a model, breadth first, so that the first trouble met is reached by as few steps as any.
 * Knows nothing of what is modelled.
 */
export interface Step<State> {
  /** Which process does what, for people to read. */
  readonly label: string;
  readonly next: State;
  /** What this very step breaks, if anything. */
  readonly breaks?: string | undefined;
}

export interface Model<State> {
  readonly initial: State;
  /** Everything that can happen next. */
  steps(state: State): readonly Step<State>[];
  /** What is wrong with a state, or null. */
  wrongWith(state: State): string | null;
  /** The same text for states between which no future can tell: they are walked once. */
  keyOf(state: State): string;
  /** A state with that key. */
  fromKey(key: string): State;
}

interface Finding {
  readonly broken: string;
  /** One line for each step from the initial state, the breaking one last. */
  readonly trace: readonly string[];
}

export interface Walk {
  /** Different states met. */
  readonly states: number;
  /** The most steps from the initial state to any of them. */
  readonly depth: number;
  /** Null: every state was walked, and nothing is broken in any. */
  readonly finding: Finding | null;
}

/** A set of strings holds no more, and a walk that stops early has proved nothing: it throws. */
const MOST_STATES = 16_000_000;

export function explore<State>(model: Model<State>): Walk {
  const keys = [model.keyOf(model.initial)];
  const cameFrom = [-1];
  const known = new Set(keys);
  let depth = 0;
  let levelEnd = 1;
  for (let at = 0; at < keys.length; at++) {
    if (at === levelEnd) {
      depth++;
      levelEnd = keys.length;
    }
    const state = model.fromKey(keys[at] ?? '');
    for (const { next, breaks } of model.steps(state)) {
      const key = model.keyOf(next);
      if (breaks === undefined && known.has(key)) continue;
      const broken = breaks ?? model.wrongWith(next);
      if (broken !== null) {
        const path = [...pathTo(at, keys, cameFrom), key];
        return { states: known.size, depth, finding: tell(model, path) };
      }
      known.add(key);
      keys.push(key);
      cameFrom.push(at);
    }
    if (known.size > MOST_STATES)
      throw new Error(`more than ${MOST_STATES} states: choose a smaller setting`);
  }
  return { states: known.size, depth, finding: null };
}

function pathTo(last: number, keys: readonly string[], cameFrom: readonly number[]): string[] {
  const path: string[] = [];
  for (let at = last; at >= 0; at = cameFrom[at] ?? -1) path.push(keys[at] ?? '');
  return path.reverse();
}

/**
 * Walks the path again with states as they are: a key may have swapped names and shifted numbers to make states alike.
 */
function tell<State>(model: Model<State>, path: readonly string[]): Finding {
  const trace: string[] = [];
  let state = model.initial;
  let broken: string | null = null;
  for (const key of path.slice(1)) {
    const fitting = model.steps(state).filter(({ next }) => model.keyOf(next) === key);
    const step = fitting.find(({ breaks }) => breaks !== undefined) ?? fitting[0];
    if (!step) throw new Error(`no step leads on after "${trace.at(-1)}": the keys join states that differ`);
    trace.push(step.label);
    state = step.next;
    broken = step.breaks ?? model.wrongWith(state);
  }
  if (broken === null)
    throw new Error('nothing is broken at the end of the trace: the keys join states that differ');
  return { broken, trace };
}
