import { type CountBy, type Level, MAX_USERS } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import { ID } from '../licence/shapes.js';
import { placeOf } from '../share/places.js';
import type { End, Wanted } from '../vendor/draft.js';
import { parseDuration, parseModules } from './arguments.js';

/** What `issue` is asked to put into a licence, as typed and as meant. Every fault here is BAD_ARGUMENT. */

export interface TermOptions {
  readonly customer?: string;
  readonly module?: readonly string[];
  readonly overdraft?: readonly string[];
  readonly countBy?: CountBy;
  readonly level?: Level;
  readonly checkInterval?: string;
  readonly offlineGrace?: string;
  readonly notBefore?: string;
  readonly expires?: string;
  readonly evaluation?: string;
  readonly supersedes?: readonly string[];
  readonly bindPath?: readonly string[];
  readonly renewFrom?: string;
  readonly reissue?: boolean;
}

/** @throws SeatfileFault BAD_ARGUMENT naming the option */
export function wantedOf(options: TermOptions, nowMs: number): Wanted {
  const { evaluation, expires, notBefore, checkInterval, offlineGrace } = options;
  if (evaluation !== undefined && expires !== undefined)
    throw bad('--evaluation, --expires: give one of them; an evaluation ends by itself');
  return {
    ...{ customer: options.customer, countBy: options.countBy, level: options.level },
    maxUsers: maxUsersOf(options.module ?? []),
    overdraft: new Map((options.overdraft ?? []).map(overdraftOf)),
    checkIntervalSeconds: given(checkInterval, (text) => parseDuration('--check-interval', text, 1, DAY)),
    offlineGraceSeconds: given(offlineGrace, (text) => parseDuration('--offline-grace', text, 0, MOST_GRACE)),
    notBeforeMs: given(notBefore, (text) => beginOf(text, nowMs)),
    end: given(evaluation, (text) => after('--evaluation', text)) ?? given(expires, endOf),
    isEvaluation: evaluation !== undefined,
    supersedes: (options.supersedes ?? []).map(checkedId),
    bindPaths: (options.bindPath ?? []).map(checkedPath),
    renewFrom: options.renewFrom,
    isReissue: options.reissue ?? false,
  };
}

const given = <T>(text: string | undefined, read: (text: string) => T): T | undefined =>
  text === undefined ? undefined : read(text);

const DAY = 86_400;
const MOST_GRACE = 400 * DAY;
const DAY_MS = DAY * 1000;
const MOST_SECONDS = 100 * 366 * DAY;

function maxUsersOf(words: readonly string[]): Map<string, number> {
  const isLeftOut = (word: string) => word.endsWith('=0');
  const granted = words.filter((word) => !isLeftOut(word));
  const modules = granted.length === 0 ? [] : parseModules(granted);
  const users = new Map(modules.map(({ module, maxUsers }) => [module, maxUsers]));
  for (const word of words.filter(isLeftOut)) {
    const module = word.slice(0, -'=0'.length);
    if (users.has(module)) throw bad(`--module ${module}: the module is given twice`);
    users.set(module, 0);
  }
  return users;
}

function overdraftOf(word: string): [string, number] {
  const [, module = '', seats = ''] = /^([^=]*)=(\d{1,6})$/.exec(word) ?? [];
  if (module === '' || Number(seats) > MAX_USERS)
    throw bad(`--overdraft ${word}: use NAME=SEATS, with a whole number of seats from 0 to ${MAX_USERS}`);
  return [module, Number(seats)];
}

function endOf(text: string): End {
  if (text === 'never') return { kind: 'never' };
  if (isDuration(text)) return after('--expires', text);
  const { ms, isDay } = timeOf('--expires', text, 'a last day like 2027-12-31, 365d, or never');
  return { kind: 'at', atMs: isDay ? ms + DAY_MS : ms };
}

const after = (option: string, text: string): End => ({
  kind: 'after',
  seconds: parseDuration(option, text, 1, MOST_SECONDS),
});

const beginOf = (text: string, nowMs: number): number =>
  isDuration(text)
    ? nowMs + 1000 * parseDuration('--not-before', text, 0, MOST_SECONDS)
    : timeOf('--not-before', text, 'a first day like 2027-01-01, or 7d').ms;

const isDuration = (text: string): boolean => /^\d+[a-z]+$/.test(text);

/** A day, or a time, in UTC. A day that the calendar has not (30 February) is refused. */
function timeOf(option: string, text: string, expected: string): { ms: number; isDay: boolean } {
  const [, day = '', time] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z)?$/.exec(text) ?? [];
  const ms = Date.parse(text);
  if (day === '' || Number.isNaN(ms) || new Date(ms).toISOString().slice(0, day.length) !== day)
    throw bad(`${option} ${text}: expected ${expected} (a time: 2027-12-31T18:00Z)`);
  return { ms, isDay: time === undefined };
}

function checkedId(id: string): string {
  if (!ID.test(id)) throw bad(`--supersedes ${id}: expected the id of a licence (1 to 64 of a-z, 0-9 and -)`);
  return id;
}

function checkedPath(path: string): string {
  if (path === '' || path.length > MOST_PATH)
    throw bad(`--bind-path: expected a path of 1 to ${MOST_PATH} characters, got ${path.length}`);
  if (placeOf(path, process.platform) === null)
    throw bad(
      `--bind-path ${path}: expected a whole path, like \\\\server\\share\\acme, server:/export/acme or ` +
        '/srv/acme/licence.json, which names the same place on every computer',
    );
  return path;
}
const MOST_PATH = 1024;

const bad = (text: string): SeatfileFault => new SeatfileFault('BAD_ARGUMENT', text);
