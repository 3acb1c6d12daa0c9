import type { Signal } from './emits.js';

/** The path of a licence file, or the one licence with this key among the files `*.json` of a directory. */
export type LicencePlace = string | { readonly key: string; readonly in: string };

export interface OpenOptions {
  /** What `status` shows beside the seat: at most 256 characters. In one process, that of the first opening counts. */
  readonly application?: string | undefined;
  /** Free text beside the seat, at most 1024 characters. In one process, that of the first opening counts. */
  readonly note?: string | undefined;
  /**
   * The vendor's public key: the text of a PEM file, or the line that `seatfile keygen` prints; several where the
   * vendor changes keys. With it only a licence opens that one of these keys has signed (else LICENCE_UNSIGNED,
   * LICENCE_FORGED, LICENCE_UNTRUSTED). @default no key: a licence opens whether or not it is signed, and whatever its
   * signature is worth
   */
  readonly publicKey?: string | readonly string[] | undefined;
  /** @default SEATFILE_USER, else the system's user name */
  readonly user?: string | undefined;
  /** @default SEATFILE_HOST, else the system's host name */
  readonly host?: string | undefined;
  /**
   * Give the seats back at the end of the event loop, and on SIGINT, SIGTERM and SIGHUP. A signal that the application
   * listens for is left to the application. Also end the process where its end waits for a hung share. @default true
   */
  readonly releaseOnExit?: boolean | undefined;
  /**
   * Milliseconds that opening, a claim, and the return of a seat may take, each. A share that has not answered by then
   * is given up (SHARE_UNREACHABLE or COMMIT_UNKNOWN; SHARE_BUSY where other processes wrote all that time). Of several
   * licences, that each may take. @default 90,000 for opening, 30,000 for the others
   */
  readonly timeoutMs?: number | undefined;
  /** Gives up opening at the caller's wish (ABORTED). Nothing is left behind. Afterwards it has no effect. */
  readonly signal?: Signal | undefined;
  /** Of several licences: milliseconds that one may be out of reach before the next is asked. @default 10,000 */
  readonly patienceMs?: number | undefined;
  /**
   * Called for each wait that lasts longer than a second, with what is waited for. For a poll that finds no table it is
   * called again every 10 s.
   */
  readonly onSlow?: OnSlow | undefined;
}

export type OnSlow = (waitingFor: string, wait: SlowWait) => void;

/** A wait that has begun to be long. */
export interface SlowWait {
  /** The most that it still takes. Milliseconds; Infinity: nothing ends it but the share. */
  readonly mostMs: number;
  /** Resolves when it has ended, however it ended. */
  readonly over: Promise<unknown>;
}
