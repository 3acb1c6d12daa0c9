import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { systemClock } from '../../src/share/clock.js';
import { diskFiles } from '../../src/share/disk.js';
import { documentIn, inFolder, numberName, type Place, placeOf } from '../../src/share/layout.js';
import { systemDice } from '../../src/share/random.js';
import type { StoreContext } from '../../src/store/context.js';
import { FolderRegister } from '../../src/store/folder-register.js';
import { HandClock, HostTime, Timeline } from '../helpers/clock.js';
import { seededDice } from '../helpers/dice.js';
import { clientOf, MemoryServer } from '../helpers/memory-share.js';
import { noteKind, type RegisterGround, registerSuite } from './register-suite.js';

/** One suite over the register in a folder, on a disk and on the memory share. */

const options = { cachesMs: 0, busyMs: 10_000, stealMs: 10_000 };
const MINUTE_MS = 60_000;
let pids = 1;
const open = (context: Omit<StoreContext, 'owner'>) =>
  new FolderRegister({ ...context, owner: { machine: 'abcdef01', pid: pids++ } }, noteKind, options);
const documentOf = (place: Place, number: number) => documentIn(inFolder(place, numberName(number)));

function memoryGround(): RegisterGround {
  const timeline = new Timeline();
  const server = new MemoryServer(timeline);
  const place = placeOf('/share/licence.json', 0o775, 0o664);
  for (const directory of [place.around, place.folder]) server.makeDirectory(directory);
  server.writeNew(place.face, 'x', 0o664);
  const clock = new HandClock(new HostTime(timeline));
  return {
    open: () => open({ place, files: clientOf(server).files, clock, dice: seededDice(pids) }),
    plant: async (number, text) => {
      server.makeDirectory(inFolder(place, numberName(number)));
      server.writeNew(documentOf(place, number), text, 0o664);
    },
    run: (act) => timeline.run(act()),
    limits: () => ({ untilMs: clock.elapsedMs() + MINUTE_MS }),
  };
}

async function diskGround(root: string): Promise<RegisterGround> {
  const place = placeOf(`${root}/licence.json`, 0o775, 0o664);
  await mkdir(place.folder);
  await writeFile(place.face, 'x');
  return {
    open: () => open({ place, files: diskFiles, clock: systemClock, dice: systemDice }),
    plant: async (number, text) => {
      await mkdir(inFolder(place, numberName(number)));
      await writeFile(documentOf(place, number), text);
    },
    run: (act) => act(),
    limits: () => ({ untilMs: systemClock.elapsedMs() + MINUTE_MS }),
  };
}

describe('in memory', () => {
  registerSuite(memoryGround, (name, act) => test(name, act));
});

describe('on a disk', () => {
  let root = '';
  let ground: RegisterGround;
  beforeEach(async () => {
    root = await diskFiles.resolve(await mkdtemp(`${tmpdir()}/seatfile-`));
    ground = await diskGround(root);
  });
  afterEach(() => rm(root, { recursive: true }));
  registerSuite(
    () => ground,
    (name, act) => test(name, act),
  );
});
