/** The methods of Node's EventEmitter. `E` gives the arguments of each event. */
export interface Emits<E extends { [K in keyof E]: unknown[] }> {
  /**
   * Calls `listener` at each `event` from now on. One that throws ends the process, as with any EventEmitter.
   * @throws SeatfileFault BAD_ARGUMENT: there is no such event
   */
  on<K extends keyof E>(event: K, listener: (...args: E[K]) => void): this;
  /** Calls `listener` at the next `event` only. @throws SeatfileFault as `on` */
  once<K extends keyof E>(event: K, listener: (...args: E[K]) => void): this;
  /** Ends what `on` or `once` began. */
  off<K extends keyof E>(event: K, listener: (...args: E[K]) => void): this;
  /** As `on`. */
  addListener<K extends keyof E>(event: K, listener: (...args: E[K]) => void): this;
  /** As `off`. */
  removeListener<K extends keyof E>(event: K, listener: (...args: E[K]) => void): this;
  /** Ends all listening to `event`, or to every event. */
  removeAllListeners(event?: keyof E): this;
  /** How many listeners `event` has. */
  listenerCount(event: keyof E): number;
}

/** What is used of an AbortSignal. Give a real one, from an AbortController or AbortSignal.timeout(). */
export interface Signal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
