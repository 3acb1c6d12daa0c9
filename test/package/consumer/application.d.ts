/** The application around the code of the README. */
type Holder = import('seatfile').Holder;
type Loss = import('seatfile').Loss;
declare function showHolders(holders: readonly Holder[], freesAt: string | null): void;
declare function showRefusal(reason: 'banned' | 'reserved' | 'closed'): void;
declare function saveSoon(remainingMs: number): void;
declare function pauseWork(): void;
declare function resumeWork(): void;
declare const publicKey: string;
declare function askForARenewal(expiresAt: string): void;
declare function lockTheWindow(reason: Loss['reason'], by: string | null, words: string | null): void;
declare function show(words: string | null, by: string | null): void;
declare function log(message: string): void;
declare function explain(state: import('seatfile').SeatState): void;
