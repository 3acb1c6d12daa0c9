import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import type { LicenceEvents } from '../api.js';
import { checkEvent, type Known } from './argument-checks.js';

type Listener = (...args: never[]) => void;

/** Knows its events, and which of them have a listener. Node's `once` calls `on`, `prependOnceListener` the other. */
class Listened extends EventEmitter {
  private readonly ownEvents: readonly string[];

  constructor(known: object) {
    super();
    this.ownEvents = Object.keys(known);
  }

  override on(event: string | symbol, listener: Listener): this {
    checkEvent(event, this.ownEvents);
    super.on(event, listener as () => void);
    this.isHeard(event);
    return this;
  }

  override addListener(event: string | symbol, listener: Listener): this {
    return this.on(event, listener);
  }

  override prependListener(event: string | symbol, listener: Listener): this {
    checkEvent(event, this.ownEvents);
    super.prependListener(event, listener as () => void);
    this.isHeard(event);
    return this;
  }

  protected isHeard(_event: unknown): void {}
}

const Typed = Listened as unknown as new <E extends { [K in keyof E]: unknown[] }>(
  known: Known<E>,
) => EventEmitter<E>;

/** What an application gets. `console.log` and JSON show what it says of itself, and not what it is made of. */
export abstract class Emitter<E extends { [K in keyof E]: unknown[] }> extends Typed<E> {
  abstract toJSON(): object;

  [inspect.custom](_depth: number, options: object): string {
    return `${this.constructor.name} ${inspect(this.toJSON(), options)}`;
  }

  /** There is one more listener to this event. */
  protected isHeard(_event: keyof E): void {}
}

const EVENTS: Known<LicenceEvents> = { warning: true, waiting: true, changed: true };

/** One licence, or several. */
export abstract class LicenceEmitter extends Emitter<LicenceEvents> {
  constructor() {
    super(EVENTS);
  }
}
