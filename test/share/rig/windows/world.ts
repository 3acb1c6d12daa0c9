/**
 * Windows and Linux on one computer, with one directory between them: Node for Windows under Wine, in a prefix of this
 * run's own, and Node for Linux. In the namespaces of the run, as everything of the rig.
 */
import { mkdirSync, symlinkSync } from 'node:fs';
import { PLACES } from '../link.js';
import { cannot } from '../prepare.js';
import type { Hosts } from '../rig.js';
import { run } from '../shell.js';
import { openGate } from '../station.js';
import { build, endWithStarter, mountDisk } from '../world.js';
import { shareOut } from './places.js';
import { LinuxSide, type Side, WindowsSide } from './sides.js';

export interface Windows extends Hosts<Side> {
  /** Two Windows computers, as far as the table can tell, and a Linux one. */
  readonly guests: readonly [WindowsSide, WindowsSide, LinuxSide];
  /** For what needs no share, beside all else: a computer of its own. */
  readonly apart: WindowsSide;
  /** Of what happens by chance, where a scenario can be replayed. */
  readonly seed: string;
}

const PREFIX = '/mnt/wine';
/** A fresh prefix has 700 MB. */
const PREFIX_MB = 1500;

/** Wine tells nothing, asks nothing, shows nothing, and fetches nothing. */
const WINE: Readonly<Record<string, string>> = {
  WINEPREFIX: PREFIX,
  WINEDEBUG: '-all',
  WINEDLLOVERRIDES: 'mscoree,mshtml,winemenubuilder.exe=',
  DISPLAY: '',
};

/** The same directory by a drive and by its name on the network. */
const NAMES = [
  ['s:', PLACES.share],
  ['t:', PLACES.team],
  ['unc/server/share', PLACES.share],
] as const;

/** Gives an exit status; `act` the number of its failures. */
export async function onWindows(
  terms: Pick<Windows, 'isLong' | 'seed'>,
  act: (windows: Windows) => Promise<number>,
): Promise<number> {
  endWithStarter();
  try {
    const startedMs = performance.now();
    await build(0);
    const windows = await open(terms);
    const [first] = windows.guests;
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`\nWindows ${first.kernel} by ${await run('wine', '--version')}; up in ${seconds} s`);
    return (await act(windows)) === 0 ? 0 : 1;
  } catch (error) {
    return cannot(`Windows could not be set up: ${String(error)}`);
  }
}

async function open(terms: Pick<Windows, 'isLong' | 'seed'>): Promise<Windows> {
  mkdirSync(`${PLACES.exported}/team`);
  await shareOut();
  await makePrefix();
  const gate = await openGate();
  const guests = [
    new WindowsSide(1, 'pc-1'),
    new WindowsSide(2, 'pc-2'),
    new LinuxSide(3, 'linux-3'),
  ] as const;
  const apart = new WindowsSide(4, 'pc-4');
  // First the one that is never killed or stopped: Wine's own processes are started by it, and found as a part of it.
  for (const side of [apart, ...guests]) await side.boot(gate);
  return {
    mount: { name: 'windows', keepsModes: false, hasLinks: false },
    guests,
    apart,
    ...terms,
    say: (line) => console.log(`    ${line}`),
    replace: async (side) => {
      side.kill();
      await side.boot(gate);
    },
  };
}

async function makePrefix(): Promise<void> {
  mkdirSync(PREFIX);
  await mountDisk(PREFIX, PREFIX_MB);
  const sockets = `/tmp/.wine-${process.getuid?.()}`; // of all prefixes of this user: ours are to go with the run
  mkdirSync(sockets, { recursive: true, mode: 0o700 });
  await run('mount', '-t', 'tmpfs', '-o', 'mode=0700', 'rig', sockets);
  Object.assign(process.env, WINE);
  await run('wineboot', '--init');
  await run('wine', 'winecfg', '-v', 'win10');
  mkdirSync(`${PREFIX}/dosdevices/unc/server`, { recursive: true });
  for (const [name, place] of NAMES) symlinkSync(place, `${PREFIX}/dosdevices/${name}`);
}
