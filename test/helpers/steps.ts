/**
 * Counts the steps that a synchronous call takes through arrays, sets and maps: every element that is visited, copied
 * or compared. No clock takes part, so the same call always counts the same.
 */
export function stepsOf(act: () => unknown): number {
  const counter = startCounting();
  try {
    act();
  } finally {
    counter.stop();
  }
  return counter.steps();
}

/** The same for what waits in between: all that runs meanwhile is counted too. */
export async function stepsUntil(act: () => Promise<unknown>): Promise<number> {
  const counter = startCounting();
  try {
    await act();
  } finally {
    counter.stop();
  }
  return counter.steps();
}

function startCounting(): { readonly steps: () => number; readonly stop: () => void } {
  let steps = 0;
  const count = (more: number) => {
    steps += more;
  };
  const undone = [...patchArrays(count), ...patchIterators(count)];
  const stop = () => {
    for (const undo of undone) undo();
  };
  return { steps: () => steps, stop };
}

type Method = (this: unknown[], ...args: unknown[]) => unknown;

/** Each call of the callback is a step; those that may stop early are counted for what they visit. */
const VISITING = [
  ...['every', 'filter', 'find', 'findIndex', 'findLast', 'findLastIndex', 'flatMap', 'forEach', 'map'],
  ...['reduce', 'reduceRight', 'some', 'sort', 'toSorted'],
];
/** The whole of it is read or copied. */
const WHOLE = [
  'concat',
  'flat',
  'includes',
  'indexOf',
  'join',
  'lastIndexOf',
  'reverse',
  'toReversed',
  'with',
];
/** As much as comes out, or goes in. */
const PART = ['slice', 'toSpliced'];

function patchArrays(count: (more: number) => void): (() => void)[] {
  const visiting = VISITING.map((name) =>
    patch(Array.prototype, name, (method) => {
      return function (this: unknown[], callback: unknown, ...rest: unknown[]) {
        const counted = (...args: unknown[]) => {
          count(1);
          return (callback as (...all: unknown[]) => unknown)(...args);
        };
        return method.call(this, counted, ...rest);
      };
    }),
  );
  const whole = WHOLE.map((name) =>
    patch(Array.prototype, name, (method) => {
      return function (this: unknown[], ...args: unknown[]) {
        count(this.length);
        return method.apply(this, args);
      };
    }),
  );
  const part = PART.map((name) =>
    patch(Array.prototype, name, (method) => {
      return function (this: unknown[], ...args: unknown[]) {
        const result = method.apply(this, args);
        count((result as unknown[]).length);
        return result;
      };
    }),
  );
  return [...visiting, ...whole, ...part];
}

/** for-of, spreading, and what is built of a list (Set, Map) all step through these. */
function patchIterators(count: (more: number) => void): (() => void)[] {
  const iterators = [[][Symbol.iterator](), new Set().values(), new Map().entries()];
  return iterators.map((iterator) =>
    patch(Object.getPrototypeOf(iterator), 'next', (method) => {
      return function (this: unknown[], ...args: unknown[]) {
        count(1);
        return method.apply(this, args);
      };
    }),
  );
}

function patch(target: object, name: string, wrap: (method: Method) => Method): () => void {
  const before = Object.getOwnPropertyDescriptor(target, name);
  if (!before) throw new Error(`no method ${name} to count`);
  Object.defineProperty(target, name, { ...before, value: wrap(before.value as Method) });
  return () => Object.defineProperty(target, name, before);
}
