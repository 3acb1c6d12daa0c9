import type { LicenceStatus, SeatStatus } from '../api.js';
import { foldedName } from '../licence/names.js';
import { fromIso } from '../licence/time.js';
import { isNamed } from '../rules/tombstones.js';
import { meantName } from './meant-name.js';
import { printable } from './words.js';

/** Which part of a status is asked for, and in which order. */

export interface Filter {
  readonly module?: string;
  readonly user?: string;
  readonly host?: string;
}

export const SORTS = ['user', 'host', 'module', 'since', 'beat', 'state'] as const;
export type Sort = (typeof SORTS)[number];

export interface Narrowed {
  readonly view: LicenceStatus;
  readonly filter: Filter;
  /** Where nothing matches: how many other seats there are. Null: something matches, or all was asked for. */
  readonly others: number | null;
  /** And which user or host may have been meant, as a sentence; '' for none. */
  readonly meant: string;
}

/** A user or a host is asked for. */
export const isNarrow = ({ user, host }: Filter): boolean => user !== undefined || host !== undefined;

export const wordsOf = ({ module, user, host }: Filter): string =>
  Object.entries({ module, user, host })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `--${name} ${printable(String(value))}`)
    .join(' ');

export function narrowed(whole: LicenceStatus, filter: Filter, sort: Sort | undefined): Narrowed {
  const { module, user } = filter;
  const isAsked = (one: { module: string; user?: string | undefined; host?: string | undefined }) =>
    (module === undefined || one.module === module) &&
    isNamed({ user: one.user ?? user ?? '', host: one.host ?? filter.host ?? '' }, filter);
  const seats = whole.seats.filter(isAsked);
  const view = {
    ...whole,
    modules: whole.modules.filter((one) => module === undefined || one.module === module),
    seats: sort === undefined ? seats : seats.toSorted(ORDERS[sort]),
    waiting: whole.waiting.filter(isAsked),
    reservations: whole.reservations.filter(isAsked),
    bans: whole.bans.filter((one) => user === undefined || isNamed({ ...one, host: '' }, { user })),
  };
  const isUnmatched = isNarrow(filter) && view.seats.length + view.waiting.length === 0;
  const people = [...whole.seats, ...whole.waiting];
  return {
    ...{ view, filter, others: isUnmatched ? whole.seats.length : null },
    meant: isUnmatched ? meantName(filter, people) : '',
  };
}

type Order = (one: SeatStatus, other: SeatStatus) => number;

const byText =
  (of: (seat: SeatStatus) => string): Order =>
  (one, other) => {
    const [a, b] = [foldedName(of(one)), foldedName(of(other))];
    return a < b ? -1 : a > b ? 1 : 0;
  };

/** What needs an administrator comes first. */
const STATES: readonly SeatStatus['state'][] = [
  ...(['gone', 'silent', 'unknown', 'unmonitored', 'leaving', 'borrowed', 'alive'] as const),
];

/** The longest first; what has no such time comes last. */
const byAge =
  (ageOf: (seat: SeatStatus) => number | null): Order =>
  (one, other) =>
    (ageOf(other) ?? Number.NEGATIVE_INFINITY) - (ageOf(one) ?? Number.NEGATIVE_INFINITY) || 0;

const ORDERS: Readonly<Record<Sort, Order>> = {
  user: byText(({ user }) => user),
  host: byText(({ host }) => host),
  module: byText(({ module }) => module),
  since: byAge(({ sinceAt }) => (sinceAt === null ? null : -fromIso(sinceAt))),
  beat: byAge(({ lastBeatSecondsAgo }) => lastBeatSecondsAgo),
  state: (one, other) => STATES.indexOf(one.state) - STATES.indexOf(other.state),
};
