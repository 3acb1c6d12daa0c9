// Plain English, checked: node test/plain.mjs [DIRECTORY]. Prints each finding; the exit status is 1 if there is any.
// A process is named by its role: a reader must not have to find out which party a pronoun stands for.
import { readdirSync, readFileSync } from 'node:fs';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import jsTokens from 'js-tokens';

const COLUMNS = 120;
const WORDS = ['who', 'whoever', 'he', 'him', 'his', 'somebody', 'nobody'];
/** `who` may be right in a question or an answer for people. */
const TEXT_WORDS = WORDS.filter((word) => word !== 'who');

const root = process.argv[2] ?? nodePath.join(nodePath.dirname(fileURLToPath(import.meta.url)), '..');

/** Files below a folder, relative to the root, with / between names on every system. */
const filesBelow = (folder) =>
  readdirSync(nodePath.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => nodePath.relative(root, nodePath.join(entry.parentPath, entry.name)))
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !file.includes('node_modules/'));

/** Each forbidden word in a piece of text that starts at `line`. */
const wordsIn = (text, line, words, place) =>
  text.split('\n').flatMap((row, below) =>
    [...row.matchAll(new RegExp(`\\b(?:${words.join('|')})\\b`, 'gi'))].map(([word]) => ({
      line: line + below,
      says: `word "${word}" in ${place}: name the party by its role (instance, holder, user ...)`,
    })),
  );

/** Code that is quoted within a line names identifiers and commands: it is not prose. */
const withoutCode = (text) => text.replace(/`[^`\n]*`/g, '``');

/** Words in one token of TypeScript or JavaScript. */
function wordsInToken({ type, value, closed }, line, isShown) {
  if (type === 'Invalid' || closed === false) return [{ line, says: `not understood: ${value}` }];
  if (type.endsWith('Comment')) return wordsIn(withoutCode(value), line, WORDS, 'a comment');
  const isText = type === 'StringLiteral' || type.includes('Template');
  return isShown && isText && value.includes(' ') ? wordsIn(value, line, TEXT_WORDS, 'a text') : [];
}

/** Words in comments, and in texts that people see. */
function wordsInCode(file, code) {
  const found = [];
  let line = 1;
  for (const token of jsTokens(code)) {
    found.push(...wordsInToken(token, line, file.startsWith('src/')));
    line += token.value.split('\n').length - 1;
  }
  return found;
}

/** A page without its code blocks; the lines stay where they are. */
const withoutBlocks = (page) =>
  page.replace(/^```.*\n[\s\S]*?^```$/gm, (block) => block.replace(/[^\n]/g, ''));

/** Lines that are too long. A row of a table on a page cannot be broken. */
const longLines = (text, isPage) =>
  text
    .split('\n')
    .map((row, index) => ({ row, line: index + 1 }))
    .filter(({ row }) => row.length > COLUMNS && !(isPage && row.startsWith('|')))
    .map(({ row, line }) => ({ line, says: `${row.length} columns: expected at most ${COLUMNS}` }));

function checkPage(page) {
  const prose = withoutBlocks(page);
  return [...wordsIn(withoutCode(prose), 1, TEXT_WORDS, 'the prose'), ...longLines(prose, true)];
}

const checkCode = (file, code) => [...wordsInCode(file, code), ...longLines(code, false)];

const top = readdirSync(root).filter((file) => file.endsWith('.md'));
const files = [...top, ...['bin', 'src', 'test'].flatMap(filesBelow)]
  .filter((file) => /(?:\.ts|\.mjs|\.js|\.md)$/.test(file))
  .sort();
const findings = files.flatMap((file) => {
  const text = readFileSync(nodePath.join(root, file), 'utf8');
  const found = file.endsWith('.md') ? checkPage(text) : checkCode(file, text);
  return found
    .sort((one, other) => one.line - other.line)
    .map(({ line, says }) => `${file}:${line}: ${says}`);
});
for (const finding of findings) console.log(finding);
process.exitCode = findings.length === 0 ? 0 : 1;
