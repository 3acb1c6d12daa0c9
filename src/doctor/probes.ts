import nodePath from 'node:path';
import type { Clock } from '../share/clock.js';
import { type Contents, OF_A_REVISION } from '../share/emptying.js';
import { nullIf, READ_AND_WRITE, ShareError, type ShareErrorKind, type ShareFiles } from '../share/files.js';
import { documentIn } from '../share/layout.js';
import type { Finding } from './findings.js';

/** What a share must do for a seat table, tried in a directory of our own: each probe gives one finding. */
export interface ProbeSite {
  readonly files: ShareFiles;
  readonly clock: Clock;
  /** An empty directory of ours. */
  readonly directory: string;
}

const ROUNDS = 5;
const STAMPS = 6;
const freshName = (round: number): string => `fresh-${round}`;
const stampName = (n: number): string => `stamp-${n}`;
const several = (count: number, nameOf: (n: number) => string): Contents =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [nameOf(n), {}]));

/** All that the probes make in their directory; what the hammer's processes leave in theirs is not known by name. */
export const CONTENTS: Contents = {
  ...{ exclusive: null, written: OF_A_REVISION, renamed: null, read: OF_A_REVISION },
  ...{ one: OF_A_REVISION, two: OF_A_REVISION, number: OF_A_REVISION, empty: OF_A_REVISION },
  ...{ moving: {}, lower: {}, hammer: OF_A_REVISION },
  ...several(ROUNDS, freshName),
  ...several(STAMPS, stampName),
};

/** For the checks that need more than a directory of their own. */
export interface ExaminedSite extends ProbeSite {
  /** The same share without the signal: for clearing away after the examination was given up. */
  readonly plainFiles: ShareFiles;
  /** The rights to hand on. */
  readonly modes: { readonly directory: number; readonly file: number };
}

/** What an operation was refused with; null when it was done. What says nothing about the outcome is thrown. */
async function refusalOf(
  act: Promise<unknown>,
  expected: readonly ShareErrorKind[],
): Promise<ShareErrorKind | null> {
  try {
    await act;
    return null;
  } catch (error) {
    if (error instanceof ShareError && expected.includes(error.kind)) return error.kind;
    throw error;
  }
}

async function isText(file: string, text: string, files: ShareFiles): Promise<boolean> {
  try {
    return new TextDecoder().decode(await files.read(file)) === text;
  } catch (error) {
    if (error instanceof ShareError && ['missing', 'wrongKind'].includes(error.kind)) return false;
    throw error;
  }
}

/** A share may refuse chmod; only silence says something about it. */
export function passOver(error: unknown): void {
  if (!(error instanceof ShareError) || error.kind === 'silent') throw error;
}

/** Creating a file that exists must be refused, and leave it as it was. */
export async function exclusiveCreate({ files, directory }: ProbeSite): Promise<Finding> {
  const file = nodePath.join(directory, 'exclusive');
  await files.writeNew(file, 'first', READ_AND_WRITE);
  const refusal = await refusalOf(files.writeNew(file, 'second', READ_AND_WRITE), ['exists']);
  const isWhole = await isText(file, 'first', files);
  const isRefused = refusal !== null;
  return { check: 'exclusiveCreate', severity: isRefused && isWhole ? 'ok' : 'unfit', isRefused, isWhole };
}

/** As large as the document of a few hundred seats, with characters that take two bytes. */
const TEXT = 'Sitzplätze für alle: {"seats": []}\n'.repeat(2000);

/** What was written and synced must be read back whole under a path that was never used before. */
export async function readBack({ files, directory }: ProbeSite): Promise<Finding> {
  const [before, after] = [nodePath.join(directory, 'written'), nodePath.join(directory, 'read')];
  await files.makeDirectory(before);
  await files.writeNew(documentIn(before), TEXT, READ_AND_WRITE);
  await files.rename(before, after);
  const isWhole = await isText(documentIn(after), TEXT, files);
  return { check: 'readBack', severity: isWhole ? 'ok' : 'unfit', bytes: Buffer.byteLength(TEXT), isWhole };
}

const TAKEN: readonly ShareErrorKind[] = ['exists', 'notEmpty', 'refused', 'busy'];

/** Decides which process gets a seat: a directory is renamed onto a free name, and never onto one that is taken. */
export async function directoryRename({ files, directory }: ProbeSite): Promise<Finding> {
  const at = (name: string) => nodePath.join(directory, name);
  for (const name of ['one', 'two']) {
    await files.makeDirectory(at(name));
    await files.writeNew(documentIn(at(name)), name, READ_AND_WRITE);
  }
  await files.rename(at('one'), at('number'));
  const isRefused = (await refusalOf(files.rename(at('two'), at('number')), TAKEN)) !== null;
  const survived = [
    await isText(documentIn(at('number')), 'one', files),
    await isText(documentIn(at('two')), 'two', files),
  ];
  const isWhole = survived.every(Boolean);
  const severity = isRefused && isWhole ? 'ok' : 'unfit';
  const ontoEmpty = severity === 'ok' ? await renameOntoEmpty(at('two'), at('empty'), files) : 'refused';
  return { check: 'directoryRename', severity, isRefused, isWhole, ontoEmpty };
}

