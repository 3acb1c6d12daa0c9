/**
 * The file operations of a commit without seatfile around them: the fewest that the protocol needs, steps 0 to 8 of
 * src/store/README.md, by the port that follows no link. Of one process. No seat is taken.
 */
import { mkdir } from 'node:fs/promises';
import nodePath from 'node:path';
import { diskFiles } from '../../../src/share/disk.js';
import type { ShareFiles } from '../../../src/share/files.js';
import type { OpenOptions, Session } from './contender.js';
import { Meter, metered } from './meter.js';

/** About the size of a licence with one user. */
const TEXT = JSON.stringify({ text: 'x'.repeat(1500) });
const MODE = 0o664;

export async function prepare(directory: string): Promise<string> {
  const folder = nodePath.join(directory, 'licence.json.revisions');
  await mkdir(folder);
  return folder;
}

export async function open(folder: string, { delayMs }: OpenOptions): Promise<Session> {
  const meter = new Meter(delayMs);
  const files = metered(diskFiles, meter);
  let number = 0;
  const commit = () => commitBare(files, folder, ++number);
  return {
    acquire: () => commit().then(() => 'seated'),
    release: commit,
    traffic: () => meter.traffic,
    isSeated: () => true,
  };
}

async function commitBare(files: ShareFiles, folder: string, number: number): Promise<void> {
  const stage = `${folder}/stage-00000000-1-${'0'.repeat(32)}`;
  const lock = `${folder}/lock`;
  await files.makeDirectory(lock);
  await files.makeDirectory(stage);
  await files.stat(stage);
  await files.list(folder);
  await files.writeNew(`${stage}/licence.json`, TEXT, MODE);
  await files.rename(stage, `${folder}/${String(number).padStart(12, '0')}`);
  await files.list(folder);
  await files.removeDirectory(lock);
}
