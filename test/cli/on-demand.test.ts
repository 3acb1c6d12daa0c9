import { expect, test } from 'vitest';
import { fromIso } from '../../src/licence/time.js';
import type { Child } from '../processes/children.js';
import { freshPlace, hold, recordOf, seatfile, startHolder, tableOf, told, until } from './seatfile.js';

/** What is promised, and from then to the verdict; and what a busy computer may add. Seconds. */
const A = 20;
const AFTER = 2;
const BUSY = 6;
const place = freshPlace();

async function licence(module: string): Promise<void> {
  const { status, err } = await seatfile(['init', place.file, '--module', module, '--check-interval', '1h']);
  expect({ status, err }).toMatchObject({ status: 0 });
}

const set = (...options: readonly string[]) => seatfile(['set', place.file, ...options]);

const promised = (user: string, seconds: number | null) =>
  until(`${user} promises ${seconds} s`, 15_000, () => {
    const record = recordOf(tableOf(place.file), user);
    return record?.answersWithin === seconds || undefined;
  });

const showsPromise = ({ out }: { readonly out: string }) => out.includes('answers within');

const said = (child: Child, event: string) => child.lines.filter((line) => line.includes(`"${event}"`));

test('T = 1 h: the seat of a stopped holder is free in the promised time; live holders keep theirs', async () => {
  await licence('M1=2');
  const { out, err, status } = await set('--on-demand', `${A}s`);
  expect({ status, out }).toMatchObject({ status: 0, out: expect.stringMatching(/answers within 20 s/) });
  expect(err).toMatch(/a read every 3 s of the folder, and a write every 10 s while a user needs a seat/);
  const ada = startHolder(place.file, 'ada', 'pc-1');
  const bob = startHolder(place.file, 'bob', 'pc-2');
  await Promise.all([told(ada, 'seated'), told(bob, 'seated')]);
  ada.process.kill('SIGSTOP');
  const cy = hold(place.file, 'cy', 'pc-3', '--wait', '5m');
  const asked = await told(cy, 'waiting');
  const seated = await told(cy, 'seated');
  const tookMs = fromIso(seated['at'] as string) - fromIso(asked['at'] as string);
  expect(tookMs).toBeLessThan((A + AFTER + BUSY) * 1000);
  expect(tookMs).toBeGreaterThan((A - BUSY) * 1000);
  expect(tableOf(place.file).gone).toMatchObject([
    {
      user: 'ada',
      reason: 'evicted',
      actor: 'cy@pc-3',
      words: 'did not answer within 20 s, as it had promised',
    },
  ]);
  ada.process.kill('SIGCONT');
  expect(await told(ada, 'woke')).toMatchObject({ valid: false });
  expect(await told(ada, 'lost')).toMatchObject({ reason: 'evicted', by: 'cy@pc-3' });
  expect([...said(bob, 'invalid'), ...said(bob, 'suspended')]).toEqual([]);

  expect(await set('--on-demand', 'off')).toMatchObject({
    ...{ status: 0, err: '' },
    out: expect.not.stringMatching(/answers within/),
  });
  await Promise.all([promised('bob', null), promised('cy', null)]);
});

test('the price is told, and a high one wants a yes; offline grace beside it', async () => {
  await licence('M1=1001');
  const refused = await set('--on-demand', `${A}s`);
  expect(refused).toMatchObject({ status: 2, out: '' });
  expect(refused.err).toMatch(/200 reads a second of the folder.*add --yes.*longer time, like 81 s/s);
  expect(showsPromise(await seatfile(['set', place.file, '--keep-journal', '13mo']))).toBe(false);
  const agreed = await set('--on-demand', `${A}s`, '--offline-grace', '10m', '--yes');
  expect(agreed.status).toBe(0);
  expect(agreed.out).toMatch(/, answers within 20 s, offline grace 10 min/);
  expect(agreed.err).toMatch(/200 reads a second[\s\S]*go before offline grace/);
  expect((await set('--on-demand', '19s')).status).toBe(2);
  expect((await set('--on-demand', 'soon')).status).toBe(2);
  expect((await set('--on-demand', '81s')).status).toBe(0);
  expect((await set('--offline-grace', 'off')).out).not.toMatch(/offline grace/);
});
