import type { Journal, JournalOptions, LicencePlace } from '../api.js';
import type { LicenceEvent } from '../licence/document.js';
import { grantOf } from '../licence/entitlement.js';
import { inFile } from '../licence/fault.js';
import { fromIso } from '../licence/time.js';
import { describeBreak, verifyChain } from '../rules/segments.js';
import { isNamed } from '../rules/tombstones.js';
import type { JournalReading } from '../store/journal-files.js';
import { answeredBy, nameOf } from './answered.js';
import {
  bad,
  checkLength,
  checkOptions,
  checkPlace,
  checkShared,
  type Known,
  trustIn,
} from './argument-checks.js';
import { openDeadline, openStore } from './open-store.js';
import type { System } from './system.js';

/** The journal, for the command and the library alike. It takes no lock, and changes nothing. */

/** Which events are meant. What is not given matches. */
export interface WantedEvents {
  /** Share time, milliseconds since 1970. */
  readonly sinceMs: number;
  readonly user?: string | undefined;
  readonly module?: string | undefined;
}

/** A reading may begin earlier than it was asked to. */
export const chosenEvents = (
  { events }: Pick<JournalReading, 'events'>,
  { sinceMs, user, module }: WantedEvents,
): LicenceEvent[] =>
  events.filter(
    (event) =>
      fromIso(event.at) >= sinceMs &&
      (module === undefined || event['module'] === module) &&
      (user === undefined || isNamed(namesIn(event), { user })),
  );

export const namesIn = (event: LicenceEvent) => ({
  user: textOf(event['user']),
  host: textOf(event['host']),
});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const KNOWN: Known<JournalOptions> = {
  ...{ since: true, user: true, module: true },
  ...{ publicKey: true, onSlow: true, signal: true, timeoutMs: true },
};

/** As readJournal, on any system. */
export async function readJournalWith(
  place: LicencePlace,
  options: JournalOptions,
  system: System,
): Promise<Journal> {
  checkPlace(place);
  checkOptions(options, KNOWN);
  checkShared(options);
  checkLength('user', options.user, 1, 256);
  checkLength('module', options.module, 1, 64);
  const wanted = { ...options, sinceMs: sinceMsOf(options.since) };
  const deadline = openDeadline(system, options);
  const opening = { trust: trustIn(options.publicKey), deadline, onSlow: options.onSlow };
  const read = async (): Promise<Journal> => {
    const { store, policy } = await openStore(place, system, opening);
    const file = store.paths.licenceFile;
    const { module } = options;
    if (module !== undefined) inFile(file, () => grantOf(policy, module));
    const reading = await store.readJournal(wanted.sinceMs, deadline);
    return {
      file,
      events: chosenEvents(reading, wanted),
      problems: reading.problems,
      breaks: breaksIn(reading, options),
    };
  };
  return await answeredBy(deadline, read, system.clock, { name: nameOf(place), doing: 'readJournal' });
}

/** A part of a chain cannot be verified. */
function breaksIn({ events, licence }: JournalReading, options: JournalOptions): readonly string[] | null {
  const isPart = [options.since, options.user, options.module].some((one) => one !== undefined);
  return isPart ? null : verifyChain(events, licence.lastEventHash).breaks.map(describeBreak);
}

function sinceMsOf(since: unknown): number {
  if (since === undefined) return Number.NEGATIVE_INFINITY;
  const isTime = typeof since === 'string' && /^\d{4}-\d{2}-\d{2}/.test(since);
  const ms = since instanceof Date ? since.getTime() : isTime ? Date.parse(since) : Number.NaN;
  if (Number.isNaN(ms)) throw bad('since', 'expected a Date, or a text like 2026-11-21T09:30:00Z');
  return ms;
}
