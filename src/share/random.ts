import { randomBytes } from 'node:crypto';

/** Chance, handed in: tests roll it from a printed seed. */
export interface Dice {
  /** 128 random bits as 32 of 0-9 and a-f. Never the same twice. */
  id(): string;
  /** From 0 up to, but not, 1. For jitter. */
  fraction(): number;
}

export const systemDice: Dice = {
  id: () => randomBytes(16).toString('hex'),
  fraction: () => Math.random(),
};
