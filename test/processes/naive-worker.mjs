/** The ordinary way: lock with the package's defaults, read, add one, write whole, unlock. */
import { readFileSync } from 'node:fs';
import lockfile from 'proper-lockfile';
import writeFileAtomic from 'write-file-atomic';

const { file, increments } = JSON.parse(process.argv[2]);
let acknowledged = 0;
process.stdout.write('ready\n');
process.stdin.once('data', async () => {
  for (let n = 0; n < increments; n++) {
    const unlock = await lockfile.lock(file, { retries: { retries: 1000, minTimeout: 5, maxTimeout: 50 } });
    const { count } = JSON.parse(readFileSync(file, 'utf8'));
    await writeFileAtomic(file, JSON.stringify({ count: count + 1 }));
    acknowledged++;
    await unlock().catch(() => undefined); // another process may have taken the lock from us, and released it
  }
  process.stdout.write(`${acknowledged}\n`);
  process.exit(0);
});
