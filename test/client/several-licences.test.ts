import { describe, expect, test } from 'vitest';
import type { AcquireOptions, ClaimAnswer, LicencePlace, OpenLicence, OpenOptions } from '../../src/api.js';
import { openAny } from '../../src/client/several-licences.js';
import { sealUnsigned } from '../../src/licence/entitlement.js';
import { firstLicence } from '../../src/licence/revision.js';
import { formatLicence, parseLicence } from '../../src/licence/text.js';
import { numbersAmong } from '../../src/share/layout.js';
import { faulty, latch, type Mishap } from '../helpers/faults.js';
import { codeOf } from '../helpers/table.js';
import { granted } from '../helpers/vendor.js';
import { type User, World } from '../helpers/world.js';

/** Several licences, asked in order: each an entitlement of its own. */

const FIRST = '/first/licence.json';
const SECOND = '/second/licence.json';
const LIST = [FIRST, SECOND];
const PATIENCE_MS = 10_000;
const POLL_MS = 5000;

/** Two licences on one server. `away` says what befalls operations on paths that begin so. */
class Office {
  readonly world = new World({ modules: { M1: 1 } });
  readonly away = new Map<string, Mishap>();

  constructor(first: readonly string[] = ['M1'], second: readonly string[] = ['M1', 'M2']) {
    this.put(FIRST, first);
    this.put(SECOND, second);
  }

  private put(path: string, modules: readonly string[]): void {
    const grants = modules.map((module) => ({ module, maxUsers: 1 }));
    const sealed = sealUnsigned(granted({ modules: grants, checkIntervalSeconds: 1800 }));
    this.world.server.makeDirectory(path.slice(0, -'/licence.json'.length));
    const licence = firstLicence(sealed, {}, { lineage: `l-${path[1]}`, commit: 'c0' });
    this.world.server.writeNew(path, formatLicence(licence, 'compact'), 0o664);
  }

  user(name: string): User {
    const befall = (path: string) => [...this.away].find(([start]) => path.startsWith(start))?.[1] ?? null;
    const wrap = (files: Parameters<typeof faulty>[0]) => faulty(files, (_, path) => befall(path));
    return this.world.host(`pc-${name}`, { wrap }).enter(name);
  }

  async open(
    user: User,
    place: LicencePlace | readonly LicencePlace[] = LIST,
    options: OpenOptions = {},
  ): Promise<OpenLicence> {
    const asked = { releaseOnExit: false, user: user.name, host: user.host.name, ...options };
    return await this.world.run(openAny(place, asked, user.system(), user.instances));
  }

  async comes(name: string, place?: LicencePlace | readonly LicencePlace[]): Promise<OpenLicence> {
    return await this.open(this.user(name), place);
  }

  ask = (licence: OpenLicence, module = 'M1', options?: AcquireOptions): Promise<ClaimAnswer> =>
    this.world.run(licence.acquire(module, options), 600_000);

  private top(path: string) {
    const folder = `${path}.revisions`;
    const number = this.world.server.isThere(folder)
      ? numbersAmong(this.world.server.list(folder)).at(-1)
      : undefined;
    const file = number === undefined ? path : `${folder}/${String(number).padStart(12, '0')}/licence.json`;
    return parseLicence(this.world.server.readText(file), file);
  }

  holders(path: string): string[] {
    return this.top(path).instances.flatMap(({ user, seats }) => seats.map(() => user));
  }

  waiters(path: string): string[] {
    return this.top(path).waiting.map(({ user }) => user);
  }

  denials(path: string): unknown[] {
    const folder = `${path}.revisions`;
    return numbersAmong(this.world.server.list(folder)).flatMap((number) => {
      const file = `${folder}/${String(number).padStart(12, '0')}/licence.json`;
      const { events } = parseLicence(this.world.server.readText(file), file);
      return events.flatMap((event) => (event.kind === 'denied' ? [event['final']] : []));
    });
  }
}

const seated = (answer: ClaimAnswer) => {
  if (answer.kind !== 'seated') throw new Error(`expected a seat, got ${answer.kind}`);
  return answer;
};

