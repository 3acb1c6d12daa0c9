import { describe, expect, test } from 'vitest';
import type { ShareErrorKind, ShareFiles } from '../../../src/share/files.js';
import type { Random } from '../../../src/share/random.js';
import { HandClock, HostTime } from '../../../src/testing/host-time.js';
import { Timeline } from '../../../src/testing/timeline.js';
import { seededDice } from '../../helpers/dice.js';
import { filesOfProcess } from '../../helpers/memory-share.js';
import { type From, SimClient } from './client.js';
import { Ground, kindOf, LATENCY_MS } from './ground.js';
import { local, nfs, type Semantics, smb, windows } from './semantics.js';
import { SimServer, type Way } from './server.js';

/** What befalls requests on their way. The dice fall high unless a test says otherwise: see `Ground`. */
const MINUTE_MS = 60_000;
const HALF_MS = LATENCY_MS / 2;
const kinds = { local, nfs, smb, windows };

/** What was carried out at the server, and what the callers were answered. */
function watched(ground: Ground) {
  const done: [operation: string, host: string, outcome: 'done' | ShareErrorKind, way: Way][] = [];
  const answers: [operation: string, answer: 'done' | ShareErrorKind, from: From][] = [];
  ground.server.onDone = (operation, _, host, outcome, way) => done.push([operation, host, outcome, way]);
  ground.a.onAnswer = (operation, _, answer, from) => answers.push([operation, answer, from]);
  return { done, answers };
}

/** A mishap befalls the next operation only. */
async function once(ground: Ground, rate: keyof typeof ground.a.state, act: () => Promise<unknown>) {
  const { state } = ground.a;
  Object.assign(state, { [rate]: 1 });
  const answer = kindOf(act());
  await ground.wait(HALF_MS);
  Object.assign(state, { [rate]: 0 });
  return { answer };
}

describe('the reply is lost', () => {
  async function lost(
    semantics: Semantics,
    prepare: (server: SimServer) => void,
    act: (files: ShareFiles) => Promise<unknown>,
  ) {
    const ground = new Ground(semantics);
    const { done, answers } = watched(ground);
    prepare(ground.server);
    const asked = await once(ground, 'replyLossRate', () => act(ground.a.files));
    const answer = await ground.run(asked.answer);
    return { answer, paths: ground.server.paths('/'), done, answers, ground };
  }
  const nothing = () => undefined;
  const stage = (server: SimServer) => server.makeDirectory('/stage');

  test('nfs: a rename asked again finds nothing to move, and is done', async () => {
    const { answer, paths, done } = await lost(nfs, stage, (files) => files.rename('/stage', '/d/1'));
    expect([answer, paths]).toEqual(['missing', ['/d', '/d/1', '/d/file']]);
    expect(done).toEqual([
      ['rename', 'A', 'done', 'asked'],
      ['rename', 'A', 'missing', 'again'],
    ]);
  });

  test.each<[string, (server: SimServer) => void, (files: ShareFiles) => Promise<unknown>, string]>([
    ['makeDirectory', nothing, (files) => files.makeDirectory('/new'), 'exists'],
    ['removeDirectory', stage, (files) => files.removeDirectory('/stage'), 'missing'],
    ['removeFile', nothing, (files) => files.removeFile('/d/file'), 'missing'],
    ['replace', nothing, (files) => files.replace('/d/file', 'x', 0o644, { beside: '/d' }), 'missing'],
    ['writeNew', nothing, (files) => files.writeNew('/new', 'x', 0o644), 'done'],
    ['setMode', nothing, (files) => files.setMode('/d/file', 0o600), 'done'],
    ['list', nothing, (files) => files.list('/d'), 'done'],
    ['read', nothing, (files) => files.read('/d/file'), 'done'],
    ['stat', nothing, (files) => files.stat('/d/file'), 'done'],
  ])('nfs: %s asked again', async (_, prepare, act, expected) => {
    expect((await lost(nfs, prepare, act)).answer).toBe(expected);
  });

  test('nfs: the server may remember its answer', async () => {
    const ground = new Ground(nfs);
    const { done, answers } = watched(ground);
    const { answer } = await once(ground, 'replyLossRate', () => ground.a.files.makeDirectory('/new'));
    ground.dice.next = 0.4;
    expect(await ground.run(answer)).toBe('done');
    expect(done).toEqual([['makeDirectory', 'A', 'done', 'asked']]);
    expect(answers).toEqual([['makeDirectory', 'done', 'replyCache']]);
  });

  test('nfs: but not one from before a restart', async () => {
    const ground = new Ground(nfs);
    const { answer } = await once(ground, 'replyLossRate', () => ground.a.files.makeDirectory('/new'));
    ground.server.restart(10);
    ground.dice.next = 0.4;
    expect(await ground.run(answer)).toBe('exists');
  });

  test('nfs: asked again through the handles it was asked through first', async () => {
    const ground = new Ground(nfs);
    const { a, b, server } = ground;
    server.makeDirectory('/d/stage');
    const { answer } = await once(ground, 'replyLossRate', () => a.files.removeFile('/d/stage/file'));
    server.rename('/d/stage', '/clearing');
    await ground.run(b.files.writeNew('/clearing/file', 'x', 0o644));
    expect(await ground.run(answer)).toBe('done');
    expect(server.list('/clearing')).toEqual([]);
  });

  test.each([
    ['smb', smb],
    ['windows', windows],
  ])('%s: nobody knows, and nothing is asked again', async (_, semantics) => {
    const { answer, paths, done, answers } = await lost(semantics, stage, (files) =>
      files.rename('/stage', '/d/1'),
    );
    expect([answer, paths]).toEqual(['unsaid', ['/d', '/d/1', '/d/file']]);
    expect(done).toEqual([['rename', 'A', 'done', 'asked']]);
    expect(answers).toEqual([['rename', 'unsaid', 'lost']]);
  });
});

