import { readFileSync, writeFileSync } from 'node:fs';

/** For AsyncDisposable, which the libraries of most projects do not have yet. */
const REFERENCE = '/// <reference lib="esnext.disposable" />\n';
const LOCAL_IMPORT = /^import type .* from '\.[^']*';\n/gm;
const LOCAL_EXPORT = /^export .*from '\.[^']*';\n/gm;
/** The files of src/api/, as src/api.ts lists them. */
const OF_API = /^export type \* from '\.\/(api\/[^']*)\.js';$/gm;

/**
 * Makes the shipped declarations, one file for each way in, from those of tsc. They are the same for `import` and for
 * `require`, and none of them names a file of dist/modules.
 */
export function writeDeclarations(dist) {
  const declared = (...modules) =>
    modules
      .map((module) => readFileSync(`${dist}modules/${module}.d.ts`, 'utf8'))
      .join('')
      .replace(LOCAL_EXPORT, '');
  const list = readFileSync(`${dist}modules/api.d.ts`, 'utf8');
  const ofApi = [...list.matchAll(OF_API)].map(([, module]) => module);
  const own = declared('api', ...ofApi, 'licence/fault', 'index').replace(LOCAL_IMPORT, '');
  write(`${dist}index`, () => REFERENCE + own);
  const types = declared('testing/test-types');
  const functions = declared('testing/index').replace(LOCAL_IMPORT, '');
  write(`${dist}testing`, (ending) => types.replace("'../api.js'", `'./index.${ending}'`) + functions);
}

function write(path, textFor) {
  for (const [ending, declarations] of Object.entries({ js: 'd.ts', cjs: 'd.cts' })) {
    const text = textFor(ending);
    const stray = /from '\.[^']*'/.exec(text.replaceAll(`'./index.${ending}'`, ''));
    if (stray) throw new Error(`${path}: ${stray[0]} is not shipped; expected types of src/api.ts only`);
    writeFileSync(`${path}.${declarations}`, text);
  }
}
