import type { Command, CommanderError } from 'commander';
import { SeatfileFault } from '../licence/fault.js';
import { nearest } from '../licence/nearest.js';
import { COMMANDS, type CommandName, isCommand } from './command-list.js';
import { shellWord } from './shell-word.js';
import { printable } from './words.js';

/** What was typed amiss, and what was probably meant. Pure: words in, words out. */

/** What other licence managers, and other habits, call a command. */
const OTHER_WORDS: Readonly<Partial<Record<CommandName, readonly string[]>>> = {
  status: ['users', 'stat', 'lmstat', 'rlmstat', 'lmutil', 'list', 'ls', 'watch'],
  remove: ['lmremove', 'rlmremove', 'kick', 'release', 'free', 'evict', 'rm'],
  install: ['lmreread', 'update'],
  init: ['create', 'new'],
  doctor: ['lmdiag', 'check', 'test'],
  journal: ['log', 'history'],
  set: ['settings', 'config'],
  issue: ['sign'],
  hold: ['checkout', 'acquire'],
  run: ['exec'],
  why: ['explain'],
  ban: ['block', 'exclude', 'unban'],
  notify: ['message', 'warn'],
};

function isCalled(word: string): string | null {
  const found = Object.entries(OTHER_WORDS).find(([, words]) => words.includes(word.toLowerCase()));
  return found?.[0] ?? null;
}

/** A first word that is no command. */
export function unknownCommand(word: string): SeatfileFault {
  const meant = isCalled(word) ?? nearest(word, Object.keys(COMMANDS));
  if (meant === null && isPath(word))
    return bad(`${word}: expected a command before the file, like: seatfile status ${word}`);
  const advice = meant === null ? '' : `; did you mean: seatfile ${meant}?`;
  return bad(`unknown command "${word}"${advice} (seatfile help lists the commands)`);
}

const bad = (text: string): SeatfileFault => new SeatfileFault('BAD_ARGUMENT', text);

/** What commander says of options and arguments, in the words of this program. Null: the help was shown, and is it. */
export function usageText(error: CommanderError, command: Command | undefined): string | null {
  if (error.code === 'commander.help') return null;
  const verb = command ? `seatfile ${command.name()}` : 'seatfile';
  const [text = ''] = error.message.replace(/^error: /, '').split('\n(Did you mean');
  const said =
    error.code === 'commander.excessArguments' && command
      ? excessText(command)
      : `${text}${meantOption(error, command)}${whereItStands(error)}`;
  return `${printable(said)}\n${verb} --help shows what it takes.`;
}

/** An id of a seat is nothing that a person knows. */
const whereItStands = ({ code, message }: CommanderError): string =>
  code === 'commander.missingMandatoryOptionValue' && message.includes("'--seat ")
    ? '; seatfile status shows the ids'
    : '';

/** `--usr` is near to `--user`. */
function meantOption({ code, message }: CommanderError, command: Command | undefined): string {
  const [, typed] = /^error: unknown option '(--[^'=]+)/.exec(message) ?? [];
  if (code !== 'commander.unknownOption' || typed === undefined || !command) return '';
  const options = command.createHelp().visibleOptions(command);
  const meant = nearest(
    typed.slice(2),
    options.map(({ long }) => long?.slice(2) ?? ''),
  );
  if (meant !== null) return `; did you mean --${meant}?`;
  return command.name() === 'run' ? AFTER_DASHES : '';
}

const AFTER_DASHES = '; the command and its options come after --, like: seatfile run FILE -- app.exe';

function excessText(command: Command): string {
  const most = command.registeredArguments.length;
  const extra = command.args[most] ?? '';
  const [file] = command.args;
  if (command.name() === 'run')
    return `run: the command comes after --, like: seatfile run ${file} -- ${command.args.slice(1).join(' ')}`;
  const option = isPath(extra) ? null : optionFor(extra, command);
  const advice = option === null ? '' : `; did you mean ${option}?`;
  const expected = most === 0 ? 'no argument' : most === 1 ? 'one argument' : `${most} arguments`;
  return `${command.name()}: expected ${expected}, and "${extra}" is one more${advice}`;
}

/** What a command line was understood as. */
interface Understood {
  readonly command: Command;
  /** SEATFILE names a file. */
  readonly isFileKnown: boolean;
}

/** A name where the licence file was meant to be, or a file where a name was; null where nothing looks so. */
export function meantOtherwise(error: SeatfileFault, understood: Understood): string | null {
  const { command } = understood;
  const options: Readonly<Record<string, unknown>> = command.opts();
  const path = NAMES.map((name) => [name, options[name]] as const).find(([, value]) => isFileGiven(value));
  if (path && isAboutFile(error)) {
    const [name, file] = path;
    const found = printable(String(file));
    return `--${name} takes a name, and "${found}" looks like the licence file: that goes first, or by -f.`;
  }
  const [file] = command.args;
  const isAnyNamed = NAMES.some((name) => options[name] !== undefined);
  if (file === undefined || isPath(file) || isAnyNamed || !isAboutFile(error)) return null;
  const option = optionFor(file, command);
  if (option === null) return null;
  const meant = [command.name(), ...(understood.isFileKnown ? [] : ['FILE']), printable(option)].join(' ');
  return `"${printable(file)}" was taken for the licence file. Did you mean: seatfile ${meant}?`;
}

const isAboutFile = ({ code }: SeatfileFault): boolean => ABOUT_FILE.includes(code);
const ABOUT_FILE: readonly string[] = [
  'LICENCE_MISSING',
  'BAD_ARGUMENT',
  'UNKNOWN_MODULE',
  'SHARE_UNREACHABLE',
];

const NAMES = ['user', 'host', 'module', 'seat'];

const isPath = (word: string): boolean => /[/\\]|\.[a-z0-9]+$/i.test(word);
const isFileGiven = (value: unknown): boolean =>
  typeof value === 'string' && (value.includes('/') || value.startsWith('\\\\') || value.endsWith('.json'));

/** The option that takes what looks like this: a seat's id, user@host, a module in capitals, or a user. */
function optionFor(word: string, command: Command): string | null {
  const has = (...names: readonly string[]): boolean =>
    names.every((name) => command.options.some(({ long }) => long === `--${name}`));
  const [, user, host] = /^([^@]+)@([^@]+)$/.exec(word) ?? [];
  if (/\s/.test(word) && has('message')) return `--user NAME --message ${shellWord(word)}`;
  if (user !== undefined && has('user', 'host'))
    return `--user ${shellWord(user)} --host ${shellWord(host ?? '')}`;
  if (/^(?=.*\d)[0-9a-f]{6,32}$/.test(word) && has('seat')) return `--seat ${word}`;
  if (/^[A-Z0-9_-]+$/.test(word) && /[A-Z]/.test(word) && has('module')) return `--module ${word}`;
  return has('user') ? `--user ${shellWord(word)}` : null;
}

/** `help COMMAND` is `COMMAND --help`; `help` alone: that of the program. @throws SeatfileFault no such command */
export function withoutHelpWord(words: readonly string[]): readonly string[] {
  const [first, about] = words;
  if (first !== 'help') return words;
  if (about === undefined || about === 'help' || about.startsWith('-')) return ['--help'];
  if (!isCommand(about)) throw unknownCommand(about);
  return [about, '--help'];
}
