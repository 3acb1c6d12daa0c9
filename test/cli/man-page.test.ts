import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/command-list.js';
import { manPage } from '../../src/cli/man-page.js';
import { buildProgram } from '../../src/cli/program.js';
import type { World } from '../../src/cli/world.js';

/** `.ci/run man` shows it to mandoc and groff. */

const nowhere = { version: '0.0.0' } as World;
const page = async () => manPage(await buildProgram(nowhere, null), '0.0.0');

test('every command and every option that is shown stands in the manual page, the same each time', async () => {
  const text = await page();
  expect(await page()).toBe(text);
  const program = await buildProgram(nowhere, null);
  expect(program.commands).toHaveLength(Object.keys(COMMANDS).length);
  for (const command of program.commands) {
    expect(text).toContain(`\n.SS seatfile ${command.name().replaceAll('-', '\\-')} `);
    for (const option of command.createHelp().visibleOptions(command))
      expect(text).toContain(`\n\\fB${option.flags.replaceAll('-', '\\-')}\\fR\n`);
  }
  expect(text).not.toContain('hammer\\-worker');
});

test('no line is taken for a request but those that are one', async () => {
  const requests = (await page()).split('\n').filter((line) => /^[.']/.test(line));
  expect(requests.filter((line) => !/^\.(TH|SH|SS|TP|PP|B|I)\b/.test(line))).toEqual([]);
});
