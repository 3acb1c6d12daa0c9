import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reap } from '../processes/children.js';
import { commandLines, complaintsIn, expectClear, expectNoStack } from './clear.js';
import {
  commands,
  copyOf,
  dropTable,
  explainers,
  FOR_EVER,
  litterOf,
  makers,
  newPlace,
  removePlaces,
  renewers,
  startUnheard,
  type Trouble,
  treeOf,
  trouble,
  type Verb,
  verbs,
} from './commands.js';
import { idle, type Mishap, ofDemo, reads, statuses } from './exit-table.js';
import { atTerminal, fixture, hold, seatfile, start, tableOf, told, until } from './seatfile.js';

/**
 * How each command ends whatever goes wrong: its status, one clear line on the right stream that names the thing and
 * the next step, no insides of the program, nothing left in the folder, and the file as it was.
 */

/** Of T = 8 s and two users, one of whom is seated on another computer and has been killed. */
let licence = '';
/** The same, and that seat was removed. */
let removed = '';

beforeAll(async () => {
  licence = path.join(newPlace(), 'licence.json');
  await atTerminal(['init', licence, '--module', 'M1=2', '--check-interval', '8s'], '');
  const ada = hold(licence, 'ada', 'pc-1');
  await told(ada, 'seated');
  const isShown = () => readFileSync(licence, 'utf8').includes('"ada"') && litterOf(licence).length === 0;
  await until('her seat shown', 20_000, () => isShown() || undefined);
  ada.process.kill('SIGKILL');
  await ada.ended;
  removed = copyOf(licence);
  await atTerminal(['remove', removed, '--user', 'ada', '--yes'], '');
  await until(
    'the removal shown',
    20_000,
    () => !readFileSync(removed, 'utf8').includes('"seats"') || undefined,
  );
});

afterAll(async () => {
  await reap();
  removePlaces();
});

/** What a command is to work on: for `init` an empty directory, for `repair` a table that is lost. */
function fileFor(verb: Verb): string {
  if (verb === 'init') return path.join(newPlace(), 'licence.json');
  const file = copyOf(verb === 'undo' ? removed : licence);
  if (verb === 'repair') dropTable(file);
  return file;
}

/** A lost table is believed to be lost after a minute. */
const fasterFor = (verb: Verb): number => (verb === 'repair' ? 20 : 1);

test('every command of the program has its row', async () => {
  const { out } = await atTerminal(['--help'], '');
  const [all = ''] = out.split('Exit status:');
  const listed = [...all.matchAll(/^ {2}([a-z]+(?:-[a-z]+)?) /gm)].map(([, verb]) => verb);
  expect(listed.sort()).toEqual(
    [...verbs, ...explainers, ...makers, ...renewers, 'completion', 'demo', 'help'].sort(),
  );
});

describe.concurrent('an unknown option', () => {
  test.each([...verbs, 'demo'] as const)('%s', async (verb) => {
    const [, ...rest] = verb === 'demo' ? [] : commands[verb]('none.json');
    const answer = await atTerminal([verb, '--frob', ...rest], '');
    const dashes = '; the command and its options come after --, like: seatfile run FILE -- app.exe';
    const fault = `unknown option '--frob'${verb === 'run' ? dashes : ''}`;
    expect(answer).toMatchObject({
      status: verb === 'demo' ? ofDemo.unknownOption : statuses[verb].unknownOption,
      out: '',
      err: `seatfile: ${fault}\nseatfile ${verb} --help shows what it takes.\n`,
    });
  });
});

