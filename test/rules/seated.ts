import type { InstanceRecord, Licence } from '../../src/licence/document.js';
import { toIso } from '../../src/licence/time.js';
import { app, emptyTable, START_MS } from './tables.js';

/** A table of so many users in M1, and eve as a waiter. */
export function seatedTable(users: number): Licence {
  const at = toIso(START_MS - 60_000);
  const instances = Array.from({ length: users }, (_, n): InstanceRecord => {
    const { id, ...running } = app(`user${n}`);
    return {
      ...{ id, ...running, level: 'heartbeat', joinedAt: at, beat: 1, beatAt: at },
      ...{ checkIntervalSeconds: 300, graceSeconds: 0, answersWithin: null },
      seats: [{ id: `seat-${n}`, module: 'M1', sinceAt: at, untilAt: null }],
    };
  });
  const { id, ...eve } = app('eve');
  const waiting = [
    { ...eve, instance: id, module: 'M1', seat: 'seat-eve', beat: 1, sinceAt: at, waitSeconds: 600 },
  ];
  return { ...emptyTable({ modules: [{ module: 'M1', maxUsers: users }] }), instances, waiting };
}
