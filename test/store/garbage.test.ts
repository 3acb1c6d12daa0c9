import { describe, expect, test } from 'vitest';
import { formatLicence } from '../../src/licence/text.js';
import type { ShareFiles } from '../../src/share/files.js';
import { bareLicence, Table, type Writer, type WriterOptions } from '../helpers/table.js';

const DAY_MS = 86_400_000;
const ID = '0123456789abcdef0123456789abcdef';
const clearing = { segmentNumbers: 8, supersededMs: 300_000, abandonedMs: DAY_MS };

async function add(writer: Writer, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    await writer.add('x');
    await writer.table.timeline.advance(300); // a round of garbage collection follows the one before by a second
  }
}

/** A process clears away after every 4th commit of its own. */
const round = (writer: Writer): Promise<void> => add(writer, 4);

async function grown(revisions: number, options: WriterOptions = {}) {
  const table = new Table();
  table.grow(revisions);
  const writer = table.writer({ store: { clearing }, ...options });
  await writer.read(); // from here on it has seen the older ones superseded
  return { table, writer };
}

describe('revisions', () => {
  test('go, a quarter at a time and the oldest first, once seen superseded for five minutes', async () => {
    const { table, writer } = await grown(40);
    await table.timeline.advance(300_000);
    await round(writer);
    expect(table.numbers()[0]).toBe(12);
    expect(table.numbers()).toHaveLength(41 + 4 - 12);
  });

  test('stay before that, however many there are', async () => {
    const { table, writer } = await grown(40);
    await table.timeline.advance(298_000);
    await round(writer);
    expect(table.numbers()[0]).toBe(0);
  });

  test('are not cleared by who has just come, however old they are', async () => {
    const table = new Table();
    table.grow(40);
    await table.timeline.advance(DAY_MS);
    await round(table.writer({ store: { clearing } }));
    expect(table.numbers()[0]).toBe(0);
  });

  test('the newest sixteen stay, however long ago they were superseded', async () => {
    const table = new Table();
    const writer = table.writer({ store: { clearing } });
    await add(writer, 19);
    await table.timeline.advance(DAY_MS);
    await round(writer); // 8 to 23 are sixteen
    expect(table.numbers()[0]).toBe(0);
    await round(writer);
    expect(table.numbers()[0]).toBe(8);
  });

  test('a failure to remove one is left to the next round, and stops no commit', async () => {
    const { table, writer } = await grown(40, {
      wrap: (files) => ({ ...files, removeFile: (path) => files.removeFile(`${path}-not-there`) }),
    });
    await table.timeline.advance(300_000);
    await round(writer);
    expect(table.numbers()[0]).toBe(12);
    expect(table.others().filter((name) => name.startsWith('clearing-'))).toHaveLength(12);
    await round(table.writer());
    expect(table.others()).toEqual([]);
  });

  test('a reader who is slow gets the whole of it, or nothing', async () => {
    const seen: (string | null)[] = [];
    const table = new Table();
    table.grow(40);
    const { server } = table;
    const whole = server.readText(table.documentPath(0));
    const writer = table.writer({
      store: { clearing },
      wrap: (files) => ({
        ...files,
        removeFile: async (path) => {
          seen.push(server.isThere(table.documentPath(0)) ? server.readText(table.documentPath(0)) : null);
          await files.removeFile(path);
        },
      }),
    });
    await writer.read();
    await table.timeline.advance(300_000);
    await round(writer);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((text) => text !== null && text !== whole)).toEqual([]);
    expect(server.isThere(table.numberPath(0))).toBe(false);
  });
});

