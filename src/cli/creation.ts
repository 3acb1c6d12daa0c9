import * as creating from '../client/creating.js';
import { waitingReporter } from './asking.js';
import { describeBriefly } from './doctor-text.js';
import type { World } from './world.js';

/** A licence comes into being by a command: `init`, and the first `install`. */

export const create = (creation: creating.Creation, world: World, signal: AbortSignal): Promise<string> =>
  creating.create(creation, creatorFor(world, signal));

export const examinePlace = (
  licenceFile: string,
  terms: creating.PlaceTerms,
  world: World,
  signal: AbortSignal,
): Promise<number | null> => creating.examinePlace(licenceFile, terms, creatorFor(world, signal));

const creatorFor = (world: World, signal: AbortSignal): creating.Creator => ({
  ...{ system: world.system(), signal, describe: describeBriefly, forceWord: '--force' },
  onWarning: (words) => world.err(`Warning: ${words}\n`),
  onSlow: waitingReporter(world),
});
