import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs';
import nodePath from 'node:path';
import { projectWith, run } from '../place.js';
import type { Case } from '../row.js';
import { playSeat } from '../visit.js';

/** The program bundled with all that it needs, run outside of the project that it was made in. */

export interface Bundling {
  readonly name: string;
  readonly packages: readonly string[];
  /** The program that bundles, below `node_modules`, and its arguments. Or a script of this folder. */
  readonly words: readonly string[];
  /** What it makes in the folder `out`. */
  readonly bundle: string;
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => nodePath.join(entry.parentPath, entry.name));

const kilobytes = (files: readonly string[]) =>
  `${Math.round(files.reduce((sum, file) => sum + statSync(file).size, 0) / 1000)} kB`;

/** Messages of zod in languages that no seatfile message uses: the size of the whole library again. */
function expectNoLocales(files: readonly string[]): void {
  const words = ['Ungültige Eingabe', 'Entrée invalide'];
  const found = files.filter((file) => words.some((word) => readFileSync(file, 'utf8').includes(word)));
  if (found.length > 0) throw new Error(`${found.join(', ')}: expected no locales of zod`);
}

export const bundler = ({ name, packages, words, bundle }: Bundling): Case => ({
  name,
  play: async (place, label) => {
    const project = await projectWith(place, label, packages);
    await run(process.execPath, words, project);
    const out = `${project}-bundle`; // beside no node_modules: a bundle that leaves something out does not start
    cpSync(nodePath.join(project, 'out'), out, { recursive: true });
    await playSeat(project, process.execPath, [nodePath.join(out, bundle)]);
    const files = filesOf(out);
    expectNoLocales(files);
    return `${kilobytes(files)} minified, ${files.length} files`;
  },
});
