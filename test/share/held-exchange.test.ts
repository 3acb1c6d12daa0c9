import fs from 'node:fs';
import os from 'node:os';
import nodePath from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from '../../src/client/open-store.js';
import { realSystem } from '../../src/client/system.js';
import type { Licence } from '../../src/licence/document.js';
import { formatLicence } from '../../src/licence/text.js';
import { diskFiles } from '../../src/share/disk.js';
import type { ShareFiles } from '../../src/share/files.js';
import { folderOf, numberName } from '../../src/share/layout.js';
import type { Change } from '../../src/store/commit.js';
import { bareLicence } from '../helpers/table.js';

let root = '';
beforeEach(() => {
  root = fs.realpathSync(fs.mkdtempSync(nodePath.join(os.tmpdir(), 'seatfile-held-')));
});
afterEach(() => {
  fs.rmSync(root, { recursive: true });
});

const adding =
  (word: string): Change<string> =>
  ({ licence }) => {
    const { tally = [] } = licence as Licence & { tally?: readonly string[] };
    return {
      answer: word,
      draft: { licence: { ...licence, tally: [...tally, word] } as Licence, events: [] },
    };
  };
const soon = () => ({ untilMs: performance.now() + 20_000 });

// An administrator puts a copy in the place of the folder (a restored backup), and another process commits in the copy,
// while a commit is between its listing and its rename.
test('a change is not acknowledged where another commit has its number in the folder at the path', async () => {
  const file = nodePath.join(root, 'licence.json');
  const folder = folderOf(file);
  fs.writeFileSync(file, formatLicence(bareLicence(), 'pretty'));
  const { store: other } = await openStore(file, realSystem({}));
  await other.commit(adding('first'), soon());
  let isExchanged = false;
  const files: ShareFiles = {
    ...diskFiles,
    rename: async (from, to) => {
      if (/stage-[^/]*$/.test(from) && !isExchanged) {
        isExchanged = true;
        fs.renameSync(folder, nodePath.join(root, 'older'));
        fs.cpSync(nodePath.join(root, 'older'), folder, { recursive: true });
        fs.rmSync(nodePath.join(folder, 'lock'), { recursive: true, force: true });
        const latest = nodePath.join(folder, numberName(1), 'licence.json');
        const one = JSON.parse(fs.readFileSync(latest, 'utf8'));
        fs.mkdirSync(nodePath.join(folder, numberName(2)));
        const two = { ...one, revision: 2, parent: { revision: 1, commit: one.commit }, commit: 'other' };
        two.tally = ['first', 'other'];
        two.recent = [...one.recent, 'other-change'];
        fs.writeFileSync(nodePath.join(folder, numberName(2), 'licence.json'), JSON.stringify(two));
      }
      await diskFiles.rename(from, to);
    },
  };
  const { store } = await openStore(file, { ...realSystem({}), files });
  await store.commit(adding('mine'), soon());
  const { licence } = await other.read(soon());
  expect(licence).toMatchObject({ tally: expect.arrayContaining(['first', 'other', 'mine']) });
});
