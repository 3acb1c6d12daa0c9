// A test for a runner that has the package: `status` is asked while the seat is held.
const { execFileSync } = require('node:child_process');

const [file, command] = [process.env.MATRIX_LICENCE, process.env.MATRIX_COMMAND];
const seats = () =>
  JSON.parse(execFileSync(process.execPath, [command, 'status', file, '--json'], { encoding: 'utf8' })).seats;

exports.seatStory = ({ test, expect }, { openLicence }) =>
  test('a seat is taken, shown and given back', async () => {
    const licence = await openLicence(file, { application: 'Matrix 1.0', user: 'ada' });
    const claim = await licence.acquire('M1');
    expect(claim.kind).toBe('seated');
    expect(seats()).toMatchObject([{ module: 'M1', user: 'ada', pid: process.pid }]);
    await claim.seat.release();
    await licence.close();
    expect(seats()).toEqual([]);
  }, 60_000);
