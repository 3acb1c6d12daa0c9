import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';

/** Several modules are claimed in one commit: a seat in each of them, or in none. */

/** What became of one claim, and the table that it leaves. */
export interface Attempt<A> {
  readonly answer: A;
  readonly draft: Draft | null;
}

/** Every claim was granted, each with its answer; or the first that was not. */
export type AllOrNone<S, R> =
  | { readonly kind: 'all'; readonly seated: readonly S[] }
  | { readonly kind: 'none'; readonly module: string; readonly refusal: R };

type Granted<A> = Extract<A, { readonly kind: 'seated' }>;
type Refused<A> = Exclude<A, { readonly kind: 'seated' }>;

/**
 * Each claim is made of the table that the one before leaves. At the first that is refused the others are undone: what
 * that one alone does to the table stands (it joins the queue, or calls holders), and what is offered to this instance
 * in the other modules is passed on. So a claim that waits for several modules holds none of them meanwhile, and two
 * such claims cannot wait for each other.
 */
export function allOrNone<P extends { readonly module: string }, A extends { readonly kind: string }>(
  context: ChangeContext,
  places: readonly P[],
  claim: (context: ChangeContext, place: P) => Attempt<A>,
  passOn: (context: ChangeContext, modules: readonly string[]) => Draft | null,
): Attempt<AllOrNone<Granted<A>, Refused<A>>> {
  const seated: Granted<A>[] = [];
  let draft: Draft = { licence: context.licence, events: [] };
  const passed = (now: ChangeContext, left: Draft | null, others: readonly string[]): Draft | null =>
    left === null ? passOn(now, others) : andThen(now, left, (then) => passOn(then, others));
  for (const place of places) {
    const { answer, draft: next } = claim({ ...context, licence: draft.licence }, place);
    if (!isSeated(answer)) {
      // What it does to the table as it is, without the seats of the others.
      const alone = seated.length === 0 ? { answer, draft: next } : claim(context, place);
      const others = places.filter((other) => other !== place).map(({ module }) => module);
      const left = isSeated(alone.answer) ? null : alone.draft;
      return {
        answer: { kind: 'none', module: place.module, refusal: answer as Refused<A> },
        draft: passed(context, left, others),
      };
    }
    seated.push(answer);
    if (next) draft = { licence: next.licence, events: [...draft.events, ...next.events] };
  }
  return { answer: { kind: 'all', seated }, draft };
}

const isSeated = <A extends { readonly kind: string }>(answer: A | Granted<A>): answer is Granted<A> =>
  answer.kind === 'seated';
