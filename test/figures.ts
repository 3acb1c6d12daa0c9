/**
 * Figures of the source: npm run figures [-- DIRECTORY]. DIRECTORY is a checkout in which `npm run build` has been done
 * (this one, if left out). Prints a table. Walks are run through for real, and counted by V8: a file counts if one of
 * its functions ran, a function if it ran.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import os from 'node:os';
import nodePath from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseSync, Visitor } from 'oxc-parser';
import { circlesIn, filesBelow, insideOf } from './helpers/sources.js';

const root = nodePath.resolve(process.argv[2] ?? '.');
const place = mkdtempSync(nodePath.join(os.tmpdir(), 'seatfile-figures-'));
const licence = nodePath.join(place, 'licence.json');
const INTERVAL_S = 4;

const modules = pathToFileURL(nodePath.join(root, 'dist/modules')).href;
const isOurs = ({ url }: Profiler.ScriptCoverage) => url.startsWith(`${modules}/`);
/** The function that is the module itself starts at 0. */
const ran = ({ functions }: Profiler.ScriptCoverage) =>
  functions.filter(({ ranges: [whole] }) => whole && whole.count > 0 && whole.startOffset > 0);

interface Walk {
  readonly files: number;
  readonly functions: number;
}

function walkOf(scripts: readonly Profiler.ScriptCoverage[]): Walk {
  const counts = scripts.filter(isOurs).map((script) => ran(script).length);
  return { files: counts.filter((count) => count > 0).length, functions: counts.reduce((a, b) => a + b, 0) };
}

/** What ran while `act` did, in this process. */
async function walk(act: () => Promise<unknown>): Promise<Walk> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await act();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  return walkOf(result);
}

/** `seatfile hold`, whose standard input closes as soon as it has a seat. */
async function walkOfHold(): Promise<Walk> {
  const coverage = nodePath.join(place, 'coverage');
  const env = { ...process.env, NODE_V8_COVERAGE: coverage };
  const program = nodePath.join(place, 'seatfile.mjs'); // the shipped program is bundled: it has other files
  writeFileSync(program, `(await import('${modules}/cli/start.js')).start(import.meta.url, '0.0.0');\n`);
  const child = spawn(process.execPath, [program, 'hold', licence], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdout.once('data', () => child.stdin.end());
  const status = await new Promise((resolve) => child.once('exit', resolve));
  if (status !== 0) throw new Error(`seatfile hold ended with ${status}; expected 0`);
  const scripts = readdirSync(coverage).flatMap(
    (name): Profiler.ScriptCoverage[] =>
      JSON.parse(readFileSync(nodePath.join(coverage, name), 'utf8')).result,
  );
  return walkOf(scripts);
}

const textOf = (file: string) => readFileSync(nodePath.join(root, file), 'utf8');
const linesOf = (files: readonly string[]) =>
  files.reduce((sum, file) => sum + textOf(file).split('\n').length - 1, 0);

/** Every function of a file: how many parameters it takes, and how many lines it has. */
function functionsOf(file: string) {
  const text = textOf(file);
  const found: { params: number; lines: number }[] = [];
  const note = ({ params, start, end }: { params: readonly unknown[]; start: number; end: number }) =>
    void found.push({ params: params.length, lines: text.slice(start, end).split('\n').length });
  const visitor = { FunctionDeclaration: note, FunctionExpression: note, ArrowFunctionExpression: note };
  new Visitor(visitor).visit(parseSync(file, text).program);
  return found;
}

/** Files that speak of an idea, by the words of its names in the code. */
const ideas = {
  'silent peer': /silen|unheard|stoodStill|sighting/i,
  'lost table': /rebuil|restor|heal|TABLE_LOST/i,
  'waiting for a seat': /waiting|waiter|enqueue|\boffer/i,
  'unchanged since': /unchanged|sinceMs|firstSeenMs/i,
};

function staticFigures() {
  const source = filesBelow(root, 'src', '.ts');
  const imports = new Map(source.map((file) => [file, insideOf(file, textOf(file))]));
  const functions = source.flatMap(functionsOf);
  const texts = source.map(textOf);
  return {
    'files of src': source.length,
    'files of src over 300 lines': source.filter((file) => linesOf([file]) > 300).length,
    'files in import circles': circlesIn(imports).flat().length,
    'functions with five or more parameters': functions.filter(({ params }) => params >= 5).length,
    'functions over 40 lines': functions.filter(({ lines }) => lines > 40).length,
    'median lines of a function': functions.map(({ lines }) => lines).sort((a, b) => a - b)[
      functions.length >> 1
    ],
    'interfaces named ...Deps': texts.join('\n').match(/interface \w*Deps\b/g)?.length ?? 0,
    'lines of src': linesOf(source),
    'lines of test': linesOf(filesBelow(root, 'test', '.ts', '.mjs')),
    ...Object.fromEntries(
      Object.entries(ideas).map(([idea, words]) => [
        `files that speak of: ${idea}`,
        texts.filter((text) => words.test(text)).length,
      ]),
    ),
  };
}

async function walks() {
  const init = ['init', licence, '--module', 'M1=2', '--check-interval', `${INTERVAL_S}s`];
  execFileSync(process.execPath, [nodePath.join(root, 'bin/seatfile.js'), ...init], { stdio: 'ignore' });
  const hold = await walkOfHold();
  const { openLicence } = await import(`${modules}/index.js`);
  const session = await walk(async () => {
    const one = await openLicence(licence);
    await (await one.acquire('M1')).seat.release();
    await one.close();
  });
  const one = await openLicence(licence);
  await one.acquire('M1');
  await delay(1000);
  const beat = await walk(() => delay(INTERVAL_S * 1000)); // one heartbeat, with the polls between
  await one.close();
  const told = ({ files, functions }: Walk) => `${files} files, ${functions} functions`;
  return {
    'seatfile hold': told(hold),
    'open, acquire, release, close': told(session),
    'one check interval: a heartbeat and its polls': told(beat),
  };
}

try {
  for (const [what, figure] of Object.entries({ ...staticFigures(), ...(await walks()) }))
    console.log(`${what.padEnd(48)} ${figure}`);
} finally {
  rmSync(place, { recursive: true, force: true });
}
