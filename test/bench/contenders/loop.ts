/**
 * The ordinary loop, as many applications have it: proper-lockfile around a read, a change, and write-file-atomic, with
 * a pause by chance where the lock is held. On a network share it loses updates (test/processes/naive.test.ts).
 */
import fs from 'node:fs';
import nodePath from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import writeFileAtomic from 'write-file-atomic';
import type { OpenOptions, Session } from './contender.js';
import { Meter } from './meter.js';

interface Table {
  readonly maxUsers: number;
  readonly seats: readonly { readonly user: string; readonly pid: number; readonly since: string }[];
}

export async function prepare(directory: string, places: number): Promise<string> {
  const file = nodePath.join(directory, 'table.json');
  await writeFileAtomic(file, JSON.stringify({ maxUsers: places, seats: [] } satisfies Table));
  return file;
}

export async function open(file: string, { user, delayMs }: OpenOptions): Promise<Session> {
  const meter = new Meter(delayMs);
  const adapter = lockFiles(meter);
  await readTable(file, meter); // as an application does, to know the licence
  let isSeated = false;
  const change = async (next: (table: Table) => Table | null): Promise<boolean> => {
    const unlock = await locked(file, adapter);
    try {
      const table = next(await readTable(file, meter));
      if (table !== null) await writeTable(file, table, meter);
      return table !== null;
    } finally {
      await unlock();
    }
  };
  return {
    acquire: async () => {
      isSeated = await change((table) => seated(table, user));
      return isSeated ? 'seated' : 'full';
    },
    release: async () => {
      await change((table) => ({ ...table, seats: table.seats.filter((seat) => seat.user !== user) }));
      isSeated = false;
    },
    traffic: () => meter.traffic,
    isSeated: () => isSeated,
  };
}

function seated(table: Table, user: string): Table | null {
  if (table.seats.length >= table.maxUsers) return null;
  const seat = { user, pid: process.pid, since: new Date().toISOString() };
  return { ...table, seats: [...table.seats, seat] };
}

async function locked(file: string, adapter: object): Promise<() => Promise<void>> {
  for (;;) {
    const release = await lockfile
      .lock(file, { fs: adapter, realpath: false, retries: 0, onCompromised: () => undefined })
      .catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ELOCKED') return null;
        throw error;
      });
    if (release !== null) return release;
    await pause(20 + Math.random() * 80);
  }
}

async function readTable(file: string, meter: Meter): Promise<Table> {
  await meter.operation();
  const text = await fs.promises.readFile(file, 'utf8');
  meter.read(Buffer.byteLength(text));
  return JSON.parse(text) as Table;
}

async function writeTable(file: string, table: Table, meter: Meter): Promise<void> {
  const text = JSON.stringify(table);
  await meter.operation(Buffer.byteLength(text));
  await writeFileAtomic(file, text);
}

type Operation = (...words: never[]) => void;

/** The `fs` of proper-lockfile, each call of which goes past the meter. */
function lockFiles(meter: Meter): object {
  const past =
    (operation: Operation): Operation =>
    (...words) =>
      void meter.operation().then(() => operation(...words));
  const { mkdir, stat, utimes, rmdir } = fs;
  return { ...fs, mkdir: past(mkdir), stat: past(stat), utimes: past(utimes), rmdir: past(rmdir) };
}
