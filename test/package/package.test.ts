import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { licenceJsonSchema } from '../../src/licence/schema.js';
import { type Block, blocksIn, pages, pageText } from '../helpers/pages.js';

/** The package as users get it: built and packed from a copy of the tree, installed into an empty project, and used. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const PATIENCE_MS = 180_000;

/** What goes into the copy: whatever `npm pack` may want, and the tools to build it. */
const packed = ['bin', 'src', 'test', 'package.json', 'tsconfig.json', 'README.md', 'LICENSE', '.npmrc'];

let folder = '';
let tree = '';
let project = '';
let tarball = '';

const tool = (name: string) => nodePath.join(root, 'node_modules', '.bin', name);
const npm = (args: readonly string[], cwd: string) =>
  run('npm', [...args], { cwd, shell: process.platform === 'win32' });

async function copyTree(): Promise<void> {
  await mkdir(tree);
  for (const name of packed)
    await cp(nodePath.join(root, name), nodePath.join(tree, name), { recursive: true }).catch(unlessMissing);
  await symlink(nodePath.join(root, 'node_modules'), nodePath.join(tree, 'node_modules'), 'junction');
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function pack(): Promise<string> {
  await npm(['pack', '--pack-destination', folder], tree);
  const name = (await readdir(folder)).find((entry) => entry.endsWith('.tgz'));
  if (name === undefined) throw new Error('npm pack left no tarball');
  return nodePath.join(folder, name);
}

async function install(): Promise<void> {
  await mkdir(project);
  await writeFile(nodePath.join(project, 'package.json'), '{ "name": "consumer", "private": true }\n');
  await cp(fileURLToPath(new URL('./consumer', import.meta.url)), project, { recursive: true });
  await npm(['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], project);
}

beforeAll(async () => {
  folder = await mkdtemp(nodePath.join(tmpdir(), 'seatfile-package-'));
  tree = nodePath.join(folder, 'tree');
  project = nodePath.join(folder, 'project');
  await copyTree();
  tarball = await pack();
  await install();
}, PATIENCE_MS);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What the compiler says of files of the project. */
async function complaintsOf(files: readonly string[]): Promise<string> {
  const compilerOptions = {
    ...{ target: 'es2023', lib: ['es2023', 'esnext.disposable'], module: 'nodenext', strict: true },
    ...{ noEmit: true, skipLibCheck: false, exactOptionalPropertyTypes: true, types: ['node'] },
    typeRoots: [nodePath.join(root, 'node_modules', '@types')],
  };
  await writeFile(nodePath.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const { stdout } = await run(tool('tsc'), ['-p', '.'], { cwd: project }).catch(
    (error: { stdout: string }) => error,
  );
  return stdout;
}

/** A piece of TypeScript made a module: it may end early with `return`, as within a function. */
function moduleOf({ text }: Block): string {
  const lines = text.split('\n');
  const imports = lines.filter((line) => line.startsWith('import '));
  const rest = lines.filter((line) => !line.startsWith('import '));
  return [...imports, 'export async function example() {', ...rest, '}', ''].join('\n');
}

const installed = (...path: readonly string[]) => nodePath.join(project, 'node_modules', 'seatfile', ...path);

describe('the package', { timeout: PATIENCE_MS }, () => {
  test('holds what it should and nothing else', async () => {
    const wanted = ['LICENSE', 'README.md', 'bin', 'dist', 'package.json', 'src', 'test'];
    const below = await readdir(installed('test'), { recursive: true, withFileTypes: true });
    expect(below.filter((one) => one.isFile() && one.name !== 'README.md')).toEqual([]);
    const found = await readdir(installed());
    expect(found.filter((name) => !wanted.includes(name))).toEqual([]);
    const here = ['dist', ...(await readdir(root))];
    expect(wanted.filter((name) => here.includes(name) && !found.includes(name))).toEqual([]);
  });

  test('holds for every source its JavaScript, its types, and maps that lead back to it', async () => {
    const below = async (name: string) => (await readdir(installed(name), { recursive: true })).sort();
    const sources = (await below('src')).filter((file) => file.endsWith('.ts'));
    const built = new Set(await below('dist'));
    const missing = sources
      .map((file) => file.slice(0, -'.ts'.length))
      .flatMap((stem) => [`${stem}.js`, `${stem}.d.ts`, `${stem}.js.map`].filter((file) => !built.has(file)));
    expect(missing).toEqual([]);
    const map = JSON.parse(await readFile(installed('dist', 'rules', 'claim.js.map'), 'utf8'));
    expect(map.sources).toEqual(['../../src/rules/claim.ts']);
  });

  test('holds the JSON Schema of this very source', async () => {
    const schema = JSON.parse(await readFile(installed('dist', 'licence.schema.json'), 'utf8'));
    expect(schema).toEqual(licenceJsonSchema());
  });

  test('takes a seat from an ES module', async () => {
    const file = nodePath.join(project, 'licence.json');
    await cp(nodePath.join(root, 'fixtures', 'ten-users.json'), file);
    const { stdout } = await run(process.execPath, ['esm.mjs', file], { cwd: project });
    const seat = { user: 'ada', host: 'pc-ada', module: 'M1', valid: true, state: 'seated' };
    expect(JSON.parse(stdout)).toEqual({ ...seat, isFault: true, code: 'LICENCE_MISSING' });
  });

  test('can be required', async () => {
    const { stdout } = await run(process.execPath, ['require.cjs'], { cwd: project });
    expect(JSON.parse(stdout)).toEqual({
      name: 'seatfile',
      exports: ['SeatfileFault', 'openLicence'],
      schema: 'seatfile licence',
    });
  });

  test('type-checks in a strict project that checks its libraries too', async () => {
    expect(await complaintsOf(['typed.mts'])).toBe('');
  });

  test('is used by its READMEs as it can be: every piece of TypeScript there compiles', async () => {
    const examples = pages.flatMap(blocksIn).filter(({ language }) => language === 'ts');
    const names = examples.map((_, at) => `example-${at}.mts`);
    await Promise.all(
      examples.map((block, at) => writeFile(nodePath.join(project, `example-${at}.mts`), moduleOf(block))),
    );
    expect(examples.map(({ text }) => text).join('')).toContain("from 'electron'");
    expect(await complaintsOf([...names, 'application.d.ts', 'electron.d.ts'])).toBe('');
  });

  test('holds every README of the repository', async () => {
    const found = await Promise.all(pages.map((page) => readFile(installed(page), 'utf8').catch(() => null)));
    expect(pages.filter((page, at) => found[at] !== pageText(page))).toEqual([]);
  });

  test('brings a command that tells its version', async () => {
    const { version } = JSON.parse(await readFile(installed('package.json'), 'utf8'));
    const bin = nodePath.join(project, 'node_modules', '.bin', 'seatfile');
    const { stdout } = await run(bin, ['--version'], { cwd: project, shell: process.platform === 'win32' });
    expect(stdout.trim()).toBe(version);
  });

  test('pleases publint', async () => {
    const { messages } = await publint({ pkgDir: installed(), pack: false, strict: true });
    expect(messages).toEqual([]);
  });

  test('pleases are-the-types-wrong', async () => {
    const { stdout } = await run(tool('attw'), [tarball, '--profile', 'esm-only', '--format', 'json']);
    const problems = Object.values(JSON.parse(stdout).problems ?? {}).flat() as { resolutionKind?: string }[];
    const foreseen = ['node10', 'node16-cjs']; // ES modules only: older resolvers and typed require() are not served
    expect(problems.filter(({ resolutionKind = '' }) => !foreseen.includes(resolutionKind))).toEqual([]);
  });
});
