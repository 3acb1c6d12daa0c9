// Runs a program in an archive of Electron: node from-archive.mjs ASAR-PACKAGE ARCHIVE PROGRAM ARGUMENT
// Modules come out of the archive through hooks, as Electron's own reader of files would give them.
import { builtinModules, registerHooks } from 'node:module';
import { extname, posix } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , reader, archive, program] = process.argv;
const { extractFile, listPackage } = await import(pathToFileURL(`${reader}/lib/asar.js`));
const root = `${pathToFileURL(archive)}/`;
const files = new Set(listPackage(archive).map((file) => file.replaceAll('\\', '/').slice(1)));
const textOf = (file) => extractFile(archive, file).toString();
const manifestOf = (folder) => JSON.parse(textOf(`${folder}/package.json`));

/** The first target of `exports` whose conditions hold. */
function target(entry, conditions) {
  if (typeof entry !== 'object') return entry;
  const key = Object.keys(entry).find((name) => name === 'default' || conditions.includes(name));
  return key === undefined ? undefined : target(entry[key], conditions);
}

/** A file of a package: packages lie flat in an archive like this one. */
function inPackage(specifier, conditions) {
  const [, name, rest = ''] = /^((?:@[^/]+\/)?[^/]+)(\/.*)?$/.exec(specifier);
  const { exports, main = 'index.js' } = manifestOf(`node_modules/${name}`);
  const isPlain = typeof exports === 'string' || (exports !== undefined && !('.' in exports));
  const path =
    exports === undefined ? rest || main : target(isPlain ? exports : exports[`.${rest}`], conditions);
  return posix.join('node_modules', name, path);
}

const isBuiltin = (name) => name.startsWith('node:') || builtinModules.includes(name);

function resolve(specifier, context, next) {
  const isOurs = specifier.startsWith(root) || context.parentURL?.startsWith(root);
  if (!isOurs || isBuiltin(specifier)) return next(specifier, context);
  const isPath = /^(\.|file:)/.test(specifier);
  const url = isPath
    ? new URL(specifier, context.parentURL).href
    : root + inPackage(specifier, [...context.conditions]);
  return { url, shortCircuit: true };
}

/** As the nearest package.json says, unless the name does. */
function formatOf(file) {
  if (extname(file) !== '.js')
    return { '.mjs': 'module', '.cjs': 'commonjs', '.json': 'json' }[extname(file)];
  let folder = posix.dirname(file);
  while (!files.has(`${folder}/package.json`)) folder = posix.dirname(folder);
  return manifestOf(folder).type ?? 'commonjs';
}

function load(url, context, next) {
  if (!url.startsWith(root)) return next(url, context);
  const file = decodeURIComponent(url.slice(root.length));
  return { source: textOf(file), format: formatOf(file), shortCircuit: true };
}

registerHooks({ resolve, load });
await import(root + program);
