import { copyFileSync, writeFileSync } from 'node:fs';
import nodePath from 'node:path';
import { fetched, type Place, projectWith, run } from '../place.js';
import type { Case } from '../row.js';

/** A strict project that checks its libraries too, with each compiler, each way to resolve, and each set of types. */

type Options = Readonly<Record<string, unknown>>;

/** What the compiler is told, and the files that it reads. Node 10's way is gone in TypeScript 7. */
const resolutions: readonly { name: string; options: Options; files: readonly string[]; until?: number }[] = [
  {
    name: 'node10',
    options: { module: 'commonjs', moduleResolution: 'node10' },
    files: ['typed.ts'],
    until: 6,
  },
  { name: 'node16', options: { module: 'node16' }, files: ['typed.mts', 'typed.cts'] },
  { name: 'nodenext', options: { module: 'nodenext' }, files: ['typed.mts', 'typed.cts'] },
  { name: 'bundler', options: { module: 'esnext', moduleResolution: 'bundler' }, files: ['typed.ts'] },
];

const waysOf = (major: number) => resolutions.filter(({ until = major }) => major <= until);

/** With the DOM the compiler has types that seatfile uses; an application for Node alone leaves it out. */
const libraries: readonly Options[] = [{ lib: ['es2022'] }, {}];

/** The compiler's own libraries are not what is tried here, and take most of the time. */
const strict = {
  skipDefaultLibCheck: true,
  target: 'es2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
};

async function compile(
  compiler: string,
  project: string,
  options: Options,
  files: readonly string[],
): Promise<void> {
  const compilerOptions = { ...strict, noEmit: true, ...options };
  writeFileSync(nodePath.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  await run(process.execPath, [compiler, '-p', '.'], project).catch((error) => {
    throw new Error(`${JSON.stringify({ options, files })}\n${error.message}`);
  });
}

/** All ways with one compiler in one project. How many fail is told, and how the first. */
async function compileAll(compiler: string, major: number, project: string, more: Options): Promise<void> {
  const silenced = major === 6 ? { ignoreDeprecations: '6.0' } : {}; // which calls node10 deprecated
  const complaints: string[] = [];
  for (const { options, files } of waysOf(major))
    for (const library of libraries)
      await compile(compiler, project, { ...options, ...library, ...silenced, ...more }, files).catch(
        (error) => complaints.push(error.message),
      );
  if (complaints.length > 0)
    throw new Error(`${complaints.length} settings fail. The first:\n${complaints[0]}`);
}

async function typedProject(place: Place, name: string, packages: readonly string[]): Promise<string> {
  const project = await projectWith(place, name, packages);
  for (const kind of ['mts', 'cts'])
    copyFileSync(nodePath.join(project, 'typed.ts'), nodePath.join(project, `typed.${kind}`));
  return project;
}

/** Without the types of Node, as a fresh project has it; then with them. */
export const typescript = (version: string): Case => ({
  name: version,
  play: async (place, project) => {
    const tools = await fetched(place, `${project}-compiler`, [`typescript@${version}`]);
    const compiler = nodePath.join(tools, 'node_modules/typescript/bin/tsc');
    const major = Number.parseInt(version, 10);
    const bare = await typedProject(place, `${project}-bare`, []);
    await compileAll(compiler, major, bare, {});
    const typed = await typedProject(place, `${project}-node`, ['@types/node@20']);
    await compileAll(compiler, major, typed, { types: ['node'] });
    return waysOf(major)
      .map(({ name }) => name)
      .join(', ');
  },
});
