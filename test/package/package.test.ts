import { execFile } from 'node:child_process';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { licenceJsonSchema } from '../../src/licence/schema.js';
import { type Block, blocksIn, pages, pageText } from '../helpers/pages.js';
import { importsIn } from '../helpers/sources.js';

/** The package as users get it: built and packed from a copy of the tree, installed into an empty project, and used. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const PATIENCE_MS = 180_000;

/** What goes into the copy: whatever `npm pack` may want, and the tools to build it. */
const packed = [
  ...['.ci', 'bin', 'fixtures', 'src', 'test'],
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'LICENSE', '.npmrc'],
];

/** What others start by its name. The rest of dist/ is what these load when it is needed. */
const NAMED = [
  ...['index.js', 'index.cjs', 'index.d.ts', 'index.d.cts', 'licence.schema.json', 'cli.js'],
  ...['seatfile.1', 'shells'],
  ...['sbom.cdx.json', 'LICENCES.txt'],
  ...['apart-disk.js', 'bundled-packages.js', 'full-check.js'],
  ...['testing.js', 'testing.cjs', 'testing.d.ts', 'testing.d.cts'],
];
/** Bytes, and files in dist/. With its sources the package had 992 kB and 857 files. */
const SHIPPED =
  /^(?:[a-z-]+\.(js|cjs|d\.ts|d\.cts|.*json)|LICENCES\.txt|seatfile\.1|shells([\\/]seatfile\.(bash|zsh|fish|ps1))?)$/;
const MOST = { tarball: 600_000, unpacked: 2_300_000, files: 72 };

