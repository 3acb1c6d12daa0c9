import type { SlowWait } from '../api.js';
import type { CallOff, Clock } from '../share/clock.js';

/** What is told of a wait. */
interface Told extends SlowWait {
  readonly text: string;
  readonly endMs: number;
}

const REDRAW_MS = 1000;
/** Where no line can be redrawn, a wait that goes on is told again. Milliseconds. */
const TELL_AGAIN_MS = 30_000;
/** Back to the first column, and the line is empty. */
const CLEAR = '\r\u001b[2K';

/** Where it is written, and what it must go around. */
interface Outlets {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly endNow: (status: number) => void;
}

interface Notices extends Pick<Outlets, 'err'> {
  /** See the world. */
  readonly noticeColumns: () => number | null;
  readonly system: () => { readonly clock: Clock };
}

/**
 * What a command waits for, and how long at most: on a terminal one line that is redrawn each second and gone when the
 * wait is over, elsewhere a line now and then. Whatever else is written goes around that line.
 */
export class WaitLine {
  private readonly world: Notices;
  /** All that is waited for now; the last is shown. */
  private waits: Told[] = [];
  private isDrawn = false;
  private callOff: CallOff = () => undefined;

  constructor(world: Notices) {
    this.world = world;
  }

  /** @param text what is waited for, as a terminal may show it; no full stop */
  show(text: string, { mostMs, over }: SlowWait): void {
    const told: Told = { text, mostMs, over, endMs: this.nowMs() + mostMs };
    this.waits = [...this.waits.filter((one) => one.over !== over), told];
    const end = () => this.remove(told);
    over.then(end, end);
    if (this.world.noticeColumns() === null) this.world.err(`${this.lineOf(told)}\n`);
    this.tick();
  }

  /** Writes that go around the line; and an end of the process that leaves none behind. */
  around({ out, err, endNow }: Outlets): Outlets {
    const after =
      <T>(act: (value: T) => void) =>
      (value: T): void => {
        this.clear();
        act(value);
      };
    return { out: after(out), err: after(err), endNow: after(endNow) };
  }

  end(): void {
    this.waits = [];
    this.tick();
  }

  private remove(told: Told): void {
    this.waits = this.waits.filter((one) => one !== told);
    if (this.waits.length === 0) this.tick();
  }

  private tick(): void {
    this.callOff();
    const last = this.waits.at(-1);
    if (last === undefined) {
      this.clear();
      return;
    }
    const isTerminal = this.world.noticeColumns() !== null;
    if (isTerminal) this.draw(last);
    this.callOff = this.world.system().clock.alarm(isTerminal ? REDRAW_MS : TELL_AGAIN_MS, () => {
      const shown = this.waits.at(-1);
      if (!isTerminal && shown) this.world.err(`${this.lineOf(shown)}\n`);
      this.tick();
    });
  }

  private draw(told: Told): void {
    const columns = this.world.noticeColumns() ?? 0;
    this.world.err(`${CLEAR}${this.lineOf(told, columns - 1)}`);
    this.isDrawn = true;
  }

  private clear(): void {
    if (this.isDrawn) this.world.err(CLEAR);
    this.isDrawn = false;
  }

  /** @param columns how wide the line may be; then it says how to end the wait, too */
  private lineOf({ text, endMs }: Told, columns: number | null = null): string {
    const left = Math.ceil((endMs - this.nowMs()) / 1000);
    const isKnown = Number.isFinite(left) && left > 0;
    if (columns === null) return isKnown ? `${text}; ${left} s at most` : `${text} ...`;
    const tail = `${isKnown ? `, up to ${left} s more` : ''}; Ctrl-C gives up`;
    const room = Math.max(0, columns - tail.length);
    return `${text.length <= room ? text : `${text.slice(0, Math.max(0, room - 3))}...`}${tail}`.slice(
      0,
      columns,
    );
  }

  private nowMs(): number {
    return this.world.system().clock.elapsedMs();
  }
}
