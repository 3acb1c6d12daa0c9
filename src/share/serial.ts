/** Does one thing after the other, in the order asked for, whatever became of the one before. */
export class SerialQueue {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(act: () => Promise<T>): Promise<T> {
    const done = this.last.then(act, act);
    this.last = done.catch(() => undefined);
    return done;
  }

  /** Resolves when everything asked for by now is over. */
  async idle(): Promise<void> {
    await this.last;
  }
}
