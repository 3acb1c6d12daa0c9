/** Runs jobs, at most so many at a time; gives their answers in order. */
export async function inParallel<A, B>(
  jobs: readonly A[],
  most: number,
  run: (job: A) => Promise<B>,
): Promise<B[]> {
  const answers: B[] = [];
  const left = [...jobs.entries()];
  const lane = async () => {
    for (let next = left.shift(); next; next = left.shift()) answers[next[0]] = await run(next[1]);
  };
  await Promise.all(Array.from({ length: most }, lane));
  return answers;
}
