import type { Loss, SeatState } from '../api.js';
import { Seat } from '../client/seat.js';
import { SeatfileFault } from '../licence/fault.js';
import { toIso } from '../licence/time.js';
import type { TestSeat, TestSeatOptions } from './test-types.js';
import { EPOCH_MS } from './timeline.js';

const REMAINING_MS = 60_000;
const JEOPARDY_MS = 5000;

let seats = 0;

export class StubSeat extends Seat implements TestSeat {
  private readonly wholeMs: number;
  private leftMs: number;

  constructor(options: TestSeatOptions) {
    const { module = 'CAD', user = 'user', host = 'pc', remainingMs = REMAINING_MS } = options;
    checkRemaining(remainingMs);
    const id = `test-seat-${++seats}`;
    super(module, user, host, {
      id: () => id,
      remainingMs: () => this.leftMs,
      release: async () => this.leave(),
    });
    this.wholeMs = remainingMs;
    this.leftMs = remainingMs;
  }

  jeopardy(remainingMs = JEOPARDY_MS): void {
    checkRemaining(remainingMs);
    this.check('jeopardy', 'seated');
    this.leftMs = remainingMs;
    this.move('jeopardy', () => this.emit('jeopardy', { remainingMs }));
  }

  suspend(): void {
    this.check('suspend', 'seated', 'jeopardy');
    this.leftMs = 0;
    this.move('suspended', () => this.emit('suspended'));
  }

  safe(): void {
    this.check('safe', 'jeopardy', 'suspended');
    this.leftMs = this.wholeMs;
    this.move('seated', () => this.emit('safe'));
  }

  message(words: string, by = 'admin@desk'): void {
    this.check('message', 'seated', 'jeopardy', 'suspended');
    this.emit('message', { words, by, at: toIso(EPOCH_MS) });
  }

  lose(loss: Partial<Loss> = {}): void {
    this.check('lose', 'seated', 'jeopardy', 'suspended');
    const told: Loss = { reason: 'evicted', by: null, words: null, at: null, ...loss };
    this.move('lost', () => this.emit('lost', told));
  }

  /** Tells at once, so that a test sees the effect when the call returns. */
  override move(to: SeatState, tell: () => void): void {
    super.move(to, () => undefined);
    tell();
  }

  private leave(): void {
    this.move('leaving', () => undefined);
    this.move('left', () => this.emit('released'));
  }

  private check(act: string, ...from: readonly SeatState[]): void {
    if (from.includes(this.state)) return;
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `${act}: expected a seat that is ${from.join(' or ')}, got one that is ${this.state}; ` +
        'make another with testSeat()',
    );
  }
}

function checkRemaining(ms: number): void {
  if (ms > 0) return;
  throw new SeatfileFault('BAD_ARGUMENT', `remainingMs: expected more than 0 milliseconds, got ${ms}`);
}
