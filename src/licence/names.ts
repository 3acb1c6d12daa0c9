/** Names that people type, of users and hosts, are compared so; they are shown as written. */
export const foldedName = (name: string): string => name.normalize('NFC').toLowerCase();
export const sameName = (a: string, b: string) => foldedName(a) === foldedName(b);
