import { describe, expect, test } from 'vitest';
import type { ShareErrorKind } from '../../src/share/files.js';
import { failingAt, type Mishap } from '../helpers/faults.js';
import { codeOf, Table } from '../helpers/table.js';

/** Every step of a commit fails once, whatever it is; the table is wholly before or wholly after, never between. */
const kinds: readonly ShareErrorKind[] = [
  'unsaid',
  'silent',
  'refused',
  'full',
  'busy',
  'missing',
  'stale',
  'exists',
];
const ways = ['refuse', 'loseReply'] as const;
const starts = { 'the first commit': 0, 'a later commit': 3 } as const;
const cases = Object.entries(starts).flatMap(([start, revisions]) =>
  kinds.flatMap((error) => ways.map((kind) => ({ start, revisions, kind, error }))),
);

async function commitFailingAt(step: number, revisions: number, mishap: Mishap) {
  const table = new Table();
  if (revisions > 0) table.grow(revisions);
  const before = table.tally();
  let share = { failed: false, isArmed: true, operation: '' };
  const writer = table.writer({
    wrap: (files) => {
      const failing = failingAt(step, files, mishap);
      share = failing;
      return failing.files;
    },
  });
  const code = await codeOf(writer.add('mine', 30_000));
  share.isArmed = false;
  return { table, writer, before, after: [...before, 'mine'], code, share };
}

describe.each(cases)('$start, $kind with $error', ({ revisions, kind, error }) => {
  test('is done once or not at all, and told as it is', async () => {
    for (let step = 1, failed = true; failed; step++) {
      const { table, before, after, code, share } = await commitFailingAt(step, revisions, { kind, error });
      const told = `step ${step}, ${share.operation}: ${code}`;
      if (code === null) expect(table.tally(), told).toEqual(after);
      else if (code === 'COMMIT_UNKNOWN') expect([before, after], told).toContainEqual(table.tally());
      else expect(table.tally(), told).toEqual(before);
      failed = share.failed;
    }
  });

  test('the next commit finds the table in order', async () => {
    for (let step = 1, failed = true; failed; step++) {
      const { table, writer, share } = await commitFailingAt(step, revisions, { kind, error });
      await writer.add('next');
      expect(table.tally().at(-1), share.operation).toBe('next');
      expect(new Set(table.tally()).size, share.operation).toBe(table.tally().length);
      expect(new Set(table.top().recent).size, share.operation).toBe(table.top().recent.length);
      failed = share.failed;
    }
  });

  test('leaves at most what clearing away knows', async () => {
    const known = /^(stage-[0-9a-f]{8}-\d+-[0-9a-f]{32}|clearing-[0-9a-f]{32}|lock)$/;
    for (let step = 1, failed = true; failed; step++) {
      const { table, share } = await commitFailingAt(step, revisions, { kind, error });
      const { server, paths } = table;
      const inside = server.isThere(paths.folder) ? table.others() : [];
      const beside = server.list(paths.around).map((name) => name.replace(/^licence\.json\.?/, ''));
      const odd = [...inside, ...beside].filter(
        (name) => !known.test(name) && !['', 'revisions'].includes(name),
      );
      expect(odd, share.operation).toEqual([]);
      failed = share.failed;
    }
  });
});
