import nodePath from 'node:path';
import type { Command, HelpConfiguration } from 'commander';

/** What helps show besides the options: examples, the environment, exit statuses. */

/** A command line as a user types it, and what it does. */
export type Example = readonly [line: string, does: string];

const examples = new WeakMap<Command, readonly Example[]>();

/** Shows examples at the end of the help of a command; a test takes each of them to the program. */
export function withExamples(command: Command, shown: readonly Example[]): Command {
  examples.set(command, shown);
  const lines = shown.map(([line, does]) => `  ${line}\n      ${does}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

export const examplesOf = (command: Command): readonly Example[] => examples.get(command) ?? [];

/** What a command does stands before which licence it does it to. */
export const HELP: HelpConfiguration = {
  subcommandTerm: (command) => command.name(),
  groupItems: (_all, visible, groupOf) => {
    type Item = (typeof visible)[number];
    const groups = new Map<string, Item[]>();
    const [own, others] = [visible.filter(isOwn), visible.filter((item) => !isOwn(item))];
    for (const item of [...own, ...others]) {
      const group = groupOf(item);
      groups.set(group, [...(groups.get(group) ?? []), item]);
    }
    return groups;
    function isOwn(item: Item): boolean {
      return groupOf(item) === 'Options:';
    }
  },
};

/** Each variable, and what it does. */
export const ENVIRONMENT: readonly (readonly [name: string, does: string])[] = [
  ['SEATFILE', 'the licence file, where a command is given none'],
  ['SEATFILE_PUBLIC_KEY', `as --public-key; several with "${nodePath.delimiter}" between them`],
  ['SEATFILE_USER', "the user of run and hold, in place of the system's"],
  ['SEATFILE_HOST', "the host of run and hold, in place of the system's"],
  ['SEATFILE_MACHINE', 'tells computers apart that look like one, such as clones'],
  ['NO_COLOR', 'no colours on a terminal'],
];

const COLUMN = 21;

const environmentHelp = [
  'Environment:',
  ...ENVIRONMENT.map(([name, does]) => `  ${name.padEnd(COLUMN)}${does}`),
].join('\n');

export const EXIT_STATUSES: readonly (readonly [status: string, means: string])[] = [
  ['0', 'done'],
  ['1', 'failed, or nothing matched'],
  ['2', 'usage, unknown module'],
  ['3', 'licence file missing, unreadable, invalid, forged, damaged or expired'],
  ['4', 'no seat: none is free, or the user is banned, or all are reserved'],
  ['5', 'seat lost'],
  ['6', 'share out of reach, write refused, or outcome of a commit unknown'],
  ['130', 'Ctrl-C: given up; at a question, nothing done (128 + n: another signal)'],
];
export const RUN_STATUSES =
  "run returns the command's own status, and of its own: 75 no seat, 125 anything\n" +
  'else, 126 the command cannot be executed, 127 it is not found.';

const exitStatusHelp = [
  'Exit status:',
  ...EXIT_STATUSES.map(([status, means]) => `  ${status}  ${means}`),
  RUN_STATUSES,
].join('\n');

export const programHelp = `\n${environmentHelp}\n\n${exitStatusHelp}\n\nMore of one command: seatfile help COMMAND`;

/** At the end of the help of each command. */
export const SEE_ALSO = '\nEnvironment and exit status: seatfile help';
