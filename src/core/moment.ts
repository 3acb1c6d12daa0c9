/** Share time as written in the document: ISO 8601 UTC with milliseconds. */
export const toIso = (ms: number): string => new Date(ms).toISOString();
/** Milliseconds since 1970 of a time in the document. */
export const fromIso = (text: string): number => Date.parse(text);
