import { expect, test } from 'vitest';
import { subjectOf } from '../../src/cli/why-view.js';
import { seatedTable } from '../rules/seated.js';

const table = seatedTable(12);

test('a whole id is meant, also where others begin with it', () => {
  expect(subjectOf({ licence: table }, 'seat-1')).toMatchObject({
    kind: 'held',
    holders: [{ seat: { id: 'seat-1' } }],
  });
});

test('a beginning that several have is told, with the first of them', () => {
  const asked = () => subjectOf({ licence: table }, 'seat');
  expect(asked).toThrow(
    /--seat seat: 13 seats begin with it \(seat-0, seat-1, .* \.\.\.\); give more of the id/,
  );
});

test('a user in the queue, and none at all', () => {
  expect(subjectOf({ licence: table }, 'seat-e')).toMatchObject({ kind: 'waiting', instance: 'eve' });
  expect(subjectOf({ licence: table }, 'none')).toBeNull();
});
