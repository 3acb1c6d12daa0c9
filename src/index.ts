export { type FaultCode, SeatfileFault } from './core/fault.js';
export type { GoneReason } from './core/licence.js';
export type { Eviction, Holder } from './core/seats.js';
export type { ClaimAnswer } from './instance/instance.js';
export {
  type AcquireOptions,
  type LicenceEvents,
  type OpenLicence,
  type OpenOptions,
  openLicence,
} from './instance/licence.js';
export type { Warning } from './instance/news.js';
export type { Loss, Seat, SeatEvents, SeatState } from './instance/seat.js';
export type { WaitingNews } from './instance/waiting.js';
