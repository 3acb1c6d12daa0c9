import type { Ban } from '../licence/banned.js';
import { type Licence, MAX_LISTED, type Waiter } from '../licence/document.js';
import { SeatfileFault } from '../licence/fault.js';
import { foldedName, sameName } from '../licence/names.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { toIso } from '../licence/time.js';
import { chooseSeats } from './admin.js';
import { bansByUser, bansInForce, bansToKeep } from './bans-in-force.js';
import type { ChosenSeat } from './leaving.js';
import { offerFree } from './offers.js';
import { withoutWaiters } from './queue.js';
import { mergedSettings } from './settings.js';
import { takeAway } from './tombstones.js';

/** A ban begins and ends: the acts of an administrator. */

export interface BanRequest {
  readonly user: string;
  /** Milliseconds; null: until it is lifted. */
  readonly forMs: number | null;
  /** `user@host` of the administrator. */
  readonly actor: string;
  /** What the user is told. */
  readonly words: string | null;
}

export interface BanOutcome {
  readonly draft: Draft;
  readonly ban: Ban;
  /** The ban that was in force for this user; the new one stands in its place. */
  readonly before: Ban | null;
  /** The seats that the user loses. */
  readonly taken: readonly ChosenSeat[];
  /** The places in queues that the user loses. */
  readonly waited: readonly Waiter[];
}

/**
 * Refuses every new seat to a user, and takes those that the user has now, in one change. A second ban takes
 * the place of the first. Bans that ended long ago are cleaned away, and all that ended where room is needed.
 * @throws SeatfileFault BAD_ARGUMENT: there are too many
 */
export function ban(context: ChangeContext, { user, forMs, actor, words }: BanRequest): BanOutcome {
  const { licence, nowMs } = context;
  const untilAt = forMs === null ? null : toIso(nowMs + forMs);
  const entry: Ban = { user, untilAt, actor, words, at: toIso(nowMs) };
  const others = bansToKeep(context).filter(isOfOther(user));
  const bans = [
    ...(others.length < MAX_LISTED ? others : bansInForce(licence, nowMs).filter(isOfOther(user))),
    entry,
  ];
  if (bans.length > MAX_LISTED)
    throw new SeatfileFault('BAD_ARGUMENT', `the licence has ${MAX_LISTED} bans, the most; lift one first`);
  const taken = chooseSeats(licence, { user });
  const waited = licence.waiting.filter((waiter) => sameName(waiter.user, user));
  const event = { kind: 'ban set', user, untilAt, actor, words };
  const begun = { licence: withBans(withoutWaitersOf(licence, waited), bans), events: [event] };
  const without = andThen(context, begun, (now) =>
    takeAway(
      now,
      taken.map(({ record, seat }) => ({ record, seats: [seat], why: { reason: 'banned', actor, words } })),
    ),
  );
  const draft = taken.length === 0 ? without : andThen(context, without, offerFree);
  return { draft, ban: entry, before: bansByUser(context)(user), taken, waited };
}

export interface BanLift {
  readonly user: string;
  readonly actor: string;
  readonly words: string | null;
}

/** Null when no ban of this user is in force. */
export function liftBan(context: ChangeContext, { user, actor, words }: BanLift): Draft | null {
  if (bansByUser(context)(user) === null) return null;
  return {
    licence: withBans(context.licence, bansToKeep(context).filter(isOfOther(user))),
    events: [{ kind: 'ban lifted', user, actor, words }],
  };
}

function isOfOther(user: string): (ban: Ban) => boolean {
  const name = foldedName(user);
  return (ban) => foldedName(ban.user) !== name;
}

const withBans = (licence: Licence, bans: readonly Ban[]): Licence => ({
  ...licence,
  settings: mergedSettings(licence.settings, { bans: bans.length === 0 ? undefined : bans }),
});

function withoutWaitersOf(licence: Licence, waited: readonly Waiter[]): Licence {
  const leaving = new Set(waited);
  return withoutWaiters(licence, (waiter) => leaving.has(waiter));
}
