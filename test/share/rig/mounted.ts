/** Three client hosts on a real mount, for a time: what the scenarios and the bench have in common. */
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { type Guest, type Guests, guestHouse } from './guest.js';
import { PLACES, USERS } from './link.js';
import { cannot } from './prepare.js';
import { bootAll, type Clocks, type Rig, userOf } from './rig.js';
import { type MountName, serve } from './servers.js';
import { build, endWithStarter } from './world.js';

export interface RigOptions {
  readonly isLong: boolean;
  /** @default the third host is an hour ahead */
  readonly clocks?: Clocks;
  /** @default console.log */
  readonly announce?: (line: string) => void;
}

type Act = (rig: Rig) => Promise<number>;

/** Each mount in turn, in the namespaces of the run. Gives an exit status; `act` the number of its failures. */
export async function onMounts(names: readonly MountName[], options: RigOptions, act: Act): Promise<number> {
  endWithStarter();
  await build(3);
  const log: string[] = [];
  const house = await guestHouse((line) => log.push(line));
  let failures = 0;
  for (const name of names) {
    failures += await onMount(name, options, house, act).catch((error: unknown) => {
      console.log(log.slice(-20).join('\n'));
      return cannot(`${name} could not be set up: ${String(error)}`);
    });
    house.killAll();
  }
  return failures === 0 ? 0 : 1;
}

async function onMount(name: MountName, options: RigOptions, house: Guests, act: Act): Promise<number> {
  const startedMs = performance.now();
  makeTeam();
  const mount = await serve(name);
  const guests = await bootAll(house, mount, options.clocks);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  (options.announce ?? console.log)(
    `\n${mount.title}; clients: 3 x Linux ${guests[0].kernel}; up in ${seconds} s`,
  );
  const rig: Rig = {
    mount,
    guests,
    isLong: options.isLong,
    say: (line) => console.log(`    ${line}`),
    replace: async (guest: Guest) => {
      guest.kill();
      await house.reboot(guest);
      await mount.mount(guest, userOf(guest));
    },
  };
  try {
    return await act(rig);
  } finally {
    mount.server.goOn();
    await mount.server.kill();
  }
}

function makeTeam(): void {
  const folder = `${PLACES.exported}/team`;
  mkdirSync(folder, { recursive: true });
  chownSync(folder, USERS.ana, USERS.group);
  chmodSync(folder, 0o2770);
}