describe.concurrent.each(verbs)('%s', (verb) => {
  const row = statuses[verb];
  /** In this process: it fails before anything is asked of a process of its own. */
  async function expectRefused(mishap: Mishap, file: string, named = file): Promise<void> {
    const directory = path.dirname(file);
    const before = existsSync(directory) ? treeOf(directory) : null;
    const answer = await atTerminal(commands[verb](file), '', { isInteractive: false });
    expect(answer.status, answer.err).toBe(row[mishap]);
    if (answer.status !== 0) expectClear(verb, answer, named);
    if (answer.status !== 0 || (verb !== 'init' && verb !== 'install'))
      expect(existsSync(directory) ? treeOf(directory) : null).toEqual(before);
  }

  test('the file is missing', () => expectRefused('missing', path.join(newPlace(), 'licence.json')));

  test('the directory around it is missing', () => {
    const directory = path.join(newPlace(), 'missing');
    return expectRefused('noDirectory', path.join(directory, 'licence.json'), directory);
  });

  test('a directory is in its place', async () => {
    const file = path.join(newPlace(), 'licence.json');
    mkdirSync(file);
    await expectRefused('directory', file);
  });

  test.each(readdirSync(fixture('broken')))('garbage: %s', async (name) => {
    const file = path.join(newPlace(), 'licence.json');
    copyFileSync(fixture(`broken/${name}`), file);
    await expectRefused('garbage', file);
  });

  test('the share is gone', async () => {
    const file = copyOf(licence);
    rmSync(path.dirname(file), { recursive: true });
    await expectRefused('gone', file, path.dirname(file));
  });

  async function onShare(mishap: Mishap, what: Trouble): Promise<string> {
    const file = fileFor(verb);
    const before = treeOf(path.dirname(file));
    const answer = await seatfile(commands[verb](file), trouble({ faster: fasterFor(verb), ...what }));
    expect(answer.status, answer.err).toBe(row[mishap]);
    if (answer.status === 0) expectNoStack(answer);
    else if (verb === 'repair')
      expectNoStack(answer); // it says before what it has found, and what it will write
    else expectClear(verb, answer, path.dirname(file));
    if (mishap !== 'hung') expect(treeOf(path.dirname(file))).toEqual(before);
    else if (existsSync(file)) expect(readFileSync(file, 'latin1')).toBe(before['licence.json']);
    return file;
  }

  test('a full share', () => onShare('full', { fail: { writeFile: 'ENOSPC' } }));

  test('no right to write', () => {
    const refused = { mkdir: 'EACCES', rename: 'EACCES', rmdir: 'EACCES', unlink: 'EACCES' };
    return onShare('refused', { fail: refused });
  });

  test('a share that hangs', async () => {
    const operation = row === reads ? 'readdir' : 'sync';
    const file = await onShare('hung', { slow: { [operation]: FOR_EVER }, faster: 20 });
    for (const name of litterOf(file)) expect(name).toMatch(/stage-|doctor-|lock/); // nothing can be removed there
  });

  test.runIf(process.platform === 'linux').each([
    ['fullOutput', 'full'],
    ['closedOutput', 'closed'],
  ] as const)('%s: what it was asked to do is done all the same', async (mishap, output) => {
    const file = fileFor(verb);
    const child = startUnheard(commands[verb](file), output, trouble({ faster: fasterFor(verb) }));
    if (verb !== 'hold') child.process.stdin?.end(); // a hold ends by itself
    const { status, complaint } = await child.ended;
    expect(status, complaint).toBe(row[mishap]);
    const said = complaint.match(/the output could not be written \(ENOSPC\)/g) ?? [];
    expect(said).toHaveLength(status === 1 ? 1 : 0);
    expect(litterOf(file)).toEqual([]);
    if (verb === 'remove') expect(tableOf(file).instances).toEqual([]);
    if (verb === 'set') expect(tableOf(file).settings.checkIntervalSeconds).toBe(90);
  });

  test.runIf(process.platform !== 'win32').each(['SIGINT', 'SIGTERM'] as const)(
    '%s while it works: what it has begun is cleared away',
    async (signal) => {
      const file = fileFor(verb);
      const before = treeOf(path.dirname(file));
      const slow = verb === 'repair' ? {} : { [row === reads ? 'readdir' : 'mkdir']: 2000 };
      const child = start(commands[verb](file), trouble({ slow, faster: fasterFor(verb) }));
      const cue = verb === 'repair' ? 'Watching the folder' : 'Waiting for the share';
      await until(cue, 30_000, () => child.complaint().includes(cue) || undefined);
      child.process.kill(signal);
      const { status, complaint } = await child.ended;
      expect(status, complaint).toBe(row[signal]);
      expectNoStack({ status, out: child.lines.join('\n'), err: complaint });
      expect(treeOf(path.dirname(file))).toEqual(before);
    },
  );
});

