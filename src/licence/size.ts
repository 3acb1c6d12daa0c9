/** Bytes. A larger document is refused, read or written. By itself, so that what only reads files loads no schema. */
export const MAX_BYTES = 16 * 1024 * 1024;
