import { readdirSync } from 'node:fs';
import nodePath from 'node:path';

/** Reads a checkout as text: its files, and what they import. Paths are relative to its root, with / between names. */

/** Files below a folder whose names end so. */
export const filesBelow = (root: string, folder: string, ...endings: readonly string[]): string[] =>
  readdirSync(nodePath.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) =>
      nodePath.relative(root, nodePath.join(entry.parentPath, entry.name)).replaceAll('\\', '/'),
    )
    .filter((file) => !file.includes('node_modules/'))
    .sort();

export interface Import {
  readonly from: string;
  /** Types only: nothing of it is there at run time. */
  readonly isType: boolean;
}

/** What a text imports or re-exports, statically and dynamically. */
export function importsIn(text: string): Import[] {
  const named = [...text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?'([^']+)'/gm)];
  const dynamic = [...text.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g)];
  return [
    ...named.map(([, type, from = '']) => ({ from, isType: type !== undefined })),
    ...dynamic.map(([, from = '']) => ({ from, isType: false })),
  ];
}

/** The files of the same checkout that a file imports. */
export const insideOf = (file: string, text: string): string[] =>
  importsIn(text)
    .filter(({ from }) => from.startsWith('.'))
    .map(({ from }) => nodePath.posix.join(nodePath.posix.dirname(file), from).replace(/\.js$/, '.ts'));

type Graph = ReadonlyMap<string, readonly string[]>;

/** The files that one imports, directly or through others. */
export function reachOf(imports: Graph, from: string): Set<string> {
  const seen = new Set<string>();
  for (const queue = [...(imports.get(from) ?? [])]; queue.length > 0; ) {
    const next = queue.pop() ?? '';
    if (!seen.has(next)) queue.push(...(imports.get(next) ?? []));
    seen.add(next);
  }
  return seen;
}

/** Groups of files that import each other, directly or through others. */
export function circlesIn(imports: Graph): string[][] {
  const reached = new Map([...imports.keys()].map((file) => [file, reachOf(imports, file)]));
  const inCircle = [...imports.keys()].filter((file) => reached.get(file)?.has(file));
  const groups = inCircle.map((file) =>
    inCircle.filter((other) => reached.get(file)?.has(other) && reached.get(other)?.has(file)).join(' '),
  );
  return [...new Set(groups)].map((group) => group.split(' '));
}
