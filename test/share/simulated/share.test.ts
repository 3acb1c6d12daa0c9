import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { diskFiles } from '../../../src/share/disk.js';
import { type FileStat, ShareError, type ShareFiles } from '../../../src/share/files.js';
import type { Random } from '../../../src/share/random.js';
import { Timeline } from '../../../src/testing/timeline.js';
import { seededDice } from '../../helpers/dice.js';
import { clientOf } from '../../helpers/memory-share.js';
import { SimClient } from './client.js';
import { Ground, kindOf, LATENCY_MS } from './ground.js';
import { local, nfs, type Semantics, smb, windows } from './semantics.js';
import { SimServer } from './server.js';

/**
 * What each kind of share shows its hosts. A changes something, B looks. The dice fall high unless a test says
 * otherwise: what is remembered is remembered for nine tenths of the longest, and what only may happen does not.
 */
const MINUTE_MS = 60_000;
const keepingLists = (semantics: Semantics): Semantics => ({
  ...semantics,
  listing: { ...semantics.listing, chance: 1 },
});

describe('a local disk', () => {
  test('shows every host what is there', async () => {
    const ground = new Ground(local);
    const { a, b } = ground;
    expect(await ground.kind(b.files.stat('/d/new'))).toBe('missing');
    expect(await ground.run(b.files.list('/d'))).toEqual(['file']);
    await ground.run(a.files.writeNew('/d/new', 'x', 0o644));
    expect(await ground.kind(b.files.stat('/d/new'))).toBe('done');
    expect(await ground.run(b.files.list('/d'))).toEqual(['file', 'new']);
  });

  test.each([1, 2, 3])('answers as a real disk does, seed %i', async (seed) => {
    const server = new SimServer(new Timeline());
    const memory = {
      files: clientOf(server).files,
      root: '/s',
      link: async () => server.symbolicLink('/s/link', '/s/a'),
    };
    server.makeDirectory('/s');
    const root = await diskFiles.resolve(await mkdtemp(`${tmpdir()}/seatfile-`));
    const disk = { files: diskFiles, root, link: () => symlink(`${root}/a`, `${root}/link`) };
    try {
      expect(await answersOf(memory, seededDice(`ops-${seed}`))).toEqual(
        await answersOf(disk, seededDice(`ops-${seed}`)),
      );
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

describe('what a host remembers', () => {
  test.each([
    ['nfs', nfs, 54_000],
    ['smb', smb, 900],
    ['windows', windows, 9000],
  ])('%s: what stat said', async (_, semantics, forMs) => {
    const ground = new Ground(semantics);
    const { a, b } = ground;
    const before = await ground.run(b.files.stat('/d/file'));
    await ground.run(a.files.replace('/d/file', 'longer', 0o644, { beside: '/d' }));
    expect(await ground.run(b.files.stat('/d/file'))).toEqual(before);
    expect((await ground.run(a.files.stat('/d/file'))).bytes).toBe(6);
    await ground.wait(forMs);
    expect((await ground.run(b.files.stat('/d/file'))).bytes).toBe(6);
  });

  test.each([
    ['nfs', nfs, 54_000],
    ['smb', smb, 27_000],
    ['windows', windows, 9000],
  ])('%s: what a listing said', async (_, semantics, forMs) => {
    const ground = new Ground(keepingLists(semantics));
    const { a, b } = ground;
    await ground.run(b.files.list('/d'));
    await ground.run(a.files.makeDirectory('/d/new'));
    expect(await ground.run(b.files.list('/d'))).toEqual(['file']);
    await ground.wait(forMs);
    expect(await ground.run(b.files.list('/d'))).toEqual(['file', 'new']);
  });

  test('a listing is the callers own, and cannot be spoilt by him', async () => {
    const ground = new Ground(keepingLists(nfs));
    for (let n = 0; n < 3; n++)
      expect((await ground.run(ground.b.files.list('/d'))).splice(0)).toEqual(['file']);
  });

  test.each([
    ['nfs', nfs, 54_000],
    ['smb', smb, 900],
    ['windows', windows, 4500],
  ])('%s: what was not there', async (_, semantics, forMs) => {
    const ground = new Ground(semantics);
    const { a, b } = ground;
    expect(await ground.kind(b.files.stat('/d/new'))).toBe('missing');
    await ground.run(a.files.writeNew('/d/new', 'x', 0o644));
    expect(await ground.kind(b.files.read('/d/new'))).toBe('missing');
    await ground.wait(forMs);
    expect(await ground.kind(b.files.read('/d/new'))).toBe('done');
  });

  test('below a directory that was not there nothing is', async () => {
    const ground = new Ground(nfs);
    const { a, b } = ground;
    expect(await ground.kind(b.files.stat('/d/new'))).toBe('missing');
    await ground.run(a.files.makeDirectory('/d/new'));
    await ground.run(a.files.writeNew('/d/new/file', 'x', 0o644));
    expect(await ground.kind(b.files.read('/d/new/file'))).toBe('missing');
    await ground.wait(MINUTE_MS);
    expect(await ground.kind(b.files.read('/d/new/file'))).toBe('done');
  });

  test.each([
    ['nfs', nfs],
    ['smb', smb],
  ])('%s: its own change in a directory shows it what else changed there', async (_, semantics) => {
    const ground = new Ground(keepingLists(semantics));
    const { a, b } = ground;
    ground.dice.next = 0.85; // below the nfs client's 0.9
    await ground.run(b.files.list('/d'));
    await ground.kind(b.files.stat('/d/new'));
    await ground.run(a.files.makeDirectory('/d/new'));
    await ground.run(b.files.makeDirectory('/d/own'));
    expect(await ground.run(b.files.list('/d'))).toEqual(['file', 'new', 'own']);
    expect(await ground.kind(b.files.stat('/d/new'))).toBe('done');
  });

  test('nfs: or not always', async () => {
    const ground = new Ground(keepingLists(nfs));
    const { a, b } = ground;
    ground.dice.next = 0.95;
    await ground.run(b.files.list('/d'));
    await ground.run(a.files.makeDirectory('/d/new'));
    await ground.run(b.files.makeDirectory('/d/own'));
    expect(await ground.run(b.files.list('/d'))).toEqual(['file']);
    expect(await ground.kind(b.files.stat('/d/own'))).toBe('done');
  });

  test('nfs: a listing from the server shows what was not there', async () => {
    const ground = new Ground({ ...nfs, listing: local.listing });
    const { a, b } = ground;
    await ground.kind(b.files.stat('/d/new'));
    await ground.run(a.files.makeDirectory('/d/new'));
    await ground.run(b.files.list('/d'));
    expect(await ground.kind(b.files.stat('/d/new'))).toBe('done');
  });

  test('smb: making what it remembers is refused without asking', async () => {
    const ground = new Ground(smb);
    const { a, b } = ground;
    await ground.run(a.files.makeDirectory('/d/lock'));
    await ground.run(b.files.stat('/d/lock'));
    await ground.run(a.files.removeDirectory('/d/lock'));
    expect(await ground.kind(b.files.makeDirectory('/d/lock'))).toBe('exists');
    await ground.wait(1000);
    expect(await ground.kind(b.files.makeDirectory('/d/lock'))).toBe('done');
  });

  test('smb: a file read again within a second is the old one, as long as one reads on, up to a minute', async () => {
    const ground = new Ground(smb);
    const { a, b } = ground;
    expect(await ground.text(b, '/d/file')).toBe('old');
    await ground.wait(1000); // no client has it open or warm, so it can be replaced
    await ground.run(b.files.read('/d/file'));
    await ground.run(a.files.replace('/d/file', 'new', 0o644, { beside: '/d' }));
    for (let n = 0; n < 60; n++) {
      ground.dice.next = 0.5;
      expect(await ground.text(b, '/d/file')).toBe('old');
      await ground.wait(900);
    }
    expect(await ground.text(a, '/d/file')).toBe('new');
    await ground.wait(6000);
    expect(await ground.text(b, '/d/file')).toBe('new');
  });

  test('smb: who lets a second pass reads the new one', async () => {
    const ground = new Ground({ ...smb, replaceRefused: 0, replaceUnlinks: 0 });
    const { a, b, dice } = ground;
    await ground.run(b.files.read('/d/file'));
    await ground.run(a.files.replace('/d/file', 'new', 0o644, { beside: '/d' }));
    expect(await ground.text(b, '/d/file')).toBe('old');
    await ground.wait(1000);
    dice.next = 0.5;
    expect(await ground.text(b, '/d/file')).toBe('new');
  });

  test('forgets what is longest ago, not more', async () => {
    const ground = new Ground(nfs);
    const { a, b } = ground;
    for (let n = 0; n < 100; n++) await ground.kind(b.files.stat(`/d/${n}`));
    for (const n of [0, 99]) await ground.run(a.files.makeDirectory(`/d/${n}`));
    expect(await ground.kind(b.files.stat('/d/0'))).toBe('done');
    expect(await ground.kind(b.files.stat('/d/99'))).toBe('missing');
  });
});

describe('what a host does itself it knows', () => {
  const forgetful = { ...keepingLists(nfs), ownChangeHeals: 0 };

  test.each([
    ['nfs', forgetful],
    ['smb', { ...keepingLists(smb), ownChangeHeals: 0, replaceRefused: 0, replaceUnlinks: 0 }],
    ['windows', { ...keepingLists(windows), ownChangeHeals: 0 }],
  ])('%s', async (_, semantics) => {
    const ground = new Ground(semantics);
    const { a } = ground;
    for (const path of ['/d/new', '/d/to']) await ground.kind(a.files.stat(path));
    await ground.run(a.files.makeDirectory('/d/new'));
    expect(await ground.kind(a.files.stat('/d/new'))).toBe('done');
    await ground.run(a.files.rename('/d/new', '/d/to'));
    expect(await ground.kind(a.files.stat('/d/to'))).toBe('done');
    expect(await ground.kind(a.files.stat('/d/new'))).toBe('missing');
    await ground.run(a.files.stat('/d/file'));
    await ground.run(a.files.setMode('/d/file', 0o600));
    expect((await ground.run(a.files.stat('/d/file'))).mode).toBe(0o600);
    await ground.run(a.files.read('/d/file'));
    await ground.run(a.files.replace('/d/file', 'new', 0o644, { beside: '/d' }));
    expect(await ground.text(a, '/d/file')).toBe('new');
  });

  test('also what it did to the directory around', async () => {
    const ground = new Ground(nfs);
    const before = await ground.run(ground.a.files.stat('/d'));
    await ground.run(ground.a.files.makeDirectory('/d/new'));
    expect((await ground.run(ground.a.files.stat('/d'))).modifiedMs).toBeGreaterThan(before.modifiedMs);
  });

  test('a directory it renamed onto another is not that other', async () => {
    const ground = new Ground(forgetful);
    const { a } = ground;
    for (const path of ['/from', '/to', '/from/in']) await ground.run(a.files.makeDirectory(path));
    expect(await ground.run(a.files.list('/to'))).toEqual([]);
    await ground.run(a.files.rename('/from', '/to'));
    expect(await ground.run(a.files.list('/to'))).toEqual(['in']);
  });

  test('what it removed is missing to it, also when another host makes it again', async () => {
    const ground = new Ground(nfs);
    const { a, b } = ground;
    await ground.run(a.files.removeFile('/d/file'));
    await ground.run(b.files.writeNew('/d/file', 'x', 0o644));
    expect(await ground.kind(a.files.stat('/d/file'))).toBe('missing');
    expect(await ground.kind(b.files.stat('/d/file'))).toBe('done');
  });

  test('of a directory that is found to be another, nothing is remembered', async () => {
    const ground = new Ground(forgetful);
    const { a, b, dice } = ground;
    await ground.run(a.files.makeDirectory('/d/stage'));
    dice.next = 0.1;
    await ground.kind(b.files.stat('/d/stage/file')); // the handle is young for 6 s
    dice.next = 0.9;
    expect(await ground.run(b.files.list('/d/stage'))).toEqual([]);
    await ground.run(a.files.rename('/d/stage', '/elsewhere'));
    await ground.run(a.files.makeDirectory('/d/stage'));
    await ground.wait(7000);
    await ground.run(b.files.writeNew('/d/stage/other', 'x', 0o644));
    expect(await ground.run(b.files.list('/d/stage'))).toEqual(['other']);
  });
});

describe('nfs: directories by their handles', () => {
  async function known() {
    const ground = new Ground(nfs);
    await ground.run(ground.a.files.makeDirectory('/d/stage'));
    await ground.run(ground.b.files.list('/d/stage'));
    return ground;
  }

  test('what another host renamed away is written to where it is now', async () => {
    const ground = await known();
    const { a, b, server } = ground;
    await ground.run(a.files.rename('/d/stage', '/d/clearing'));
    expect(await ground.kind(b.files.writeNew('/d/stage/file', 'x', 0o644))).toBe('done');
    expect(server.paths('/d')).toEqual(['/d/clearing', '/d/clearing/file', '/d/file']);
    await ground.wait(MINUTE_MS);
    expect(await ground.kind(b.files.writeNew('/d/stage/other', 'x', 0o644))).toBe('missing');
  });

  test('a file is even renamed out of it', async () => {
    const ground = await known();
    const { a, b, server } = ground;
    await ground.run(b.files.writeNew('/d/stage/file', 'x', 0o644));
    await ground.run(a.files.rename('/d/stage', '/d/clearing'));
    expect(await ground.kind(b.files.rename('/d/stage/file', '/d/taken'))).toBe('done');
    expect(server.paths('/d')).toEqual(['/d/clearing', '/d/file', '/d/taken']);
  });

  test.each([
    [0.2, 'stale'],
    [0.5, 'missing'],
  ])('in a removed one, at %d, it is %s', async (next, kind) => {
    const ground = await known();
    const { a, b } = ground;
    await ground.run(a.files.removeDirectory('/d/stage'));
    ground.dice.next = next;
    expect(await ground.kind(b.files.writeNew('/d/stage/file', 'x', 0o644))).toBe(kind);
    expect(await ground.kind(b.files.writeNew('/d/stage/file', 'x', 0o644))).toBe('missing');
  });

  test('a removed one that is there again is found, once its handle is known to be old', async () => {
    const ground = await known();
    const { a, b, server } = ground;
    await ground.run(a.files.removeDirectory('/d/stage'));
    await ground.run(a.files.makeDirectory('/d/stage'));
    expect(await ground.kind(b.files.writeNew('/d/stage/file', 'x', 0o644))).toBe('done');
    expect(server.isThere('/d/stage/file')).toBe(true);
  });

  test('an empty one that another was renamed onto is removed', async () => {
    const ground = await known();
    const { a, b } = ground;
    await ground.run(a.files.makeDirectory('/d/other'));
    await ground.run(a.files.rename('/d/other', '/d/stage'));
    ground.dice.next = 0.2;
    expect(await ground.kind(b.files.writeNew('/d/stage/file', 'x', 0o644))).toBe('stale');
  });

  test('its own renames it knows', async () => {
    const ground = await known();
    const { b } = ground;
    await ground.run(b.files.rename('/d/stage', '/d/clearing'));
    expect(await ground.kind(b.files.writeNew('/d/stage/file', 'x', 0o644))).toBe('missing');
    expect(await ground.kind(b.files.writeNew('/d/clearing/file', 'x', 0o644))).toBe('done');
  });

  test.each([
    ['smb', smb],
    ['windows', windows],
    ['local', local],
  ])('%s goes by path', async (_, semantics) => {
    const ground = new Ground(semantics);
    const { a, b } = ground;
    await ground.run(a.files.makeDirectory('/d/stage'));
    await ground.run(b.files.list('/d/stage'));
    await ground.run(a.files.rename('/d/stage', '/d/clearing'));
    expect(await ground.kind(b.files.writeNew('/d/stage/file', 'x', 0o644))).toBe('missing');
  });

  test('through a link too', async () => {
    const ground = new Ground(nfs);
    ground.server.symbolicLink('/way', '/d');
    expect(await ground.text(ground.a, '/way/file')).toBe('old');
    expect(await ground.run(ground.a.files.resolve('/way/file'))).toBe('/d/file');
    expect(await ground.kind(ground.a.files.list('/way/file'))).toBe('wrongKind');
  });
});

describe('what somebody has open', () => {
  /** B begins to read; when it is open, A acts; then both are answered. */
  async function meanwhile(ground: Ground, act: () => Promise<unknown>, by = ground.b) {
    const reading = by.files.read('/d/file').then(
      (bytes) => new TextDecoder().decode(bytes),
      (error: ShareError) => error.kind,
    );
    await ground.wait(LATENCY_MS * 0.1);
    const acting = kindOf(act());
    await ground.wait(LATENCY_MS * 0.7);
    return { reading, acting };
  }

  test('nfs: removed on the same host, it stays under another name until it is closed', async () => {
    const ground = new Ground(nfs);
    const { a, server } = ground;
    const { reading, acting } = await meanwhile(ground, () => a.files.removeFile('/d/file'), a);
    expect(server.list('/d')).toEqual([expect.stringMatching(/^\.nfs[0-9a-f]{24}$/)]);
    expect(await ground.kind(a.files.removeDirectory('/d'))).toBe('done');
    expect([await reading, await acting]).toEqual(['old', 'done']);
  });

  test('nfs: so its directory is not empty', async () => {
    const ground = new Ground(nfs);
    const { a, server } = ground;
    const close = server.open(nodeOf(server, '/d/file'), { kind: 'refused', host: 'A', sharesDelete: true });
    expect(await ground.kind(a.files.removeFile('/d/file'))).toBe('done');
    expect(await ground.kind(a.files.removeDirectory('/d'))).toBe('notEmpty');
    close();
    expect(await ground.kind(a.files.removeDirectory('/d'))).toBe('done');
  });

  test('nfs: so does what is replaced or renamed over', async () => {
    const ground = new Ground(nfs);
    const { a, server } = ground;
    server.writeNew('/d/other', 'x', 0o644);
    const open = () =>
      server.open(nodeOf(server, '/d/file'), { kind: 'refused', host: 'A', sharesDelete: true });
    const first = open();
    await ground.run(a.files.replace('/d/file', 'y', 0o644, { beside: '/d' }));
    const second = open();
    await ground.run(a.files.rename('/d/other', '/d/file'));
    expect(server.list('/d').filter((name) => name.startsWith('.nfs'))).toHaveLength(2);
    first();
    second();
    expect(server.list('/d')).toEqual(['file']);
    expect(server.readText('/d/file')).toBe('x');
  });

  test('nfs: removed on another host, it is gone, and its reader may be told so', async () => {
    const ground = new Ground(nfs);
    const { a, server } = ground;
    const { reading } = await meanwhile(ground, () => a.files.removeFile('/d/file'));
    ground.dice.next = 0.4;
    expect(server.list('/d')).toEqual([]);
    await ground.wait(LATENCY_MS);
    expect(await reading).toBe('stale');
  });

  test('local: its reader reads on', async () => {
    const ground = new Ground(local);
    const { reading } = await meanwhile(ground, () => ground.a.files.removeFile('/d/file'));
    await ground.wait(LATENCY_MS);
    expect(await reading).toBe('old');
  });

  test.each([
    ['smb', smb],
    ['windows', windows],
  ])('%s: removed, its name stays until it is closed, and whoever comes is refused', async (_, semantics) => {
    const ground = new Ground(semantics);
    const { a, b, server } = ground;
    const close = server.open(nodeOf(server, '/d/file'), { kind: 'refused', host: 'C', sharesDelete: true });
    expect(await ground.kind(a.files.removeFile('/d/file'))).toBe('done');
    expect(await ground.run(b.files.list('/d'))).toEqual(['file']);
    for (const act of [b.files.read, b.files.stat, b.files.removeFile])
      expect(await ground.kind(act('/d/file'))).toBe('refused');
    expect(await ground.kind(b.files.writeNew('/d/file', 'x', 0o644))).toBe('refused');
    expect(await ground.kind(b.files.replace('/d/file', 'x', 0o644, { beside: '/d' }))).toBe('refused');
    expect(await ground.kind(b.files.rename('/d/file', '/d/other'))).toBe('refused');
    server.writeNew('/other', 'x', 0o644);
    expect(await ground.kind(b.files.rename('/other', '/d/file'))).toBe('refused');
    expect(await ground.kind(b.files.removeDirectory('/d'))).toBe('notEmpty');
    close();
    expect(await ground.kind(b.files.removeDirectory('/d'))).toBe('done');
  });

  test.each([
    ['windows', windows, 'refused', 'refused'],
    ['smb', smb, 'done', 'refused'],
    ['smb with strict rename', { ...smb, openStops: 'anybody' } as Semantics, 'refused', 'refused'],
    ['nfs', nfs, 'done', 'done'],
  ])(
    '%s: a directory with an open file in it is renamed by others or not',
    async (_, semantics, other, same) => {
      for (const [host, expected] of [
        ['B', other],
        ['A', same],
      ] as const) {
        const { server, a, ...ground } = parts(new Ground(semantics));
        server.open(nodeOf(server, '/d/file'), { kind: 'refused', host, sharesDelete: true });
        expect(await ground.kind(a.files.rename('/d', '/elsewhere'))).toBe(expected);
      }
    },
  );

  test('windows: no file is renamed over an open one, nor an open one', async () => {
    const ground = new Ground(windows);
    const { a, server } = ground;
    server.open(nodeOf(server, '/d/file'), { kind: 'refused', host: 'B', sharesDelete: true });
    server.writeNew('/d/other', 'x', 0o644);
    expect(await ground.kind(a.files.rename('/d/other', '/d/file'))).toBe('refused');
    expect(await ground.kind(a.files.rename('/d/file', '/d/more'))).toBe('refused');
    expect(await ground.kind(a.files.replace('/d/file', 'x', 0o644, { beside: '/d' }))).toBe('refused');
  });

  test.each([
    ['smb', smb],
    ['windows', windows],
  ])('%s: a scanner keeps what was just written', async (_, semantics) => {
    const ground = new Ground({ ...semantics, scanner: { chance: 1, forMs: 5000 } });
    const { a, dice } = ground;
    await ground.run(a.files.makeDirectory('/d/stage'));
    await ground.run(a.files.writeNew('/d/stage/file', 'x', 0o644));
    expect(await ground.kind(a.files.rename('/d/stage', '/d/1'))).toBe('busy');
    expect(await ground.kind(a.files.removeFile('/d/stage/file'))).toBe('busy');
    await ground.wait(5000 * dice.next);
    expect(await ground.kind(a.files.rename('/d/stage', '/d/1'))).toBe('done');
  });

  test('a file is open from its creation to the end of the operation', async () => {
    const ground = new Ground(windows);
    const { a, b } = ground;
    const writing = kindOf(a.files.writeNew('/d/new', 'x', 0o644));
    await ground.wait(LATENCY_MS * 0.2);
    expect(await ground.kind(b.files.rename('/d/new', '/d/other'))).toBe('refused');
    expect(await writing).toBe('done'); // the rename took longer
    expect(await ground.kind(b.files.rename('/d/new', '/d/other'))).toBe('done');
  });
});

describe('smb: replacing what was read just now', () => {
  async function read(next: number, semantics = smb) {
    const ground = new Ground(semantics);
    await ground.run(ground.b.files.read('/d/file'));
    ground.dice.next = next;
    const kind = await ground.kind(ground.a.files.replace('/d/file', 'new', 0o644, { beside: '/d' }));
    return { kind, left: ground.server.paths('/d'), ground };
  }

  test('is done', async () => {
    expect(await read(0.5)).toMatchObject({ kind: 'done', left: ['/d/file'] });
  });

  test('or refused', async () => {
    const semantics = { ...smb, replaceRefused: 1 };
    expect(await read(0.5, semantics)).toMatchObject({ kind: 'refused', left: ['/d/file'] });
  });

  test('or refused and the old file is gone', async () => {
    expect(await read(0.1)).toMatchObject({ kind: 'refused', left: [] });
  });

  test('or for a moment nothing is there', async () => {
    const ground = new Ground({ ...smb, replaceUnlinks: 1 });
    await ground.run(ground.b.files.read('/d/file'));
    const replacing = kindOf(ground.a.files.replace('/d/file', 'new', 0o644, { beside: '/d' }));
    await ground.wait(LATENCY_MS * 0.7);
    expect(ground.server.list('/d')).toEqual([expect.stringMatching(/^file\.show-[0-9a-f]{32}$/)]);
    expect(await ground.run(replacing)).toBe('done');
    expect(ground.server.readText('/d/file')).toBe('new');
    expect(ground.server.list('/d')).toEqual(['file']);
  });

  test('or refused, and the old file is gone when its reader closes it', async () => {
    const ground = new Ground({ ...smb, replaceUnlinks: 1 });
    const { a, server } = ground;
    const close = server.open(nodeOf(server, '/d/file'), { kind: 'refused', host: 'B', sharesDelete: true });
    expect(await ground.kind(a.files.replace('/d/file', 'new', 0o644, { beside: '/d' }))).toBe('refused');
    expect(server.list('/d')).toEqual(['file']);
    close();
    expect(server.list('/d')).toEqual([]);
  });

  test('what nobody reads is replaced', async () => {
    const ground = new Ground({ ...smb, replaceRefused: 1, replaceUnlinks: 1 });
    await ground.run(ground.b.files.read('/d/file'));
    await ground.wait(1000);
    expect(await ground.kind(ground.a.files.replace('/d/file', 'new', 0o644, { beside: '/d' }))).toBe('done');
  });
});

test('nfs: a reader who meets a replace is told that nothing is there, and believes it', async () => {
  const ground = new Ground({ ...nfs, blindAfterReplace: { chance: 0.5, forMs: 50 } });
  const { a, b, dice } = ground;
  await ground.run(a.files.replace('/d/file', 'new', 0o644, { beside: '/d' }));
  dice.next = 0.4;
  expect(await ground.kind(b.files.read('/d/file'))).toBe('missing');
  expect(await ground.kind(a.files.read('/d/file'))).toBe('done');
  await ground.wait(20_000);
  expect(await ground.kind(b.files.read('/d/file'))).toBe('missing');
  await ground.wait(5000);
  expect(await ground.text(b, '/d/file')).toBe('new');
});

describe('directories onto each other', () => {
  test.each([
    ['local', local, 'done', 'notEmpty'],
    ['nfs', nfs, 'done', 'notEmpty'],
    ['smb', smb, 'done', 'notEmpty'],
    ['windows', windows, 'refused', 'refused'],
  ])('%s', async (_, semantics, empty, full) => {
    const ground = new Ground(semantics);
    const { a, server } = ground;
    for (const path of ['/one', '/two', '/three']) server.makeDirectory(path);
    expect(await ground.kind(a.files.rename('/one', '/d'))).toBe(full);
    expect(await ground.kind(a.files.rename('/two', '/three'))).toBe(empty);
    expect(server.isThere('/two')).toBe(empty === 'refused');
  });
});

describe('names', () => {
  test.each([
    ['smb', smb],
    ['windows', windows],
  ])('%s: one whatever the case, listed as made', async (_, semantics) => {
    const ground = new Ground(semantics);
    const { a, server } = ground;
    await ground.run(a.files.writeNew('/d/Other', 'x', 0o644));
    expect(await ground.text(a, '/D/OTHER')).toBe('x');
    expect(await ground.kind(a.files.makeDirectory('/d/other'))).toBe('exists');
    expect(server.list('/d')).toEqual(['file', 'Other']);
    await ground.run(a.files.rename('/d/oTHER', '/d/another'));
    expect(server.list('/d')).toEqual(['file', 'another']);
    await ground.run(a.files.makeDirectory('/d/New'));
    await ground.run(a.files.removeDirectory('/d/new'));
    await ground.run(a.files.makeDirectory('/d/new'));
    expect(server.list('/d')).toEqual(['file', 'another', 'new']);
  });

  test('nfs: another case, another name', async () => {
    const ground = new Ground(nfs);
    expect(await ground.kind(ground.a.files.read('/d/FILE'))).toBe('missing');
  });
});

describe('stamps', () => {
  test('as coarse as the server makes them, by the server clock', async () => {
    const ground = new Ground({ ...nfs, stampGrainMs: 1000 });
    ground.server.wallOffsetMs = 3_600_123;
    await ground.wait(777);
    await ground.run(ground.a.files.makeDirectory('/d/new'));
    const { modifiedMs } = await ground.run(ground.a.files.stat('/d/new'));
    expect(modifiedMs % 1000).toBe(0);
    expect(Math.abs(modifiedMs - ground.server.nowMs)).toBeLessThan(2000);
  });

  test('smb: a file bears the time of the host that wrote it', async () => {
    const server = new SimServer(new Timeline(), { semantics: smb });
    const random = seededDice(1);
    const client = new SimClient({ server, semantics: smb, random, name: 'A', wallMs: () => 12_345 });
    await client.files.writeNew('/file', 'x', 0o644);
    expect((await client.files.stat('/file')).modifiedMs).toBe(12_345);
  });
});

const parts = (ground: Ground) => ({
  server: ground.server,
  a: ground.a,
  kind: (promise: Promise<unknown>) => ground.kind(promise),
});

function nodeOf(server: SimServer, path: string) {
  const slash = path.lastIndexOf('/');
  const node = server.child(server.findDirectory(path.slice(0, slash), 'open'), path.slice(slash + 1));
  if (node === undefined) throw new Error(`nothing at ${path}`);
  return node;
}

interface Place {
  readonly files: ShareFiles;
  readonly root: string;
  readonly link: () => Promise<void>;
}

/** Whatever comes, on a few names, with links among them: what each operation answers. */
async function answersOf({ files, root, link }: Place, random: Random): Promise<unknown[]> {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.fraction() * list.length)] as T;
  const names = ['a', 'b', 'c', 'link'];
  const path = () => [root, ...Array.from({ length: pick([1, 2, 2, 3]) }, () => pick(names))].join('/');
  await link();
  const operations = [
    async () => (await files.list(path())).sort(),
    async () => new TextDecoder().decode(await files.read(path())),
    () => files.writeNew(path(), pick(['', 'x', 'zweit€']), pick([0o644, 0o600])),
    () => isDone(files.replace(path(), pick(['y', 'yy']), 0o664, { beside: path() })),
    () => files.makeDirectory(path()),
    () => files.makeDirectory(path()),
    () => files.setMode(path(), 0o2775),
    async () => tellsOf(await files.stat(path())),
    () => isDone(files.rename(path(), path())),
    () => isDone(files.rename(path(), path())),
    () => files.removeFile(path()),
    () => files.removeDirectory(path()),
    async () => (await files.resolve(path())).slice(root.length),
    async () => (await files.volume(path())).freeBytes > 0,
  ];
  const answers: unknown[] = [];
  for (let n = 0; n < 500; n++)
    answers.push(
      await pick(operations)().catch((error: unknown) => (error instanceof ShareError ? error.kind : error)),
    );
  return answers;
}

/** Of two paths both can be wrong, and it is not settled which is told. */
const isDone = async (change: Promise<unknown>): Promise<boolean> => (await kindOf(change)) === 'done';

/** What does not depend on the disk, nor on the umask. */
const tellsOf = ({ kind, bytes, links, mode }: FileStat) =>
  kind === 'file' ? { kind, bytes, links, mode } : kind;
