import type { Guest, Guests } from './guest.js';
import type { TeamUser } from './link.js';
import type { Mount } from './servers.js';

/** What a scenario has to work with: a mount in use on three client hosts, one of them an hour ahead. */
export interface Rig {
  readonly mount: Mount;
  readonly guests: readonly [Guest, Guest, Guest];
  /** Guests that were killed are started again, and mount again. */
  replace(guest: Guest): Promise<void>;
  readonly isLong: boolean;
  readonly say: (line: string) => void;
}

export interface Scenario {
  readonly name: string;
  /** Throws when something is not as it must be; gives figures for the table. */
  readonly play: (rig: Rig) => Promise<Readonly<Record<string, string | number>>>;
}

/** The clocks: the third client's kernel believes it is an hour later. */
const CLOCKS = [undefined, undefined, '+1h'] as const;
const USER_OF: readonly TeamUser[] = ['ana', 'ben', 'ana'];

export async function bootAll(house: Guests, mount: Mount): Promise<readonly [Guest, Guest, Guest]> {
  const [a, b, c] = await Promise.all(CLOCKS.map((shift, index) => house.boot(index + 1, shift)));
  if (!a || !b || !c) throw new Error('three guests expected');
  for (const guest of [a, b, c]) await mount.mount(guest, userOf(guest));
  return [a, b, c];
}

export const userOf = (guest: Guest): TeamUser => USER_OF[guest.number - 1] ?? 'ana';

/** What must be so, or the scenario has failed. */
export function must(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}
