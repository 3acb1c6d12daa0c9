/** Names that people type, of users and hosts, are compared so; they are shown as written. */
export const foldedName = (name: string): string => name.normalize('NFC').toLowerCase();
export const sameName = (a: string, b: string) => foldedName(a) === foldedName(b);

/** Finds the name among these that people would take for another one: it differs only in upper and lower case. */
export function twinFinder(names: Iterable<string>): (name: string) => string | null {
  const known = new Map([...names].reverse().map((name) => [foldedName(name), name]));
  return (name) => {
    const twin = known.get(foldedName(name));
    return twin === undefined || twin === name ? null : twin;
  };
}

/** The first two of these names that differ only in upper and lower case; null: there are none. */
export function twinsAmong(names: readonly string[]): readonly [string, string] | null {
  const twinOf = twinFinder(names);
  const second = names.find((name) => twinOf(name) !== null);
  return second === undefined ? null : [twinOf(second) ?? '', second];
}
