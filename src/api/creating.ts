import type { OpenOptions } from './opening.js';

/** How long the share may take, and how its caller gives up. */
export interface LookOptions extends Pick<OpenOptions, 'publicKey' | 'onSlow' | 'signal'> {
  /** Milliseconds for all of it. @default 90,000 */
  readonly timeoutMs?: number | undefined;
}

/** An unsigned licence, for in-house use. */
export interface CreateOptions extends Pick<OpenOptions, 'onSlow' | 'signal'> {
  /** Max users by module, e.g. `{ CAD: 10 }`. At least one module; each from 1 to 100,000. */
  readonly modules: Readonly<Record<string, number>>;
  /** `light`: no heartbeats; seats of dead users stay. @default 'heartbeat' */
  readonly level?: 'heartbeat' | 'light' | undefined;
  /** T. Seconds, from 1 to 86,400. @default 30 x the largest max users */
  readonly checkIntervalSeconds?: number | undefined;
  /** What one user is. @default 'user@host' */
  readonly countBy?: 'user@host' | 'instance' | 'user' | 'host' | undefined;
  /** Whose licence it is. */
  readonly customer?: string | undefined;
  /** Create it even where the tests say that seats would not be safe. @default false */
  readonly force?: boolean | undefined;
  /** Milliseconds for the tests of the place. What comes after them takes a moment, 30 s at most. @default 90,000 */
  readonly timeoutMs?: number | undefined;
}

export interface CreatedLicence {
  /** The licence file, every link resolved. */
  readonly file: string;
  readonly licenceId: string;
  /** What is not as it should be at the place, in the words of `seatfile doctor`; with `force`, all of that. */
  readonly warnings: readonly string[];
}
