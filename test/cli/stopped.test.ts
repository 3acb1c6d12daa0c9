import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Child, reap } from '../processes/children.js';
import { hold, recordOf, seatfile, startHolder, tableOf, temporary, told, until } from './seatfile.js';

/** T, seconds; so long that a busy computer makes no heartbeat late. */
const T = 4;
const STOPPED_MS = 10 * T * 1000;
const places: { remove: () => void }[] = [];

afterAll(async () => {
  await reap();
  for (const place of places) place.remove();
});

async function office(users: number): Promise<string> {
  const place = temporary();
  places.push(place);
  const file = path.join(place.directory, 'licence.json');
  await seatfile(['init', file, '--module', `M1=${users}`, '--check-interval', `${T}s`]);
  return file;
}

const stretch = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const events = (child: Child, kind: string) =>
  child.lines
    .map((line) => JSON.parse(line) as { event: string; atMs: number })
    .filter((one) => one.event === kind);
const sinceWoke = (child: Child, kind: string) => {
  const wokeAtMs = events(child, 'woke')[0]?.atMs ?? Number.POSITIVE_INFINITY;
  return events(child, kind).filter(({ atMs }) => atMs >= wokeAtMs);
};
const safeSinceWoke = (child: Child) => until('safe', 20_000, () => sinceWoke(child, 'safe')[0]);

// These mostly wait, so they do so side by side. SIGSTOP and SIGCONT exist on POSIX systems only; elsewhere the
// sleeping hosts on the memory share stand for them.
describe.runIf(process.platform !== 'win32')(
  'stopped for 10 intervals and woken',
  { concurrent: true, timeout: 120_000 },
  () => {
    test('its place taken meanwhile: not valid at the first call, then lost; never two valid seats', async () => {
      const file = await office(2);
      const ada = startHolder(file, 'ada', 'pc-1');
      const bob = startHolder(file, 'bob', 'pc-2');
      await Promise.all([told(ada, 'seated'), told(bob, 'seated')]);
      ada.process.kill('SIGSTOP');
      await until('ada evicted', STOPPED_MS, () => tableOf(file).gone.find((stone) => stone.user === 'ada'));
      const cyd = startHolder(file, 'cyd', 'pc-3');
      await told(cyd, 'seated');
      await stretch(STOPPED_MS - 3 * T * 1000);
      ada.process.kill('SIGCONT');
      expect(await told(ada, 'woke')).toMatchObject({ valid: false });
      expect(await told(ada, 'lost')).toMatchObject({ reason: 'evicted', by: 'bob@pc-2' });
      const [woke, lost] = [events(ada, 'woke')[0], events(ada, 'lost')[0]];
      expect((lost?.atMs ?? 0) - (woke?.atMs ?? 0)).toBeLessThan((2 * T * 1000) / 8 + 1000);
      expect(sinceWoke(ada, 'valid')).toEqual([]); // no moment at which it believed again, with bob and cyd seated
      expect([...events(bob, 'invalid'), ...events(cyd, 'invalid')]).toEqual([]);
    });

    test('its place still free: back in the same seat by a confirmed beat', async () => {
      const file = await office(2);
      const ada = startHolder(file, 'ada', 'pc-1');
      const bob = startHolder(file, 'bob', 'pc-2');
      const { seat } = await told(ada, 'seated');
      await told(bob, 'seated');
      ada.process.kill('SIGSTOP');
      await stretch(STOPPED_MS);
      expect(recordOf(tableOf(file), 'ada')).toBeUndefined();
      ada.process.kill('SIGCONT');
      expect(await told(ada, 'woke')).toMatchObject({ valid: false });
      await safeSinceWoke(ada);
      expect(recordOf(tableOf(file), 'ada')?.seats).toMatchObject([{ id: seat }]);
      expect(events(ada, 'lost')).toEqual([]);
    });

    test('all of them stopped and woken together: nobody loses a seat', async () => {
      const file = await office(3);
      const people = ['pc-1', 'pc-2', 'pc-3'].map((machine) => startHolder(file, 'ada', machine));
      await Promise.all(people.map((one) => told(one, 'seated')));
      for (const one of people) one.process.kill('SIGSTOP');
      await stretch(STOPPED_MS);
      for (const one of people) one.process.kill('SIGCONT');
      await Promise.all(people.map(safeSinceWoke));
      await stretch(2.5 * T * 1000);
      expect(tableOf(file).instances).toHaveLength(3);
      expect(tableOf(file).gone).toEqual([]);
      for (const one of people) expect(events(one, 'lost')).toEqual([]);
    });
  },
);

describe.concurrent('licence.json garbled while people work', () => {
  test('costs nobody anything but a warning, and is shown whole again once it has stood still for 60 s', async () => {
    const file = await office(2);
    const ada = hold(file, 'ada', 'pc-1');
    const bob = hold(file, 'bob', 'pc-2');
    await Promise.all([told(ada, 'seated'), told(bob, 'seated')]);
    await stretch(500); // the answer comes before the face is shown
    const garbled = '{ "format": "seatf';
    writeFileSync(file, garbled);
    await stretch(55_000);
    expect(readFileSync(file, 'utf8')).toBe(garbled);
    await until(
      'shown whole again',
      5000 + 2 * T * 1000,
      () => readFileSync(file, 'utf8') !== garbled || undefined,
    );
    expect((JSON.parse(readFileSync(file, 'utf8')) as { instances: unknown[] }).instances).toHaveLength(2);
    for (const one of [ada, bob]) {
      one.process.stdin?.end();
      const { status, complaint } = await one.ended;
      expect(status).toBe(0);
      expect([...events(one, 'suspended'), ...events(one, 'lost')]).toEqual([]);
      expect(complaint).toMatch(/no longer reads as a licence; no user loses a seat/);
    }
  }, 120_000);
});
