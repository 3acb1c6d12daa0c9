import type { Ban } from '../licence/banned.js';
import type { Licence } from '../licence/document.js';
import { foldedName } from '../licence/names.js';
import type { ChangeContext } from '../licence/revision.js';
import { fromIso } from '../licence/time.js';

/** A ban refuses every new seat to a user, on whatever host, until its time or until it is lifted. */

const isInForce = ({ untilAt }: Ban, nowMs: number): boolean => untilAt === null || fromIso(untilAt) > nowMs;

/** Those that have not ended by share time. */
export const bansInForce = ({ settings }: Licence, nowMs: number): Ban[] =>
  (settings.bans ?? []).filter((ban) => isInForce(ban, nowMs));

/** How long a ban that has ended stays in the table: until then a clock that was ahead ends no other ban for good. */
const ENDED_KEPT_MS = 86_400_000;

/** Those that are kept at the next change. Share time may be wrong, as long as a server's clock is. */
export const bansToKeep = ({ licence, nowMs }: Pick<ChangeContext, 'licence' | 'nowMs'>): Ban[] =>
  bansInForce(licence, nowMs - ENDED_KEPT_MS);

/** The ban of each user by name. Of several the one that lasts longest. */
export function bansByUser({ licence, nowMs }: Pick<ChangeContext, 'licence' | 'nowMs'>): BanOf {
  const bans = bansInForce(licence, nowMs);
  if (bans.length === 0) return () => null; // as nearly always
  const byName = new Map<string, Ban>();
  for (const ban of bans) {
    const name = foldedName(ban.user);
    const known = byName.get(name);
    if (!known || lasts(ban) > lasts(known)) byName.set(name, ban);
  }
  return (user) => byName.get(foldedName(user)) ?? null;
}

export type BanOf = (user: string) => Ban | null;

const lasts = ({ untilAt }: Ban): number => (untilAt === null ? Number.POSITIVE_INFINITY : fromIso(untilAt));
