import { expect, test } from 'vitest';
import { Identity } from '../../src/client/identity.js';
import { seededDice } from '../helpers/dice.js';

const machine = { pids: 'pids', host: 'host', installation: 'installation' };
const record = (pid: number) => ({ machine, pid, processStart: 'then' });

test('the system is asked about a process once in one piece of work, and anew in the next', async () => {
  const asked: number[] = [];
  let isGone = false;
  const identity = new Identity({
    ...{ random: seededDice(1), bootedAtMs: () => null },
    who: { user: 'ada', host: 'pc', machine, pid: 1, processStart: null, application: null, note: null },
    isProcessGone: (pid) => {
      asked.push(pid);
      return isGone;
    },
  });
  for (let n = 0; n < 10_000; n++) expect(identity.isGone(record(7 + (n % 2)))).toBe(false);
  expect(asked).toEqual([7, 8]);
  isGone = true;
  await Promise.resolve();
  expect(identity.isGone(record(7))).toBe(true);
  expect(identity.isGone({ ...record(7), machine: { ...machine, pids: 'another' } })).toBe(false);
  expect(asked).toEqual([7, 8, 7]);
});
