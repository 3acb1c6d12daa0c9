import { FORMAT, type InstanceRecord, MAX_GONE, MAX_SEATS, VERSION } from './document.js';
import { SeatfileFault } from './fault.js';

/** What the quick check and the schemas of the licence document share. */

export const ID = /^[a-z0-9-]{1,64}$/;
export const SHA256 = /^[0-9a-f]{64}$/;
/** Eleven random characters of Crockford's base 32 and one that checks them. */
export const LICENCE_KEY = /^[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}$/;
/** Compared exactly. */
export const MODULE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** What a template for licences may be, in words. */
export const TEMPLATE = 'a file of terms, or an earlier licence';

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Most entries of each list that grows with the table. */
export const MOST_IN = { instances: 100_000, waiting: 100_000, gone: MAX_GONE, events: 100_000 } as const;
/** Most messages for one holder in a document that is read; this version writes fewer. */
export const MOST_MESSAGES = 16;

interface Trouble {
  readonly path: string[];
  readonly message: string;
}

/** The first fault of the records as a whole: too many seats, or an id that stands twice. */
export function troubleIn(instances: readonly InstanceRecord[]): Trouble | null {
  if (seatsIn({ instances }) > MAX_SEATS)
    return { path: ['instances'], message: `expected at most ${MAX_SEATS} seats in all` };
  const twice = unique(instances, (record) => record.id, 'instances', 'id');
  if (twice) return twice;
  for (const [index, { seats }] of instances.entries()) {
    const seat = unique(seats, ({ module, id }) => `${module} ${id}`, `instances[${index}].seats`, 'id');
    if (seat) return seat;
  }
  return null;
}

export const seatsIn = ({
  instances,
}: {
  readonly instances: readonly { readonly seats: readonly unknown[] }[];
}) => instances.reduce((sum, record) => sum + record.seats.length, 0);

function unique<T>(
  list: readonly T[],
  key: (item: T) => string,
  path: string,
  field: string,
): Trouble | null {
  const seen = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    const first = seen.get(key(item));
    if (first !== undefined) {
      const message = `expected every ${field} once, found "${key(item)}" also at [${first}]`;
      return { path: [`${path}[${index}].${field}`], message };
    }
    seen.set(key(item), index);
  }
  return null;
}

/**
 * What is no licence at all, and a licence of a later format: that is told without the schemas.
 * @throws SeatfileFault LICENCE_INVALID, LICENCE_NEWER
 */
export function refuseOtherFormat(value: unknown, path: string): void {
  if (!isRecord(value)) {
    const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
    throw new SeatfileFault(
      'LICENCE_INVALID',
      `${path}: expected a seatfile licence (a JSON object), found ${found}`,
      { details: { path, found } },
    );
  }
  const { format } = value;
  const version = typeof format === 'string' ? /^seatfile\/(\d{1,6})$/.exec(format) : null;
  if (version && Number(version[1]) > VERSION)
    throw new SeatfileFault(
      'LICENCE_NEWER',
      `${path}: format: expected "${FORMAT}", found "${format}", written by a newer version; update this application`,
      { details: { path, expected: FORMAT, found: String(format) } },
    );
}
