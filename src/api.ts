/**
 * Everything that an application sees of this package, and nothing of how it is done. The files of `api/` import only
 * each other, so that together they are the shipped declaration: it needs neither the types of Node nor those of a
 * browser.
 */
export type * from './api/administration.js';
export type * from './api/claim.js';
export type * from './api/creating.js';
export type * from './api/emits.js';
export type * from './api/fault-details.js';
export type * from './api/faults.js';
export type * from './api/journal.js';
export type * from './api/open-licence.js';
export type * from './api/opening.js';
export type * from './api/seat.js';
export type * from './api/status.js';
