import { LONGEST_REASON } from '../client/argument-checks.js';
import { MAX_USERS } from '../licence/document.js';
import type { ModuleGrant } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { twinsAmong } from '../licence/names.js';
import { MODULE_NAME } from '../licence/shapes.js';
import type { World } from './world.js';

/** What people type, checked where it comes in. Every fault here is BAD_ARGUMENT: exit 2, nothing tried. */

const bad = (text: string): never => {
  throw new SeatfileFault('BAD_ARGUMENT', text);
};

/** Of an option that may be repeated. It has no default: the help would show an empty list. */
export const collect = (word: string, before: readonly string[] = []): string[] => [...before, word];

/** FILE by argument, `-f` or SEATFILE. @throws SeatfileFault BAD_ARGUMENT: none, or two different ones */
export function fileOf(
  argument: string | undefined,
  { file }: { readonly file?: string },
  world: World,
): string {
  if (argument && file && argument !== file)
    bad(`${argument}, --file ${file}: these are two licence files; give one of them`);
  const given = argument || file || world.environment['SEATFILE'];
  return given || bad('Which licence? Give the licence file as an argument, or set SEATFILE');
}

/** `M1=10`, once or more. */
export function parseModules(words: readonly string[]): ModuleGrant[] {
  const grants = words.map((word) => {
    const [, module = '', users = ''] = /^([^=]*)=(.*)$/.exec(word) ?? [];
    if (!MODULE_NAME.test(module))
      bad(
        `--module ${word}: use NAME=USERS. The name may have letters, digits, . _ - and starts with ` +
          'a letter or digit (64 characters at most)',
      );
    const maxUsers = /^\d{1,6}$/.test(users) ? Number(users) : 0;
    if (maxUsers < 1 || maxUsers > MAX_USERS)
      bad(`--module ${word}: expected a whole number of users from 1 to ${MAX_USERS}, got "${users}"`);
    return { module, maxUsers };
  });
  const names = grants.map((grant) => grant.module);
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) bad(`--module ${twice}: the module is given twice`);
  const twins = twinsAmong(names);
  if (twins !== null)
    bad(`--module ${twins[1]}: ${twins[0]} is given, too, and differs only in case; give one of them`);
  if (grants.length === 0) bad('Give at least one module and its number of users, like --module CAD=10');
  return grants;
}

/** The longest name of a user or a host that a licence can hold. */
const LONGEST_NAME = 256;

export function checkName(option: string, name: string): void {
  if (name === '' || name.length > LONGEST_NAME)
    bad(`${option}: expected a name of 1 to ${LONGEST_NAME} characters, got ${name.length}`);
}

export function checkReason(words: string | undefined): void {
  if ((words?.length ?? 0) > LONGEST_REASON) bad(`--reason: expected at most ${LONGEST_REASON} characters`);
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, mo: 30 * 86_400 };

/** `90s`, `5m`, `8h`, `30d`, `13mo`. Seconds. */
export function parseDuration(
  option: string,
  text: string,
  leastSeconds: number,
  mostSeconds: number,
): number {
  const match = /^(\d{1,9})(s|mo|m|h|d)$/.exec(text);
  const seconds = match ? Number(match[1]) * (UNIT_SECONDS[match[2] ?? ''] ?? 0) : Number.NaN;
  if (!(seconds >= leastSeconds && seconds <= mostSeconds))
    bad(
      `${option} ${text}: expected a number with a unit, like 90s, 5m or 8h, ` +
        `from ${asTyped(leastSeconds)} to ${asTyped(mostSeconds)}`,
    );
  return seconds;
}

/** `10s`, `1m`, or seconds; true: 5 s. Seconds. */
export const parseEvery = (option: string, text: string | true): number =>
  text === true ? 5 : parseDuration(option, /^\d+$/.test(text) ? `${text}s` : text, 1, 3600);

/** A bound as an administrator types it: `20s`, `24h`, `400d`. */
function asTyped(seconds: number): string {
  const isWhole = (unit: number) => seconds >= unit && seconds % unit === 0;
  if (seconds > LONGEST_IN_HOURS && isWhole(86_400)) return `${seconds / 86_400}d`;
  if (isWhole(3600)) return `${seconds / 3600}h`;
  return isWhole(60) ? `${seconds / 60}m` : `${seconds}s`;
}
const LONGEST_IN_HOURS = 2 * 86_400;

const MOST_SINCE_SECONDS = 100 * 365 * 86_400;

/** `8h` before now, or a day or time in UTC, like `2026-11-20`. Milliseconds since 1970. */
export function parseSince(option: string, text: string, nowMs: number): number {
  if (/^\d+[a-z]+$/.test(text)) return nowMs - 1000 * parseDuration(option, text, 0, MOST_SINCE_SECONDS);
  const atMs = /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs))
    bad(`${option} ${text}: expected a number with a unit, like 8h or 30d, or a day like 2026-11-20 (UTC)`);
  return atMs;
}

/** `13mo`: whole months, 1 to 1,200. */
export function parseMonths(option: string, text: string): number {
  const months = Number(/^(\d{1,4})mo$/.exec(text)?.[1] ?? 0);
  if (months < 1 || months > 1200) bad(`${option} ${text}: expected months like 13mo, from 1mo to 1200mo`);
  return months;
}

/** The module asked for; it may be left out where the licence has one. */
export function chooseModule(asked: string | undefined, modules: readonly string[]): string {
  const [only, ...more] = modules;
  if (asked !== undefined) return asked;
  return only !== undefined && more.length === 0
    ? only
    : bad(`--module: the licence has several (${modules.join(', ')}); name one`);
}
