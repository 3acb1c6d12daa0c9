import { describe, expect, test } from 'vitest';
import { seededDice } from '../helpers/dice.js';
import { explore, type Model } from './explore.js';
import { protocol } from './protocol.js';
import { quick, walk } from './runs.js';
import { type Setting, shipped } from './setting.js';
import type { State } from './state.js';

describe('every state of the commit protocol', () => {
  test.each(quick.filter(({ breaks }) => breaks === null))(
    '$name: nothing breaks ($size, $includes)',
    (run) => {
      const { finding, states } = walk(run);
      expect(finding).toBeNull();
      expect(states).toBe(run.states); // a walk that has become smaller without a reason proves less
    },
  );

  test.each(quick.filter(({ breaks }) => breaks !== null))('$name: found ($size, $includes)', (run) => {
    const { finding, states } = walk(run);
    expect(finding?.broken).toContain(run.breaks);
    expect(finding?.trace.length).toBe(run.steps);
    expect(states).toBe(run.states);
  });
});

/** What may follow a state, as far as keys tell. */
const futures = (model: Model<State>, state: State): string[] => {
  const key = model.keyOf(state);
  const keys = model.steps(state).map(({ next }) => model.keyOf(next));
  return [...new Set(keys)].filter((one) => one !== key).sort();
};

/** States as they are, along one way that the dice choose, until something breaks. */
function* wander(model: Model<State>, seed: string): Generator<State> {
  const random = seededDice(seed);
  let state = model.initial;
  for (;;) {
    yield state;
    const steps = model.steps(state);
    const step = steps[Math.floor(random.fraction() * steps.length)];
    if (!step || step.breaks !== undefined || model.wrongWith(step.next) !== null) return;
    state = step.next;
  }
}

describe('keys leave out only what cannot matter', () => {
  const runs = quick.flatMap(({ rules, ...run }) => (rules === 'lockedFile' ? [] : [{ ...run, rules }]));
  const wider = (setting: Setting): Setting => ({ ...setting, processes: setting.processes + 1, others: 2 });

  test.each(runs)('$name ($size, $includes)', ({ name, setting, rules }) => {
    const mayBeLoose = rules === shipped && !Number.isFinite(setting.mostAbove);
    for (const loose of mayBeLoose ? [false, true] : [false]) {
      const model = protocol({ ...wider(setting), loose }, rules);
      for (let seed = 1; seed <= 20; seed++)
        for (const state of wander(model, `${name}-${seed}`)) {
          const known = model.fromKey(model.keyOf(state));
          expect(model.keyOf(known)).toBe(model.keyOf(state));
          expect(futures(model, known)).toEqual(futures(model, state));
        }
    }
  });
});

describe('the explorer', () => {
  /** Two counters that may each go up to 3; what breaks is told by the test. */
  const counters = (wrongWith: Model<[number, number]>['wrongWith']): Model<[number, number]> => ({
    initial: [0, 0],
    steps: ([left, right]) => [
      ...(left < 3 ? [{ label: 'left', next: [left + 1, right] as [number, number] }] : []),
      ...(right < 3 ? [{ label: 'right', next: [left, right + 1] as [number, number] }] : []),
    ],
    wrongWith,
    keyOf: (state) => state.join(),
    fromKey: (key) => key.split(',').map(Number) as [number, number],
  });

  test('meets every state once', () => {
    expect(explore(counters(() => null))).toEqual({ states: 16, depth: 6, finding: null });
  });

  test('tells the shortest way to trouble', () => {
    const { finding } = explore(
      counters(([left, right]) => (left + right === 3 && right === 1 ? 'odd' : null)),
    );
    expect(finding).toEqual({ broken: 'odd', trace: ['left', 'left', 'right'] });
  });
});
