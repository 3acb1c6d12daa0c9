/** A lease row in PostgreSQL on loopback, with its own defaults: each commit is written through. */
import { execFileSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import net from 'node:net';
import nodePath from 'node:path';
import { type OpenOptions, PATIENT_MS, type Session } from './contender.js';
import { Meter } from './meter.js';
import { server } from './server.js';

const USER = 'bench';
/** It does not run as root. */
const uidOfServer = (): number | undefined =>
  process.getuid?.() === 0 ? Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' })) : undefined;

const started = server('postgres', (directory, port) => {
  const uid = uidOfServer();
  const data = nodePath.join(directory, 'data');
  if (uid !== undefined) chownSync(directory, uid, uid);
  execFileSync('initdb', ['-D', data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C'], {
    stdio: 'ignore',
    cwd: directory,
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'max_connections=400'];
  const words = [...settings, `unix_socket_directories=${directory}`].flatMap((setting) => ['-c', setting]);
  return { command: 'postgres', words: ['-D', data, ...words], uid };
});

export async function prepare(_directory: string, places: number): Promise<string> {
  const { port } = await started();
  const connection = await connected(port);
  await connection.query('DROP TABLE IF EXISTS lease');
  await connection.query('CREATE TABLE lease ("user" text PRIMARY KEY, since timestamptz)');
  connection.close();
  return `${places}:${port}`;
}

/** The server may still be starting: then it refuses. */
async function connected(port: number): Promise<Connection> {
  for (let tries = 1; ; tries++) {
    try {
      return await Connection.open(port);
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

export async function open(table: string, { user, delayMs }: OpenOptions): Promise<Session> {
  const [places = '', port = ''] = table.split(':');
  const meter = new Meter(delayMs);
  const connection = await Connection.open(Number(port));
  let isSeated = false;
  const query = async (sql: string) => {
    await meter.operation();
    return await connection.query(sql);
  };
  return {
    acquire: async () => {
      // One simple query is one transaction: the places are counted by one process at a time.
      const done = await query(
        `SELECT pg_advisory_xact_lock(1);
         INSERT INTO lease SELECT '${user}', now() WHERE (SELECT count(*) FROM lease) < ${places}`,
      );
      isSeated = done.at(-1) === 'INSERT 0 1';
      return isSeated ? 'seated' : 'full';
    },
    release: async () => {
      await query(`DELETE FROM lease WHERE "user" = '${user}'`);
      isSeated = false;
    },
    traffic: () => meter.traffic,
    isSeated: () => isSeated,
  };
}

/** As much of the protocol as simple queries need: https://www.postgresql.org/docs/15/protocol.html */
class Connection {
  private readonly socket: net.Socket;
  private received = Buffer.alloc(0);
  private wake: () => void = () => undefined;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.wake();
    });
    socket.on('close', () => this.wake());
    socket.on('error', () => undefined); // told by what is not answered
  }

  static async open(port: number): Promise<Connection> {
    const socket = net.connect(port, '127.0.0.1');
    socket.setNoDelay(true).setTimeout(PATIENT_MS);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const connection = new Connection(socket);
    const words = Buffer.from(`user\0${USER}\0database\0postgres\0\0`);
    socket.write(Buffer.concat([number(words.length + 8), number(196_608), words]));
    await connection.untilReady();
    return connection;
  }

  /** What each statement came to, as `INSERT 0 1`. */
  async query(sql: string): Promise<string[]> {
    const text = Buffer.from(`${sql}\0`);
    this.socket.write(Buffer.concat([Buffer.from('Q'), number(text.length + 4), text]));
    return await this.untilReady();
  }

  close(): void {
    this.socket.destroy();
  }

  /** Reads messages until the server waits for the next query. */
  private async untilReady(): Promise<string[]> {
    const done: string[] = [];
    for (;;) {
      const { kind, body } = await this.message();
      if (kind === 'E') throw new Error(`PostgreSQL: ${body.toString().replaceAll('\0', ' ')}`);
      if (kind === 'C') done.push(body.toString('utf8', 0, body.length - 1));
      if (kind === 'Z') return done;
    }
  }

  private async message(): Promise<{ readonly kind: string; readonly body: Buffer }> {
    const size = () => (this.received.length < 5 ? 5 : 1 + this.received.readInt32BE(1));
    while (this.received.length < size()) {
      if (this.socket.destroyed) throw new Error('PostgreSQL: the connection was closed');
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const end = size();
    const message = { kind: this.received.toString('latin1', 0, 1), body: this.received.subarray(5, end) };
    this.received = this.received.subarray(end);
    return message;
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
