import type { Command, Option } from 'commander';
import { ENVIRONMENT, EXIT_STATUSES, examplesOf, RUN_STATUSES } from './help.js';

/** The manual page of the program, from the same definitions as its help: the same bytes each time. */
export function manPage(program: Command, version: string): string {
  const groups = new Map<string, Command[]>();
  for (const command of program.commands)
    groups.set(command.helpGroup(), [...(groups.get(command.helpGroup()) ?? []), command]);
  const lines = [
    `.TH SEATFILE 1 "" "seatfile ${version}" "User Commands"`,
    '.SH NAME',
    'seatfile \\- license an application for concurrent users with a file on a share',
    '.SH SYNOPSIS',
    '.B seatfile',
    '.I command',
    roff('[options] [file]'),
    '.SH DESCRIPTION',
    roff(program.description()),
    ...[...groups].flatMap(([group, commands]) => [
      `.SH ${group.replace(/:$/, '').toUpperCase()}`,
      ...commands.flatMap(commandLines),
    ]),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, does]) => tagged(bold(name), does)),
    '.SH EXIT STATUS',
    ...EXIT_STATUSES.flatMap(([status, means]) => tagged(bold(status), means)),
    '.PP',
    roff(RUN_STATUSES),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function commandLines(command: Command): string[] {
  const all = command.createHelp().visibleOptions(command);
  const isOwn = (option: Option) => option.helpGroupHeading === undefined;
  const options = [...all.filter(isOwn), ...all.filter((one) => !isOwn(one))];
  const examples = examplesOf(command);
  return [
    `.SS seatfile ${roff(`${command.name()} ${command.usage()}`)}`,
    roff(command.description()),
    ...command.registeredArguments.flatMap((one) => tagged(italic(one.name()), one.description)),
    ...options.flatMap((one) => tagged(bold(one.flags), meaning(one))),
    ...(examples.length === 0 ? [] : ['.PP', 'Examples:']),
    ...examples.flatMap(([line, does]) => ['.TP', bold(line), roff(does)]),
  ];
}

function meaning({ description, argChoices, defaultValue }: Option): string {
  const choices = argChoices ? ` (${argChoices.join(', ')})` : '';
  return `${description}${choices}${typeof defaultValue === 'string' ? `; default: ${defaultValue}` : ''}`;
}

const tagged = (tag: string, text: string): string[] => ['.TP', tag, roff(text)];
const bold = (text: string): string => `\\fB${escaped(text)}\\fR`;
const italic = (text: string): string => `\\fI${escaped(text)}\\fR`;

/** A line that begins with a dot or a quote would be a request. */
const roff = (text: string): string => escaped(text).replace(/^(?=[.'])/gm, '\\&');
const escaped = (text: string): string =>
  text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('~', '\\(ti').replaceAll('^', '\\(ha');
