/** A lease row in SQLite, on the same disk: its own lock and rollback journal, written through. Needs Node 22. */
import nodePath from 'node:path';
import { type OpenOptions, PATIENT_MS, type Session } from './contender.js';
import { Meter } from './meter.js';

/** As far as it is used. Node 20, whose types we have, does not know it. */
interface Database {
  exec(sql: string): void;
  prepare(sql: string): { run(...values: (string | number)[]): { readonly changes: number | bigint } };
}

async function connect(file: string): Promise<Database> {
  const name: string = 'node:sqlite';
  const { DatabaseSync } = (await import(name)) as { DatabaseSync: new (file: string) => Database };
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA busy_timeout = ${PATIENT_MS}; PRAGMA synchronous = FULL`);
  return database;
}

/** The table is made by the first process that opens it. */
export const prepare = async (directory: string, places: number): Promise<string> =>
  `${places}:${nodePath.join(directory, 'leases.sqlite')}`;

export async function open(table: string, { user, delayMs }: OpenOptions): Promise<Session> {
  const [places = '', file = ''] = table.split(':');
  const meter = new Meter(delayMs);
  const database = await connect(file);
  database.exec('CREATE TABLE IF NOT EXISTS leases (user TEXT PRIMARY KEY, since TEXT)');
  const insert = database.prepare(
    'INSERT INTO leases SELECT ?, ? WHERE (SELECT count(*) FROM leases) < ?', // one statement is one transaction
  );
  const remove = database.prepare('DELETE FROM leases WHERE user = ?');
  let isSeated = false;
  return {
    acquire: async () => {
      await meter.operation();
      isSeated = Number(insert.run(user, new Date().toISOString(), Number(places)).changes) === 1;
      return isSeated ? 'seated' : 'full';
    },
    release: async () => {
      await meter.operation();
      remove.run(user);
      isSeated = false;
    },
    traffic: () => meter.traffic,
    isSeated: () => isSeated,
  };
}
