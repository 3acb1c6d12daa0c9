import { describe, expect, test } from 'vitest';
import type { Child } from '../processes/children.js';
import { freshPlace, hold, seatfile, start, tableOf, told, until } from './seatfile.js';

/**
 * Instances crash and come back; what counts as one user under each countBy. Real processes, killed and started again.
 */

/** T, seconds: longer than any test, and short in tests that wait for an eviction. */
const LONG = 120;
const T = 4;
const place = freshPlace();

async function licence(countBy: string, users: number, seconds = LONG): Promise<void> {
  const options = ['--module', `M1=${users}`, '--count-by', countBy, '--check-interval', `${seconds}s`];
  expect((await seatfile(['init', place.file, ...options])).status).toBe(0);
}

async function seated(user: string, machine: string): Promise<{ child: Child; seat: unknown }> {
  const child = hold(place.file, user, machine);
  return { child, seat: (await told(child, 'seated'))['seat'] };
}

async function killed(child: Child): Promise<void> {
  child.process.kill('SIGKILL');
  await child.ended;
}

async function closed(child: Child): Promise<void> {
  child.process.stdin?.end();
  expect((await child.ended).status).toBe(0);
}

const seatIds = () => tableOf(place.file).instances.flatMap(({ seats }) => seats.map(({ id }) => id));

/** Which instances are one user with ada on pc-1, and which are another. */
interface Counted {
  readonly countBy: string;
  readonly same: readonly [user: string, machine: string];
  readonly other: readonly [user: string, machine: string];
}
const counted: readonly Counted[] = [
  { countBy: 'user@host', same: ['ada', 'pc-1'], other: ['bob', 'pc-1'] },
  { countBy: 'user', same: ['ada', 'pc-2'], other: ['bob', 'pc-1'] },
  { countBy: 'host', same: ['bob', 'pc-1'], other: ['ada', 'pc-2'] },
];

describe.each(counted)('countBy $countBy', ({ countBy, same, other }) => {
  test('two windows of one user are one seat until the last closes', async () => {
    await licence(countBy, 1);
    const first = await seated('ada', 'pc-1');
    const second = await seated(...same);
    expect(second.seat).toBe(first.seat);
    expect(seatIds()).toEqual([first.seat, first.seat]);
    expect((await hold(place.file, ...other).ended).status).toBe(4);
    await closed(first.child);
    expect((await hold(place.file, ...other).ended).status).toBe(4);
    await closed(second.child);
    expect(seatIds()).toEqual([]);
    await seated(...other);
  });

  test('killed, and back in the same seat of a full file; nobody else was let in', async () => {
    await licence(countBy, 2);
    await seated('zoe', 'pc-9');
    const first = await seated('ada', 'pc-1');
    await killed(first.child);
    expect((await seated('ada', 'pc-1')).seat).toBe(first.seat);
    expect(new Set(seatIds()).size).toBe(2);
  });
});

describe('countBy instance', () => {
  test('two windows are two seats', async () => {
    await licence('instance', 2);
    const first = await seated('ada', 'pc-1');
    const second = await seated('ada', 'pc-1');
    expect(second.seat).not.toBe(first.seat);
    expect((await hold(place.file, 'ada', 'pc-1').ended).status).toBe(4);
    await closed(first.child);
    await seated('ada', 'pc-1');
  });

  test('killed, and back in a full file, because his process is provably gone', async () => {
    await licence('instance', 1);
    const first = await seated('ada', 'pc-1');
    await killed(first.child);
    await seated('ada', 'pc-1');
    expect(seatIds()).toHaveLength(1);
  });
});

test('evicted meanwhile, and the place taken: the refusal says by whom and when', async () => {
  await licence('user@host', 2, T);
  const ada = await seated('ada', 'pc-1');
  await seated('bob', 'pc-2');
  await killed(ada.child);
  const stone = await until('eviction of ada', (2 * T + 5) * 1000, () => tableOf(place.file).gone[0]);
  await seated('cyd', 'pc-3');
  const back = hold(place.file, 'ada', 'pc-1');
  const { at } = stone;
  expect(await told(back, 'full')).toMatchObject({ evicted: { reason: 'evicted', by: 'bob@pc-2', at } });
  const run = start(['run', place.file, '--user', 'ada', '--host', 'pc-1', '--', process.execPath]);
  const { status, complaint } = await run.ended;
  expect(status).toBe(75);
  const when = `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
  expect(complaint).toContain(`Your last seat there was evicted by bob@pc-2 at ${when}, because`);
});

test('evicted meanwhile, and a place is free: a seat', async () => {
  await licence('user@host', 2, T);
  const ada = await seated('ada', 'pc-1');
  await seated('bob', 'pc-2');
  await killed(ada.child);
  await until('eviction of ada', (2 * T + 5) * 1000, () => tableOf(place.file).gone[0]);
  await seated('ada', 'pc-1');
  expect(seatIds()).toHaveLength(2);
});
