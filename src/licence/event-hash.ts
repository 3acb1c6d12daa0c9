import { hash } from 'node:crypto';
import type { LicenceEvent } from './document.js';

/** An event with its keys in the order in which it is hashed and written, wherever it was read. */
const ordered = ({ id, kind, at, before, ...details }: LicenceEvent): LicenceEvent => ({
  ...{ id, kind, at, before },
  ...details,
});

export const digest = (text: string): string => hash('sha256', text);

/** What is hashed of an event, and written in a segment. */
export const eventText = (event: LicenceEvent): string => JSON.stringify(ordered(event));

export const hashOf = (event: LicenceEvent): string => digest(eventText(event));