describe.concurrent('nothing to do, or nothing that matches', () => {
  test.each(Object.entries(idle))('%s', async (verb, [options, status]) => {
    const file = copyOf(licence);
    const before = treeOf(path.dirname(file));
    const [, , ...words] = commands[verb as Verb](file).filter((word) => word !== '--all');
    const isWhole = ['set', 'ban', 'reserve'].includes(verb);
    const line = isWhole ? [verb, file, ...options] : [verb, file, ...words, ...options];
    const answer = await atTerminal(line, '', { isInteractive: false });
    expect(answer.status, answer.err).toBe(status);
    expect(answer.out + answer.err).not.toBe('');
    expectNoStack(answer);
    expect(treeOf(path.dirname(file))).toEqual(before);
  });
});

test.concurrent('a seat that is taken away: hold ends 5, run with the status of its command', async () => {
  const file = copyOf(licence);
  await seatfile(['set', file, '--check-interval', '2s']);
  const bob = hold(file, 'bob', 'pc-2');
  await told(bob, 'seated');
  const script = 'console.log("up"); process.stdin.resume().on("end", () => process.exit(7))';
  await seatfile(['remove', file, '--user', 'ada', '--yes']);
  const child = start(['run', file, '--user', 'cyd', '--', process.execPath, '-e', script]);
  await child.heard('up');
  await seatfile(['remove', file, '--all', '--yes']);
  await until('the loss told', 10_000, () => child.complaint().includes('seat lost: removed') || undefined);
  child.process.stdin?.end();
  expect((await child.ended).status).toBe(7);
  expect((await bob.ended).status).toBe(5);
});

describe.concurrent('demo', () => {
  /** Its directory for temporary files, and what becomes of the processes that it starts. */
  const around = (directory: string, what: Trouble = {}) => ({
    ...trouble(what),
    ...{ TMPDIR: directory, TEMP: directory, TMP: directory },
  });
  const expectNothingLeft = (directory: string): void => {
    expect(readdirSync(directory)).toEqual([]);
    if (process.platform === 'linux')
      expect(commandLines().filter((line) => line.includes(directory))).toEqual([]);
  };

  test.each([
    ['noDirectory', {}],
    ['full', { fail: { writeFile: 'ENOSPC' } }],
    ['refused', { fail: { mkdtemp: 'EACCES' } }],
    ['hung', { slow: { sync: FOR_EVER }, faster: 20 }],
  ] as const)('%s', async (mishap, what) => {
    const directory = newPlace();
    if (mishap === 'noDirectory') rmSync(directory, { recursive: true });
    const answer = await seatfile(['demo'], around(directory, what));
    expect(answer.status, answer.err).toBe(ofDemo[mishap]);
    expectNoStack(answer);
    expect(complaintsIn(answer)).toEqual([
      expect.stringMatching(/^seatfile: .*; name another directory .* TMPDIR/),
    ]);
    expect(answer.err).toContain(directory);
    if (mishap !== 'noDirectory') expectNothingLeft(directory);
  });

  test.runIf(process.platform === 'linux').each([
    ['fullOutput', 'full'],
    ['closedOutput', 'closed'],
  ] as const)('%s: it ends', async (mishap, output) => {
    const directory = newPlace();
    const child = startUnheard(['demo'], output, around(directory));
    const { status, complaint } = await child.ended;
    expect(status, complaint).toBe(ofDemo[mishap]);
    expectNothingLeft(directory);
  });

  test.runIf(process.platform !== 'win32').each(['SIGINT', 'SIGTERM'] as const)('%s', async (signal) => {
    const directory = newPlace();
    const child = start(['demo'], around(directory));
    await child.heard('  Bob on pc-2 is seated');
    child.process.kill(signal);
    expect(await child.ended).toMatchObject({ status: ofDemo[signal], complaint: 'Given up.\n' });
    expectNothingLeft(directory);
  });
});