describe('the request is lost', () => {
  test('nfs: it is asked again, and only slow', async () => {
    const ground = new Ground(nfs);
    const { answer } = await once(ground, 'requestLossRate', () => ground.a.files.makeDirectory('/new'));
    expect(ground.server.isThere('/new')).toBe(false);
    expect(await ground.run(answer)).toBe('done');
    expect(ground.timeline.nowMs).toBeGreaterThan(50_000);
  });

  test('smb: what was remembered of its target is forgotten', async () => {
    const ground = new Ground({ ...smb, givesUpMs: 10 });
    const { answers } = watched(ground);
    await ground.run(ground.a.files.stat('/d/file'));
    const { answer } = await once(ground, 'requestLossRate', () => ground.a.files.setMode('/d/file', 0o600));
    await ground.run(answer);
    await ground.run(ground.a.files.stat('/d/file'));
    expect(answers.map(([operation, , from]) => [operation, from])).toEqual([
      ['stat', 'server'],
      ['setMode', 'lost'],
      ['stat', 'server'],
    ]);
  });

  test('smb: it is not done, and nobody knows', async () => {
    const ground = new Ground(smb);
    const { answer } = await once(ground, 'requestLossRate', () => ground.a.files.makeDirectory('/new'));
    expect(await ground.run(answer)).toBe('unsaid');
    expect(ground.server.isThere('/new')).toBe(false);
  });
});

