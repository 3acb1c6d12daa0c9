import fs from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SeatfileFault } from '../../src/licence/fault.js';
import { diskFiles } from '../../src/share/disk.js';
import { ShareError, type ShareErrorKind, type ShareFiles, sortError } from '../../src/share/files.js';
import { seededDice } from '../helpers/dice.js';
import { callOf, pathIn, portOf } from '../helpers/port.js';
import { adding, declining, Table, type Writer } from '../helpers/table.js';

/**
 * Every step of every operation of the store ends with every errno that a share has been seen to give, as Node throws
 * it, with and without having taken effect.
 */
const errnos: Readonly<Record<string, { readonly errno: number; readonly kind: ShareErrorKind }>> = {
  EEXIST: { errno: -17, kind: 'exists' },
  ENOENT: { errno: -2, kind: 'missing' },
  ENOTEMPTY: { errno: -39, kind: 'notEmpty' },
  EPERM: { errno: -1, kind: 'refused' },
  EACCES: { errno: -13, kind: 'refused' },
  EBUSY: { errno: -16, kind: 'busy' },
  ESTALE: { errno: -116, kind: 'stale' },
  EIO: { errno: -5, kind: 'unsaid' },
  ENOSPC: { errno: -28, kind: 'full' },
  EDQUOT: { errno: -122, kind: 'full' },
  EROFS: { errno: -30, kind: 'readOnly' },
  ETIMEDOUT: { errno: -110, kind: 'unsaid' },
  ECONNRESET: { errno: -104, kind: 'unsaid' },
  UNKNOWN: { errno: -4094, kind: 'unsaid' },
};
const names = Object.keys(errnos);

/** As Node throws it. libuv has no name for ESTALE: there is a number in its text, and no usable code. */
function thrown(name: string, syscall: string, path: string): NodeJS.ErrnoException {
  const errno = errnos[name]?.errno ?? 0;
  const code = name === 'ESTALE' ? 'Unknown system error -116' : name;
  return Object.assign(new Error(`${code}: something, ${syscall} '${path}'`), { code, errno, syscall, path });
}

describe('what the disk throws is sorted', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });
  const sources = {
    list: ['stat', () => diskFiles.list('/x')], // how large it is comes first
    read: ['open', () => diskFiles.read('/x')],
    writeNew: ['open', () => diskFiles.writeNew('/x', 'text', 0o644)],
    makeDirectory: ['mkdir', () => diskFiles.makeDirectory('/x')],
    setMode: ['chmod', () => diskFiles.setMode('/x', 0o644)],
    stat: ['lstat', () => diskFiles.stat('/x')],
    rename: ['rename', () => diskFiles.rename('/x', '/y')],
    removeFile: ['unlink', () => diskFiles.removeFile('/x')],
    removeDirectory: ['rmdir', () => diskFiles.removeDirectory('/x')],
    resolve: ['realpath', () => diskFiles.resolve('/x')],
    volume: ['statfs', () => diskFiles.volume('/x')],
  } as const;

  test.each(Object.entries(sources))('by %s', async (_operation, [syscall, act]) => {
    for (const name of names) {
      vi.spyOn(fs, syscall).mockRejectedValue(thrown(name, syscall, '/x') as never);
      const error = await act().catch((reason: unknown) => reason);
      expect(error, name).toBeInstanceOf(ShareError);
      expect(error, name).toMatchObject({ kind: errnos[name]?.kind });
      expect((error as Error).message, name).toContain('/x');
      expect((error as Error).message, name).toContain(name === 'ESTALE' ? '-116' : name);
    }
  });
});

interface Fuzz {
  step: number;
  failed: boolean;
  isArmed: boolean;
  operation: string;
}

/** The step-th operation ends so, below the sorting. */
function fuzzed(files: ShareFiles, fuzz: Fuzz, name: string, isDone: boolean): ShareFiles {
  const call = callOf(files);
  let n = 0;
  return portOf(async (operation, args) => {
    if (!fuzz.isArmed || ++n !== fuzz.step) return await call(operation, args);
    fuzz.failed = true;
    fuzz.operation = `${operation} ${pathIn(args)}`;
    if (isDone) await call(operation, args).catch(() => undefined);
    throw sortError(thrown(name, operation, pathIn(args)), operation, pathIn(args));
  });
}

interface Deed {
  readonly what: string;
  /** Revisions that are there before. */
  readonly revisions: number;
  readonly act: (writer: Writer) => Promise<unknown>;
  /** The word that it adds, if it is done. */
  readonly word: string | null;
  readonly options?: { readonly isDead?: () => boolean };
}

const run = (writer: Writer, asked: Promise<unknown>) => writer.table.timeline.run(asked);
const commit = (writer: Writer) => writer.add('mine', 30_000);
const STAGE = `stage-abcdef01-77-${'0'.repeat(32)}`;

const deeds: readonly Deed[] = [
  { what: 'a first commit', revisions: 0, act: commit, word: 'mine' },
  { what: 'a commit', revisions: 3, act: commit, word: 'mine' },
  { what: 'a look', revisions: 3, act: (writer) => writer.read(30_000), word: null },
  { what: 'a first look', revisions: 0, act: (writer) => writer.read(30_000), word: null },
  {
    what: 'a commit that declines',
    revisions: 3,
    act: (writer) => run(writer, writer.store.commit(declining, writer.deadline(30_000))),
    word: null,
  },
  {
    what: "the share's time",
    revisions: 3,
    act: (writer) => run(writer, writer.store.shareTime()),
    word: null,
  },
  {
    what: 'a commit that clears away',
    revisions: 3,
    act: async (writer) => {
      const { server, paths } = writer.table;
      server.makeDirectory(`${paths.folder}/${STAGE}`);
      server.writeNew(`${paths.folder}/${STAGE}/licence.json`, 'half', 0o664);
      for (const word of ['a', 'b', 'c'])
        await run(writer, writer.store.commit(adding(word), writer.deadline()));
      await commit(writer);
    },
    word: 'mine',
    options: { isDead: () => true },
  },
];

