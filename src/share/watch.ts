/**
 * A hint that `licence.json` moved. It may come late, twice, or never: it shortens a wait, and polling by our own timer
 * is what decides. Polls one stat, because native events do not cross a network share.
 *
 * `onEnd` tells that watching has ended by itself, because the file is gone or the share fails. chokidar would go on to
 * watch the directory above, and the one above that: on a share, a stat of everything in it, every interval.
 */
export type WatchFile = (
  file: string,
  intervalMs: number,
  onHint: () => void,
  onEnd: () => void,
) => { stop: () => void };

/** The shortest interval between two polls: the caches of SMB and NFS clients make a shorter one useless. */
export const SHORTEST_POLL_MS = 2000;

export const watchFile: WatchFile = (file, intervalMs, onHint, onEnd) => {
  let isStopped = false;
  let close = () => {};
  const stop = () => {
    isStopped = true;
    close();
  };
  const end = () => {
    stop();
    onEnd();
  };
  // Loaded behind the first answer. Without it (the application was replaced on the disk) our own polls do it all.
  import('chokidar')
    .then(({ watch }) => {
      if (isStopped) return;
      const watcher = watch(file, optionsFor(intervalMs));
      close = () => void watcher.close().catch(() => undefined);
      watcher.on('change', onHint);
      watcher.on('unlink', () => {
        end();
        onHint();
      });
      watcher.on('error', end); // unhandled, it would end the process; our own polls report a failing share
    })
    .catch(() => isStopped || end());
  return { stop };
};

const optionsFor = (intervalMs: number) => ({
  usePolling: true,
  interval: Math.round(intervalMs), // a fraction makes fs.watchFile throw, and chokidar spin on the root directory
  persistent: false, // never keeps the application alive
  ignoreInitial: true,
  depth: 0,
  followSymlinks: false,
  ignorePermissionErrors: true,
});
