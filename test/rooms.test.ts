import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Every file of src/, by room. A new file needs a line here; a folder (ending in /) stands for the files in it. */
const plan: Readonly<Record<string, readonly string[]>> = {
  core: [
    ...['answers.ts', 'belief.ts', 'denial.ts', 'desk.ts', 'drop.ts', 'entitlement.ts', 'fault.ts'],
    ...[
      'journal.ts',
      'json.ts',
      'licence.ts',
      'line.ts',
      'moment.ts',
      'ordered.ts',
      'places.ts',
      'recall.ts',
      'removed.ts',
      'restore.ts',
      'revision.ts',
    ],
    ...['rollcall.ts', 'seats.ts', 'sightings.ts', 'size.ts', 'status.ts', 'sweep.ts', 'telling.ts'],
    ...['waiting.ts'],
  ],
  share: [
    ...[
      'asked.ts',
      'beginning.ts',
      'clearing.ts',
      'clock.ts',
      'create.ts',
      'dice.ts',
      'disk.ts',
      'emptying.ts',
      'examine-licence.ts',
      'examine-rights.ts',
      'examine.ts',
    ],
    ...['face.ts', 'files.ts', 'findings.ts', 'folding.ts', 'hammer.ts', 'healing.ts'],
    ...['journal.ts', 'limits.ts', 'locate.ts', 'lock.ts', 'patience.ts', 'peer.ts'],
    ...['pinned.ts', 'place.ts', 'probes.ts', 'reach.ts', 'replace.ts', 'revisions.ts', 'store.ts'],
    ...['volumes.ts', 'watch.ts'],
  ],
  instance: [
    ...['asking.ts', 'beats.ts', 'denials.ts', 'heart.ts', 'hints.ts', 'holds.ts'],
    ...['home.ts', 'identity.ts', 'instance.ts', 'leaving.ts', 'licence.ts', 'machine.ts'],
    ...['news.ts', 'quarter.ts', 'releases.ts', 'rollcall.ts', 'seat.ts', 'shared.ts', 'surroundings.ts'],
    ...['table.ts', 'threads.ts', 'turns.ts', 'vigil.ts', 'waiting.ts', 'warnings.ts'],
  ],
  vendor: ['./'],
  cli: ['./', 'commands/'],
  '.': ['index.ts'],
};

/** The rooms each room may import from: inward only. */
const inward: Readonly<Record<string, readonly string[]>> = {
  core: [],
  share: ['core'],
  instance: ['core', 'share'],
  vendor: ['core', 'share'],
  cli: ['core', 'share', 'instance', 'vendor'],
  '.': ['core', 'share', 'instance', 'vendor'],
};

/** The one file through which each outside package comes in; zod has the two halves of a licence. */
const doors: Readonly<Record<string, readonly string[]>> = {
  zod: ['src/core/licence.ts', 'src/core/entitlement.ts'],
  'proper-lockfile': ['src/share/lock.ts'],
  'write-file-atomic': ['src/share/replace.ts'],
  chokidar: ['src/share/watch.ts'],
  commander: ['src/cli/program.ts', 'src/cli/commands/'], // whose verbs describe themselves with its options
};

/** Everything at the top of the repository. Dotfiles are free. */
const top = [
  ...['CHANGELOG.md', 'LICENSE', 'README.md', 'biome.json', 'package-lock.json', 'package.json'],
  ...['tsconfig.json', 'bin', 'fixtures', 'src', 'test'],
];

/** Files below a folder, with / between names whatever the system. */
const filesBelow = (folder: string, ...endings: readonly string[]): string[] =>
  readdirSync(nodePath.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) =>
      nodePath.relative(root, nodePath.join(entry.parentPath, entry.name)).replaceAll('\\', '/'),
    )
    .filter((file) => !file.includes('node_modules/'))
    .sort();

const read = (file: string): string => readFileSync(nodePath.join(root, file), 'utf8');

interface Import {
  readonly from: string;
  /** Types only: nothing of it is there at run time. */
  readonly isType: boolean;
}

/** What a file imports or re-exports, statically and dynamically. */
function importsOf(file: string): Import[] {
  const text = read(file);
  const named = [...text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?'([^']+)'/gm)];
  const dynamic = [...text.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g)];
  return [
    ...named.map(([, type, from = '']) => ({ from, isType: type !== undefined })),
    ...dynamic.map(([, from = '']) => ({ from, isType: false })),
  ];
}

const sources = filesBelow('src', '.ts');
const roomOf = (file: string): string => {
  const [, room = '', below] = file.split('/');
  return below === undefined ? '.' : room;
};
const targetOf = (file: string, from: string): string =>
  nodePath.posix.join(nodePath.posix.dirname(file), from).replace(/\.js$/, '.ts');
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

describe('the rooms of src/', () => {
  test('every file is in the plan, and every file of the plan is there', () => {
    const planned = Object.entries(plan).flatMap(([room, places]) =>
      places.map((place) => nodePath.posix.join('src', room, place)),
    );
    expect(sources.filter((file) => !isIn(planned, file))).toEqual([]);
    expect(planned.filter((place) => !place.endsWith('/') && !sources.includes(place))).toEqual([]);
  });

  test.each(sources)('%s imports inward only', (file) => {
    const inside = importsOf(file).filter(({ from }) => from.startsWith('.'));
    const targets = inside.map(({ from }) => targetOf(file, from));
    expect(targets.filter((target) => !sources.includes(target))).toEqual([]);
    const room = roomOf(file);
    expect(targets.filter((target) => ![room, ...(inward[room] ?? [])].includes(roomOf(target)))).toEqual([]);
  });

  test.each(sources.filter((file) => roomOf(file) === 'core'))('%s imports nothing that acts', (file) => {
    const names = importsOf(file).map(({ from }) => from);
    expect(names.filter((name) => !['zod', 'node:crypto'].includes(name) && !name.startsWith('./'))).toEqual(
      [],
    );
  });

  test('each outside package has its door, and no other file imports it', () => {
    const outside = sources.flatMap((file) =>
      importsOf(file)
        .filter(({ from, isType }) => !from.startsWith('.') && !isBuiltin(from) && !isType)
        .map(({ from }) => ({ file, name: packageOf(from) })),
    );
    expect(outside.filter(({ file, name }) => !isIn(doors[name] ?? [], file))).toEqual([]);
    const { dependencies } = JSON.parse(read('package.json'));
    expect([...new Set(outside.map(({ name }) => name))].sort()).toEqual(Object.keys(dependencies).sort());
    expect(Object.keys(doors).sort()).toEqual(Object.keys(dependencies).sort());
  });

  test('modules of Node are named with node:', () => {
    const bare = sources.flatMap((file) =>
      importsOf(file).filter(({ from }) => isBuiltin(from) && !from.startsWith('node:')),
    );
    expect(bare).toEqual([]);
  });

  test('what the plan looks for can be found: the reader of imports sees each kind', () => {
    expect(importsOf('src/index.ts').map(({ from }) => from)).toContain('./core/fault.js');
    expect(importsOf('src/core/licence.ts')).toContainEqual({ from: 'zod', isType: false });
    expect(importsOf('src/core/sweep.ts')).toContainEqual({ from: './licence.js', isType: true });
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
