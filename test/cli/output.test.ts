import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { adopt } from '../processes/children.js';
import { freshPlace, program, seatfile, tableOf } from './seatfile.js';

const place = freshPlace();

test.runIf(process.platform === 'linux').each([
  ['hold', ['--json']],
  ['hold', []],
  ['status', []],
  ['status', ['--json']],
  ['journal', []],
  ['doctor', []],
])('%s %j on a full disk: one complaint, status 1, and no seat is kept', async (verb, words) => {
  await seatfile(['init', place.file, '--module', 'M1=1', '--check-interval', '5m']);
  const stdio = ['pipe', openSync('/dev/full', 'w'), 'pipe'] as const;
  const child = adopt(spawn(process.execPath, [program, verb, place.file, ...words], { stdio: [...stdio] }));
  if (verb !== 'hold') child.process.stdin?.end(); // a hold ends by itself
  const { status, complaint } = await child.ended;
  expect(status, complaint).toBe(1);
  expect(complaint.match(/the output could not be written \(ENOSPC\)/g)).toHaveLength(1);
  expect(tableOf(place.file).instances).toEqual([]);
});
