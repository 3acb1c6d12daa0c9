import type { ClaimAnswer, WaitingNews } from '../api.js';
import { describePlace } from './acquire.js';
import { clockTime, describeNoSeat, duration, printable } from './words.js';

/** What a user is told that gets no seat, and what to do then. */

type NoSeat = Exclude<ClaimAnswer, { kind: 'seated' }>;

const WAIT = 'To wait for one: --wait 10m.';
const STATUS = 'seatfile status shows the seats.';

/** What one command says of its claim: the holders once for each file, after that only what is new. */
export class RefusalText {
  private readonly told = new Set<string>();
  private readonly module: string;
  private readonly isOne: boolean;

  /** @param isOne there is one queue, which needs no name */
  constructor(module: string, isOne: boolean) {
    this.module = module;
    this.isOne = isOne;
  }

  waiting(news: WaitingNews): string {
    const place = describePlace(news, this.isOne);
    const isTold = this.told.size === this.told.add(news.file).size;
    return isTold ? place : `${describeNoSeat(this.module, news)}\n${place}`;
  }

  /** @param waitMs how long the claim may have waited; 0: it did not */
  refused(answer: NoSeat, waitMs: number): string {
    if (answer.kind === 'refused') return describeRefusal(this.module, answer, waitMs);
    if (this.told.size === 0)
      return `${describeNoSeat(this.module, answer)}\n${waitMs === 0 ? `${WAIT} ` : ''}${STATUS}`;
    const { waitedMs } = answer;
    const within = waitedMs === 0 ? '' : ` within ${duration(waitedMs / 1000)}`;
    return `${this.module}: no seat fell free${within}. ${STATUS}`;
  }
}

type Refused = Extract<NoSeat, { kind: 'refused' }>;

function describeRefusal(module: string, { reason, untilAt, by, words }: Refused, waitMs: number): string {
  const until = untilAt === null ? '' : ` until ${clockTime(untilAt)}`;
  switch (reason) {
    case 'closed':
      return (
        `${module}: the seat table has just been restored. No new user is seated${until}: ` +
        'users that are at work keep their seats; try again then'
      );
    case 'banned': {
      const actor = by === null ? '' : ` by ${printable(by)}`;
      const said = words === null ? '' : `: "${printable(words)}"`;
      const end = untilAt === null ? ' until the ban is lifted' : until;
      const whom = by === null ? 'the administrator' : printable(by);
      return `${module}: you are banned${actor}${end}${said}. Ask ${whom}.`;
    }
    case 'reserved': {
      const wait = waitMs === 0 ? ` ${WAIT}` : '';
      return `${module}: the seats that are free are reserved for other users.${wait} ${STATUS}`;
    }
  }
}
