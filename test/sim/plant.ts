import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findIn } from './anchor.js';
import type { Bug, Edit } from './bugs.js';

/** The repository: this module is run from its source, and from what is compiled below `node_modules/.cache`. */
const root = findRoot(nodePath.dirname(fileURLToPath(import.meta.url)));
/** Below node_modules packages resolve, and nothing is linted, tested or published. */
const cache = nodePath.join(root, 'node_modules', '.cache');
const SOURCES = ['src', 'test/helpers', 'test/share/simulated', 'test/sim'];

/**
 * Compiles src/ and what the simulator has of test/, as they are or with one bug in them. Types are not checked,
 * because a bug may leave something unused.
 * @param into a folder below `node_modules/.cache` (a relative path is taken from there); what is in it goes
 * @returns its path: it holds `src/...js` and `test/...js`
 * @throws when what the bug changes is not there exactly once, or no longer parses
 */
export async function plant(bug: Bug | null, into: string): Promise<string> {
  const directory = await emptied(into);
  const sources = nodePath.join(directory, 'sources');
  const isWanted = (path: string) => !/\.test\.ts$|\.mjs$/.test(path);
  for (const from of SOURCES)
    await cp(nodePath.join(root, from), nodePath.join(sources, from), { recursive: true, filter: isWanted });
  if (bug) await writePlanted(bug, sources);
  await compile(sources, directory).catch((cause: unknown) => {
    throw new Error(`${bug?.name ?? 'as shipped'}: does not compile`, { cause });
  });
  return directory;
}

/** What a changed file may not have: mistakes in writing, and names that the code no longer has. */
const MISTAKES = /: error (TS1\d{3}|TS2304|TS2305|TS2307|TS2339|TS2551|TS2552|TS2724): /;

/**
 * The mistakes in the changed files, as the compiler tells them. A bug that names what is not there would crash, and
 * show nothing. All are looked at at once: each lies beside the file that it changes.
 */
export async function mistakesIn(bugs: readonly Bug[], into: string): Promise<string[]> {
  const directory = await emptied(into);
  await cp(nodePath.join(root, 'src'), nodePath.join(directory, 'src'), { recursive: true });
  for (const bug of bugs)
    for (const [file, text] of await planted(bug))
      await writeFile(nodePath.join(directory, file.replace(/\.ts$/, `-${bug.name}.ts`)), text);
  const compilerOptions = { rootDir: 'src', noEmit: true };
  await writeFile(
    nodePath.join(directory, 'tsconfig.json'),
    JSON.stringify({
      extends: nodePath.join(root, 'tsconfig.json'),
      compilerOptions,
      include: ['src'],
      exclude: [],
    }),
  );
  const said = await tsc(directory).catch((error: Error) => error.message);
  return said.split('\n').filter((line) => MISTAKES.test(line));
}

/** What the changed files say, by their names. @throws when what the bug changes is not there exactly once */
export async function planted(bug: Bug): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const edit of [bug, ...(bug.also ?? [])]) {
    const text = texts.get(edit.file) ?? (await readFile(nodePath.join(root, edit.file), 'utf8'));
    texts.set(edit.file, changed(text, edit, bug.name));
  }
  return texts;
}

/** A text with one edit made. @param name of the bug, for the message */
export function changed(text: string, { file, within, find, replace }: Edit, name: string): string {
  const found = findIn(text, within, find);
  if (found === null) throw new Error(`bug ${name}: ${file} declares no ${within}`);
  const [at] = found;
  if (at && found.length === 1) return text.slice(0, at.start) + replace + text.slice(at.end);
  throw new Error(`bug ${name}: expected once in ${within} of ${file}, found ${found.length} times: ${find}`);
}

async function writePlanted(bug: Bug, sources: string): Promise<void> {
  for (const [file, text] of await planted(bug)) {
    const path = nodePath.join(sources, file);
    await mkdir(nodePath.dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

async function emptied(into: string): Promise<string> {
  const directory = nodePath.resolve(cache, into);
  if (!directory.startsWith(cache + nodePath.sep))
    throw new Error(`${into}: expected a folder below ${cache}, where packages resolve`);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await writeFile(nodePath.join(directory, 'package.json'), '{ "type": "module" }\n');
  return directory;
}

/** Each file by itself: nothing imported is resolved, no type is checked. */
async function compile(sources: string, outDir: string): Promise<void> {
  const options = { rootDir: '.', outDir, noCheck: true, noResolve: true, types: [], sourceMap: false };
  const quiet = { declaration: false, declarationMap: false, inlineSources: false };
  const project = {
    extends: nodePath.join(root, 'tsconfig.json'),
    compilerOptions: { ...options, ...quiet },
    include: ['.'],
    exclude: [], // by itself it would be outDir, and all this lies in there
  };
  await writeFile(nodePath.join(sources, 'tsconfig.json'), JSON.stringify(project));
  await tsc(sources);
}

async function tsc(project: string): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const program = nodePath.join(nodePath.dirname(manifest), 'bin', 'tsc');
  const run = promisify(execFile)(process.execPath, [program, '-p', project, '--pretty', 'false']);
  const { stdout } = await run.catch((error: { stdout?: string }) => {
    throw new Error(error.stdout || 'tsc failed', { cause: error });
  });
  return stdout;
}

function findRoot(from: string): string {
  for (let at = from; ; at = nodePath.dirname(at)) {
    if (nameOf(nodePath.join(at, 'package.json')) === 'seatfile') return at;
    if (at === nodePath.dirname(at)) throw new Error(`${from}: expected to be in the repository of seatfile`);
  }
}

function nameOf(manifest: string): unknown {
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).name : null;
}