/** What is no code has no types. */
const UNTYPED = ['./schema.json', './package.json'];

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
async function complaintsOf(files: readonly string[], options: object = {}): Promise<string> {
  const compilerOptions = {
    ...{ target: 'es2023', lib: ['es2023', 'esnext.disposable'], module: 'nodenext', strict: true },
    ...{ noEmit: true, skipLibCheck: false, exactOptionalPropertyTypes: true, types: ['node'] },
    typeRoots: [nodePath.join(root, 'node_modules', '@types')],
    ...options,
  };
  await writeFile(nodePath.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const { stdout } = await run(tool('tsc'), ['-p', '.'], { cwd: project }).catch(
    (error: { stdout: string }) => error,
  );
  return stdout;
}

/** Which of the packages that are seldom needed a program loads that opens a licence and ends at once. */
async function loadedBy(file: string): Promise<string[]> {
  const coverage = await mkdtemp(nodePath.join(folder, 'coverage-'));
  const env = { ...process.env, NODE_V8_COVERAGE: coverage };
  await run(process.execPath, ['esm.mjs', file], { cwd: project, env }).catch(() => undefined);
  const reports = await Promise.all(
    (await readdir(coverage)).map((name) => readFile(nodePath.join(coverage, name), 'utf8')),
  );
  const urls = reports.flatMap((text) => JSON.parse(text).result.map(({ url }: { url: string }) => url));
  expect(urls.join()).toContain('/dist/index.js');
  const seldom = ['dist/bundled-packages.js', 'node_modules/chokidar/', 'node_modules/zod/'];
  return seldom.filter((name) => urls.some((url) => url.includes(`/${name}`)));
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
    const wanted = ['LICENSE', 'README.md', 'bin', 'dist', 'fixtures', 'package.json', 'src', 'test'];
    const below = await readdir(installed('test'), { recursive: true, withFileTypes: true });
    expect(below.filter((one) => one.isFile() && one.name !== 'README.md')).toEqual([]);
    const found = await readdir(installed());
    expect(found.filter((name) => !wanted.includes(name))).toEqual([]);
    const here = ['dist', ...(await readdir(root))];
    expect(wanted.filter((name) => here.includes(name) && !found.includes(name))).toEqual([]);
  });

  test('holds few files, that are run: no sources, no maps', async () => {
    const files = await readdir(installed('dist'), { recursive: true });
    expect(NAMED.filter((name) => !files.includes(name))).toEqual([]);
    expect(files.filter((name) => !SHIPPED.test(name))).toEqual([]);
    expect(files.length).toBeLessThanOrEqual(MOST.files);
    const pages = await readdir(installed('src'), { recursive: true, withFileTypes: true });
    expect(pages.filter((one) => one.isFile() && one.name !== 'README.md')).toEqual([]);
  });

  test('is small', async () => {
    expect((await stat(tarball)).size).toBeLessThanOrEqual(MOST.tarball);
    const files = await readdir(installed(), { recursive: true, withFileTypes: true });
    const sizes = files.map(async (one) =>
      one.isFile() ? (await stat(nodePath.join(one.parentPath, one.name))).size : 0,
    );
    expect((await Promise.all(sizes)).reduce((sum, size) => sum + size)).toBeLessThanOrEqual(MOST.unpacked);
  });

  test('imports parts of Node, its own files, and packages that come with it', async () => {
    const { dependencies } = JSON.parse(await readFile(installed('package.json'), 'utf8'));
    const scripts = (await readdir(installed('dist'))).filter((name) => name.endsWith('.js'));
    const texts = await Promise.all(scripts.map((name) => readFile(installed('dist', name), 'utf8')));
    const names = new Set(
      texts.flatMap((text) => importsIn(text.replaceAll('"', "'"))).map(({ from }) => from),
    );
    const known = (name: string) =>
      name in dependencies || isBuiltin(name) || scripts.includes(name.replace(/^\.\//, ''));
    expect([...names].filter((name) => !known(name))).toEqual([]);
    expect([...names].sort()).toEqual(expect.arrayContaining(Object.keys(dependencies)));
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

  test('loads zod only for a document that is not as seatfile writes it, and chokidar behind the answer', async () => {
    const file = nodePath.join(project, 'licence.json');
    const text = await readFile(nodePath.join(root, 'fixtures', 'ten-users.json'), 'utf8');
    await writeFile(file, text);
    expect(await loadedBy(file)).toEqual(['dist/bundled-packages.js']);
    await rm(`${file}.revisions`, { recursive: true });
    await writeFile(file, text.replace('"revision": 0', '"revision": -1'));
    expect(await loadedBy(file)).toEqual(['node_modules/zod/']);
  });

  test('can be required', async () => {
    const { stdout } = await run(process.execPath, ['require.cjs'], { cwd: project });
    expect(JSON.parse(stdout)).toEqual({
      name: 'seatfile',
      exports: ['SeatfileFault', 'createLicence', 'openLicence', 'readJournal', 'readStatus', 'removeSeats'],
      schema: 'seatfile licence',
    });
  });

  test('type-checks in a strict project that checks its libraries too', async () => {
    expect(await complaintsOf(['typed.mts'])).toBe('');
  });

  test.each([
    ['nothing but the language', { lib: ['es2022'] }],
    ['a browser', { lib: ['es2022', 'dom'] }],
    ['an old language', { lib: ['es2015'] }],
    ['a bundler', { lib: ['es2022'], module: 'esnext', moduleResolution: 'bundler' }],
  ])(
    'type-checks without the types of Node, for %s, as ES module and as CommonJS',
    async (_what, options) => {
      await cp(nodePath.join(project, 'bare.mts'), nodePath.join(project, 'bare.cts'));
      expect(await complaintsOf(['bare.mts', 'bare.cts'], { ...options, types: [] })).toBe('');
    },
  );

  test('is used by its READMEs as it can be: every piece of TypeScript there compiles', async () => {
    const examples = pages.flatMap(blocksIn).filter(({ language }) => language === 'ts');
    const names = examples.map((_, at) => `example-${at}.mts`);
    await Promise.all(
      examples.map((block, at) => writeFile(nodePath.join(project, `example-${at}.mts`), moduleOf(block))),
    );
    expect(examples.map(({ text }) => text).join('')).toContain("from 'electron'");
    expect(await complaintsOf([...names, 'application.d.ts', 'electron.d.ts', 'vitest.d.ts'])).toBe('');
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

  test.each([
    ['run.js', ['run', 'licence.json', '--', 'node', '--version'], 125, 'a part of seatfile is missing'],
    ['status.js', ['status', 'licence.json'], 1, 'a part of seatfile is missing'],
    ['cli.js', ['status', 'licence.json'], 1, 'it is not whole: install it again'],
    ['cli.js', ['run', 'licence.json', '--', 'node', '--version'], 125, 'it is not whole: install it again'],
  ])('says so where %s is missing: %s', async (file, words, status, said) => {
    await rename(installed('dist', file), installed('dist', 'away.js'));
    const command = [installed('bin', 'seatfile.js'), ...words];
    const ended = await run(process.execPath, command, { cwd: project }).catch((error: unknown) => error);
    await rename(installed('dist', 'away.js'), installed('dist', file));
    expect(ended).toMatchObject({ code: status, stderr: expect.stringContaining(said) });
    expect((ended as { stderr: string }).stderr.trim().split('\n')).toHaveLength(1);
  });

  test('pleases publint', async () => {
    const { messages } = await publint({ pkgDir: installed(), pack: false, strict: true });
    expect(messages).toEqual([]);
  });

  test('pleases are-the-types-wrong', async () => {
    const { stdout } = await run(tool('attw'), [
      tarball,
      '--format',
      'json',
      '--exclude-entrypoints',
      ...UNTYPED,
    ]);
    expect(JSON.parse(stdout).problems ?? {}).toEqual({});
  });
});
