import { randomFillSync } from 'node:crypto';

/** Chance, handed in: tests roll it from a printed seed. */
export interface Random {
  /** 128 random bits as 32 of 0-9 and a-f. Never the same twice. */
  id(): string;
  /** From 0 up to, but not, 1. For jitter. */
  fraction(): number;
}

const ID_BYTES = 16;
/** Bytes for many ids: to ask the system costs as much for one as for all of them. */
const pool = Buffer.alloc(256 * ID_BYTES);
let used = pool.length;
let filledMs = 0;
/** What was drawn is not kept for long: a copy of this process (a cloned machine) would make the same ids of it. */
const KEPT_MS = 1000;

function id(): string {
  if (used === pool.length || performance.now() - filledMs > KEPT_MS) {
    randomFillSync(pool);
    used = 0;
    filledMs = performance.now();
  }
  const from = used;
  used += ID_BYTES;
  return pool.toString('hex', from, used);
}

export const systemRandom: Random = {
  id,
  fraction: () => Math.random(),
};
