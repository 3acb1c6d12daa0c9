import { expect, test } from 'vitest';
import { removeTree } from '../../src/share/emptying.js';
import { Timeline } from '../../src/testing/timeline.js';
import { clientOf } from '../helpers/memory-share.js';
import { SimServer } from './simulated/server.js';

function filled(count: number) {
  const server = new SimServer(new Timeline());
  server.makeDirectory('/stage');
  for (let n = 0; n < count; n++) server.writeNew(`/stage/${n}`, 'x', 0o644);
  return { server, files: clientOf(server).files };
}

test('a directory that was filled is emptied a part at a time: no caller waits for all of it', async () => {
  const { server, files } = filled(600);
  await removeTree('/stage', files);
  expect(server.list('/stage')).toHaveLength(600 - 256);
  await removeTree('/stage', files);
  await removeTree('/stage', files);
  expect(server.isThere('/stage')).toBe(false);
});

test('nothing is entered more than six levels deep, and what is mounted there is left alone', async () => {
  const { server, files } = filled(1);
  const deep = '/stage/a/b/c/d/e/f/g';
  for (let at = '/stage', names = deep.split('/').slice(2); names.length > 0; ) {
    at = `${at}/${names.shift()}`;
    server.makeDirectory(at);
  }
  await expect(removeTree('/stage', files)).rejects.toMatchObject({ kind: 'wrongKind' });
  expect(server.isThere(deep)).toBe(true);
  const mounted = { ...files, stat: async (path: string) => ({ ...(await files.stat(path)), device: path }) };
  await expect(removeTree('/stage/a', mounted)).rejects.toMatchObject({ kind: 'wrongKind' });
  expect(server.isThere('/stage/a/b')).toBe(true);
});
