import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { filesBelow as below, circlesIn, importsIn, insideOf, reachOf } from './helpers/sources.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The rooms of src/, from the innermost out. A room imports from the rooms above it in this list, and from itself. All
 * import from src/api.ts, which gives the types of api/.
 */
const ROOMS = ['api', 'licence', 'share', 'rules', 'store', 'vendor', 'doctor', 'client', 'cli', 'testing'];
/**
 * Stricter than the order: all that a room takes from others. `licence/fault` is one file, `licence` the whole room.
 */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  share: ['licence/fault', 'licence/range', 'licence/size', 'licence/time'], // nothing of what a document is
  rules: ['licence'], // nothing that acts
  testing: ['licence', 'share', 'rules', 'store', 'client', 'index'], // and the types that users see
};
/** Rooms of pure functions: no package and no part of Node but these. */
const PURE: Readonly<Record<string, readonly string[]>> = {
  api: [], // what applications see: the shipped declaration
  licence: ['zod', 'node:crypto'],
  rules: ['node:crypto'],
};

/** The one file through which each outside package comes in. */
const doors: Readonly<Record<string, readonly string[]>> = {
  zod: ['src/licence/schema.ts', 'src/licence/schema/'],
  'proper-lockfile': ['src/store/lock.ts'],
  'write-file-atomic': ['src/share/replace.ts'],
  chokidar: ['src/share/watch.ts'],
  // The verbs describe themselves with its options.
  commander: ['src/cli/program.ts', 'src/cli/common-options.ts', 'src/cli/commands/'],
};

/** Everything at the top of the repository. Dotfiles are free. */
const top = [
  ...['CHANGELOG.md', 'LICENSE', 'README.md', 'biome.json', 'package-lock.json', 'package.json'],
  ...['tsconfig.json', 'bin', 'fixtures', 'src', 'test'],
];

const filesBelow = (folder: string, ...endings: readonly string[]) => below(root, folder, ...endings);
const read = (file: string): string => readFileSync(nodePath.join(root, file), 'utf8');
const importsOf = (file: string) => importsIn(read(file));

const sources = filesBelow('src', '.ts');
const roomOf = (file: string): string => {
  const [, room = '', below] = file.split('/');
  return below === undefined ? '.' : room;
};
const packageOf = (from: string): string =>
  from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');
const isBuiltin = (from: string): boolean => from.startsWith('node:') || builtinModules.includes(from);
const isIn = (places: readonly string[], file: string): boolean =>
  places.some((place) =>
    place.endsWith('/')
      ? nodePath.posix.dirname(file) === nodePath.posix.join(place, '.').replace(/\/$/, '')
      : place === file,
  );

const partOf = (file: string): string => file.slice('src/'.length, -'.ts'.length);
/** Whether a file is one of these places, each a file or a whole room. */
const isOf = (places: readonly string[], file: string): boolean =>
  places.some((place) => partOf(file) === place || partOf(file).startsWith(`${place}/`));

/** What each file of src/ imports from the repository. */
const sourceImports: ReadonlyMap<string, readonly string[]> = new Map(
  sources.map((file) => [file, insideOf(file, read(file))]),
);

