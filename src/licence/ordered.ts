/** The first index of an ordered list from which on the test holds; its length if it holds nowhere. Binary search. */
export function firstWhere<T>(ordered: readonly T[], holds: (item: T) => boolean): number {
  let [low, high] = [0, ordered.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(ordered[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
