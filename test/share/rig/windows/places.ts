import { PLACES } from '../link.js';
import { run } from '../shell.js';

/** Where the processes of this computer see the exported directory: both places are it. */
export async function shareOut(): Promise<void> {
  await run('mount', '--bind', PLACES.exported, PLACES.share);
  await run('mount', '--bind', `${PLACES.exported}/team`, PLACES.team);
}
