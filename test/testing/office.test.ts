import { describe, expect, test } from 'vitest';
import { type OpenLicence, type OpenOptions, type Seat, SeatfileFault } from '../../src/index.js';
import { type TestOffice, testLicence, testSeat } from '../../src/testing/index.js';

/** T of an office with one user. Milliseconds. */
const T_MS = 30_000;

async function take(licence: OpenLicence, module = 'CAD'): Promise<Seat> {
  const claim = await licence.acquire(module);
  if (claim.kind !== 'seated') throw new Error(`expected a seat, got ${claim.kind}`);
  return claim.seat;
}

const seated = async (office: TestOffice, options?: OpenOptions): Promise<Seat> =>
  await take(await office.open(options));

/** What a seat tells, as it is told. */
function heard(seat: Seat): string[] {
  const told: string[] = [];
  for (const event of ['jeopardy', 'suspended', 'safe', 'released'] as const)
    seat.on(event, () => told.push(event));
  seat.on('lost', ({ reason, by, words }) => told.push(`lost: ${reason} by ${by}, ${words}`));
  return told;
}

/** The fault that something ends with: its code, and what it says. */
async function faultOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof SeatfileFault) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('expected a fault, got none');
}

const ada = { user: 'ada', host: 'pc-1', application: 'Acme CAD' };
const bob = { user: 'bob', host: 'pc-2', application: 'Acme CAD' };

describe('what the licence of a test has of the real one', () => {
  test('what it grants, what has changed, and several modules at once', async () => {
    await using office = await testLicence({ modules: { CAD: 2, CAM: 1 } });
    const licence = await office.open(ada);
    expect([licence.customer, licence.licenceId, licence.expiresAt]).toEqual(['Test', 'test', null]);
    expect([licence.modules, licence.maxUsers('CAD')]).toEqual([['CAD', 'CAM'], 2]);
    let changes = 0;
    licence.on('changed', () => changes++);
    const other = await (await office.open(bob)).acquire(['CAD', 'CAM']);
    expect(other).toMatchObject({ kind: 'seated', seats: [{ module: 'CAD' }, { module: 'CAM' }] });
    await office.advance(T_MS);
    expect(changes).toBe(1);
    expect(await licence.acquire(['CAD', 'CAM'])).toMatchObject({ kind: 'full', module: 'CAM' });
  });

  test.each([
    ['testLicence', () => testLicence({ modules: { CAD: 1 }, ...{ lvel: 'light' } })],
    ['testSeat', () => testSeat({ modul: 'CAD' } as object)],
    ['open', async () => await (await testLicence({ modules: { CAD: 1 } })).open({ usr: 'ada' } as object)],
  ] as [string, () => unknown][])('a misspelt option of %s is a fault', async (_name, act) => {
    expect(await faultOf(act)).toMatch(/^BAD_ARGUMENT: options: there is no option .* did you mean \w+\?$/);
  });
});

