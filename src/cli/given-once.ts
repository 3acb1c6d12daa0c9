import type { Command } from 'commander';
import { SeatfileFault } from '../licence/fault.js';
import { collect } from './arguments.js';

/**
 * Makes every option that takes one value refuse a second: the last would silently win, and an administrator that
 * meant both would have done half. Flags may be repeated; options for several values collect them.
 */
export function takeOptionsOnce(command: Command): void {
  for (const option of command.options) {
    if ((!option.required && !option.optional) || option.parseArg === collect) continue;
    let given: string[] = [];
    command.hook('preAction', () => {
      given = []; // the line is read to its end; another may follow
    });
    command.on(`option:${option.name()}`, (value: string | null) => {
      given.push(value ?? '');
      if (given.length > 1) throw givenTwice(option.long ?? option.flags, given);
    });
  }
}

const givenTwice = (name: string, given: readonly string[]): SeatfileFault =>
  new SeatfileFault(
    'BAD_ARGUMENT',
    `${name}: given twice (${given.join(', ')}); give one, and run the command once for each`,
  );
