import type { LicenceStatus, ModuleStatus, SeatStatus, WaiterStatus } from '../api.js';
import type { Reservation } from '../licence/document.js';

import type { Colours } from './colour.js';
import { type Column, fittedTable } from './fitted-table.js';
import type { Times } from './times.js';
import { isolated } from './width.js';
import { duration, printable, shortId, userName } from './words.js';

/** The tables of `status`. */

/** How and where text is shown. */
export interface Showing {
  readonly times: Times;
  readonly colours: Colours;
  /** Columns of the terminal; null: as wide as it gets. */
  readonly width: number | null;
  /** Whether times and names may be made for a reader: else they are for a program, and whole. */
  readonly isTerminal: boolean;
}

/** The longest beginnings of these that are shown where there is little room. */
const LEAST_NAME = 8;
const LEAST_APPLICATION = 11;

/** A name from outside: on a terminal it may turn no text but its own. */
export const nameFor =
  ({ isTerminal }: Showing) =>
  (name: string): string =>
    isTerminal ? isolated(printable(name)) : printable(name);

const timeFor = ({ isTerminal, width, times }: Showing): Times['whole'] =>
  isTerminal && width !== null ? times.short : times.whole;

type ModuleView = ModuleStatus;

export function moduleTable(modules: readonly ModuleView[], showing: Showing): string {
  const { yellow } = showing.colours;
  const reserved: Column<ModuleView> = { header: 'RESERVED', cell: (one) => String(one.reserved) };
  const columns: Column<ModuleView>[] = [
    { header: 'MODULE', cell: (one) => one.module, least: LEAST_NAME },
    { header: 'IN USE', cell: (one) => String(one.inUse) },
    { header: 'MAX', cell: mostOf },
    {
      header: 'FREE',
      cell: (one) => String(one.free),
      paint: (text, { free }) => (free ? text : yellow(text)),
    },
    ...(modules.some((one) => one.reserved > 0) ? [reserved] : []),
    { header: 'WAITING', cell: (one) => String(one.waiting) },
  ];
  return fittedTable(columns, modules, showing.width);
}

const mostOf = ({ maxUsers, overdraft }: ModuleView): string =>
  overdraft > 0 ? `${maxUsers}+${overdraft}` : String(maxUsers);

/** @param isOfOneModule the column MODULE would say the same in every row */
export function seatTable(seats: readonly SeatStatus[], isOfOneModule: boolean, showing: Showing): string {
  const [name, time] = [nameFor(showing), timeFor(showing)];
  const shortHost = shortHostsOf(seats);
  const columns: Column<SeatStatus>[] = [
    ...(isOfOneModule ? [] : [moduleColumn]),
    { header: 'USER', cell: (one) => name(one.user), least: LEAST_NAME },
    {
      header: 'HOST',
      cell: (one) => name(one.host),
      short: (one) => name(shortHost(one.host)),
      least: LEAST_NAME,
    },
    { header: 'SINCE', cell: (one) => (one.sinceAt === null ? '-' : time(one.sinceAt)) },
    { header: 'LAST BEAT', cell: lastBeatOf },
    { header: 'STATE', cell: stateOf, paint: (text, one) => paintOf(one, showing.colours)(text) },
    { header: 'SEAT', cell: (one) => shortId(one.seat) },
    ...(seats.some(({ note }) => note !== null) ? [noteColumn(name)] : []),
    {
      header: 'APPLICATION',
      cell: (one) => name(one.application ?? ''),
      least: LEAST_APPLICATION,
      isSpare: true,
    },
  ];
  return fittedTable(columns, seats, showing.width);
}

const moduleColumn: Column<{ module: string }> = {
  header: 'MODULE',
  cell: (one) => one.module,
  least: LEAST_NAME,
};

/** What was said with the seat, as by `hold --note`. */
const noteColumn = (name: (text: string) => string): Column<SeatStatus> => ({
  header: 'NOTE',
  cell: ({ note }) => name(note ?? ''),
  least: LEAST_APPLICATION,
  isSpare: true,
});

/** Without the domain, unless two hosts would then look the same. An address has none. */
function shortHostsOf(seats: readonly Pick<SeatStatus, 'host'>[]): (host: string) => string {
  const labelOf = (host: string) => (/^[\d.:]+$/.test(host) ? host : host.replace(/(?<=.)\..*$/s, ''));
  const hosts = new Map<string, Set<string>>();
  for (const { host } of seats) {
    const label = labelOf(host);
    hosts.set(label, (hosts.get(label) ?? new Set()).add(host));
  }
  return (host) => (hosts.get(labelOf(host))?.size === 1 ? labelOf(host) : host);
}

const lastBeatOf = ({ lastBeatSecondsAgo }: SeatStatus): string =>
  lastBeatSecondsAgo === null
    ? '-'
    : lastBeatSecondsAgo === 0
      ? 'now'
      : `${duration(lastBeatSecondsAgo)} ago`;

const stateOf = ({ state, unconfirmed }: SeatStatus): string =>
  unconfirmed ? `${state}, unconfirmed` : state;

function paintOf({ state }: SeatStatus, colours: Colours): (text: string) => string {
  if (state === 'gone') return colours.red;
  if (state === 'silent') return colours.yellow;
  return state === 'leaving' ? colours.dim : (text) => text;
}

type WaiterView = WaiterStatus;

const passing: Column<WaiterView> = {
  header: 'RESERVED',
  cell: ({ isReserved }) => (isReserved ? 'comes first' : '-'),
};

export function queueTable(waiting: readonly WaiterView[], isOfOneModule: boolean, showing: Showing): string {
  const [name, time] = [nameFor(showing), timeFor(showing)];
  const shortHost = shortHostsOf(waiting);
  const columns: Column<WaiterView>[] = [
    { header: 'PLACE', cell: (one) => String(one.place) },
    ...(isOfOneModule ? [] : [moduleColumn]),
    { header: 'USER', cell: (one) => name(one.user), least: LEAST_NAME },
    {
      header: 'HOST',
      cell: (one) => name(one.host),
      short: (one) => name(shortHost(one.host)),
      least: LEAST_NAME,
    },
    { header: 'WAITS SINCE', cell: (one) => time(one.sinceAt) },
    ...(waiting.some(({ isReserved }) => isReserved) ? [passing] : []),
  ];
  return fittedTable(columns, waiting, showing.width);
}

/** Reservations and bans in force, a line each. */
export function rulesInForce({ reservations, bans }: LicenceStatus, showing: Showing): string {
  const [name, time] = [nameFor(showing), timeFor(showing)];
  const reserved = beginningOf(
    reservations,
    'Reserved',
    (one) => `a seat of ${one.module} for ${forWhom(one, name)}`,
  );
  const banned = beginningOf(bans, 'Banned', ({ user, untilAt }) => {
    return `${userName(user, name)}, ${untilAt === null ? 'until lifted' : `until ${time(untilAt)}`}`;
  });
  return [...reserved, ...banned].join('');
}

/** So many bans, and so many reservations, are shown to people. */
const MOST_RULES = 50;

function beginningOf<One>(rules: readonly One[], head: string, say: (one: One) => string): string[] {
  const shown = rules.slice(0, MOST_RULES).map((one) => `${head}: ${say(one)}.\n`);
  const hidden = rules.length - shown.length;
  return hidden === 0 ? shown : [...shown, `${head}: ... and ${hidden} more: status --json has all.\n`];
}

function forWhom({ user, host }: Reservation, name: (text: string) => string): string {
  if (user === undefined) return `host ${name(host ?? '')}`;
  return host === undefined ? userName(user, name) : `${name(user)}@${name(host)}`;
}
