/**
 * What a process wrote of its seat: at a time, on the clock all share, it was good for so much longer. Milliseconds.
 */
interface Sample {
  readonly atMs: number;
  readonly goodForMs: number;
}

/** A time in which a seat was valid, as asked or as asking would have shown. Milliseconds. */
export interface Stretch {
  readonly who: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The last line of a process that was killed may be cut off; it counts for nothing. */
export function samplesIn(log: string): Sample[] {
  return log
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' ').map(Number))
    .map(([atMs = Number.NaN, goodForMs = Number.NaN]) => ({ atMs, goodForMs }));
}

/**
 * What the samples of one life of a process say of all the time between them: a seat was good until it would have run
 * out, or until the next sample, whichever is first. So a process that is stopped between two samples hides nothing.
 */
export function stretchesOf(who: string, samples: readonly Sample[], endMs: number): Stretch[] {
  return samples.flatMap(({ atMs, goodForMs }, at) => {
    const untilMs = Math.min(atMs + goodForMs, samples[at + 1]?.atMs ?? endMs);
    return goodForMs > 0 ? [{ who, fromMs: atMs, untilMs }] : [];
  });
}

/** The most users with a valid seat at once, and when that was first. */
export function mostAtOnce(stretches: readonly Stretch[]): { readonly who: string[]; readonly atMs: number } {
  const turns = stretches.flatMap((stretch) => [
    { atMs: stretch.fromMs, stretch, isEnd: false },
    { atMs: stretch.untilMs, stretch, isEnd: true },
  ]);
  // A turn that ends at the moment in which another begins makes room for it.
  turns.sort((a, b) => a.atMs - b.atMs || Number(b.isEnd) - Number(a.isEnd));
  const now = new Set<Stretch>();
  let most: { who: string[]; atMs: number } = { who: [], atMs: 0 };
  for (const { atMs, stretch, isEnd } of turns) {
    if (isEnd) now.delete(stretch);
    else now.add(stretch);
    if (now.size > most.who.length) most = { who: [...now].map(({ who }) => who), atMs };
  }
  return most;
}