const knownCodes = /^(?:SHARE_|TABLE_|LICENCE_|COMMIT_UNKNOWN)/;

/** What a fault must be, and tell. */
function checkFault(error: unknown, name: string, told: string): void {
  expect(error, told).toBeInstanceOf(SeatfileFault);
  const fault = error as SeatfileFault;
  expect(fault.code, told).toMatch(knownCodes);
  expect(fault.message, told).toContain('/share');
  const chain = [...causes(fault)].map(String).join('\n');
  const found = name === 'ESTALE' ? '-116' : name;
  const isAnswer = ['EEXIST', 'ENOTEMPTY'].includes(name); // another process was quicker: then another failure follows
  if (fault.code.startsWith('SHARE_') && !isAnswer) expect(chain, told).toContain(found);
}

function* causes(error: unknown): Generator<unknown> {
  for (let one = error; one instanceof Error; one = one.cause) yield one.message;
}

const ways = [false, true];
/** One errno of each kind: the others are sorted like it. */
const oneOfEach = names.filter(
  (name, at) => names.findIndex((one) => errnos[one]?.kind === errnos[name]?.kind) === at,
);

describe.each(deeds)('$what', ({ revisions, act, word, options }) => {
  const isCommit = word !== null && options === undefined;
  test.each((isCommit ? names : oneOfEach).flatMap((name) => ways.map((isDone) => ({ name, isDone }))))(
    '$name, done: $isDone',
    async ({ name, isDone }) => {
      for (let step = 1, failed = true; failed; step++) {
        const table = new Table();
        if (revisions > 0) table.grow(revisions);
        const before = table.tally();
        const fuzz: Fuzz = { step, failed: false, isArmed: true, operation: '' };
        const writer = table.writer({ wrap: (files) => fuzzed(files, fuzz, name, isDone), ...options });
        const error = await act(writer).then(
          () => null,
          (reason: unknown) => reason,
        );
        await table.timeline.run(writer.store.settled());
        fuzz.isArmed = false;
        const told = `step ${step}, ${fuzz.operation}: ${error}`;
        if (error !== null) checkFault(error, name, told);
        await checkTable(table, before, word, error, told);
        failed = fuzz.failed;
      }
    },
  );
});

/** A healthy store goes on at once; what was acknowledged is there once, what was denied is not, and never comes. */
async function checkTable(
  table: Table,
  before: readonly string[],
  word: string | null,
  error: unknown,
  told: string,
): Promise<void> {
  const startedMs = table.timeline.nowMs;
  await table.writer().add('next');
  expect(table.timeline.nowMs - startedMs, told).toBeLessThan(11_000); // a lock left behind is waited for, once
  await table.timeline.advance(120_000);
  await table.writer().add('later');
  const words = table.tally();
  expect(words.slice(0, before.length), told).toEqual(before);
  expect(new Set(words).size, told).toBe(words.length);
  expect(words.slice(-2), told).toEqual(['next', 'later']);
  const isThere = word !== null && words.includes(word);
  const isUnknown = error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN';
  if (word !== null && !isUnknown) expect(isThere, told).toBe(error === null);
  expect(new Set(table.top().recent).size, told).toBe(table.top().recent.length);
}

test.each(Array.from({ length: 40 }, (_, seed) => seed))('many at once, seed %i', async (seed) => {
  const table = new Table();
  const random = seededDice(`errno/${seed}`);
  const told = new Map<string, unknown>();
  const state = { isArmed: true };
  const wrap = (files: ShareFiles): ShareFiles => {
    const call = callOf(files);
    return portOf(async (operation, args) => {
      if (!state.isArmed || random.fraction() >= 0.08) return await call(operation, args);
      const name = names[Math.floor(random.fraction() * names.length)] ?? 'EIO';
      if (random.fraction() < 0.5) await call(operation, args).catch(() => undefined);
      throw sortError(thrown(name, operation, pathIn(args)), operation, pathIn(args));
    });
  };
  const writers = [1, 2, 3].map(() => table.writer({ wrap }));
  const all = writers.flatMap((writer, w) =>
    Array.from({ length: 6 }, async (_, n) => {
      const word = `${w}-${n}`;
      told.set(
        word,
        await writer.adding(word, 120_000).then(
          () => null,
          (reason: unknown) => reason,
        ),
      );
    }),
  );
  await table.timeline.run(Promise.all(all));
  for (const writer of writers) await table.timeline.run(writer.store.settled());
  state.isArmed = false;
  await table.timeline.advance(120_000);
  await table.writer().add('next');
  const words = table.tally();
  expect(new Set(words).size).toBe(words.length);
  for (const [word, error] of told) {
    if (error !== null) expect(error, word).toBeInstanceOf(SeatfileFault);
    if (error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN') continue;
    expect(words.includes(word), `${word}: ${error}`).toBe(error === null);
  }
});
