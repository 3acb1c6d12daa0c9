/** A guest: a Linux kernel of its own as one process of ours, with its own caches and clock. One client host. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PLACES } from './link.js';
import { run } from './shell.js';
import { AGENT, type Gate, openGate, pidsWith, Station } from './station.js';
import { CACHE } from './world.js';

/** Made of xstate.c, which says what it is for. */
const XSTATE = `${CACHE}/xstate.so`;
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

export interface Guests {
  boot(number: number, clockShift?: string): Promise<Guest>;
  /** One that was killed. */
  reboot(guest: Guest): Promise<void>;
  killAll(): void;
}

/** Starts guests. */
export async function guestHouse(log: (line: string) => void): Promise<Guests> {
  const gate = await openGate();
  const all = new Set<Guest>();
  const reboot = (guest: Guest) => guest.boot(gate, log);
  const boot = async (number: number, clockShift?: string) => {
    const guest = new Guest(number, clockShift);
    all.add(guest);
    await reboot(guest);
    return guest;
  };
  const killAll = () => {
    for (const guest of all) guest.kill();
    all.clear();
  };
  return { boot, reboot, killAll };
}

export class Guest extends Station {
  readonly clockShift: string | undefined;
  private process: ChildProcess | null = null;

  constructor(number: number, clockShift: string | undefined) {
    super(number);
    this.clockShift = clockShift;
  }

  /** The card to the file server, on the host's side. */
  get card(): string {
    return `data${this.number}`;
  }

  async boot(gate: Gate, log: (line: string) => void): Promise<void> {
    const xstate = `${PLACES.app}/${XSTATE}`;
    const shift = this.clockShift && { FAKETIME: this.clockShift, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
    const preloaded = this.clockShift ? `${xstate}:${FAKETIME}` : xstate;
    const card = (n: number, name: string) => `vec${n}:transport=tap,ifname=${name},depth=64,gro=1`;
    const words = [
      ...['mem=512M', `umid=rig${this.number}`, 'rootfstype=hostfs', 'root=/dev/root', 'ro'],
      `init=${PLACES.app}/test/share/rig/guest.sh`,
      ...[card(0, this.card), card(1, `control${this.number}`)],
      ...['con=null', 'con0=null,fd:1', 'quiet', 'panic=1'],
      ...[`rig.number=${this.number}`, `rig.agent=${AGENT}`],
    ];
    const child = spawn('linux.uml', words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...shift, LD_PRELOAD: preloaded, TMPDIR: '/dev/shm', HOME: '/mnt' },
    });
    this.process = child;
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => log(`guest ${this.number}: ${line}`));
    await gate(this, child);
  }

  /** Only the first process: stopping those it traces as well would wedge the guest for good. */
  freeze(): void {
    this.process?.kill('SIGSTOP');
  }
  thaw(): void {
    this.process?.kill('SIGCONT');
  }

  /** The cable to the file server. */
  async cable(isIn: boolean): Promise<void> {
    // Out of the bridge; the card itself stays up, because the guest's driver does not survive it going down.
    await run('ip', 'link', 'set', this.card, ...(isIn ? ['master', 'data'] : ['nomaster']));
  }

  protected pids(): number[] {
    return pidsWith('cmdline', `umid=rig${this.number}\0`);
  }
}
