import type { Random } from '../../src/share/random.js';
import { seededDice } from '../helpers/dice.js';

/** Dice with the questions a simulation asks. One seed decides every answer. */
export class Chance {
  private readonly random: Random;

  constructor(seed: string) {
    this.random = seededDice(seed);
  }

  /** From 0 up to, but not, 1. */
  fraction(): number {
    return this.random.fraction();
  }

  is(probability: number): boolean {
    return this.random.fraction() < probability;
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.random.fraction();
  }

  /** As likely to be between 1 and 2 as between 100 and 200: for what ranges over orders of magnitude. */
  scaled(least: number, most: number): number {
    return Math.exp(this.between(Math.log(least), Math.log(most)));
  }

  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  pick<T>(among: readonly T[]): T {
    const one = among[Math.floor(this.random.fraction() * among.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }

  /** A key, each as likely as its weight says. */
  weighed<K extends string>(weights: Readonly<Partial<Record<K, number>>>): K {
    const all = Object.entries(weights) as [K, number][];
    let left = this.random.fraction() * all.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of all) {
      left -= weight;
      if (left < 0) return key;
    }
    throw new Error('nothing weighs anything');
  }

  /** How long until something that happens once in so long, on average, happens next. */
  waitFor(averageMs: number): number {
    return -averageMs * Math.log(1 - this.random.fraction());
  }
}
