import { describe, expect, test } from 'vitest';
import { COMMANDS, type CommandName } from '../../src/cli/command-list.js';
import { examplesOf } from '../../src/cli/help.js';
import { buildProgram } from '../../src/cli/program.js';
import { wordsOfLine } from '../../src/cli/shell-line.js';
import type { World } from '../../src/cli/world.js';
import { atTerminal, freshPlace } from './seatfile.js';

/** Building the program asks nothing of the world. */
const nowhere = { version: '0.0.0', out: () => undefined, err: () => undefined } as unknown as World;
const names = Object.keys(COMMANDS) as CommandName[];
const said = async (...words: string[]) => {
  const { status, out, err } = await atTerminal(words, '', { isInteractive: false });
  return { status, out, err };
};

describe('help', () => {
  test('of the program: as --help, with the groups, the environment and the exit statuses', async () => {
    const { status, out, err } = await said('help');
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(await said('--help')).toEqual({ status, out, err });
    expect(out.match(/^[A-Z].*:$/gm)).toEqual([
      ...['Options:', 'Everyday:', 'Administrator:', 'Vendor:', 'Share:', 'To see it work:'],
      ...['Environment:', 'Exit status:'],
    ]);
    for (const name of names) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  test.each(names)(
    'of %s: as --help, within 80 columns, with examples that the program takes',
    async (name) => {
      const { status, out, err } = await said('help', name);
      expect({ status, err }).toEqual({ status: 0, err: '' });
      expect(await said(name, '--help')).toEqual({ status, out, err });
      expect(out.split('\n').filter((line) => line.length > 80 && !line.startsWith('  seatfile '))).toEqual(
        [],
      );
      const program = await buildProgram(nowhere, name);
      const [command] = program.commands;
      const examples = command ? examplesOf(command) : [];
      expect(examples).not.toEqual([]);
      for (const [line, does] of examples) {
        expect(out).toContain(`  ${line}\n      ${does}\n`);
        const [own = ''] = line.split(/ -- | >/);
        const [seatfile, ...words] = wordsOfLine(`${own} `, null).before;
        let isRun = false;
        command?.action(() => {
          isRun = true;
        });
        await program.parseAsync(words, { from: 'user' });
        expect([seatfile, isRun]).toEqual(['seatfile', true]);
      }
    },
  );

  test('of one command loads no other', async () => {
    const program = await buildProgram(nowhere, 'verify');
    expect(program.commands.map((one) => one.name())).toEqual(['verify']);
  });

  test('without a command: the help on stderr, 2', async () => {
    const { status, out, err } = await said();
    expect({ status, out, err }).toEqual({ status: 2, out: '', err: (await said('help')).out });
  });
});

describe('what is mistyped is answered with what was meant, 2', () => {
  const place = freshPlace();
  const LIST = '(seatfile help lists the commands)\n';

  test.each([
    ['stat', 'status'],
    ['users', 'status'],
    ['LMSTAT', 'status'],
    ['lmremove', 'remove'],
    ['evict', 'remove'],
    ['rm', 'remove'],
    ['unban', 'ban'],
    ['watch', 'status'],
    ['remvoe', 'remove'],
    ['serve', 'serve-renewals'],
  ])('the command %s', async (word, meant) => {
    const err = `seatfile: unknown command "${word}"; did you mean: seatfile ${meant}? ${LIST}`;
    expect(await said(word)).toEqual({ status: 2, out: '', err });
    expect(await said('help', word)).toEqual({ status: 2, out: '', err });
  });

  test.each(['xyzzy', 'constructor', '__proto__'])('the command %s is like none', async (word) => {
    expect(await said(word)).toEqual({
      ...{ status: 2, out: '' },
      err: `seatfile: unknown command "${word}" ${LIST}`,
    });
  });

  test.each([
    [
      ['licence.json'],
      /^licence.json: expected a command before the file, like: seatfile status licence.json$/,
    ],
    [['status', '--usr', 'x'], /^unknown option '--usr'; did you mean --user\?$/],
    [
      ['set', '--level', 'foo'],
      /^option '--level <level>' argument 'foo' is invalid\. Allowed choices are heart/,
    ],
    [['hold', '--user'], /^option '-u, --user <name>' argument missing$/],
    [['demo', 'now'], /^demo: expected no argument, and "now" is one more$/],
    [['journal', 'a.json', 'anna'], /and "anna" is one more; did you mean --user anna\?$/],
    [['status', '--\u001b[31m'], /^unknown option '--\\u\{1b\}\[31m'$/],
  ])('%j', async (words, text) => {
    const { status, out, err } = await said(...words);
    const [first = '', next] = err.split('\n');
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(first.replace('seatfile: ', '')).toMatch(text);
    if (words.length > 1) expect(next).toBe(`seatfile ${words[0]} --help shows what it takes.`);
  });

  test('run keeps its own status, and says where its command belongs', async () => {
    expect(await said('run', 'a.json', 'app.exe', 'drawing')).toEqual({
      ...{ status: 125, out: '' },
      err:
        'seatfile: run: the command comes after --, like: seatfile run a.json -- app.exe drawing\n' +
        'seatfile run --help shows what it takes.\n',
    });
  });

  const taken = '" was taken for the licence file. Did you mean: seatfile ';
  test.each([
    [['status', 'anna'], `"anna${taken}status FILE --user anna?`, 3],
    [['remove', 'anna'], `"anna${taken}remove FILE --user anna?`, 2],
    [['remove', 'be8fe085'], `"be8fe085${taken}remove FILE --seat be8fe085?`, 2],
    [['status', 'anna@pc-1'], `"anna@pc-1${taken}status FILE --user anna --host pc-1?`, 3],
    [['journal', 'CAD'], `"CAD${taken}journal FILE --module CAD?`, 3],
    [
      ['journal', '-u', '/srv/acme.json'],
      '--user takes a name, and "/srv/acme.json" looks like the licence',
      2,
    ],
  ])('a name for a file, or a file for a name: %j', async (words, advice, status) => {
    const answer = await said(...words);
    expect(answer).toMatchObject({ status, out: '', err: expect.stringContaining(`\n${advice}`) });
  });

  test('a file that is missing is only that', async () => {
    const { err } = await said('status', place.file);
    expect(err.split('\n')).toHaveLength(2);
  });
});

/** These are for none, for a directory, and for two. */
const NO_FILE = ['completion', 'keygen', 'demo', 'serve-renewals', 'install'];

test('-f names the file as the argument does; two different ones are a fault', async () => {
  const files = ['a.json', '-f', 'b.json'];
  for (const name of names.filter((one) => !NO_FILE.includes(one))) {
    const more = { issue: ['--key', 'k'], why: ['--seat', 'be8fe085'] }[name as string] ?? [];
    expect((await said(name, '-f', 'a.json', 'a.json', ...more)).err).not.toContain('two licence files');
    if (name === 'run') continue; // which asks for its command first
    expect(await said(name, ...files, ...more)).toEqual({
      ...{ status: 2, out: '' },
      err: 'seatfile: a.json, --file b.json: these are two licence files; give one of them\n',
    });
  }
});
