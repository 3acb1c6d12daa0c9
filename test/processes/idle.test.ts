import { expect, test } from 'vitest';
import { freshPlace, seatfile } from '../cli/seatfile.js';
import { start } from './children.js';

const place = freshPlace();

// chokidar can spin on a wrong option or a missing file: the bound is far above what idling costs (about 0.1 %), and
// far below what one such loop does.
test('a holder that only holds uses next to no processor', async () => {
  await seatfile(['init', place.file, '--module', 'M1=2']);
  const holder = start(new URL('idle-worker.mjs', import.meta.url), {
    file: place.file,
    settleMs: 2500,
    measureMs: 5000,
  });
  const found = JSON.parse((await holder.heard('idle ')).slice('idle '.length)) as {
    valid: boolean;
    percent: number;
  };
  console.log(`idle holder: ${found.percent.toFixed(2)} % of one processor`);
  expect(found).toMatchObject({ kind: 'seated', valid: true });
  expect(found.percent).toBeLessThan(5);
  expect((await holder.ended).status).toBe(0);
});
