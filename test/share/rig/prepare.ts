/** What a run needs of this machine, before it begins. */
import nodePath from 'node:path';
import { run } from './shell.js';
import { CACHE, ROOT } from './world.js';

/** Why this machine cannot, or null. */
export async function prepare(part: 'mounts' | 'windows'): Promise<string | null> {
  if (process.platform !== 'linux') return 'the rig needs Linux';
  if (process.getuid?.() !== 0) return 'the rig needs root, for namespaces, mounts and network cards';
  try {
    const script = nodePath.join(ROOT, 'test/share/rig/packages.sh');
    const said = await run('bash', script, part, nodePath.join(ROOT, CACHE));
    if (said) console.log(said);
  } catch (error) {
    return `the packages could not be installed: ${String(error)}`;
  }
  const device = part === 'mounts' ? '/dev/net/tun' : '/dev/loop-control';
  return await run('unshare', '--net', '--mount', '--pid', '--fork', 'test', '-c', device).then(
    () => null,
    (error: Error) => `no namespaces, or no ${device}: ${error.message}`,
  );
}

export function cannot(why: string): number {
  console.log(`THIS MACHINE CANNOT: ${why}. Counted as failed.`);
  return 1;
}
