/**
 * Looks at the newest revision and reads `licence.json`, again and again until its stdin is closed. Each look must give
 * a whole document; the revision never goes down, and what was read once stays read.
 */
import '../../../helpers/full-check.js';
import { readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { openStore } from '../../../../src/client/open-store.js';
import { realSystem } from '../../../../src/client/system.js';
import type { Licence } from '../../../../src/licence/document.js';
import { SeatfileFault } from '../../../../src/licence/fault.js';
import { parseLicence } from '../../../../src/licence/text.js';
import { awake } from '../../../../src/share/clock.js';
import type { StoreOptions } from '../../../../src/store/store-options.js';

export interface LookJob {
  readonly file: string;
  readonly boundMs: number;
  readonly paceMs: number;
  /** Whether to say each look, or only what they come to. */
  readonly isTelling: boolean;
  readonly options: Partial<StoreOptions>;
}

/** What was met, of the newest revision and of the face. */
export interface Looks {
  readonly reads: number;
  readonly torn: number;
  readonly missing: number;
  readonly refused: number;
  readonly back: number;
  readonly worstMs: number;
}
export interface LookReport {
  readonly top: Looks;
  readonly face: Looks;
  readonly faults: readonly string[];
}

type Tallied = Licence & { readonly tally?: readonly string[] };

const { file, boundMs, paceMs, isTelling, options } = JSON.parse(process.argv[2] ?? '') as LookJob;
setPriority(10); // an observer lets the others work
let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();

const { store } = await awake(() => openStore(file, realSystem(options)));
const blank = () => ({ reads: 0, torn: 0, missing: 0, refused: 0, back: 0, worstMs: 0, newest: 0 });
const top = blank();
const face = blank();
const faults = new Set<string>();
let before: readonly string[] = [];

function note(met: ReturnType<typeof blank>, licence: Licence, startedMs: number): number {
  met.reads++;
  if (licence.revision < met.newest) met.back++;
  met.newest = Math.max(met.newest, licence.revision);
  met.worstMs = Math.max(met.worstMs, Math.round(performance.now() - startedMs));
  return licence.revision;
}

async function lookAtTop(startedMs: number): Promise<number | string> {
  try {
    const { licence } = await awake(() => store.read({ untilMs: startedMs + boundMs }));
    const { tally = [] } = licence as Tallied;
    if (before.some((id, index) => tally[index] !== id))
      faults.add(`revision ${licence.revision} rewrote the past`);
    before = tally;
    return note(top, licence, startedMs);
  } catch (error) {
    const code = error instanceof SeatfileFault ? error.code : 'torn';
    if (code === 'TABLE_DAMAGED' || code === 'torn') top.torn++;
    else if (code === 'TABLE_LOST') top.missing++;
    else top.refused++;
    faults.add(String(error));
    return code;
  }
}

let reading: Promise<string | NodeJS.ErrnoException> | null = null;

/**
 * As people and backup tools read it; but for a read that never returns (seen on SMB, after its host was frozen): one
 * of those is enough.
 */
async function readDisplayCopy(): Promise<string | NodeJS.ErrnoException> {
  reading ??= readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => error);
  const silent = Object.assign(new Error('no answer'), { code: 'no answer' });
  const answer = await Promise.race([reading, delay(boundMs, silent)]);
  if (answer !== silent) reading = null;
  return answer;
}

async function lookAtFace(startedMs: number): Promise<number | string> {
  const text = await readDisplayCopy();
  if (typeof text !== 'string') {
    const isMissing = text.code === 'ENOENT';
    face[isMissing ? 'missing' : 'refused']++;
    if (!isMissing) faults.add(`licence.json: ${text.code}`);
    return isMissing ? 'missing' : 'refused';
  }
  try {
    return note(face, parseLicence(text, file), startedMs);
  } catch {
    if (face.torn++ === 0)
      faults.add(
        `licence.json torn: ${text.length} characters, ` +
          `from ${JSON.stringify(text.slice(0, 30))} to ${JSON.stringify(text.slice(-60))}`,
      );
    return 'torn';
  }
}

console.log('ready');
while (!isOver) {
  const topMs = performance.now();
  const seen = await lookAtTop(topMs);
  const faceMs = performance.now();
  const shown = await lookAtFace(faceMs);
  const endMs = performance.now();
  if (isTelling)
    console.log(`look ${seen} ${Math.round(endMs - topMs)} ${shown} ${Math.round(endMs - faceMs)}`);
  await delay(paceMs);
}
const report: LookReport = { top, face, faults: [...faults] };
console.log(JSON.stringify(report));
process.exit(0);
