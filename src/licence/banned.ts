/** A user that gets no seat, on whatever host. */
export interface Ban {
  readonly user: string;
  /** Share time; null: until it is lifted. */
  readonly untilAt: string | null;
  /** `user@host` of the administrator, what the user is told, and since when. A ban made by hand may lack them. */
  readonly actor?: string | undefined;
  readonly words?: string | null | undefined;
  readonly at?: string | undefined;
}
