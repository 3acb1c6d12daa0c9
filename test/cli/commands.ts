import { spawn } from 'node:child_process';
import { cpSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { adopt, type Child } from '../processes/children.js';
import { fixture, program, tableOf, temporary } from './seatfile.js';

/** What the tables of exits and of slow shares run: every command, and the share that it runs on. */

/** A line of each command that takes a file, as a user types it. */
export const commands = {
  status: (file: string) => ['status', file],
  run: (file: string) => ['run', file, '--', process.execPath, '-e', 'process.exit(7)'],
  hold: (file: string) => ['hold', file],
  init: (file: string) => ['init', file, '--module', 'M1=2'],
  install: (file: string) => ['install', file, fixture('signed.json'), '--force', '--yes'],
  remove: (file: string) => ['remove', file, '--all', '--yes'],
  undo: (file: string) => ['undo', file, '--seat', removedIn(file)],
  notify: (file: string) => ['notify', file, '--all', '--message', 'tea'],
  ban: (file: string) => ['ban', file, '--user', 'ada', '--yes'],
  reserve: (file: string) => ['reserve', file, '--module', 'M1', '--user', 'zoe'],
  set: (file: string) => ['set', file, '--check-interval', '90s'],
  journal: (file: string) => ['journal', file],
  repair: (file: string) => ['repair', file, '--yes'],
  doctor: (file: string) => ['doctor', file],
} as const;

/** The last seat that was removed; where there is none, what is no seat. */
function removedIn(file: string): string {
  return (existsSync(`${file}.revisions`) && tableOf(file).gone.at(-1)?.seat) || 'none';
}

/** The vendor's: `vendor.test.ts` and `forgery.test.ts` tell how they end. */
export const makers = ['keygen', 'issue', 'verify'] as const;
/** `why.test.ts` tells how it ends: it takes the id of a seat. */
export const explainers = ['why'] as const;
/** Those whose other end is an address, or a program that asks there: `install.test.ts` tells how they end. */
export const renewers = ['renew', 'serve-renewals'] as const;

export type Verb = keyof typeof commands;
export const verbs = Object.keys(commands) as Verb[];

/** A share of which some operations are slow (milliseconds), or fail (with a code). */
export interface Trouble {
  readonly slow?: Readonly<Record<string, number>>;
  readonly fail?: Readonly<Record<string, string>>;
  /** How many times as fast the clocks of the command run, so that it need not be waited for. @default 1 */
  readonly faster?: number;
}

/** Longer than any deadline, and than any test. Milliseconds. */
export const FOR_EVER = 100_000_000;

const preload = new URL('slow-files.mjs', import.meta.url).href;

export const trouble = ({ slow = {}, fail = {}, faster = 1 }: Trouble): Record<string, string> => ({
  NODE_OPTIONS: `--import=${preload}`,
  SLOW: JSON.stringify(slow),
  FAIL: JSON.stringify(fail),
  FASTER: String(faster),
});

const places: { remove: () => void }[] = [];

/** An empty directory for one test among others that run at the same time; {@link removePlaces} removes it. */
export function newPlace(): string {
  const place = temporary();
  places.push(place);
  return place.directory;
}

export function removePlaces(): void {
  for (const place of places.splice(0)) place.remove();
}

/** A copy of a licence with its folder, in a directory of its own. */
export function copyOf(licence: string): string {
  const directory = newPlace();
  cpSync(path.dirname(licence), directory, { recursive: true });
  return path.join(directory, path.basename(licence));
}

export const dropTable = (file: string): void => rmSync(`${file}.revisions`, { recursive: true });

/** Every name below a directory, with what is in it. */
export function treeOf(directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const full = path.join(directory, name);
      return [name, statSync(full).isDirectory() ? '' : readFileSync(full, 'latin1')];
    }),
  );
}

/** Names in the directory of a licence, and in its folder, that no command leaves behind. */
export function litterOf(file: string): string[] {
  const [licence, folder] = [path.basename(file), `${path.basename(file)}.revisions`];
  const names = readdirSync(path.dirname(file));
  const around = names.filter((name) => name !== licence && name !== folder);
  const inside = names.includes(folder) ? readdirSync(`${file}.revisions`) : [];
  return [...around, ...inside.filter((name) => !/^(\d{12}|journal)$/.test(name))];
}

/** Starts a command whose output cannot be written: there is no space for it, or its reader has ended. */
export function startUnheard(
  args: readonly string[],
  output: 'full' | 'closed',
  environment: Readonly<Record<string, string>>,
): Child {
  const stdout = output === 'full' ? openSync('/dev/full', 'w') : 'pipe';
  const env = { ...process.env, SEATFILE: '', ...environment };
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', stdout, 'pipe'], env });
  child.stdout?.destroy();
  return adopt(child);
}
