import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { systemClock } from '../../src/share/clock.js';
import { diskFiles } from '../../src/share/disk.js';
import { documentIn, inFolder, type LicencePaths, numberName, pathsOf } from '../../src/share/layout.js';
import { systemRandom } from '../../src/share/random.js';
import type { StoreContext } from '../../src/store/context.js';
import { FolderRegister } from '../../src/store/folder-register.js';
import { HandClock, HostTime } from '../../src/testing/host-time.js';
import { Timeline } from '../../src/testing/timeline.js';
import { seededDice } from '../helpers/dice.js';
import { clientOf } from '../helpers/memory-share.js';
import { SimServer } from '../share/simulated/server.js';
import { noteKind, type RegisterGround, registerSuite } from './register-suite.js';

/** One suite over the register in a folder, on a disk and on the memory share. */

const options = { cachesMs: 0, busyMs: 10_000, stealMs: 10_000 };
const MINUTE_MS = 60_000;
let pids = 1;
const open = (context: Omit<StoreContext, 'owner'>) =>
  new FolderRegister({ ...context, owner: { machine: 'abcdef01', pid: pids++ } }, noteKind, options);
const documentOf = (paths: LicencePaths, number: number) => documentIn(inFolder(paths, numberName(number)));

function memoryGround(): RegisterGround {
  const timeline = new Timeline();
  const server = new SimServer(timeline);
  const paths = pathsOf('/share/licence.json', 0o775, 0o664);
  for (const directory of [paths.around, paths.folder]) server.makeDirectory(directory);
  server.writeNew(paths.licenceFile, 'x', 0o664);
  const clock = new HandClock(new HostTime(timeline));
  return {
    open: () => open({ paths, files: clientOf(server).files, clock, random: seededDice(pids) }),
    plant: async (number, text) => {
      server.makeDirectory(inFolder(paths, numberName(number)));
      server.writeNew(documentOf(paths, number), text, 0o664);
    },
    run: (act) => timeline.run(act()),
    deadline: () => ({ untilMs: clock.elapsedMs() + MINUTE_MS }),
  };
}

async function diskGround(root: string): Promise<RegisterGround> {
  const paths = pathsOf(`${root}/licence.json`, 0o775, 0o664);
  await mkdir(paths.folder);
  await writeFile(paths.licenceFile, 'x');
  return {
    open: () => open({ paths, files: diskFiles, clock: systemClock, random: systemRandom }),
    plant: async (number, text) => {
      await mkdir(inFolder(paths, numberName(number)));
      await writeFile(documentOf(paths, number), text);
    },
    run: (act) => act(),
    deadline: () => ({ untilMs: systemClock.elapsedMs() + MINUTE_MS }),
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
