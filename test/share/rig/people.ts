/** People at the command line in the guests. */
import { type Ending, USERS } from './link.js';
import { userOf } from './rig.js';
import type { Running, RunOptions, Station } from './station.js';

const ANSWER_MS = 60_000;

interface Said {
  readonly event: string;
  readonly seat?: string;
  readonly user?: string;
  readonly reason?: string;
  readonly holders?: readonly { readonly user: string }[];
}

/** `seatfile` with these words; resolves when it has ended. */
export async function seatfile(host: Station, ...words: string[]): Promise<{ ending: Ending; said: string }> {
  const one = host.seatfile(words);
  const ending = await one.ended;
  return { ending, said: [...one.lines, ...one.complaints].join('\n') };
}

interface HoldOptions extends RunOptions {
  /** How long it waits for a seat, like `60s`. @default not at all */
  readonly wait?: string;
}

/** A user that holds a seat, or tries to: `seatfile hold --json`. */
export class Holder {
  readonly run: Running;
  private heardUpTo = 0;

  constructor(host: Station, file: string, user: string, options: HoldOptions = {}) {
    const waits = options.wait === undefined ? [] : ['--wait', options.wait];
    const words = ['hold', file, '--module', 'M1', '--user', user, '--json', ...waits];
    this.run = host.seatfile(words, options);
  }

  /** The next of these events. */
  async next(events: readonly string[], withinMs = ANSWER_MS): Promise<Said> {
    const isWanted = (line: string) => events.includes((JSON.parse(line) as Said).event);
    const line = await this.run.heard(isWanted, withinMs, this.heardUpTo);
    this.heardUpTo = this.run.lines.indexOf(line, this.heardUpTo) + 1;
    return JSON.parse(line) as Said;
  }

  /** Closes its stdin: the seat is given back. */
  async leave(): Promise<Ending> {
    this.run.close();
    return await this.run.ended;
  }
}

/** How one user runs programs in a guest: under the user's own id; others may read the files only if told so. */
export const asTeam = (guest: Station): RunOptions => ({ uid: USERS[userOf(guest)], gid: USERS.group });
