import { describe, expect, test } from 'vitest';
import { type Seat, SeatfileFault } from '../../src/index.js';
import { type TestSeat, testSeat } from '../../src/testing/index.js';

function heard(seat: Seat): unknown[] {
  const told: unknown[] = [];
  for (const event of ['suspended', 'safe', 'released'] as const) seat.on(event, () => told.push(event));
  seat.on('jeopardy', ({ remainingMs }) => told.push(`jeopardy ${remainingMs}`));
  seat.on('lost', (loss) => told.push(loss));
  return told;
}

const shown = ({ state, valid, remainingMs }: Seat) => [state, valid, remainingMs];

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof SeatfileFault) return error.code;
    throw error;
  }
  return 'none';
}

describe('a seat without a licence', () => {
  test('is seated at first', () => {
    const seat = testSeat();
    expect([seat.module, seat.user, seat.host, ...shown(seat)]).toEqual([
      ...['CAD', 'user', 'pc'],
      ...['seated', true, 60_000],
    ]);
    const other = testSeat({
      module: 'M2',
      user: 'ada',
      host: 'pc-1',
      remainingMs: Number.POSITIVE_INFINITY,
    });
    expect([other.module, other.user, other.host, other.remainingMs]).toEqual([
      ...['M2', 'ada', 'pc-1'],
      Number.POSITIVE_INFINITY,
    ]);
    expect(other.id).not.toBe(seat.id);
  });

  test('goes through its states as told, and has told each event when the call returns', () => {
    const seat = testSeat();
    const told = heard(seat);
    seat.jeopardy(3000);
    expect(shown(seat)).toEqual(['jeopardy', true, 3000]);
    seat.suspend();
    expect(shown(seat)).toEqual(['suspended', false, 0]);
    seat.safe();
    expect(shown(seat)).toEqual(['seated', true, 60_000]);
    seat.suspend();
    seat.safe();
    seat.jeopardy();
    expect(told).toEqual(['jeopardy 3000', 'suspended', 'safe', 'suspended', 'safe', 'jeopardy 5000']);
  });

  test.each([
    (seat: TestSeat) => void seat,
    (seat: TestSeat) => seat.jeopardy(),
    (seat: TestSeat) => seat.suspend(),
  ])('is lost from each state before: %s', (prepare) => {
    const seat = testSeat();
    prepare(seat);
    const told = heard(seat);
    seat.lose({ reason: 'removed', by: 'it@pc-9', words: 'Update' });
    expect([shown(seat), told]).toEqual([
      ['lost', false, 0],
      [{ reason: 'removed', by: 'it@pc-9', words: 'Update', at: null }],
    ]);
  });

  test('is evicted where the test says no more', () => {
    const seat = testSeat();
    const told = heard(seat);
    seat.lose();
    expect(told).toEqual([{ reason: 'evicted', by: null, words: null, at: null }]);
  });

  test('tells messages, and its state stays', () => {
    const seat = testSeat();
    const told: unknown[] = [];
    seat.on('message', ({ words, by }) => told.push(`${by}: ${words}`));
    seat.message('tea');
    seat.suspend();
    seat.message('cake', 'it@pc-9');
    expect([seat.state, told]).toEqual(['suspended', ['admin@desk: tea', 'it@pc-9: cake']]);
    seat.lose();
    expect(codeOf(() => seat.message('late'))).toBe('BAD_ARGUMENT');
  });

  test('is given back once', async () => {
    const seat = testSeat();
    const told = heard(seat);
    await Promise.all([seat.release(), seat.release()]);
    expect([shown(seat), told]).toEqual([['left', false, 0], ['released']]);
    const lost = testSeat();
    lost.lose();
    const after = heard(lost);
    await lost.release();
    expect([lost.state, after]).toEqual(['lost', []]);
  });

  test('works with await using', async () => {
    const inner = async () => {
      await using seat = testSeat();
      return seat;
    };
    expect((await inner()).state).toBe('left');
  });

  test('makes no move that a real seat would not make', () => {
    const acts = ['jeopardy', 'suspend', 'safe', 'lose'] as const;
    const refused = (prepare: (seat: TestSeat) => void) =>
      acts.filter((act) => {
        const seat = testSeat();
        prepare(seat);
        return codeOf(() => seat[act]()) === 'BAD_ARGUMENT';
      });
    expect(refused(() => undefined)).toEqual(['safe']);
    expect(refused((seat) => seat.jeopardy())).toEqual(['jeopardy']);
    expect(refused((seat) => seat.suspend())).toEqual(['jeopardy', 'suspend']);
    expect(refused((seat) => seat.lose())).toEqual([...acts]);
    expect(refused((seat) => void seat.release())).toEqual([...acts]);
  });

  test('says what is wrong', () => {
    const seat = testSeat();
    seat.lose();
    expect(() => seat.suspend()).toThrow(
      'suspend: expected a seat that is seated or jeopardy, got one that is lost; make another with testSeat()',
    );
    expect(() => testSeat({ remainingMs: 0 })).toThrow(
      'remainingMs: expected more than 0 milliseconds, got 0',
    );
    expect(codeOf(() => testSeat().jeopardy(-1))).toBe('BAD_ARGUMENT');
  });

  test('what a listener throws comes out of the call', () => {
    const seat = testSeat();
    seat.on('lost', () => {
      throw new Error('in the handler');
    });
    expect(() => seat.lose()).toThrow('in the handler');
  });
});
