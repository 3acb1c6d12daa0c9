import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';

/** What an application gets. `console.log` and JSON show what it says of itself, and not what it is made of. */
export abstract class Emitter<E extends { [K in keyof E]: unknown[] }> extends EventEmitter<E> {
  abstract toJSON(): object;

  [inspect.custom](_depth: number, options: object): string {
    return `${this.constructor.name} ${inspect(this.toJSON(), options)}`;
  }
}