describe('the network repeats a request', () => {
  async function repeated(act: (files: ShareFiles) => Promise<unknown>, semantics = nfs) {
    const ground = new Ground(semantics);
    ground.server.makeDirectory('/d/stage');
    ground.server.writeNew('/d/stage/file', 'x', 0o644);
    const { done, answers } = watched(ground);
    const { answer } = await once(ground, 'duplicateRate', () => act(ground.a.files));
    expect(await ground.run(answer)).toBe('done');
    return { ground, done, answers };
  }

  test('a rename whose source is gone moves nothing', async () => {
    const { ground, done, answers } = await repeated((files) => files.rename('/d/stage', '/d/1'));
    await ground.wait(3 * MINUTE_MS);
    expect(done).toEqual([
      ['rename', 'A', 'done', 'asked'],
      ['rename', 'A', 'missing', 'duplicate'],
    ]);
    expect(answers).toEqual([['rename', 'done', 'server']]);
    expect(ground.server.list('/d')).toEqual(['file', '1']);
  });

  test('one whose source is there again moves what is not meant', async () => {
    const { ground } = await repeated((files) => files.rename('/d/stage', '/d/1'));
    ground.server.removeTree('/d/1');
    await ground.run(ground.b.files.makeDirectory('/d/stage'));
    await ground.wait(3 * MINUTE_MS);
    expect(ground.server.list('/d')).toEqual(['file', '1']);
  });

  test('a removal hits what was made since', async () => {
    const { ground } = await repeated((files) => files.removeFile('/d/stage/file'));
    ground.server.writeNew('/d/stage/file', 'another', 0o644);
    await ground.wait(3 * MINUTE_MS);
    expect(ground.server.list('/d/stage')).toEqual([]);
  });

  test('of a file that was written only the creation counts, and only if it is gone', async () => {
    const { ground, done } = await repeated((files) => files.writeNew('/d/stage/new', 'x', 0o644));
    ground.server.removeFile('/d/stage/new');
    await ground.wait(3 * MINUTE_MS);
    expect(ground.server.readText('/d/stage/new')).toBe('');
    expect(done.at(-1)).toEqual(['writeNew', 'A', 'done', 'duplicate']);
  });

  test('nfs: into a directory that moved on; into none that is gone', async () => {
    const { ground } = await repeated((files) => files.writeNew('/d/stage/new', 'x', 0o644));
    ground.server.rename('/d/stage', '/clearing');
    ground.server.removeFile('/clearing/new');
    await ground.wait(3 * MINUTE_MS);
    expect(ground.server.list('/clearing')).toEqual(['file', 'new']);
    const { ground: other, done } = await repeated((files) => files.writeNew('/d/stage/new', 'x', 0o644));
    other.server.removeTree('/d/stage');
    other.server.makeDirectory('/d/stage');
    await other.wait(3 * MINUTE_MS);
    expect(done.at(-1)).toEqual(['writeNew', 'A', 'stale', 'duplicate']);
    expect(other.server.list('/d/stage')).toEqual([]);
  });

  test('a question, or a replace, is not repeated', async () => {
    for (const act of [
      (files: ShareFiles) => files.list('/d'),
      (files: ShareFiles) => files.replace('/d/file', 'x', 0o644, { beside: '/d' }),
    ]) {
      const { ground, done } = await repeated(act);
      await ground.wait(3 * MINUTE_MS);
      expect(done).toHaveLength(1);
    }
  });
});

describe('a request is late', () => {
  async function late(act: (files: ShareFiles) => Promise<unknown>, next = 0.9, semantics = smb) {
    const ground = new Ground(semantics);
    ground.dice.next = next;
    ground.server.makeDirectory('/stage');
    const { done } = watched(ground);
    const { answer } = await once(ground, 'lateRate', () => act(ground.a.files));
    expect(await ground.run(answer)).toBe('unsaid');
    const before = ground.server.paths('/');
    await ground.wait(3 * MINUTE_MS);
    return { ground, done, before, after: ground.server.paths('/') };
  }

  test.each(Object.entries(kinds))(
    '%s: the caller gives it up, and it is carried out',
    async (_, semantics) => {
      const { done, before, after } = await late((files) => files.rename('/stage', '/d/1'), 0.9, semantics);
      expect(done).toEqual([['rename', 'A', 'done', 'late']]);
      expect([before, after]).toEqual([
        ['/d', '/d/file', '/stage'],
        ['/d', '/d/1', '/d/file'],
      ]);
    },
  );

  test('of a new file only the creation comes', async () => {
    const { ground, before } = await late((files) => files.writeNew('/stage/new', 'text', 0o644));
    expect(before).not.toContain('/stage/new');
    expect(ground.server.readText('/stage/new')).toBe('');
  });

  test('or it was created, and its text comes', async () => {
    const { ground, before } = await late((files) => files.writeNew('/stage/new', 'text', 0o644), 0.4);
    expect(before).toContain('/stage/new');
    expect(ground.server.readText('/stage/new')).toBe('text');
  });

  test('of a replace the temporary file was made, and the rename comes', async () => {
    const { ground, before, after } = await late(
      (files) => files.replace('/d/file', 'new', 0o644, { beside: '/d' }),
      0.4,
    );
    expect(before).toContainEqual(expect.stringMatching(/^\/d\/file\.show-[0-9a-f]{32}$/));
    expect(after).toEqual(['/d', '/d/file', '/stage']);
    expect(ground.server.readText('/d/file')).toBe('new');
  });

  test('nfs: it goes by the handles it was asked through', async () => {
    const ground = new Ground(nfs);
    const { a, server } = ground;
    server.makeDirectory('/d/stage');
    server.writeNew('/d/stage/file', 'x', 0o644);
    const { answer } = await once(ground, 'lateRate', () => a.files.removeFile('/d/stage/file'));
    server.rename('/d/stage', '/clearing');
    expect(await ground.run(answer)).toBe('unsaid');
    await ground.wait(3 * MINUTE_MS);
    expect(server.list('/clearing')).toEqual([]);
  });

  test('a question comes to nothing', async () => {
    expect((await late((files) => files.list('/d'))).done).toEqual([]);
  });

  test('a server that is down then does not hear it', async () => {
    const ground = new Ground(smb);
    const { answer } = await once(ground, 'lateRate', () => ground.a.files.makeDirectory('/new'));
    ground.server.restart(10 * MINUTE_MS);
    await ground.wait(10 * MINUTE_MS);
    expect(await answer).toBe('unsaid');
    expect(ground.server.isThere('/new')).toBe(false);
  });
});

