import { fromIso } from '../licence/time.js';

/** Times of the document as people read them: by their own clock, or in UTC. */
export interface Times {
  /** `2026-11-21 10:30:12 +01:00` */
  readonly whole: (iso: string) => string;
  /** `10:30` today, `26 Nov` else, `2025-11-26` where that is more than half a year away. */
  readonly short: (iso: string) => string;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const HALF_A_YEAR_MS = 182 * 86_400_000;

/** @param nowIso what is today for {@link Times.short} */
export function timesFor({ utc = false }: { readonly utc?: boolean }, nowIso: string): Times {
  const offsetAt = (ms: number) => (utc ? 0 : -new Date(ms).getTimezoneOffset());
  /** The time as written by the clock on the wall, in the form of UTC. */
  const onWall = (ms: number) => new Date(ms + 60_000 * offsetAt(ms)).toISOString();
  const nowMs = fromIso(nowIso);
  return {
    whole: (iso) => {
      const ms = fromIso(iso);
      const wall = onWall(ms);
      return `${wall.slice(0, 10)} ${wall.slice(11, 19)} ${zone(offsetAt(ms))}`;
    },
    short: (iso) => {
      const ms = fromIso(iso);
      const wall = onWall(ms);
      if (wall.slice(0, 10) === onWall(nowMs).slice(0, 10)) return wall.slice(11, 16);
      if (Math.abs(nowMs - ms) > HALF_A_YEAR_MS) return wall.slice(0, 10);
      return `${Number(wall.slice(8, 10))} ${MONTHS[Number(wall.slice(5, 7)) - 1]}`;
    },
  };
}

/** `UTC`, `+01:00` */
function zone(offsetMinutes: number): string {
  if (offsetMinutes === 0) return 'UTC';
  const two = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.abs(offsetMinutes);
  return `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
