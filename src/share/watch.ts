import { watch } from 'chokidar';

/**
 * A hint that `licence.json` moved. It may come late, twice, or never: it shortens a wait, and looking by our own timer
 * is what decides. Polls one stat, because native events do not cross a network share.
 */
export type Watching = (file: string, intervalMs: number, onHint: () => void) => { stop: () => void };

/** The shortest interval between two polls: the caches of SMB and NFS clients make a shorter one useless. */
export const SHORTEST_POLL_MS = 2000;

export const watchFile: Watching = (file, intervalMs, onHint) => {
  const watcher = watch(file, {
    usePolling: true,
    interval: intervalMs,
    persistent: false, // never keeps the application alive
    ignoreInitial: true,
    depth: 0,
    followSymlinks: false,
    ignorePermissionErrors: true,
  });
  watcher.on('all', onHint);
  watcher.on('error', () => undefined); // unhandled, it would end the process; our own looks report a failing share
  return { stop: () => void watcher.close().catch(() => undefined) };
};
