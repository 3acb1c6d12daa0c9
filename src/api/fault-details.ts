/**
 * The parts of a fault's message, for an application that words it in another language. Which codes have which is a
 * table in src/client/README.md; a part that the message lacks is undefined. They are texts and numbers as they stand
 * in the message: names from outside are not made safe for a terminal or a page.
 */
export interface FaultDetails {
  /** The file or directory that it is about. */
  readonly path?: string | undefined;
  /** The option or argument that is off, as the function names it. */
  readonly argument?: string | undefined;
  /** The option that was meant. */
  readonly suggestion?: string | undefined;
  readonly expected?: string | undefined;
  readonly found?: string | undefined;
  readonly module?: string | undefined;
  /** The modules that the licence has. */
  readonly modules?: readonly string[] | undefined;
  /** ISO 8601: when the licence ended, and from when on it is valid. */
  readonly expiresAt?: string | undefined;
  readonly notBefore?: string | undefined;
  /** ISO 8601: what the file server's clock says. */
  readonly shareTime?: string | undefined;
  /** Where the licence is now. */
  readonly movedTo?: string | undefined;
  readonly licenceKey?: string | undefined;
  /** The files that were meant equally. */
  readonly names?: readonly string[] | undefined;
  readonly revision?: number | undefined;
  /** What was done: `read`, `write`, `opening`, `acquire` ... */
  readonly operation?: string | undefined;
  readonly waitingFor?: string | undefined;
  /** How long it was waited. */
  readonly seconds?: number | undefined;
  /** The address or the path that did not give a renewal. */
  readonly address?: string | undefined;
}
