/**
 * What is measured: seatfile, or what a user could take instead. One module for each, which exports these two. The
 * bench calls `prepare`; each process loads the module before it is timed, and calls `open`.
 */
export interface Contender {
  /** Makes an empty table of so many places in an empty directory. Returns what `open` is given. */
  readonly prepare: (directory: string, places: number) => Promise<string>;
  readonly open: (table: string, options: OpenOptions) => Promise<Session>;
}

export interface OpenOptions {
  readonly user: string;
  /** Put before each operation. Milliseconds. */
  readonly delayMs: number;
}

/** One process at a table. */
export interface Session {
  readonly acquire: () => Promise<'seated' | 'full'>;
  readonly release: () => Promise<void>;
  /** What the server has seen of this process. */
  readonly traffic: () => Traffic;
  /** False when the seat was taken away. */
  readonly isSeated: () => boolean;
}

export const NO_TRAFFIC: Traffic = { operations: 0, reads: 0, writes: 0, bytesRead: 0, bytesWritten: 0 };

export interface Traffic {
  readonly operations: number;
  /** Of whole files. */
  readonly reads: number;
  readonly writes: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

export type ContenderName = 'seatfile' | 'loop' | 'bare' | 'zod' | PeerName;
/** What else could keep the seats. */
export const peerNames = ['sqlite', 'redis', 'postgres'] as const;
export type PeerName = (typeof peerNames)[number];

/** How long a process waits for its answer. An application gives up after 30 s; here the time is wanted. */
export const PATIENT_MS = 120_000;
