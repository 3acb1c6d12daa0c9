import type { CommandName } from './command-list.js';
import { shellWord } from './shell-word.js';

/** What a command line names besides the licence file; `true` is a flag. What is undefined is left out. */
type Named = Readonly<Record<string, string | true | undefined>>;

/** A command that an administrator is advised to run: whole, and quoted, so that it does what it says when typed. */
export function commandLine(verb: CommandName, file: string, named: Named = {}): string {
  const options = Object.entries(named).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return value === true ? [`--${name}`] : [`--${name} ${shellWord(value)}`];
  });
  return ['seatfile', verb, shellWord(file), ...options].join(' ');
}
