/** A licence on the export, as the server's own disk shows it: the truth that all acknowledgements are held against. */
import '../../helpers/full-check.js';
import fs from 'node:fs';
import type { Licence } from '../../../src/licence/document.js';
import { sealUnsigned } from '../../../src/licence/entitlement.js';
import { firstLicence } from '../../../src/licence/revision.js';
import { formatLicence, parseLicence } from '../../../src/licence/text.js';
import { documentIn, folderOf, numberName, numbersAmong } from '../../../src/share/layout.js';
import { PLACES, USERS } from './link.js';

export interface Table {
  /** As the clients see it. */
  readonly file: string;
  readonly directory: string;
  /** As the server sees it. */
  readonly exported: string;
  readonly folder: string;
}

export interface TableOptions {
  readonly checkIntervalSeconds?: number;
  readonly maxUsers?: number;
  readonly level?: 'heartbeat' | 'light';
  /** In the directory of the team: both users may write. */
  readonly isTeams?: boolean;
  /** Only the directory: the licence is made elsewhere. */
  readonly isBare?: boolean;
}

let tables = 0;

/** A licence with one module M1, in a directory of its own. */
export function newTable(options: TableOptions = {}): Table {
  const name = `table-${tables++}`;
  const exported = `${PLACES.exported}/${options.isTeams ? 'team/' : ''}${name}`;
  const directory = options.isTeams ? `${PLACES.team}/${name}` : `${PLACES.share}/${name}`;
  fs.mkdirSync(exported);
  const licenceFile = `${exported}/licence.json`;
  const table: Table = {
    file: `${directory}/licence.json`,
    directory,
    exported,
    folder: folderOf(licenceFile),
  };
  if (options.isTeams) giveToTeam(exported, 0o2770);
  if (!options.isBare) {
    fs.writeFileSync(licenceFile, formatLicence(firstOf(name, options), 'pretty'));
    if (options.isTeams) giveToTeam(licenceFile, 0o660);
  }
  return table;
}

export function giveToTeam(path: string, mode: number): void {
  fs.chownSync(path, USERS.ana, USERS.group);
  fs.chmodSync(path, mode);
}

function firstOf(name: string, options: TableOptions): Licence {
  const { maxUsers = 10, checkIntervalSeconds = 8, level } = options;
  const entitlement = sealUnsigned({
    licenceId: name,
    issuedAt: '2026-01-01T00:00:00.000Z',
    modules: [{ module: 'M1', maxUsers }],
  });
  const settings = { checkIntervalSeconds, ...(level && { level }) };
  return firstLicence(entitlement, settings, { lineage: name, commit: 'first' });
}

/** The newest revision, or the file itself where none exists yet. */
export function latestOf({ folder, exported }: Table): Licence {
  for (;;) {
    const number = fs.existsSync(folder) ? numbersAmong(fs.readdirSync(folder)).at(-1) : undefined;
    const path =
      number === undefined ? `${exported}/licence.json` : documentIn(`${folder}/${numberName(number)}`);
    try {
      return parseLicence(fs.readFileSync(path, 'utf8'), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // cleared away meanwhile: look again
    }
  }
}

/** The holders in M1: instance, seat and user. */
export const seatedIn = (table: Table): { instance: string; seat: string; user: string }[] =>
  latestOf(table).instances.flatMap(({ id, user, seats }) =>
    seats.map((seat) => ({ instance: id, seat: seat.id, user })),
  );

export const tallyOf = (licence: Licence): readonly string[] =>
  (licence as Licence & { tally?: readonly string[] }).tally ?? [];

/** One change as its process told of it. */
export interface Try {
  readonly id: string;
  /** `try` if nothing more was heard of it. */
  readonly fate: string;
  readonly attempts: number;
  readonly tookMs: number;
  readonly reason: string;
}

/** From the lines of programs/commit. */
export function triesIn(lines: readonly string[]): Try[] {
  const tries = new Map<string, Try>();
  for (const line of lines) {
    const [fate = '', id, attempts = '0', tookMs = '0', ...reason] = line.split(' ');
    if (id === undefined || fate === 'loop') continue;
    tries.set(id, { id, fate, attempts: Number(attempts), tookMs: Number(tookMs), reason: reason.join(' ') });
  }
  return [...tries.values()];
}

/** Acknowledged = present once; refused = absent; nothing from nowhere. Gives what is wrong. */
export function complaintsAbout(table: Table, tries: readonly Try[]): string[] {
  const times = new Map<string, number>();
  for (const id of tallyOf(latestOf(table))) times.set(id, (times.get(id) ?? 0) + 1);
  const known = new Map(tries.map((one) => [one.id, one]));
  const isOpen = (fate: string) => ['ack', 'COMMIT_UNKNOWN', 'try'].includes(fate);
  return [
    ...tries.filter((one) => one.fate === 'ack' && !times.has(one.id)).map(({ id }) => `lost: ${id}`),
    ...tries
      .filter((one) => !isOpen(one.fate) && times.has(one.id))
      .map(({ id, fate }) => `${fate}, yet there: ${id}`),
    ...[...times].filter(([, count]) => count > 1).map(([id, count]) => `there ${count} times: ${id}`),
    ...[...times.keys()].filter((id) => !known.has(id)).map((id) => `nobody's: ${id}`),
  ];
}

export function paceOf(tries: readonly Try[]): { medianMs: number; p95Ms: number; maxMs: number } {
  const sorted = tries.filter((one) => one.fate === 'ack').map((one) => one.tookMs);
  sorted.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { medianMs: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
}

/** What the faults said, each kind once, with how often. */
export function faultsIn(tries: readonly Try[]): string[] {
  const said = new Map<string, number>();
  for (const { fate, reason } of tries) {
    if (reason === '') continue;
    const words = `${fate}: ${reason.replaceAll(/[0-9a-f]{8,}(?:-\d+-[0-9a-f]+)?|\b\d{12}\b/g, '…')}`;
    said.set(words, (said.get(words) ?? 0) + 1);
  }
  return [...said].map(([words, count]) => `${count} x ${words}`);
}
