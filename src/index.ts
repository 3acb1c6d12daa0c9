export type { ClaimAnswer, WaitingNews } from './client/answers.js';
export { type OpenLicence, openLicence } from './client/open-licence.js';
export type { AcquireOptions, LicenceEvents, OpenOptions } from './client/options.js';
export type { Loss, Seat, SeatEvents, SeatState } from './client/seat.js';
export type { Warning } from './client/warning-text.js';
export type { GoneReason } from './licence/document.js';
export { type FaultCode, SeatfileFault } from './licence/fault.js';
export type { Eviction, Holder } from './rules/refusal.js';