describe('what dead processes left in the folder', () => {
  const stage = (pid: number) => `stage-abcdef01-${pid}-${ID}`;

  function leave(table: Table, name: string): void {
    table.server.makeDirectory(`${table.paths.folder}/${name}`);
    table.server.writeNew(`${table.paths.folder}/${name}/licence.json`, 'half of', 0o644);
  }

  test('a stage goes at once when its process is provably dead', async () => {
    const { table, writer } = await grown(1, { isDead: (owner) => owner.pid === 77 });
    leave(table, stage(77));
    leave(table, stage(78));
    await round(writer);
    expect(table.others()).toEqual([stage(78)]);
  });

  test('a stage goes when we have seen it stand for a day', async () => {
    const { table, writer } = await grown(1);
    leave(table, stage(77));
    await table.timeline.advance(30 * DAY_MS); // no process was looking
    await round(writer);
    expect(table.others()).toEqual([stage(77)]);
    await table.timeline.advance(DAY_MS);
    await round(writer);
    expect(table.others()).toEqual([]);
  });

  test('a stage that changes meanwhile is somebody’s', async () => {
    const { table, writer } = await grown(1);
    leave(table, stage(77));
    await round(writer);
    await table.timeline.advance(DAY_MS - 2000);
    table.server.writeNew(`${table.paths.folder}/${stage(77)}/more`, 'x', 0o644);
    await table.timeline.advance(1000);
    await round(writer);
    expect(table.others()).toEqual([stage(77)]);
    await table.timeline.advance(DAY_MS + 1);
    await round(writer);
    expect(table.others()).toEqual([]); // from that change on it stood for a day
  });

  test('what somebody began to clear away is finished', async () => {
    const { table, writer } = await grown(1);
    leave(table, `clearing-${ID}`);
    await round(writer);
    expect(table.others()).toEqual([]);
  });

  test('what is not ours stays', async () => {
    const { table, writer } = await grown(1);
    const names = ['notes', 'clearing-up', 'stage-1', '00000000000a'];
    for (const name of names) leave(table, name);
    for (let n = 0; n < 3; n++) {
      await round(writer);
      await table.timeline.advance(2 * DAY_MS);
    }
    expect(table.others().sort()).toEqual([...names].sort());
  });
});

describe('beside the licence file', () => {
  const licence = formatLicence(bareLicence(), 'pretty');

  async function afterDays(files: Readonly<Record<string, string>>): Promise<string[]> {
    const { table, writer } = await grown(1);
    for (const [name, text] of Object.entries(files)) table.server.writeNew(`/share/${name}`, text, 0o644);
    for (let n = 0; n < 4; n++) {
      await round(writer);
      await table.timeline.advance(2 * DAY_MS);
    }
    return Object.keys(files).filter((name) => table.server.isThere(`/share/${name}`));
  }

  test.each([
    'licence.json.20261121',
    'licence.json.1763740800',
    'licence.json.1',
    'licence.json.02',
    'licence.json.bak',
    'licence.json.old',
    'licence.json.99999999999',
    'licence.json.123456789.txt',
    'licence.json-123456789',
    'other.json.123456789',
  ])('a backup of a person’s stays: %s', async (name) => {
    expect(await afterDays({ [name]: licence })).toEqual([name]);
  });

  test.each([
    ['whole', licence],
    ['torn', licence.slice(0, 300)],
    ['empty', ''],
  ])('what an interrupted write left goes after a day: %s', async (_, text) => {
    expect(await afterDays({ 'licence.json.3123456789': text })).toEqual([]);
  });

  test('and not before', async () => {
    const { table, writer } = await grown(1);
    table.server.writeNew('/share/licence.json.3123456789', 'half', 0o644);
    await round(writer);
    await table.timeline.advance(DAY_MS - 2000);
    await round(writer);
    expect(table.server.isThere('/share/licence.json.3123456789')).toBe(true);
  });

  /** Windows and macOS hold no directory while they empty it: only what is expected in it is removed. */
  const expectedOnly = (files: ShareFiles): ShareFiles => ({
    ...files,
    removable: async (directory, expected) =>
      (await files.list(directory)).filter((name) => expected.includes(name)),
  });

  test.each([
    ['', (files: ShareFiles) => files],
    [', where only what is expected is removed', expectedOnly],
  ])('a folder that was never finished goes when its process is dead%s', async (_, wrap) => {
    const { table, writer } = await grown(1, { isDead: (owner) => owner.pid === 77, wrap });
    const folder = `/share/licence.json.stage-abcdef01-77-${ID}`;
    table.server.makeDirectory(folder);
    table.server.makeDirectory(`${folder}/000000000000`);
    table.server.writeNew(`${folder}/000000000000/licence.json`, 'half', 0o644);
    await round(writer);
    expect(table.server.list('/share').sort()).toEqual(['licence.json', 'licence.json.revisions']);
    expect(table.others()).toEqual([]);
  });
});