describe('a full share', () => {
  async function full(act: (files: ShareFiles) => Promise<unknown>) {
    const ground = new Ground(smb, { unwritable: 'full', shortWriteRate: 1 });
    ground.dice.next = 0.6;
    expect(await ground.kind(act(ground.a.files))).toBe('full');
    return ground.server;
  }

  test('leaves a part of a new file', async () => {
    const server = await full((files) => files.writeNew('/d/new', '0123456789', 0o644));
    expect(server.readText('/d/new')).toBe('012345');
  });

  test('leaves the target of a replace alone, and a part beside it', async () => {
    const server = await full((files) => files.replace('/d/file', '0123456789', 0o644, { beside: '/d' }));
    expect(server.list('/d')).toEqual(['file', expect.stringMatching(/^file\.show-[0-9a-f]{32}$/)]);
    expect(server.readText(`/d/${server.list('/d')[1]}`)).toBe('012345');
    expect(server.readText('/d/file')).toBe('old');
  });

  test('can still be read and cleared; a read-only one not cleared', async () => {
    const ground = new Ground(nfs, { unwritable: 'full' });
    expect(await ground.kind(ground.a.files.makeDirectory('/new'))).toBe('full');
    expect(await ground.kind(ground.a.files.removeFile('/d/file'))).toBe('done');
    ground.a.state.unwritable = 'readOnly';
    expect(await ground.kind(ground.a.files.removeDirectory('/d'))).toBe('readOnly');
    expect(await ground.run(ground.a.files.list('/d'))).toEqual([]);
    expect(await ground.kind(ground.b.files.removeDirectory('/d'))).toBe('done');
  });
});

