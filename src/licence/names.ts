/** Names that people type, of users and hosts, are compared so; they are shown as written. */
export const foldedName = (name: string): string => name.normalize('NFC').toLowerCase();
export const sameName = (a: string, b: string) => foldedName(a) === foldedName(b);

/** Another name that people would take for the same: it differs only in upper and lower case. */
export const twinOf = (name: string, others: Iterable<string>): string | null => {
  for (const one of others) if (one !== name && sameName(one, name)) return one;
  return null;
};
