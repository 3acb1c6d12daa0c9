import { describe, expect, test } from 'vitest';
import { nearWord } from '../../src/licence/near-words.js';

const options = ['application', 'note', 'publicKey', 'user', 'host', 'timeoutMs', 'wait', 'signal'];

describe('what was meant by a misspelt word', () => {
  test.each([
    ['aplication', 'application'],
    ['applicaiton', 'application'],
    ['Application', 'application'],
    ['public_key', 'publicKey'],
    ['public-key', 'publicKey'],
    ['timeoutms', 'timeoutMs'],
    ['hots', 'host'],
    ['waits', 'wait'],
  ])('%s: %s', (typed, meant) => {
    expect(nearWord(typed, options)).toBe(meant);
  });

  test.each(['', 'x', 'colour', 'retries', 'x'.repeat(100_000)])('nothing near: %.20s', (typed) => {
    expect(nearWord(typed, options)).toBeNull();
  });

  test('of two that are as near, the first', () => {
    expect(nearWord('CAX', ['CAD', 'CAM'])).toBe('CAD');
  });
});