describe('the server is restarted', () => {
  async function restarted(semantics: Semantics, next: number, afterMs: number) {
    const ground = new Ground(semantics);
    const answer = kindOf(ground.a.files.makeDirectory('/new'));
    await ground.wait(afterMs);
    ground.dice.next = next;
    ground.server.restart(MINUTE_MS);
    const isDone = ground.server.isThere('/new');
    ground.dice.next = 0.9;
    return { answer: await ground.run(answer), isDone, ground };
  }

  test.each([
    ['nfs, carried out before', nfs, 0.4, 1, { answer: 'exists', isDone: true }],
    ['nfs, not carried out', nfs, 0.6, 1, { answer: 'done', isDone: false }],
    ['nfs, the reply lost', nfs, 0.6, 7, { answer: 'exists', isDone: true }],
    ['smb, carried out before', smb, 0.4, 1, { answer: 'unsaid', isDone: true }],
    ['smb, not carried out', smb, 0.6, 1, { answer: 'unsaid', isDone: false }],
    ['windows, the reply lost', windows, 0.6, 7, { answer: 'unsaid', isDone: true }],
  ])('%s', async (_, semantics, next, afterMs, expected) => {
    expect(await restarted(semantics, next, afterMs)).toMatchObject(expected);
  });

  test('nfs: what is asked meanwhile hangs, and is done after', async () => {
    const ground = new Ground(nfs);
    ground.server.restart(MINUTE_MS);
    expect(await ground.kind(ground.a.files.makeDirectory('/new'))).toBe('done');
    expect(ground.timeline.nowMs).toBeGreaterThan(MINUTE_MS);
  });

  test('smb: what is asked meanwhile fails', async () => {
    const ground = new Ground(smb);
    ground.server.restart(MINUTE_MS);
    expect(await ground.kind(ground.a.files.makeDirectory('/new'))).toBe('unsaid');
    await ground.wait(MINUTE_MS);
    expect(ground.server.isThere('/new')).toBe(false);
    expect(await ground.kind(ground.a.files.makeDirectory('/new'))).toBe('done');
  });

  test('caches survive it', async () => {
    const ground = new Ground(nfs);
    const before = await ground.run(ground.a.files.stat('/d/file'));
    ground.server.restart(MINUTE_MS);
    expect(await ground.run(ground.a.files.stat('/d/file'))).toBe(before);
    expect(ground.timeline.nowMs).toBeLessThan(100);
  });

  test('windows: what was open is not any more', async () => {
    const ground = new Ground(windows);
    const reading = kindOf(ground.b.files.read('/d/file'));
    await ground.wait(HALF_MS + 1);
    ground.server.restart(1);
    await ground.wait(1);
    expect(await ground.kind(ground.a.files.rename('/d', '/elsewhere'))).toBe('done');
    expect(await ground.run(reading)).toBe('unsaid');
  });

  test('a replace between its two halves may end with nothing there', async () => {
    const ground = new Ground({ ...smb, replaceUnlinks: 1 });
    await ground.run(ground.b.files.read('/d/file'));
    const answer = kindOf(ground.a.files.replace('/d/file', 'new', 0o644, { beside: '/d' }));
    await ground.wait(HALF_MS + 1);
    ground.dice.next = 0.4;
    ground.server.restart(100);
    expect(await ground.run(answer)).toBe('unsaid');
    expect(ground.server.list('/d')).toEqual([expect.stringMatching(/^file\.show-[0-9a-f]{32}$/)]);
  });
});

describe('a host is cut off', () => {
  test.each(Object.entries(kinds))(
    '%s: what it asks hangs until that is mended, then is done',
    async (_, semantics) => {
      const ground = new Ground(semantics);
      const { a, b, server } = ground;
      a.state.cut = 'hangs';
      const answer = kindOf(a.files.makeDirectory('/new'));
      await ground.wait(MINUTE_MS);
      expect(server.isThere('/new')).toBe(false);
      expect(await ground.kind(b.files.stat('/d'))).toBe('done');
      a.mend();
      expect(await ground.run(answer)).toBe('done');
    },
  );

  test('or fails as it is told to', async () => {
    const ground = new Ground(smb);
    ground.a.state.cut = 'missing';
    expect(await ground.kind(ground.a.files.list('/d'))).toBe('missing');
    expect(ground.timeline.nowMs).toBe(0);
  });

  test.each([
    ['nfs, carried out just before', nfs, 0.4, 'exists', true],
    ['nfs, not carried out', nfs, 0.6, 'done', false],
    ['smb, carried out just before', smb, 0.4, 'unsaid', true],
    ['smb, not carried out', smb, 0.6, 'unsaid', false],
  ])('what was on its way hangs too: %s', async (_, semantics, next, expected, isDone) => {
    const ground = new Ground(semantics);
    const answer = kindOf(ground.a.files.makeDirectory('/new'));
    await ground.wait(1);
    ground.a.state.cut = 'hangs';
    ground.dice.next = next;
    await ground.wait(MINUTE_MS);
    expect(ground.server.isThere('/new')).toBe(isDone);
    ground.dice.next = 0.9;
    ground.a.mend();
    expect(await ground.run(answer)).toBe(expected);
  });

  test('nfs: what is asked again while it is cut off does not arrive', async () => {
    const ground = new Ground(nfs);
    const { a, dice, server } = ground;
    const { answer } = await once(ground, 'requestLossRate', () => a.files.makeDirectory('/new'));
    a.state.cut = 'hangs';
    dice.next = 0.1;
    await ground.wait(2 * MINUTE_MS);
    expect(server.isThere('/new')).toBe(false);
    a.mend();
    expect(await ground.run(answer)).toBe('done');
  });

  test('its connection may live through it', async () => {
    const ground = new Ground(smb);
    const answer = kindOf(ground.a.files.makeDirectory('/new'));
    await ground.wait(HALF_MS + 1);
    ground.a.state.cut = 'hangs';
    await ground.wait(MINUTE_MS);
    ground.dice.next = 0.4;
    ground.a.mend();
    expect(await ground.run(answer)).toBe('done');
  });
});