describe('the rooms of src/', () => {
  test('every file stands in a room, but the index and what applications see', () => {
    expect(sources.filter((file) => !ROOMS.includes(roomOf(file)))).toEqual(['src/api.ts', 'src/index.ts']);
    const behindApi = importsOf('src/api.ts');
    expect(behindApi.filter(({ from, isType }) => !isType || !from.startsWith('./api/'))).toEqual([]);
  });

  test.each(sources)('%s can be held in the head: 300 lines at most', (file) => {
    const lines = read(file).split('\n').length - 1;
    expect(lines).toBeLessThanOrEqual(300);
  });

  test.each(sources)('%s imports from the rooms above it only', (file) => {
    const targets = sourceImports.get(file) ?? [];
    expect(targets.filter((target) => !sources.includes(target))).toEqual([]);
    const room = roomOf(file);
    const above = room === '.' ? ROOMS : ROOMS.slice(0, ROOMS.indexOf(room));
    const allowed = ['api', room, ...(ONLY[room] ?? above)];
    expect(targets.filter((target) => !isOf(allowed, target))).toEqual([]);
  });

  test.each(sources.filter((file) => roomOf(file) in PURE))('%s imports nothing that acts', (file) => {
    const names = importsOf(file).map(({ from }) => from);
    const allowed = PURE[roomOf(file)] ?? [];
    expect(names.filter((name) => !allowed.includes(name) && !name.startsWith('.'))).toEqual([]);
  });

  test('the register of numbered texts knows nothing of licences, directly or through others', () => {
    const behind = reachOf(sourceImports, 'src/store/folder-register.ts');
    expect(behind).toContain('src/store/register.ts');
    const known = [
      'licence/document',
      'licence/entitlement',
      'licence/revision',
      'rules',
      'doctor',
      'client',
    ];
    expect([...behind].filter((file) => isOf(known, file))).toEqual([]);
  });

  test('no circle of imports, not even of types', () => {
    expect(circlesIn(sourceImports)).toEqual([]);
    const planted = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', []],
    ]);
    expect(circlesIn(planted)).toEqual([['a', 'b', 'c']]);
  });

  test('no file name stands in two rooms, but that of an entry and of what applications see', () => {
    const names = sources
      .map((file) => ({ name: nodePath.posix.basename(file), room: roomOf(file) }))
      .filter(({ name, room }) => name !== 'index.ts' && room !== 'api');
    const twice = names.filter(({ name, room }) =>
      names.some((other) => other.name === name && other.room !== room),
    );
    expect(twice).toEqual([]);
  });

  test('each outside package has its door, and no other file imports it', () => {
    const outside = sources.flatMap((file) =>
      importsOf(file)
        .filter(({ from, isType }) => !from.startsWith('.') && !isBuiltin(from) && !isType)
        .map(({ from }) => ({ file, name: packageOf(from) })),
    );
    expect(outside.filter(({ file, name }) => !isIn(doors[name] ?? [], file))).toEqual([]);
    const names = new Set(outside.map(({ name }) => name));
    expect([...names].sort()).toEqual(Object.keys(doors).sort());
    const { dependencies, devDependencies } = JSON.parse(read('package.json')); // the latter: those that are bundled
    expect(Object.keys(dependencies).filter((name) => !names.has(name))).toEqual([]);
    expect([...names].filter((name) => !(name in dependencies) && !(name in devDependencies))).toEqual([]);
  });

  test('modules of Node are named with node:', () => {
    const bare = sources.flatMap((file) =>
      importsOf(file).filter(({ from }) => isBuiltin(from) && !from.startsWith('node:')),
    );
    expect(bare).toEqual([]);
  });

  test('what the plan looks for can be found: the reader of imports sees each kind', () => {
    expect(importsOf('src/index.ts').map(({ from }) => from)).toContain('./licence/fault.js');
    expect(importsOf('src/licence/schema.ts')).toContainEqual({ from: 'zod', isType: false });
    expect(importsOf('src/rules/queue.ts')).toContainEqual({ from: '../licence/document.js', isType: true });
  });
});

describe('the repository', () => {
  test('has nothing at its top but what belongs there', () => {
    const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
    const names = new Set(tracked.map((path) => path.split('/')[0] ?? ''));
    expect([...names].filter((name) => !name.startsWith('.') && !top.includes(name))).toEqual([]);
  });

  const tests = filesBelow('test', '.ts', '.mjs', '.js').filter((file) => !file.includes('planted-'));

  test('no test is left out, and none runs alone', () => {
    const marked = /\b(?:test|it|describe|suite|bench)(?:\.\w+)*\.(?:only|skip|todo|fails)\b/;
    expect(tests.filter((file) => marked.test(read(file)))).toEqual([]);
  });

  test('nobody silences the checks', () => {
    const silence = new RegExp(
      ['biome' + '-ignore', '@ts' + '-ignore', '@ts' + '-nocheck', '@ts' + '-expect-error'].join('|'),
    );
    expect([...sources, ...tests].filter((file) => silence.test(read(file)))).toEqual([]);
  });

  test('every file in fixtures/ is used by a test', () => {
    const files = filesBelow('fixtures', '');
    const readers = tests
      .filter((file) => file.endsWith('.ts'))
      .map(read)
      .join('\n');
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !readers.includes(nodePath.posix.basename(file)))).toEqual([]);
  });

  test('the linter sees a floating promise: a rule that is misconfigured keeps silent', () => {
    const planted = nodePath.join(root, 'test', `planted-${process.pid}.ts`);
    const text = 'async function act(): Promise<void> {}\n\nexport function forget(): void {\n  act();\n}\n';
    writeFileSync(planted, text);
    try {
      expect(lint(planted)).toContain('lint/nursery/noFloatingPromises');
    } finally {
      rmSync(planted);
    }
  });
});

/** What biome says of a file; a clean one fails the test. */
function lint(file: string): string {
  const biome = nodePath.join(root, 'node_modules/@biomejs/biome/bin/biome');
  try {
    execFileSync(process.execPath, [biome, 'lint', '--reporter=json', file], {
      cwd: root,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    return String((error as { stdout?: string }).stdout);
  }
  throw new Error('biome found nothing');
}
