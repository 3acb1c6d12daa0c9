import type { InstanceRecord, SeatRecord, Settings } from '../licence/document.js';
import { andThen, type ChangeContext, type Draft } from '../licence/revision.js';
import { offerFree } from './offers.js';
import { takeAway } from './tombstones.js';

/** What an administrator does to the table. */

export interface Removal {
  readonly isChosen: (record: InstanceRecord, seat: SeatRecord) => boolean;
  readonly actor: string;
  readonly words: string | null;
}

/** Frees the chosen seats, each with a tombstone. Null when nothing matches. */
export function remove(context: ChangeContext, { isChosen, ...by }: Removal): Draft | null {
  const why = { reason: 'removed' as const, ...by };
  const takings = context.licence.instances.map((record) => {
    return { record, seats: record.seats.filter((seat) => isChosen(record, seat)), why };
  });
  const after = takeAway(context, takings);
  return after && andThen(context, after, offerFree);
}

/** Changes settings, undefined takes one back; null when they already are so. Holders follow at their next look. */
export function changeSettings(
  { licence }: Pick<ChangeContext, 'licence'>,
  { changes, actor }: { readonly changes: Settings; readonly actor: string },
): Draft | null {
  const merged = Object.entries({ ...licence.settings, ...changes });
  const settings: Settings = Object.fromEntries(merged.filter(([, value]) => value !== undefined));
  if (JSON.stringify(settings) === JSON.stringify(licence.settings)) return null;
  const said = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value ?? null]));
  return { licence: { ...licence, settings }, events: [{ kind: 'settings', actor, settings: said }] };
}
