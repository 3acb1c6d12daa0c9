/** A set of users in Redis on loopback, which writes each change through to its disk before it answers. */
import net from 'node:net';
import { type OpenOptions, PATIENT_MS, type Session } from './contender.js';
import { Meter } from './meter.js';
import { server } from './server.js';

const started = server('redis', (directory, port) => ({
  command: 'redis-server',
  words: [
    ...['--bind', '127.0.0.1', '--port', String(port), '--dir', directory, '--save', ''],
    ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxclients', '1000'],
  ],
}));

export async function prepare(_directory: string, places: number): Promise<string> {
  const { port } = await started();
  const connection = await Connection.open(port);
  await connection.ask('FLUSHALL');
  connection.close();
  return `${places}:${port}`;
}

const TAKE = `if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
return redis.call('SADD', KEYS[1], ARGV[1])`;

export async function open(table: string, { user, delayMs }: OpenOptions): Promise<Session> {
  const [places = '', port = ''] = table.split(':');
  const meter = new Meter(delayMs);
  const connection = await Connection.open(Number(port));
  let isSeated = false;
  const ask = async (...words: readonly string[]) => {
    await meter.operation();
    return await connection.ask(...words);
  };
  return {
    acquire: async () => {
      isSeated = (await ask('EVAL', TAKE, '1', 'seats', user, places)) === ':1';
      return isSeated ? 'seated' : 'full';
    },
    release: async () => {
      await ask('SREM', 'seats', user);
      isSeated = false;
    },
    traffic: () => meter.traffic,
    isSeated: () => isSeated,
  };
}

/** Questions and one-line answers, one after the other. */
class Connection {
  private readonly socket: net.Socket;

  private constructor(socket: net.Socket) {
    this.socket = socket;
  }

  static async open(port: number): Promise<Connection> {
    const socket = net.connect(port, '127.0.0.1');
    socket.setNoDelay(true).setTimeout(PATIENT_MS);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Connection(socket);
  }

  async ask(...words: readonly string[]): Promise<string> {
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    this.socket.write(`*${words.length}\r\n${parts.join('')}`);
    const answer = await new Promise<Buffer>((resolve) => this.socket.once('data', resolve));
    const line = answer.toString().trimEnd();
    if (line.startsWith('-')) throw new Error(`Redis: ${line}`);
    return line;
  }

  close(): void {
    this.socket.destroy();
  }
}
