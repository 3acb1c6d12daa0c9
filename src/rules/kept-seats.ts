import { foldedName } from '../licence/names.js';

/** The names that a reservation asks for, or those of a seat. */
export interface Names {
  readonly user?: string | undefined;
  readonly host?: string | undefined;
}

/**
 * The seats of one module that are kept free, and which of them are held. A seat holds one reservation at
 * most: that for its user on its host, that for its user, or that for its host. As many are held as can be,
 * in whatever order the seats come: a seat passes its reservation on to another seat that can hold it, and
 * holds the other of its own.
 *
 * So users and hosts are the points of a graph, and each seat joins two of them. In a part of it whose
 * points are joined, all reservations are held, or all but one: which one that is may still change.
 */
export class KeptSeats {
  private readonly pairs: Set<string>;
  /** The points that have a reservation, or are joined to one, each with the next on the way to the first. */
  private readonly next: Map<string, string>;
  /** The first points of the parts that have a reservation left that is not held. */
  private readonly open: Set<string>;
  private left: number;

  /** A reservation that stands there twice counts once. */
  constructor(reservations: readonly Names[] | KeptSeats) {
    if (reservations instanceof KeptSeats) {
      this.pairs = new Set(reservations.pairs);
      this.next = new Map(reservations.next);
      this.open = new Set(reservations.open);
      this.left = reservations.left;
      return;
    }
    const isPair = ({ user, host }: Names) => user !== undefined && host !== undefined;
    this.pairs = new Set(reservations.filter(isPair).map(pairOf));
    this.next = new Map();
    this.open = new Set(reservations.filter((one) => !isPair(one)).flatMap(pointsOf));
    this.left = this.pairs.size + this.open.size;
  }

  /** How many are kept free now. */
  get unheld(): number {
    return this.left;
  }

  /** Whether a further seat with these names would hold one that is not held. */
  isFor(names: Names): boolean {
    return this.pairs.has(pairOf(names)) || pointsOf(names).some((point) => this.open.has(this.first(point)));
  }

  /** One more seat. Gives whether it holds a reservation that was not held. */
  hold(names: Names): boolean {
    const isHeld = this.pairs.delete(pairOf(names)) || this.join(names);
    if (isHeld) this.left--;
    return isHeld;
  }

  private join(names: Names): boolean {
    const [one = '', other = one] = new Set(pointsOf(names).map((point) => this.first(point)));
    if (one === other) return this.open.delete(one);
    if (!this.open.has(one) && !this.open.has(other)) return false; // it holds nothing, here and later
    this.next.set(one, other);
    if (!this.open.delete(one)) this.open.delete(other);
    return true;
  }

  private first(point: string): string {
    let at = point;
    for (let to = this.next.get(at); to !== undefined; to = this.next.get(at)) {
      const further = this.next.get(to);
      if (further === undefined) return to;
      this.next.set(at, further); // the next walk is half as long
      at = further;
    }
    return at;
  }
}

const pointsOf = ({ user, host }: Names): string[] => [
  ...(user === undefined ? [] : [`user ${foldedName(user)}`]),
  ...(host === undefined ? [] : [`host ${foldedName(host)}`]),
];

/** A name may hold anything: its length tells where it ends. */
export const lengthAnd = (name: string): string => `${name.length} ${name}`;
const pairOf = ({ user = '', host = '' }: Names): string =>
  `${lengthAnd(foldedName(user))} ${foldedName(host)}`;
