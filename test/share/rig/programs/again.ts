/** Puts its own process id in the place of another's in all records of a table, and lives until its stdin is closed. */
import { openStore } from '../../../../src/client/open-store.js';
import { realSystem } from '../../../../src/client/system.js';
import { awake } from '../../../../src/share/clock.js';
import { sayNow } from './said.js';

const { file } = JSON.parse(process.argv[2] ?? '') as { file: string };
const { store } = await openStore(file, realSystem());
await awake(() =>
  store.commit(
    ({ licence }) => {
      const instances = licence.instances.map((one) => ({ ...one, pid: process.pid }));
      return { answer: null, draft: { licence: { ...licence, instances }, events: [] } };
    },
    { untilMs: performance.now() + 30_000 },
  ),
);
sayNow('planted');
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
