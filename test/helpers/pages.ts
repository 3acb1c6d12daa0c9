import { readFileSync } from 'node:fs';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow } from './sources.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every README of the repository, with / between names: the top one first, then those of the rooms. */
export const pages: readonly string[] = [
  'README.md',
  ...['src', 'test'].flatMap((folder) => filesBelow(root, folder, 'README.md')),
];

export const pageText = (page: string): string => readFileSync(nodePath.join(root, page), 'utf8');

export interface Block {
  readonly page: string;
  /** `ts`, `console`, ... */
  readonly language: string;
  /** The words behind the language. */
  readonly marks: readonly string[];
  readonly text: string;
}

/** The pieces of code in a page. */
export function blocksIn(page: string): Block[] {
  const blocks = pageText(page).matchAll(/^```(\w*)(.*)\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, language = '', words = '', text = '']) => {
    return { page, language, marks: words.split(' ').filter(Boolean), text };
  });
}

/** A page without its pieces of code. */
export const proseOf = (page: string): string => pageText(page).replace(/^```[\s\S]*?^```$/gm, '');
