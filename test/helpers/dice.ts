import { createHash } from 'node:crypto';
import type { Random } from '../../src/share/random.js';

/** Dice that fall the same way for the same seed (mulberry32); ids never repeat between seeds. */
export function seededDice(seed: string | number): Random {
  let state = createHash('sha256').update(String(seed)).digest().readUInt32LE();
  let ids = 0;
  return {
    id: () => createHash('sha256').update(`${seed}/${ids++}`).digest('hex').slice(0, 32),
    fraction: () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
