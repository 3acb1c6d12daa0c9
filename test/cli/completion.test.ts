import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/command-list.js';
import { wordsOfLine } from '../../src/cli/shell-line.js';
import { SHELLS } from '../../src/cli/shells.js';
import { FOR_EVER, trouble } from './commands.js';
import { atTerminal, freshPlace, hold, seatfile, told } from './seatfile.js';

/** Real shells ask the same things in `.ci/completion.sh`. */

const place = freshPlace();
/** What is offered, without what it does; the last word says what else the shell may offer. */
const offered = async (...words: string[]): Promise<string[]> => {
  const { out, err, status } = await atTerminal(['complete', ...words], '');
  expect({ err, status }).toEqual({ err: '', status: 0 });
  return out
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '');
};
const typed = (line: string) => offered('--line', `seatfile ${line}`);

describe('what the definitions of the program say', () => {
  test('commands, with what each does', async () => {
    const all = [...Object.keys(COMMANDS), 'help'].sort();
    expect((await typed('')).sort()).toEqual([...all, ':nothing'].sort());
    expect(await typed('sta')).toEqual(['status', ':nothing']);
    expect((await typed('help ')).length).toBe(all.length + 1);
    expect((await atTerminal(['complete', ':stat'], '')).out).toBe(
      'status\tshow who is using the licence\n:nothing\n',
    );
  });

  test.each([
    ['-', ['--help', '--version', ':nothing']],
    ['nope ', [':nothing']],
    ['help status ', [':nothing']],
    ['status ', [':files']],
    ['doctor --in ', [':directories']],
    ['doctor --public-key ', [':files']],
    ['serve-renewals ', [':directories']],
    ['init a.json --level ', ['heartbeat', 'light', ':nothing']],
    ['init a.json --level h', ['heartbeat', ':nothing']],
    ['init a.json --level=', ['--level=heartbeat', '--level=light', ':nothing']],
    ['init a.json --customer ', [':nothing']],
    ['init a.json -m ', [':nothing']],
    ['init a.json --lev', ['--level', ':nothing']],
    ['init a.json --level light --lev', [':nothing']], // it is given already
    ['init -m CAD=1 --mod', ['--module', ':nothing']], // it may be given again
    ['init --nope=', [':nothing']],
    ['completion ', ['bash', 'zsh', 'fish', 'powershell', ':nothing']],
    ['run a.json -- ', [':files']],
    ['run a.json -- app --le', [':files']],
  ])('%s', async (line, words) => {
    expect(await typed(line)).toEqual(words);
  });

  test('hidden options are not offered', async () => {
    expect(await typed('doctor -')).not.toContain('--hammer-worker');
  });
});

test.each([
  ['', [], ''],
  ['seatfile', [], 'seatfile'],
  ['seatfile ', ['seatfile'], ''],
  [`seatfile status 'My Share/a.json' -u a`, ['seatfile', 'status', 'My Share/a.json', '-u'], 'a'],
  ['seatfile "a \\" b" c\\ d ', ['seatfile', 'a " b', 'c d'], ''],
  ["seatfile ~/a.json '~/b' x~/c ", ['seatfile', '/home/anna/a.json', '~/b', 'x~/c'], ''],
  [`seatfile "" 'not ended`, ['seatfile', ''], 'not ended'],
  ['seatfile $(touch pwned) `x` ', ['seatfile', '$(touch', 'pwned)', '`x`'], ''],
  ['seatfile \\', ['seatfile'], ''],
])('the line %j, cut into words', (line, before, current) => {
  expect(wordsOfLine(line, '/home/anna')).toEqual({ before, current });
});

describe('what the licence file says', () => {
  const people = ['anna', 'bob@example.org', '$(touch pwned)', 'a b', '-rf', ';reboot', 'Zoë', "o'neil"];

  test('users, hosts, modules and seats, of harmless letters only', async () => {
    await seatfile(['init', place.file, '-m', 'CAD=20', '-m', 'VIEW=5']);
    const holds = people.map((user, index) => hold(place.file, user, `pc-${index}`, '-m', 'CAD'));
    await Promise.all(holds.map((one) => told(one, 'seated')));
    const users = ['anna', 'bob@example.org', ':nothing'];
    expect(await typed(`journal ${place.file} --user `)).toEqual(users);
    expect(await typed(`journal --file ${place.file} -u `)).toEqual(users);
    expect(await typed(`journal --file=${place.file} --user=b`)).toEqual([
      '--user=bob@example.org',
      ':nothing',
    ]);
    expect(await offered(':', 'journal', place.file, '-u')).toEqual(users);
    expect(await typed(`run -f ${place.file} --host pc-1`)).toEqual(['pc-1', ':nothing']);
    expect(await typed(`journal ${place.file} --module `)).toEqual(['CAD', 'VIEW', ':nothing']);
    expect(await typed(`remove ${place.file} --seat `)).toHaveLength(people.length + 1);
    expect(await seatfile(['complete', ':', 'journal', '-u'], { SEATFILE: place.file })).toMatchObject({
      out: users.join('\n'),
    });
    expect(await typed(`set ${place.file} -m C`)).toEqual(['CAD=', ':nothing']);
    expect(await typed(`set ${place.file} --drop-module V`)).toEqual(['VIEW', ':nothing']);
    expect(await typed(`undo ${place.file} --seat `)).toEqual([':nothing']);
    await seatfile(['ban', place.file, '-u', 'bob@example.org', '-y']);
    expect(await typed(`undo ${place.file} --seat `)).toHaveLength(2);
    expect(await typed(`ban ${place.file} --lift -u `)).toEqual(['bob@example.org', ':nothing']);
    expect(await typed(`journal ${place.file}.missing --user `)).toEqual([':nothing']);
    const answer = await seatfile(['journal', place.file, '-u', 'anja']);
    expect(answer).toMatchObject({
      ...{ status: 1, err: 'Nothing in the journal matches. Did you mean --user anna?\n' },
    });
  });

  test('a share that does not answer is not waited for', async () => {
    await seatfile(['init', place.file, '-m', 'CAD=20']);
    const words = ['complete', ':', 'journal', place.file, '--module'];
    expect((await seatfile(words)).out).toBe('CAD\n:nothing');
    const { out } = await seatfile(words, trouble({ slow: { readdir: FOR_EVER, readFile: FOR_EVER } }));
    expect(out).toBe(':nothing');
  });
});

test.each(SHELLS)('the script for %s asks the program, and evaluates nothing', async (shell) => {
  const { status, out } = await atTerminal(['completion', shell], '');
  expect(status).toBe(0);
  expect(out).toContain('seatfile complete ');
  expect(out).not.toMatch(/\beval\b|compgen|Invoke-Expression|\biex\b|\bsource\b/i);
});
