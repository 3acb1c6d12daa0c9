import type { Guest, Guests } from './guest.js';
import type { TeamUser } from './link.js';
import type { Mount, MountName } from './servers.js';
import type { Station } from './station.js';

/** What many scenarios have to work with: three hosts that share a directory. */
export interface Hosts<Host extends Station = Station> {
  readonly mount: Pick<Mount, 'keepsModes' | 'hasLinks'> & { readonly name: MountName | 'windows' };
  readonly guests: readonly [Host, Host, Host];
  /** Hosts that were killed are started again, and see the directory again. */
  replace(host: Host): Promise<void>;
  readonly isLong: boolean;
  readonly say: (line: string) => void;
}

/** A mount in use on three client hosts, one of them an hour ahead. */
export interface Rig extends Hosts<Guest> {
  readonly mount: Mount;
}

export interface Scenario<World = Rig> {
  readonly name: string;
  /** Needs neither the share nor much of a computer: it is played while the others are. */
  readonly isAside?: boolean;
  /** Throws when something is not as it must be; gives figures for the table. */
  readonly play: (world: World) => Promise<Readonly<Record<string, string | number>>>;
}

/** The clocks: the third client's kernel believes it is an hour later. */
const CLOCKS: Clocks = [undefined, undefined, '+1h'];
export type Clocks = readonly [string | undefined, string | undefined, string | undefined];
export const ONE_CLOCK: Clocks = [undefined, undefined, undefined];
const USER_OF: readonly TeamUser[] = ['ana', 'ben', 'ana'];

export async function bootAll(
  house: Guests,
  mount: Mount,
  clocks: Clocks = CLOCKS,
): Promise<readonly [Guest, Guest, Guest]> {
  const [a, b, c] = await Promise.all(clocks.map((shift, index) => house.boot(index + 1, shift)));
  if (!a || !b || !c) throw new Error('three guests expected');
  for (const guest of [a, b, c]) await mount.mount(guest, userOf(guest));
  return [a, b, c];
}

export const userOf = (guest: Station): TeamUser => USER_OF[guest.number - 1] ?? 'ana';

/** What must be so, or the scenario has failed. */
export function must(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}
