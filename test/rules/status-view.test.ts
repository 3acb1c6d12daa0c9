import { describe, expect, test } from 'vitest';
import type { InstanceRecord } from '../../src/licence/document.js';
import { toIso } from '../../src/licence/time.js';
import { statusView } from '../../src/rules/status-view.js';
import { seatedTable } from './seated.js';
import { contextOf, FILE, START_MS } from './tables.js';

/** user0 has been silent for 580 s at T = 300 s; user1, which was there before, has just beaten. */
function table() {
  const [silent, watcher] = seatedTable(2).instances as [InstanceRecord, InstanceRecord];
  const instances = [
    { ...silent, beatAt: toIso(START_MS - 580_000), joinedAt: toIso(START_MS - 900_000) },
    { ...watcher, beatAt: toIso(START_MS), joinedAt: toIso(START_MS - 900_000) },
  ];
  return { ...seatedTable(2), instances };
}

const silentSeat = (
  isGone: (record: { pid: number; processStart: string | null }) => boolean,
  of = table(),
) =>
  statusView(contextOf(of), { file: FILE, from: 'server', refusedFile: null, signature: 'none', isGone })
    .seats[0];

describe('by when a silent seat is free', () => {
  test('a living neighbour evicts its holder two check intervals after the last beat', () => {
    expect(silentSeat(() => false)).toMatchObject({ state: 'silent', freesAt: toIso(START_MS + 20_000) });
  });

  test('a neighbour whose process is gone evicts nobody, though its last beat is young', () => {
    const of = table();
    const watcher = of.instances[1];
    const alone = silentSeat((record) => record === watcher, of);
    // By the roll call of a user that asks: T/4, and 5 s for its commits.
    expect(alone).toMatchObject({ state: 'silent', freesAt: toIso(START_MS + 80_000) });
  });
});
