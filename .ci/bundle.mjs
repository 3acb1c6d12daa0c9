// Makes the shipped files of dist/ from what tsc wrote to dist/modules/: node .ci/bundle.mjs
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { esmExternalRequirePlugin } from 'rolldown/plugins';
import { BUNDLED, BUNDLED_IN_CJS } from './bundled-packages.mjs';
import { writeDeclarations } from './declarations.mjs';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const builtin = new RegExp(`^(node:.*|${builtinModules.join('|')})$`);

/** The ways in for applications, and what bin/seatfile.js and its processes start. */
const library = { index: 'index.js', testing: 'testing/index.js' };
const programs = { cli: 'cli/start.js', 'apart-disk': 'cli/apart-disk.js' };

const inputOf = (entries) =>
  Object.fromEntries(Object.entries(entries).map(([name, module]) => [name, `${dist}modules/${module}`]));

/**
 * What the bundled packages would do to the process of an application: graceful-fs replaces fs.close; signal-exit
 * replaces process.emit and process.reallyExit, and listens for signals. Nothing rests on it: seatfile gives
 * proper-lockfile a file system of its own, and the next commit clears away what a process leaves behind at its end.
 */
const HARMLESS = {
  '\0graceful-fs': "module.exports = require('node:fs');",
  '\0signal-exit': 'module.exports = () => () => undefined;\nmodule.exports.onExit = module.exports;',
};
const harmless = {
  name: 'harmless',
  resolveId: (name) => (`\0${name}` in HARMLESS ? `\0${name}` : null),
  load: (id) => HARMLESS[id] ?? null,
};

/** What several files need, in few files: each one more costs a start about a millisecond. The first match counts. */
const CHUNKS = [
  { name: 'bundled-packages', test: /node_modules|^\0(?!rolldown)|^builtin:/, priority: 3 },
  { name: 'disk', test: /modules\/share\/(disk|watch)\.js$/, priority: 2 },
  {
    name: 'library',
    test: /modules\/(licence|rules|store|client(?!\/creating)|share)\//,
    minShareCount: 2,
    priority: 1,
  },
  // For a few commands, and for createLicence(): what only opens a licence does not load it.
  { name: 'examination', test: /modules\/(doctor\/|client\/creating)/, minShareCount: 2, priority: 0 },
  {
    name: 'commands',
    test: /modules\/cli\/(?!commands\/|.*-text|command-list|disk-process)/,
    minShareCount: 2,
  },
];

/** The same for `require`. zod goes with the full check, which alone needs it. */
const CHUNKS_IN_CJS = [
  { name: 'chokidar', test: /node_modules\/(chokidar|readdirp)\//, priority: 3 },
  { name: 'bundled-packages', test: /node_modules\/(?!zod\/)|^\0(?!rolldown)/, priority: 2 },
  { name: 'library', test: /modules\/(licence|rules|store|client|share)\//, minShareCount: 2 },
];

/** Writes files, and checks that the list of what is inside them is true. */
async function write({ input, external, plugins = [] }, output, expected) {
  const bundle = await rolldown({
    ...{ input, external, plugins: [harmless, ...plugins], platform: 'node' },
    transform: { define: { __filename: '"seatfile"' } }, // write-file-atomic makes a name of it
  });
  const { output: files } = await bundle.write({ dir: dist, comments: { jsdoc: false }, ...output });
  await bundle.close();
  const paths = files.flatMap(({ moduleIds = [] }) => moduleIds);
  const found = new Set(
    paths.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  );
  if ([...found].sort().join() !== [...expected].sort().join())
    throw new Error(
      `bundled: ${[...found].sort()}; expected ${[...expected].sort()} (.ci/bundled-packages.mjs)`,
    );
}

for (const name of readdirSync(dist))
  if (name !== 'modules') rmSync(dist + name, { recursive: true, force: true });

await write(
  {
    input: { ...inputOf(library), ...inputOf(programs) },
    external: [/^(zod|chokidar|commander)$/],
    plugins: [esmExternalRequirePlugin({ external: [builtin] })],
  },
  {
    ...{ format: 'esm', chunkFileNames: '[name].js', minifyInternalExports: false },
    codeSplitting: { groups: CHUNKS },
  },
  BUNDLED,
);
await write(
  { input: inputOf(library), external: [builtin] },
  {
    ...{ format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name].cjs', exports: 'named' },
    ...{ minifyInternalExports: false, codeSplitting: { groups: CHUNKS_IN_CJS } },
  },
  [...BUNDLED, ...BUNDLED_IN_CJS],
);
cpSync(new URL('../src/cli/shells', import.meta.url), `${dist}shells`, { recursive: true });
writeDeclarations(dist);
