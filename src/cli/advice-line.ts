import type { LicencePlace } from '../api.js';
import { inFile, SeatfileFault } from '../licence/fault.js';
import { shellWord } from './shell-word.js';

/** What a command line names besides the licence file; `true` is a flag. What is undefined is left out. */
type Named = Readonly<Record<string, string | true | undefined>>;

/** A command that an administrator is advised to run: whole, and quoted, so that it does what it says when typed. */
export function commandLine(verb: string, file: string, named: Named = {}): string {
  const options = Object.entries(named).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return value === true ? [`--${name}`] : [`--${name} ${shellWord(value)}`];
  });
  return ['seatfile', verb, shellWord(file), ...options].join(' ');
}

/** The same for an example in a fault, before the licence is found: with FILE where it is looked for by its key. */
export const exampleLine = (verb: string, place: LicencePlace, named: Named): string =>
  typeof place === 'string' ? commandLine(verb, place, named) : commandLine(verb, 'FILE', named);

/** What a rule says of a licence names no file: its path goes before that, and into the commands it advises. */
export function ofFile<T>(file: string, act: () => T): T {
  return inFile(file, () => {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof SeatfileFault) || !ADVISED.test(error.message)) throw error;
      const { code, cause, details } = error;
      const message = error.message.replace(ADVISED, (_, verb) => `seatfile ${verb} ${shellWord(file)}`);
      throw new SeatfileFault(code, message, { cause, details });
    }
  });
}
const ADVISED = /\bseatfile ([a-z-]+) FILE\b/;
