import { watch } from 'chokidar';

/**
 * A hint that `licence.json` moved. It may come late, twice, or never: it shortens a wait, and looking by our own timer
 * is what decides. Polls one stat, because native events do not cross a network share.
 *
 * `onEnd` tells that watching has ended by itself, because the file is gone or the share fails. chokidar would go on to
 * watch the directory above, and the one above that: on a share, a stat of everything in it, every interval.
 */
export type Watching = (
  file: string,
  intervalMs: number,
  onHint: () => void,
  onEnd: () => void,
) => { stop: () => void };

/** The shortest interval between two polls: the caches of SMB and NFS clients make a shorter one useless. */
export const SHORTEST_POLL_MS = 2000;

export const watchFile: Watching = (file, intervalMs, onHint, onEnd) => {
  const watcher = watch(file, {
    usePolling: true,
    interval: Math.round(intervalMs), // a fraction makes fs.watchFile throw, and chokidar spin on the root directory
    persistent: false, // never keeps the application alive
    ignoreInitial: true,
    depth: 0,
    followSymlinks: false,
    ignorePermissionErrors: true,
  });
  const stop = () => void watcher.close().catch(() => undefined);
  const end = () => {
    stop();
    onEnd();
  };
  watcher.on('change', onHint);
  watcher.on('unlink', () => {
    end();
    onHint();
  });
  watcher.on('error', end); // unhandled, it would end the process; our own looks report a failing share
  return { stop };
};
