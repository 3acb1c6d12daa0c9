import { startIfNeeded } from './disk-process.js';

/** The command line: `bin/seatfile.js` gives its path, and the version of the package. */
export async function start(script: string, version: string): Promise<void> {
  const disk = startIfNeeded(process.argv.slice(2));
  const { main } = await import('./main.js'); // takes longer than the start of that process
  await main(script, version, disk);
}
