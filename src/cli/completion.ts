import type { Argument, Command, Option } from 'commander';
import { collect } from './arguments.js';

/** What may stand at the cursor of a command line: read off the definitions of the program. Acts on nothing. */

/** What a shell is told. */
export interface Offer {
  readonly words: readonly Offered[];
  /** What else may stand there, which the shell knows best. */
  readonly others: 'files' | 'directories' | 'nothing';
}

interface Offered {
  readonly word: string;
  /** '' for none. */
  readonly does: string;
}

/** What only the licence file knows. */
export type ValueKind = 'user' | 'host' | 'module' | 'seat' | 'removed seat' | 'banned user';

/** Which licence file the command line names so far; `null`: the environment may. */
type NamedFile = string | null;

/** What is asked besides the definitions. */
export interface Sources {
  /** The commands, or one of them. */
  readonly commands: () => Promise<readonly Command[]>;
  readonly command: (name: string) => Promise<Command | null>;
  /** Values of a licence file; none where that takes too long. */
  readonly values: (kind: ValueKind, file: NamedFile) => Promise<readonly string[]>;
}

const NOTHING: Offer = { words: [], others: 'nothing' };
const FILES: Offer = { words: [], others: 'files' };

/** A word from a file goes into a command line only if no shell does anything with it. */
const HARMLESS = /^[A-Za-z0-9._@][A-Za-z0-9._@-]{0,255}$/;
/** More is of no use to a person. */
const MOST_WORDS = 200;

/** @param before the words before the cursor, without the name of the program */
export async function offerFor(before: readonly string[], current: string, sources: Sources): Promise<Offer> {
  const offer = await whole(before, current, sources);
  const words = offer.words.filter(({ word }) => word.startsWith(current));
  return { ...offer, words: words.slice(0, MOST_WORDS) };
}

async function whole(before: readonly string[], current: string, sources: Sources): Promise<Offer> {
  const [name, ...typed] = before;
  if (name === undefined)
    return current.startsWith('-') ? words(['--help', '--version']) : commandsOf(sources);
  if (name === 'help') return typed.length === 0 ? commandsOf(sources) : NOTHING;
  if (typed.includes('--')) return FILES; // a command of the user's
  const command = await sources.command(name);
  return command === null ? NOTHING : within(readTyped(typed, command), current, command, sources);
}

async function commandsOf({ commands }: Sources): Promise<Offer> {
  const all = (await commands()).map((one) => ({ word: one.name(), does: one.summary() }));
  return { words: [...all, { word: 'help', does: '' }], others: 'nothing' };
}

const words = (all: readonly string[], before = ''): Offer => ({
  words: all.map((word) => ({ word: before + word, does: '' })),
  others: 'nothing',
});

/** The part of a command line that is typed already. */
interface Read {
  /** The option whose value comes next. */
  readonly open: Option | null;
  readonly used: ReadonlySet<Option>;
  readonly operands: readonly string[];
  readonly file: NamedFile;
}

function readTyped(typed: readonly string[], command: Command): Read {
  let open: Option | null = null;
  let file: NamedFile = null;
  const used = new Set<Option>();
  const operands: string[] = [];
  const note = (option: Option, value: string) => {
    if (option.long === '--file') file = value;
  };
  for (const word of typed) {
    const [flag = '', value] = word.startsWith('--') ? splitAt(word) : [word];
    const option: Option | null = open ?? optionOf(flag, command);
    if (open !== null) note(open, word);
    else if (option === null && !word.startsWith('-')) operands.push(word);
    if (option !== null) used.add(option);
    if (option !== null && open === null && value !== undefined) note(option, value);
    open = open === null && option?.required && value === undefined ? option : null;
  }
  const isFileFirst = command.registeredArguments[0]?.name() === 'file';
  return { open, used, operands, file: file ?? (isFileFirst ? (operands[0] ?? null) : null) };
}

/** `--user=an` is the flag and what is begun of its value. */
function splitAt(word: string): [string, string?] {
  const at = word.indexOf('=');
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

const optionOf = (flag: string, command: Command): Option | null =>
  command.options.find(({ short, long }) => flag === short || flag === long) ?? null;

async function within(read: Read, current: string, command: Command, sources: Sources): Promise<Offer> {
  if (read.open !== null) return await valuesFor({ option: read.open, read, command }, '', sources);
  const [flag = '', value] = current.startsWith('--') ? splitAt(current) : [current];
  const option = value === undefined ? null : optionOf(flag, command);
  if (value !== undefined)
    return option ? await valuesFor({ option, read, command }, `${flag}=`, sources) : NOTHING;
  if (current.startsWith('-')) return { words: optionsOf(command, read.used), others: 'nothing' };
  const argument = command.registeredArguments[read.operands.length];
  return argument === undefined || (argument.name() === 'file' && read.file !== null)
    ? { words: optionsOf(command, read.used), others: 'nothing' }
    : offerOfArgument(argument);
}

/** Options that are not given yet, or may be given again. */
const optionsOf = (command: Command, used: ReadonlySet<Option>): Offered[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => option.long && (!used.has(option) || option.parseArg === collect))
    .map(({ long, description }) => ({ word: long ?? '', does: description }));

const offerOfArgument = (argument: Argument): Offer =>
  argument.argChoices ? words(argument.argChoices) : { words: [], others: placeOf(argument.name()) };

const placeOf = (name: string): Offer['others'] =>
  name.startsWith('dir') ? 'directories' : ['file', 'new', 'path'].includes(name) ? 'files' : 'nothing';

/** @param before what stands before the value in the same word */
async function valuesFor(asked: Asked, before: string, { values }: Sources): Promise<Offer> {
  const { option, read } = asked;
  if (option.argChoices) return words(option.argChoices, before);
  const [, placeholder = ''] = /[<[]([^>\]]+)[>\]]/.exec(option.flags) ?? [];
  const kind = kindOf(asked);
  if (kind === undefined || !['name', 'id', GRANT].includes(placeholder))
    return { words: [], others: before === '' ? placeOf(placeholder) : 'nothing' };
  const found = [...new Set(await values(kind, read.file))].filter((value) => HARMLESS.test(value));
  const after = placeholder === GRANT ? '=' : '';
  return words(
    found.sort().map((value) => value + after),
    before,
  );
}

/** `CAD=10`: the name is offered, and its sign. */
const GRANT = 'NAME=USERS';

/** An option whose value comes, of which command, and what is typed before it. */
interface Asked {
  readonly option: Option;
  readonly read: Read;
  readonly command: Command;
}

function kindOf({ option: { long }, read, command }: Asked): ValueKind | undefined {
  const isLift = [...read.used].some((one) => one.long === '--lift');
  if (long === '--seat' && command.name() === 'undo') return 'removed seat';
  if (long === '--user' && command.name() === 'ban' && isLift) return 'banned user';
  if (long === '--drop-module') return 'module';
  return KINDS.find((one) => long === `--${one}`);
}

const KINDS: readonly ValueKind[] = ['user', 'host', 'module', 'seat'];
