/** A seat through every state, and a second user that waits for it. Gives what the seat has told. */
exports.story = async (office, pass) => {
  const licence = await office.open({ user: 'ada' });
  const { seat } = await licence.acquire('CAD');
  const told = [];
  for (const event of ['jeopardy', 'suspended', 'safe', 'lost']) seat.on(event, () => told.push(event));
  office.cutShare();
  await pass(60_000);
  office.mendShare();
  await pass(60_000);
  const bob = await office.open({ user: 'bob', host: 'pc-2' });
  const waiting = bob.acquire('CAD', { wait: 600_000 });
  await pass(1000);
  await office.remove({ user: 'ada' });
  await pass(60_000);
  told.push((await waiting).kind);
  await office.close();
  return told;
};

exports.STORY = ['jeopardy', 'suspended', 'safe', 'lost', 'seated'];

/** The checks of one way to load the package, with fake timers on or not. */
exports.checks = ({ test, expect, jest }, { testing, seatfile }) => {
  test('a clock that is moved by hand', async () => {
    const office = await testing.testLicence({ modules: { CAD: 1 } });
    expect(await exports.story(office, (ms) => office.advance(ms))).toEqual(exports.STORY);
  });

  test("clock: 'timers'", async () => {
    const office = await testing.testLicence({ modules: { CAD: 1 }, clock: 'timers' });
    expect(await exports.story(office, (ms) => jest.advanceTimersByTimeAsync(ms))).toEqual(exports.STORY);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('a seat without a licence', () => {
    const told = [];
    const seat = testing.testSeat();
    seat.on('lost', ({ reason }) => told.push(reason));
    seat.lose();
    expect([told, seat.state]).toEqual([['evicted'], 'lost']);
  });

  test('faults are those of the package', async () => {
    const office = await testing.testLicence({ modules: { CAD: 1 } });
    const licence = await office.open();
    const fault = await licence.acquire('CAM').catch((error) => error);
    expect([fault instanceof seatfile.SeatfileFault, fault.code]).toEqual([true, 'UNKNOWN_MODULE']);
    await office.close();
  });

  test('nothing has to be closed for Jest to end', async () => {
    const office = await testing.testLicence({ modules: { CAD: 1 }, clock: 'timers' });
    await (await office.open({ user: 'ada' })).acquire('CAD');
    void (await office.open({ user: 'bob' })).acquire('CAD', { wait: 600_000 });
    expect(office.nowMs).toBeGreaterThan(0);
  });
};
