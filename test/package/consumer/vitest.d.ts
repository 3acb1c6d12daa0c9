/** As much of vitest as the READMEs use. */
declare module 'vitest' {
  export function test(name: string, act: () => void | Promise<void>): void;
  export function expect(value: unknown): { toBe(expected: unknown): void; toEqual(expected: unknown): void };
  export const vi: {
    hoisted<T>(make: () => T): T;
    mock(name: string, make: (original: <T>() => Promise<T>) => unknown): void;
    useFakeTimers(): void;
    useRealTimers(): void;
    advanceTimersByTimeAsync(ms: number): Promise<unknown>;
  };
}