describe('a process is killed', () => {
  async function killed(next: number, tornWriteRate = 0) {
    const ground = new Ground(smb, { tornWriteRate });
    const clock = new HandClock(new HostTime(ground.timeline));
    const files = filesOfProcess(ground.a, clock, ground.dice);
    let isAnswered = false;
    void kindOf(files.writeNew('/d/new', '0123456789', 0o644)).then(() => {
      isAnswered = true;
    });
    await ground.wait(1);
    clock.gate.shut('ever');
    ground.dice.next = next;
    await ground.wait(MINUTE_MS);
    expect(isAnswered).toBe(false);
    return ground.server;
  }

  test('what it asked is carried out or not, and nobody is told', async () => {
    expect((await killed(0.4)).isThere('/d/new')).toBe(false);
    expect((await killed(0.6)).isThere('/d/new')).toBe(true);
  });

  test('or a part of it', async () => {
    expect((await killed(0.4, 1)).readText('/d/new')).toBe('0123');
  });
});

describe('everything at once', () => {
  const rates = {
    replyLossRate: 0.05,
    requestLossRate: 0.05,
    duplicateRate: 0.05,
    lateRate: 0.05,
    shortWriteRate: 0.5,
  };

  /** Three hosts do whatever comes for some minutes, on a share that restarts, fills up and cuts them off. */
  async function story(semantics: Semantics, seed: string) {
    const timeline = new Timeline();
    const server = new SimServer(timeline, { semantics });
    const trace: string[] = [];
    server.onDone = (...all) => trace.push(JSON.stringify([timeline.nowMs, ...all]));
    const random = seededDice(seed);
    const clients = ['A', 'B', 'C'].map((name) => {
      const state = { ...rates, latencyMs: () => 1 + 20 * random.fraction() };
      const client = new SimClient({ server, semantics, random, name, state });
      client.onAnswer = (...all) => trace.push(JSON.stringify([timeline.nowMs, name, ...all]));
      return client;
    });
    const lives = Promise.all(
      clients.flatMap((client) => [busy(client.files, random), busy(client.files, random)]),
    );
    for (const client of clients) {
      await timeline.advance(20_000);
      client.state.cut = 'hangs';
      client.state.unwritable = random.fraction() < 0.5 ? 'full' : null;
      await timeline.advance(20_000);
      client.mend();
      client.state.unwritable = null;
      server.restart(5000);
    }
    await timeline.run(lives);
    expect(server.onItsWay.size).toBe(0);
    return { trace, paths: server.paths('/') };
  }

  async function busy(files: ShareFiles, random: Random): Promise<void> {
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random.fraction() * list.length)] as T;
    const path = () => `/${Array.from({ length: pick([1, 2, 2]) }, () => pick(['a', 'b', 'c'])).join('/')}`;
    for (let n = 0; n < 150; n++) {
      const act = pick([
        () => files.list(path()),
        () => files.read(path()),
        () => files.stat(path()),
        () => files.resolve(path()),
        () => files.volume(path()),
        () => files.writeNew(path(), 'x'.repeat(100), 0o644),
        () => files.replace(path(), 'y'.repeat(100), 0o644, { beside: path() }),
        () => files.makeDirectory(path()),
        () => files.setMode(path(), 0o755),
        () => files.rename(path(), path()),
        () => files.removeFile(path()),
        () => files.removeDirectory(path()),
      ]);
      await kindOf(act());
    }
  }

  test.each(Object.entries(kinds))(
    '%s: everybody is answered, and the same dice fall the same',
    async (name, semantics) => {
      const first = await story(semantics, name);
      expect(first.trace.length).toBeGreaterThan(900);
      expect(await story(semantics, name)).toEqual(first);
      expect((await story(semantics, `${name}, another`)).trace).not.toEqual(first.trace);
    },
  );
});