describe('in order', () => {
  test('the first with a free seat gives it; the seat stays there; a later claim begins with the first', async () => {
    const office = new Office();
    const ada = seated(await office.ask(await office.comes('ada')));
    const bobs = await office.comes('bob');
    const bob = seated(await office.ask(bobs));
    expect([ada.file, bob.file]).toEqual([FIRST, SECOND]);
    await office.world.run(ada.seat.release());
    await office.world.advance(7_200_000);
    expect([office.holders(FIRST), office.holders(SECOND)]).toEqual([[], ['bob']]);
    expect(bob.seat.valid).toBe(true);
    await office.world.run(bob.seat.release());
    expect(seated(await office.ask(bobs)).file).toBe(FIRST);
  });

  test('all are full: the holders of each, and one refusal in each journal, the last of them final', async () => {
    const office = new Office();
    for (const name of ['ada', 'bob']) await office.ask(await office.comes(name));
    const answer = await office.ask(await office.comes('cy'));
    expect(answer).toMatchObject({
      kind: 'full',
      holders: [{ user: 'ada' }, { user: 'bob' }],
      freesAt: null,
    });
    await office.world.advance(POLL_MS);
    expect([office.denials(FIRST), office.denials(SECOND)]).toEqual([[false, false], [true]]);
  });

  test('a module that only the second has', async () => {
    const office = new Office();
    const licence = await office.comes('ada');
    expect([licence.file, licence.modules]).toEqual([FIRST, ['M1']]);
    expect(seated(await office.ask(licence, 'M2')).file).toBe(SECOND);
    expect(licence.modules).toEqual(['M1', 'M2']);
    expect(await codeOf(office.ask(licence, 'M3'))).toBe('UNKNOWN_MODULE');
  });

  test('the second is not touched before it is needed', async () => {
    const office = new Office();
    office.away.set('/second', { kind: 'refuse', error: 'unsaid' });
    expect(seated(await office.ask(await office.comes('ada'))).file).toBe(FIRST);
  });

  test('one file in two spellings is asked once', async () => {
    const office = new Office();
    await office.ask(await office.comes('ada', FIRST));
    const answer = await office.ask(await office.comes('bob', [FIRST, '/first/../first/licence.json']));
    expect(answer).toMatchObject({ kind: 'full', holders: [{ user: 'ada' }] });
  });
});

