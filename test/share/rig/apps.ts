import type { AppJob } from './programs/app.js';
import type { Running, RunOptions, Station } from './station.js';

export interface AppSaid {
  readonly what: string;
  readonly code?: string;
  readonly message?: string;
  readonly kind?: string;
  readonly state?: string;
  readonly reason?: string;
  readonly valid?: boolean | null;
  readonly stuck?: number;
  readonly tookMs?: number;
  readonly worstMs?: number;
  readonly atMs: number;
}

/** An application in a guest: programs/app, told what to do. */
export class App {
  readonly run: Running;
  private constructor(run: Running) {
    this.run = run;
  }

  static async open(host: Station, job: AppJob, options: RunOptions = {}): Promise<App> {
    const app = new App(host.program('app', job, options));
    await app.next('opened', 0, 60_000);
    return app;
  }

  get said(): AppSaid[] {
    return this.run.lines.map((line) => JSON.parse(line) as AppSaid);
  }

  /** How much it has said so far: for `next`. */
  get now(): number {
    return this.run.lines.length;
  }

  async next(what: string, from: number, withinMs: number): Promise<AppSaid> {
    const isWanted = (line: string) => (JSON.parse(line) as AppSaid).what === what;
    return JSON.parse(await this.run.heard(isWanted, withinMs, from)) as AppSaid;
  }

  /** Orders, and the answer. */
  async ask(order: string, withinMs = 60_000): Promise<AppSaid> {
    const from = this.now;
    this.run.say(`${order}\n`);
    return await this.next(order.split(' ')[0] ?? '', from, withinMs);
  }
}
