import type { LicenceStatus, SeatStatus, WaiterStatus } from '../api.js';
import { fromIso } from '../licence/time.js';
import { printable, shortId } from './words.js';

/**
 * The status in the layout of FlexNet's `lmstat -a`, for programs that read that. They split lines at blanks: every
 * name is one word. The place of the display has the seat, that of the handle the process id.
 */

/** The licence server that such programs expect. There is none: it is the file server, and its port is 0. */
interface Server {
  readonly host: string;
  readonly version: string;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

export function lmstatOf(view: LicenceStatus, version: string, isUtc: boolean): string {
  const server = { host: serverOf(view.file), version: `v${/^[\d.]*\d/.exec(version)?.[0] ?? '0'}` };
  const { host } = server;
  const year = wallTime(view.shareTime, isUtc).getUTCFullYear();
  const lines = [
    `seatfile - status in the layout of lmstat`,
    `Flexible License Manager status on ${dateOf(view.shareTime, isUtc, `/${year}`)}`,
    '',
    `License server status: 0@${host}`,
    `    License file(s) on ${host}: ${printable(view.file)}:`,
    '',
    `${host}: license server UP ${server.version}`,
    '',
    `Vendor daemon status (on ${host}):`,
    '',
    `  seatfile: UP ${server.version}`,
    '',
    'Feature usage info:',
    '',
    ...view.modules.flatMap((one) => featureLines(view, one, server, isUtc)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function featureLines(
  view: LicenceStatus,
  { module, maxUsers, overdraft, inUse }: LicenceStatus['modules'][number],
  server: Server,
  isUtc: boolean,
): string[] {
  const total = `(Total of ${maxUsers + overdraft} licenses issued;  Total of ${inUse} licenses in use)`;
  const seats = distinct(view.seats.filter((one) => one.module === module && isCounted(one)));
  const users = seats.map((one) => userLine(one, server, isUtc));
  const reserved = view.reservations.filter((one) => one.module === module);
  const queued = view.waiting.filter((one) => one.module === module).map((one) => queueLine(one, server));
  const all = [...reserved.map((one) => reservationLine(one, server)), ...users, ...queued];
  const detail = [`  "${module}" ${server.version}, vendor: seatfile`, '  floating license', '', ...all, ''];
  return [`Users of ${module}:  ${total}`, '', ...(all.length === 0 ? [] : detail)];
}

/** Not what was removed at once: its application may not have noticed, and the seat is free. */
const isCounted = ({ state, pid }: SeatStatus): boolean => state !== 'leaving' || pid !== null;

/** Windows that the licence counts as one user are one licence in use. */
function distinct(seats: readonly SeatStatus[]): SeatStatus[] {
  const seen = new Set<string>();
  return seats.filter(({ seat }) => !seen.has(seat) && seen.add(seat));
}

function userLine({ user, host, seat, pid, sinceAt }: SeatStatus, server: Server, isUtc: boolean): string {
  const handle = `(${server.version}) (${server.host}/0 ${pid ?? 0})`;
  const start = dateOf(sinceAt ?? '1970-01-01T00:00:00.000Z', isUtc);
  return `    ${wordOf(user)} ${hostWordOf(host)} ${shortId(seat)} ${handle}, start ${start}, 1 licenses`;
}

const queueLine = ({ user, host }: WaiterStatus, server: Server): string =>
  `    ${wordOf(user)} ${hostWordOf(host)} - 1.0 (${server.version}) (${server.host}/0 0) queued for 1 license`;

function reservationLine({ user, host }: LicenceStatus['reservations'][number], server: Server): string {
  const whom = user === undefined ? `HOST ${hostWordOf(host ?? '')}` : `USER ${wordOf(user)}`;
  return `    1 RESERVATION for ${whom} (${server.host}/0)`;
}

const serverOf = (file: string): string => hostWordOf(/^[\\/]{2}([^\\/]+)/.exec(file)?.[1] ?? 'localhost');

/** Blanks become `_`, and what is not printable ASCII becomes the bytes of its UTF-8, like `%C3%AB`. */
export const wordOf = (name: string): string =>
  name
    .replace(/\s+/gu, '_')
    .replace(/\p{Cs}/gu, '\uFFFD')
    .replace(/[^!-~]/gu, encodeURIComponent);

/** What the readers take for the name of a host: letters, digits, `-`, and single points between these. */
export const hostWordOf = (host: string): string =>
  host
    .replace(/[^A-Za-z0-9.-]+/g, '-')
    .replace(/\.+/g, '.')
    .replace(/^\.|\.$/g, '') || '-';

/** `Fri 11/21 9:30`, and the year where it is given. */
function dateOf(iso: string, isUtc: boolean, year = ''): string {
  const wall = wallTime(iso, isUtc);
  const minutes = String(wall.getUTCMinutes()).padStart(2, '0');
  const day = `${wall.getUTCMonth() + 1}/${wall.getUTCDate()}${year}`;
  return `${WEEKDAYS[wall.getUTCDay()]} ${day} ${wall.getUTCHours()}:${minutes}`;
}

/** The time on the wall, as if that were UTC. */
function wallTime(iso: string, isUtc: boolean): Date {
  const ms = fromIso(iso);
  return new Date(ms - (isUtc ? 0 : 60_000 * new Date(ms).getTimezoneOffset()));
}
