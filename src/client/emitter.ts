import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';

/** Says which events have a listener. Node's `once` calls `on`. */
class Listened extends EventEmitter {
  override on(event: string | symbol, listener: (...args: never[]) => void): this {
    super.on(event, listener as () => void);
    this.isHeard(event);
    return this;
  }

  override addListener(event: string | symbol, listener: (...args: never[]) => void): this {
    return this.on(event, listener);
  }

  protected isHeard(_event: unknown): void {}
}

const Typed = Listened as unknown as new <E extends { [K in keyof E]: unknown[] }>() => EventEmitter<E>;

/** What an application gets. `console.log` and JSON show what it says of itself, and not what it is made of. */
export abstract class Emitter<E extends { [K in keyof E]: unknown[] }> extends Typed<E> {
  abstract toJSON(): object;

  [inspect.custom](_depth: number, options: object): string {
    return `${this.constructor.name} ${inspect(this.toJSON(), options)}`;
  }

  /** There is one more listener to this event. */
  protected isHeard(_event: keyof E): void {}
}
