import type { InstanceRecord, Licence } from '../licence/document.js';
import type { Register } from './register.js';
import type { ReadRevision } from './revisions.js';

/** In which revision a beat was made. */
export interface BeatRevision {
  readonly revision: number;
  /** It is the oldest that is kept: the beat may be older. */
  readonly isOldest: boolean;
}

/** Beats only rise, so a few of the revisions that are kept tell it. Null: none of them has the beat any more. */
export async function revisionOfBeat(
  register: Pick<Register<ReadRevision>, 'numbers' | 'read'>,
  { id, beat }: Pick<InstanceRecord, 'id' | 'beat'>,
): Promise<BeatRevision | null> {
  const numbers = ((await register.numbers()) ?? []).toSorted((one, other) => one - other);
  const has = async (at: number) => hasBeat((await register.read(numbers[at] ?? 0))?.licence, id, beat);
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await has(middle)) high = middle;
    else low = middle + 1;
  }
  const revision = numbers[low];
  return revision === undefined ? null : { revision, isOldest: low === 0 };
}

/** One that has been cleared away meanwhile is older. */
const hasBeat = (licence: Licence | undefined, id: string, beat: number): boolean =>
  licence?.instances.some((record) => record.id === id && record.beat >= beat) ?? false;