describe('an office whose clock is moved by hand', () => {
  test('seats as many as the licence says, and tells the others which users have the seats', async () => {
    const office = await testLicence({ modules: { CAD: 1 } });
    const seat = await seated(office, ada);
    expect([seat.valid, seat.state, seat.remainingMs]).toEqual([true, 'seated', 1.5 * T_MS]);
    const claim = await (await office.open(bob)).acquire('CAD');
    expect(claim).toMatchObject({
      kind: 'full',
      holders: [{ user: 'ada', host: 'pc-1', sinceAt: '2026-11-21T09:00:00.000Z' }],
    });
  });

  test('answers claims that meet, without moving the clock', async () => {
    const office = await testLicence({ modules: { CAD: 3 } });
    const startedMs = office.nowMs;
    const users = ['a', 'b', 'c', 'd', 'e', 'f'].map((user) => office.open({ user, host: `pc-${user}` }));
    const claims = await Promise.all(users.map(async (opening) => (await opening).acquire('CAD')));
    expect(claims.map(({ kind }) => kind).sort()).toEqual([
      ...['full', 'full', 'full'],
      ...['seated', 'seated', 'seated'],
    ]);
    expect(office.nowMs).toBe(startedMs);
  });

  test('beats as the clock moves, so that the seat stays', async () => {
    const office = await testLicence({ modules: { CAD: 1 } });
    const seat = await seated(office);
    const told = heard(seat);
    await office.advance(20 * T_MS);
    expect([seat.state, told]).toEqual(['seated', []]);
  });

  test('has T by the formula, or as the option says', async () => {
    const formula = await seated(await testLicence({ modules: { CAD: 4, VIEW: 2 } }));
    const chosen = await seated(await testLicence({ modules: { CAD: 4 }, checkIntervalSeconds: 10 }));
    expect([formula.remainingMs, chosen.remainingMs]).toEqual([180_000, 15_000]);
  });

  test('takes a seat through jeopardy and suspension while the share is cut, and back when it is mended', async () => {
    const office = await testLicence({ modules: { CAD: 1 } });
    const seat = await seated(office);
    const told = heard(seat);
    office.cutShare();
    await office.advance(1.4 * T_MS);
    expect([seat.state, seat.valid, told]).toEqual(['jeopardy', true, ['jeopardy']]);
    await office.advance(0.2 * T_MS);
    expect([seat.state, seat.valid, told]).toEqual(['suspended', false, ['jeopardy', 'suspended']]);
    office.mendShare();
    await office.advance(T_MS);
    expect([seat.state, seat.valid, told]).toEqual(['seated', true, ['jeopardy', 'suspended', 'safe']]);
  });

  test('cuts the share for some, and for those that come later', async () => {
    const office = await testLicence({ modules: { CAD: 2 } });
    const other = await seated(office, bob);
    office.cutShare({ host: 'pc-1' });
    expect(await faultOf(() => office.open(ada))).toContain('SHARE_UNREACHABLE: ');
    await office.advance(10 * T_MS);
    expect(other.state).toBe('seated');
    office.mendShare();
    expect((await seated(office, ada)).state).toBe('seated');
  });

  test('removes a seat by an administrator, and the next claim tells it once', async () => {
    const office = await testLicence({ modules: { CAD: 2 } });
    const licence = await office.open(ada);
    const told = heard(await take(licence));
    const others = heard(await seated(office, bob));
    const removed = await office.remove({ user: 'ada', by: 'it@pc-9', words: 'Update tonight' });
    await office.advance(T_MS);
    expect([removed, told, others]).toEqual([1, ['lost: removed by it@pc-9, Update tonight'], []]);
    const told1 = [await licence.acquire('CAD'), await licence.acquire('CAD')];
    const news = told1.map((claim) => claim.kind === 'seated' && claim.removed?.by);
    expect(news).toEqual(['it@pc-9', undefined]);
  });

  test('removes by module, and nothing where nothing matches', async () => {
    const office = await testLicence({ modules: { CAD: 1, VIEW: 1 } });
    const licence = await office.open();
    const [cad, view] = [await take(licence, 'CAD'), await take(licence, 'VIEW')];
    expect([await office.remove({ user: 'zoe' }), await office.remove({ module: 'VIEW' })]).toEqual([0, 1]);
    await office.advance(2 * T_MS);
    expect([cad.state, view.state]).toEqual(['seated', 'lost']);
  });

  test('a waiter is told its place, and gets the seat that is given back', async () => {
    const office = await testLicence({ modules: { CAD: 1 } });
    const seat = await seated(office, ada);
    const licence = await office.open(bob);
    const places: number[] = [];
    licence.on('waiting', ({ place }) => places.push(place));
    const claim = licence.acquire('CAD', { wait: 600_000 });
    await office.advance(T_MS);
    expect(places).toEqual([1]);
    await seat.release();
    await office.advance(T_MS);
    expect((await claim).kind).toBe('seated');
  });

  test('a killed application gives nothing back: the seat goes to the waiter when the silence has lasted', async () => {
    const office = await testLicence({ modules: { CAD: 1 } });
    const told = heard(await seated(office, ada));
    office.kill({ user: 'ada' });
    const claim = (await office.open(bob)).acquire('CAD', { wait: 600_000 });
    await office.advance(5 * T_MS);
    expect([(await claim).kind, told]).toEqual(['seated', []]);
  });

  test('on the same computer a killed application is known to be gone at once', async () => {
    const office = await testLicence({ modules: { CAD: 1 } });
    await seated(office, ada);
    office.kill({ user: 'ada' });
    expect((await seated(office, { user: 'bob', host: 'pc-1' })).state).toBe('seated');
  });

  test('after a kill the same user on the same host is a new process', async () => {
    const office = await testLicence({ modules: { CAD: 1 } });
    await seated(office, ada);
    office.kill({ user: 'ada', host: 'pc-1' });
    expect((await seated(office, ada)).state).toBe('seated');
  });

  test('a computer that slept too long finds its seat gone to another user', async () => {
    const office = await testLicence({ modules: { CAD: 1 } });
    const seat = await seated(office, ada);
    const told = heard(seat);
    const licence = await office.open(bob);
    office.sleep({ host: 'pc-1' });
    const claim = licence.acquire('CAD', { wait: 600_000 });
    await office.advance(5 * T_MS);
    expect([(await claim).kind, told]).toEqual(['seated', []]);
    office.wake({ host: 'pc-1' });
    expect(seat.valid).toBe(false); // at once, before any timer has run
    await office.advance(T_MS);
    expect(told.at(-1)).toBe('lost: evicted by bob@pc-2, did not answer the roll call');
  });

  test('a licence that ends is told to its holders, and refused to others', async () => {
    const office = await testLicence({ modules: { CAD: 2 }, expiresAt: '2026-11-21T09:05:00Z' });
    const told = heard(await seated(office, ada));
    await office.advance(6 * 60_000);
    expect(told).toEqual(['lost: expired by null, null']);
    const licence = await office.open(bob);
    expect(await faultOf(() => licence.acquire('CAD'))).toContain('LICENCE_EXPIRED: ');
  });

  test('counts users as the licence says', async () => {
    const office = await testLicence({ modules: { CAD: 1 }, countBy: 'user' });
    await seated(office, { user: 'ada', host: 'pc-1' });
    expect((await seated(office, { user: 'ada', host: 'pc-2' })).state).toBe('seated');
  });

  test('light: a seat without heartbeats is valid for ever', async () => {
    const seat = await seated(await testLicence({ modules: { CAD: 1 }, level: 'light' }));
    expect(seat.remainingMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('openings for one user on one host are one process, each with its own seats', async () => {
    const office = await testLicence({ modules: { CAD: 1 } });
    const [one, two] = [await office.open(ada), await office.open({ ...ada, user: 'ADA' })];
    const [first, second] = [await take(one), await take(two)];
    expect(second.id).toBe(first.id);
    await one.close();
    expect([first.state, second.state]).toEqual(['left', 'seated']);
  });

  test('is the same every time', async () => {
    const story = async () => {
      const office = await testLicence({ modules: { CAD: 2 } });
      const seats = [await seated(office, ada), await seated(office, bob)];
      const told = seats.map(heard);
      office.cutShare({ user: 'bob' });
      await office.advance(200_000);
      return { told, left: seats.map(({ id, remainingMs }) => ({ id, remainingMs })) };
    };
    expect(await story()).toEqual(await story());
  });

  test('offices know nothing of each other', async () => {
    const [one, two] = [
      await testLicence({ modules: { CAD: 1 } }),
      await testLicence({ modules: { CAD: 1 } }),
    ];
    const seats = [await seated(one, ada), await seated(two, ada)];
    one.cutShare();
    await Promise.all([one.advance(2 * T_MS), two.advance(2 * T_MS)]);
    expect(seats.map(({ state }) => state)).toEqual(['suspended', 'seated']);
  });

  test('every path leads to the licence; what is no path is refused as by the real function', async () => {
    const { openLicence } = await testLicence({ modules: { CAD: 1 } });
    const licence = await openLicence('S:\\acme\\licence.json', { user: 'ada', releaseOnExit: true });
    expect(licence.modules).toEqual(['CAD']);
    expect(await faultOf(() => openLicence(''))).toContain('BAD_ARGUMENT: ');
    for (const user of ['', 7 as unknown as string])
      expect(await faultOf(() => openLicence('licence.json', { user }))).toContain('BAD_ARGUMENT: user: ');
  });
});

describe('the house it is used in', () => {
  test('it leaves no timer, no handle and no listener, also while a claim waits', async () => {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit', 'beforeExit'];
    const listeners = () => signals.map((name) => process.listenerCount(name));
    const before = { resources: process.getActiveResourcesInfo(), listeners: listeners() };
    const globals = Object.getOwnPropertySymbols(globalThis).length;
    const office = await testLicence({ modules: { CAD: 1 } });
    await seated(office, ada);
    const asked = (await office.open(bob)).acquire('CAD', { wait: 600_000 });
    const claim = asked.catch((fault) => fault);
    await office.advance(1000);
    expect([listeners(), Object.getOwnPropertySymbols(globalThis).length]).toEqual([
      before.listeners,
      globals,
    ]);
    // What the test runner had on its way may have ended meanwhile.
    const more = process.getActiveResourcesInfo();
    for (const name of before.resources) if (more.includes(name)) more.splice(more.indexOf(name), 1);
    expect(more).toEqual([]);
    await office.close();
    expect((await claim).code).toBe('CLOSED');
  });
});

describe('what is not right is said', () => {
  test.each([
    [{ modules: {} }, 'modules'],
    [{ modules: { CAD: 0 } }, 'modules[0].maxUsers'],
    [{ modules: { 'C A D': 1 } }, 'modules[0].module'],
    [{ modules: { CAD: 1 }, checkIntervalSeconds: -1 }, 'checkIntervalSeconds'],
    [{ modules: { CAD: 1 }, expiresAt: 'soon' }, 'expiresAt'],
    [{ modules: { CAD: 1 }, clock: 'sun' as 'hand' }, "clock: expected 'hand' or 'timers', got sun"],
  ])('testLicence(%j)', async (options, text) => {
    const fault = await faultOf(() => testLicence(options));
    expect(fault).toContain('BAD_ARGUMENT: ');
    expect(fault).toContain(text);
  });

  test('a module that the licence does not have', async () => {
    const licence = await (await testLicence({ modules: { CAD: 1, VIEW: 1 } })).open();
    expect(await faultOf(() => licence.acquire('CAM'))).toContain(
      'UNKNOWN_MODULE: /office/licence.json: no module "CAM"; did you mean "CAD"? The licence has CAD, VIEW'.replace(
        '/office/licence.json',
        licence.file,
      ),
    );
  });

  test('a user that is not there', async () => {
    const office = await testLicence({ modules: { CAD: 1 } });
    expect(await faultOf(() => office.kill({ user: 'ada' }))).toBe(
      'BAD_ARGUMENT: kill: no application of {"user":"ada"}; running: none, call open() first',
    );
    await office.open(bob);
    for (const act of ['kill', 'sleep', 'wake'] as const)
      expect(await faultOf(() => office[act]({ user: 'ada' }))).toContain('; running: bob@pc-2');
  });

  test.each([-1, Number.NaN, 40 * 86_400_000])('advance(%s)', async (ms) => {
    const office = await testLicence({ modules: { CAD: 1 } });
    expect(await faultOf(() => office.advance(ms))).toBe(
      `BAD_ARGUMENT: advance: expected 0 to 2678400000 milliseconds, got ${ms}`,
    );
  });

  test('a removal with too many words', async () => {
    const office = await testLicence({ modules: { CAD: 1 } });
    expect(await faultOf(() => office.remove({ words: 'x'.repeat(1025) }))).toBe(
      'BAD_ARGUMENT: words: expected at most 1024 characters, got 1025',
    );
    expect(await faultOf(() => office.remove({ by: 'x'.repeat(601) }))).toBe(
      'BAD_ARGUMENT: by: expected at most 600 characters, got 601',
    );
  });

  test('whatever is asked after close()', async () => {
    const office = await testLicence({ modules: { CAD: 1 } });
    const licence = await office.open(ada);
    const seat = await take(licence);
    office.cutShare();
    await office.close();
    await office.close();
    const acts = [
      () => office.open(),
      () => office.advance(1),
      () => office.remove(),
      () => office.cutShare(),
    ];
    for (const act of [
      ...acts,
      () => office.mendShare(),
      () => office.sleep({}),
      () => licence.acquire('CAD'),
    ])
      expect(await faultOf(act)).toContain('CLOSED: ');
    expect(seat.valid).toBe(false);
  });

  test('await using closes it', async () => {
    const inner = async () => {
      await using office = await testLicence({ modules: { CAD: 1 } });
      return [office, await seated(office)] as const;
    };
    const [office, seat] = await inner();
    expect(seat.state).toBe('left');
    expect(await faultOf(() => office.open())).toContain('CLOSED: ');
  });
});
