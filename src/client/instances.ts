import { foldedName } from '../licence/names.js';
import { type Member, type Opening, SharedInstance } from './shared-instance.js';

/**
 * One process is one instance. Openings of one licence for one user and host share it. Each is a {@link Member} with
 * seats, waits and listeners of its own. The last one that closes ends the instance.
 *
 * A second copy of the package in the process (its own node_modules, a bundle) finds the instance too. From copy to
 * copy go `SharedInstance.join` and the `Member` that it gives. A change of either needs another SHAPE, and copies of
 * different shapes are two instances.
 */
export const SHAPE = 4;
const EVERYWHERE = Symbol.for('seatfile.instances');

export type Instances = Map<string, SharedInstance>;

/** For a process in which nothing can be shared. */
const ownInstances: Instances = new Map();

/** What this process has open, by {@link keyOf}: in every copy of the package the same map. */
export function instancesOfProcess(): Instances {
  try {
    const host = globalThis as { [EVERYWHERE]?: { [shape: number]: Instances } };
    if (!host[EVERYWHERE]) Object.defineProperty(host, EVERYWHERE, { value: {}, configurable: true });
    const shapes = host[EVERYWHERE] ?? {};
    shapes[SHAPE] ??= new Map();
    return shapes[SHAPE] instanceof Map ? shapes[SHAPE] : ownInstances;
  } catch {
    return ownInstances; // a frozen global object, or something else under this name
  }
}

/** Which openings are one: with other public keys it is another, which judges the licence otherwise. */
const keyOf = ({ paths, user, host, trust }: Opening): string =>
  JSON.stringify([paths.licenceFile, foldedName(user), foldedName(host), ...trust.keyIds]);

/** Joins the instance of this process, or begins one: its application and note are those of the first opening. */
export function join(instances: Instances, opening: Opening): Member {
  const key = keyOf(opening);
  const known = instances.get(key);
  if (known) return known.join();
  const begun = new SharedInstance(opening, () => instances.delete(key));
  instances.set(key, begun);
  return begun.join();
}
