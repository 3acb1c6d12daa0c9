import { SeatfileFault } from './fault.js';

/**
 * The full check, and zod with it, is loaded when a document is met that the quick check does not accept. It is half of
 * all that an application would load, and hardly ever needed: the loading took 80 ms of a start, and the memory brought
 * a collection of garbage upon each opening.
 */
type FullCheck = typeof import('./full-check.js');
let loaded: FullCheck | null = null;

/** Something needs the full check, which is not loaded. {@link withFullCheck} loads it. */
export class FullCheckWanted extends Error {}

/** @throws FullCheckWanted below a {@link withFullCheck} */
export function fullCheck(): FullCheck {
  if (loaded === null) throw new FullCheckWanted('expected the full check of documents to be loaded');
  return loaded;
}

/** Does what may need the full check: again from the start, where it does and that has to be loaded first. */
export async function withFullCheck<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof FullCheckWanted)) throw error;
    await loadFullCheck();
    return await act();
  }
}

/**
 * An application that has been replaced on the disk since its start may not find it. Then nothing is known about the
 * document: it must not be taken for a damaged one, which would be rebuilt.
 */
export async function loadFullCheck(): Promise<void> {
  loaded ??= await import('./full-check.js').catch((cause: unknown) => {
    throw new SeatfileFault(
      'LICENCE_NEWER',
      'a document is not as this version writes it, and the module that checks it fully could not be loaded ' +
        '(was the application replaced while it ran?); start the application again',
      { cause },
    );
  });
}
