import { binary, projectWith } from '../place.js';
import type { Case } from '../row.js';
import { playSeat } from '../visit.js';

/** Runtimes that are not Node. The platform packages hold the program; the packages above them only choose one. */

interface Runtime {
  readonly name: string;
  readonly package: string;
  readonly version: string;
  readonly program: string;
  readonly words: readonly string[];
}

export const runtime = ({ name, package: from, version, program, words }: Runtime): Case => ({
  name,
  play: async (place, label) => {
    const [command, project] = [await binary(place, from, version, program), await projectWith(place, label)];
    await playSeat(project, command, words);
    return '';
  },
});