describe('out of reach', () => {
  test.each([
    ['silent', { kind: 'hang', until: latch().until } as const],
    ['failing', { kind: 'refuse', error: 'unsaid' } as const],
    ['not connected', { kind: 'refuse', error: 'missing' } as const],
  ])('%s while it is opened: the second after ten seconds, and a warning', async (_, mishap) => {
    const office = new Office();
    office.away.set('/first', mishap);
    const licence = await office.comes('ada');
    const warnings: string[] = [];
    licence.on('warning', ({ message }) => warnings.push(message));
    expect(office.world.nowMs).toBeGreaterThan(PATIENCE_MS - 2000);
    expect(office.world.nowMs).toBeLessThan(PATIENCE_MS + 2000);
    expect(licence.file).toBe(SECOND);
    await office.world.advance(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^.*\/first\/.*; the next licence is asked$/);
  });

  test.each([
    ['silent', { kind: 'hang', until: latch().until } as const],
    ['failing', { kind: 'refuse', error: 'unsaid' } as const],
  ])('%s while a seat is asked for: the second after ten seconds', async (_, mishap) => {
    const office = new Office();
    const licence = await office.comes('ada');
    office.away.set('/first', mishap);
    const startedMs = office.world.nowMs;
    expect(seated(await office.ask(licence)).file).toBe(SECOND);
    expect(office.world.nowMs - startedMs).toBeGreaterThan(PATIENCE_MS - 2000);
    expect(office.world.nowMs - startedMs).toBeLessThan(PATIENCE_MS + 3000);
  });

  test('a short trouble is waited for', async () => {
    const office = new Office();
    office.away.set('/first', { kind: 'refuse', error: 'unsaid' });
    const ada = office.user('ada');
    const opened = openAny(LIST, { releaseOnExit: false }, ada.system(), ada.instances);
    await office.world.advance(PATIENCE_MS / 2);
    office.away.clear();
    expect((await office.world.run(opened)).file).toBe(FIRST);
  });

  test('what comes back is asked first again', async () => {
    const office = new Office();
    office.away.set('/first', { kind: 'refuse', error: 'unsaid' });
    const licence = await office.comes('ada');
    office.away.clear();
    expect(seated(await office.ask(licence)).file).toBe(FIRST);
  });

  test('all of them: the faults of all, with the code of the first', async () => {
    const office = new Office();
    office.away.set('/', { kind: 'refuse', error: 'unsaid' });
    const refused = office.comes('ada');
    expect(await codeOf(refused)).toBe('SHARE_UNREACHABLE');
    await expect(refused).rejects.toThrow(/\/first\/.*; and .*\/second\//);
  });

  test('one is full, the other out of reach: full, with its holders', async () => {
    const office = new Office();
    await office.ask(await office.comes('ada', FIRST));
    office.away.set('/second', { kind: 'refuse', error: 'unsaid' });
    expect(await office.ask(await office.comes('bob'))).toMatchObject({
      kind: 'full',
      holders: [{ user: 'ada' }],
    });
  });

  test("the patience is the caller's choice", async () => {
    const office = new Office();
    office.away.set('/first', { kind: 'refuse', error: 'unsaid' });
    await office.open(office.user('ada'), LIST, { patienceMs: 2500 });
    expect(office.world.nowMs).toBeLessThan(4000);
  });
});

describe('what is wrong in itself is told, and not passed by', () => {
  test('a first file that is no licence', async () => {
    const office = new Office();
    office.world.server.removeFile(FIRST);
    office.world.server.writeNew(FIRST, 'garbage', 0o664);
    expect(await codeOf(office.comes('ada'))).toBe('LICENCE_INVALID');
  });

  test.each([
    [[], 'BAD_ARGUMENT'],
    [[''], 'BAD_ARGUMENT'],
    [[FIRST, 7 as unknown as string], 'BAD_ARGUMENT'],
    [[{ key: '7K3M-Q9XW-B2T1', in: '/first' }], 'BAD_ARGUMENT'],
  ])('%j: %s', async (places, code) => {
    expect(await codeOf(new Office().comes('ada', places))).toBe(code);
  });

  test('patience that is no time', async () => {
    const office = new Office();
    expect(await codeOf(office.open(office.user('ada'), LIST, { patienceMs: 0 }))).toBe('BAD_ARGUMENT');
  });
});

describe('waiting', () => {
  async function waiting(office: Office, options: AcquireOptions = {}) {
    const licences = [await office.comes('ada', FIRST), await office.comes('bob', SECOND)];
    const seats = [];
    for (const licence of licences) seats.push(seated(await office.ask(licence)).seat);
    const licence = await office.comes('cy');
    const news: string[] = [];
    licence.on('waiting', ({ file, place }) => news.push(`${file} ${place}`));
    const asked = licence.acquire('M1', { wait: 3_600_000, ...options });
    const outcome = { answer: null as ClaimAnswer | null, code: '' };
    void asked.then(
      (answer) => Object.assign(outcome, { answer }),
      (error: { code: string }) => Object.assign(outcome, { code: error.code }),
    );
    await office.world.advance(10_000);
    return { seats, licence, news, outcome };
  }

  test.each([
    [0, FIRST],
    [1, SECOND],
  ])(
    'in the queues of all; the first seat that comes is taken, and the other queue left (%i)',
    async (which, file) => {
      const office = new Office();
      const { seats, news, outcome } = await waiting(office);
      expect([office.waiters(FIRST), office.waiters(SECOND), outcome.answer]).toEqual([['cy'], ['cy'], null]);
      expect(news).toEqual([`${FIRST} 1`, `${SECOND} 1`]);
      const [seat] = seats.slice(which);
      if (seat) await office.world.run(seat.release());
      await office.world.advance(2 * POLL_MS);
      expect(outcome.answer).toMatchObject({ kind: 'seated', file });
      expect([office.waiters(FIRST), office.waiters(SECOND)]).toEqual([[], []]);
      expect(
        [...office.holders(FIRST), ...office.holders(SECOND)].filter((name) => name === 'cy'),
      ).toHaveLength(1);
    },
  );

  test('two seats at once: one is taken, and the other is free again', async () => {
    const office = new Office();
    const { seats, outcome } = await waiting(office);
    await office.world.run(Promise.all(seats.map((seat) => seat.release())));
    await office.world.advance(4 * POLL_MS);
    expect(outcome.answer?.kind).toBe('seated');
    expect([...office.holders(FIRST), ...office.holders(SECOND)]).toEqual(['cy']);
  });

  test('until the time is over: full, with the holders of all, and no queue is left behind', async () => {
    const office = new Office();
    const { outcome } = await waiting(office, { wait: 60_000 });
    await office.world.advance(70_000);
    expect(outcome.answer).toMatchObject({ kind: 'full', holders: [{ user: 'ada' }, { user: 'bob' }] });
    expect(outcome.answer?.kind === 'full' && outcome.answer.waitedMs).toBeGreaterThan(59_000);
    expect([office.waiters(FIRST), office.waiters(SECOND)]).toEqual([[], []]);
  });

  test('until the caller gives up: ABORTED', async () => {
    const office = new Office();
    const patience = new AbortController();
    const { outcome } = await waiting(office, { signal: patience.signal });
    patience.abort();
    await office.world.advance(POLL_MS);
    expect(outcome.code).toBe('ABORTED');
    expect([office.waiters(FIRST), office.waiters(SECOND)]).toEqual([[], []]);
  });

  test('until it is closed: CLOSED', async () => {
    const office = new Office();
    const { licence, outcome } = await waiting(office);
    await office.world.run(licence.close());
    await office.world.advance(POLL_MS);
    expect(outcome.code).toBe('CLOSED');
    expect([office.waiters(FIRST), office.waiters(SECOND)]).toEqual([[], []]);
  });
});

describe('closing', () => {
  test('gives back every seat of all; afterwards each claim is CLOSED', async () => {
    const office = new Office();
    const licence = await office.comes('ada');
    await office.ask(licence);
    await office.ask(licence, 'M2');
    expect([office.holders(FIRST), office.holders(SECOND)]).toEqual([['ada'], ['ada']]);
    await office.world.run(licence.close());
    expect([office.holders(FIRST), office.holders(SECOND)]).toEqual([[], []]);
    expect(await codeOf(office.ask(licence))).toBe('CLOSED');
    expect(JSON.parse(JSON.stringify(licence))).toEqual({
      customer: null,
      files: LIST,
      modules: ['M1', 'M2'],
      seats: [],
      isClosed: true,
    });
  });

  test('an opening that comes too late is closed by itself', async () => {
    const office = new Office();
    const { until, release } = latch();
    office.away.set('/first', { kind: 'hang', until });
    const ada = office.user('ada');
    const licence = await office.open(ada);
    await office.world.run(licence.close());
    office.away.clear();
    release();
    await office.world.advance(30_000);
    expect(ada.instances.size).toBe(0);
  });
});