async function renameOntoEmpty(
  from: string,
  empty: string,
  files: ShareFiles,
): Promise<'replaced' | 'refused'> {
  await files.makeDirectory(empty);
  return (await refusalOf(files.rename(from, empty), TAKEN)) === null ? 'replaced' : 'refused';
}

/** How long a listing may lag behind before we wait no more. Milliseconds. */
const LATEST_MS = 3000;
const AGAIN_MS = 50;

/** A listing shows at once what this computer has made and removed. */
export async function freshness(site: ProbeSite): Promise<Finding> {
  const lags: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const name = freshName(round);
    const path = nodePath.join(site.directory, name);
    await site.files.makeDirectory(path);
    lags.push(await lagMs(site, name, true));
    const gone = await nullIf(site.files.removeDirectory(path), 'notEmpty');
    // An indexer may have written into it: then it is renamed, and its name is gone as well.
    if (gone === null) await site.files.rename(path, `${path}-litter`);
    lags.push(await lagMs(site, name, false));
  }
  const late = lags.filter((ms) => ms > 0).length;
  const severity = late === 0 ? 'ok' : 'warning';
  return { check: 'freshness', severity, rounds: ROUNDS, late, slowestMs: Math.round(Math.max(...lags)) };
}

/** How long after a change the listing shows it; 0 when the first one does. */
async function lagMs(
  { files, clock, directory }: ProbeSite,
  name: string,
  isThere: boolean,
): Promise<number> {
  const startedMs = clock.elapsedMs();
  for (let tries = 0; ; tries++) {
    const passedMs = clock.elapsedMs() - startedMs;
    if ((await files.list(directory)).includes(name) === isThere) return tries === 0 ? 0 : passedMs;
    if (passedMs >= LATEST_MS) return passedMs;
    await clock.sleep(AGAIN_MS);
  }
}

/** Apart from each other, so that a clock that counts in whole seconds shows. Milliseconds. */
const STAMP_GAP_MS = 37;
const GRANULARITIES_MS = [1000, 100, 10];
/** A directory may be stamped in steps of two seconds. Milliseconds. */
const NEXT_STAMP_MS = 2100;
/** An offset of the clocks this large is told. Milliseconds. */
const LARGE_OFFSET_MS = 60_000;

/**
 * Whose clock stamps new files, and how finely. `isClientStamp`: the file system is known to use the clients' clocks.
 */
export async function stamps(site: ProbeSite, isClientStamp: boolean): Promise<Finding> {
  const { files, clock, directory } = site;
  const seen: { stampMs: number; offsetMs: number; uncertaintyMs: number }[] = [];
  for (let n = 0; n < STAMPS; n++) {
    const path = nodePath.join(directory, stampName(n));
    const [beforeMs, wallMs] = [clock.elapsedMs(), clock.wallMs()];
    await files.makeDirectory(path);
    const halfMs = (clock.elapsedMs() - beforeMs) / 2;
    const stampMs = (await files.stat(path)).modifiedMs;
    seen.push({ stampMs, offsetMs: stampMs - wallMs - halfMs, uncertaintyMs: halfMs });
    await clock.sleep(STAMP_GAP_MS);
  }
  const times = seen.map(({ stampMs }) => stampMs);
  const granularityMs = GRANULARITIES_MS.find((step) => times.every((ms) => ms % step === 0)) ?? 1;
  const best = seen.reduce((least, one) => (one.uncertaintyMs < least.uncertaintyMs ? one : least));
  const uncertaintyMs = best.uncertaintyMs + granularityMs;
  const goesBack = times.some((ms, at) => ms < (times[at - 1] ?? 0)) || times.some((ms) => ms <= 0);
  const isMoving = await isStampMoving(site);
  const isApart = Math.abs(best.offsetMs) > uncertaintyMs;
  const offsetMs = Math.round(best.offsetMs);
  return {
    check: 'stamps',
    severity:
      goesBack || !isMoving
        ? 'warning'
        : isClientStamp || Math.abs(offsetMs) > LARGE_OFFSET_MS
          ? 'note'
          : 'ok',
    ...{ offsetMs, uncertaintyMs: Math.ceil(uncertaintyMs), granularityMs, isMoving, goesBack },
    by: isClientStamp ? 'client' : isApart ? 'server' : 'unknown',
  };
}

/** Clients tell by a directory's time that its entries have changed. */
async function isStampMoving({ files, clock, directory }: ProbeSite): Promise<boolean> {
  const stampOf = async () => (await files.stat(directory)).modifiedMs;
  const beforeMs = await stampOf();
  await files.makeDirectory(nodePath.join(directory, 'moving'));
  if ((await stampOf()) !== beforeMs) return true;
  await clock.sleep(NEXT_STAMP_MS);
  await nullIf(files.removeDirectory(nodePath.join(directory, 'moving')), 'notEmpty'); // an indexer was quick
  return (await stampOf()) !== beforeMs;
}

export async function caseFolding({ files, directory }: ProbeSite): Promise<Finding> {
  await files.makeDirectory(nodePath.join(directory, 'lower'));
  const refusal = await refusalOf(files.stat(nodePath.join(directory, 'LOWER')), ['missing']);
  return { check: 'caseFolding', severity: 'ok', isFolded: refusal === null };
}
