import type { InstanceRecord, Licence, SeatRecord, Settings } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import type { Draft } from '../licence/revision.js';
import { takeAway } from './claim.js';
import { offerFree } from './offers.js';

/** What an administrator does to the table. */

export interface Removal {
  readonly actor: string;
  readonly words: string | null;
}

/** Frees the chosen seats, each with a tombstone. Null when nothing matches. */
export function remove(
  licence: Licence,
  policy: Policy,
  isChosen: (record: InstanceRecord, seat: SeatRecord) => boolean,
  removal: Removal,
  shareTimeMs: number,
): Draft | null {
  const start: Draft = { licence, events: [] };
  const why = { reason: 'removed' as const, ...removal };
  const takings = licence.instances.map((record) => {
    return { record, seats: record.seats.filter((seat) => isChosen(record, seat)), why };
  });
  const after = takeAway(start, takings, shareTimeMs, policy);
  if (after === start) return null;
  return offerFree(after, policy, shareTimeMs, '');
}

/** Changes settings, undefined takes one back; null when they already are so. Holders follow at their next look. */
export function changeSettings(licence: Licence, changes: Settings, actor: string): Draft | null {
  const merged = Object.entries({ ...licence.settings, ...changes });
  const settings: Settings = Object.fromEntries(merged.filter(([, value]) => value !== undefined));
  if (JSON.stringify(settings) === JSON.stringify(licence.settings)) return null;
  const said = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value ?? null]));
  return { licence: { ...licence, settings }, events: [{ kind: 'settings', actor, settings: said }] };
}
