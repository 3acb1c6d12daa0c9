import type { Model, Step } from './explore.js';

/**
 * The ordinary way, as a warning: one file, read and replaced whole under a lock. A lock whose holder may have died
 * must be stolen some day, and no process can tell a dead holder from a slow one. So here it may be stolen at any
 * moment.
 */
interface Writer {
  readonly at: 'idle' | 'locked' | 'read' | 'replaced' | 'done' | 'crashed';
  /** Bits: whose changes were in the file when it was read. */
  readonly base: number;
}

interface State {
  /** Bits: whose changes the file holds. */
  readonly file: number;
  /** Index of the holder of the lock; -1: none. */
  readonly holder: number;
  readonly writers: readonly Writer[];
}

export function lockedFile(processes: number): Model<State> {
  return {
    initial: {
      file: 0,
      holder: -1,
      writers: Array.from({ length: processes }, () => ({ at: 'idle', base: 0 })),
    },
    steps: (state) => state.writers.flatMap((writer, self) => stepsOf(state, writer, self)),
    wrongWith: (state) => {
      const loser = state.writers.findIndex(({ at }, self) => at === 'done' && !(state.file & (1 << self)));
      return loser < 0 ? null : `the change of ${nameOf(loser)} was acknowledged and is lost`;
    },
    keyOf: (state) => JSON.stringify(state),
    fromKey: (key): State => JSON.parse(key),
  };
}

function stepsOf(state: State, writer: Writer, self: number): Step<State>[] {
  const become = (label: string, change: Partial<Writer>, folder: Partial<State> = {}): Step<State> => ({
    label: `${nameOf(self)} ${label}`,
    next: { ...state, ...folder, writers: state.writers.with(self, { ...writer, ...change }) },
  });
  const crash = become('crashes', { at: 'crashed' });
  switch (writer.at) {
    case 'idle':
      return [become(takes(state), { at: 'locked' }, { holder: self }), crash];
    case 'locked':
      return [become('reads the file', { at: 'read', base: state.file }), crash];
    case 'read':
      return [
        become('renames its file over it', { at: 'replaced' }, { file: writer.base | (1 << self) }),
        crash,
      ];
    case 'replaced':
      return [
        become('unlocks what is still its own and says "done"', { at: 'done' }, left(state, self)),
        crash,
      ];
    case 'done':
    case 'crashed':
      return [];
  }
}

const takes = (state: State): string =>
  state.holder < 0 ? 'takes the lock' : `steals the lock from ${nameOf(state.holder)}, who has been silent`;

const nameOf = (self: number): string => String.fromCharCode(65 + self);

const left = (state: State, self: number): Partial<State> => (state.holder === self ? { holder: -1 } : {});
