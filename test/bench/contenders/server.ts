import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import nodePath from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

interface Command {
  readonly command: string;
  readonly words: readonly string[];
  readonly uid?: number | undefined;
}

export interface Server {
  readonly port: number;
}

/** A server that a peer needs: started when it is first asked for, on loopback. Its files are temporary. */
export function server(
  name: string,
  commandOf: (directory: string, port: number) => Command,
): () => Promise<Server> {
  let running: Promise<Server> | null = null;
  return () => {
    running ??= start(name, commandOf);
    return running;
  };
}

async function start(name: string, commandOf: (directory: string, port: number) => Command): Promise<Server> {
  const directory = mkdtempSync(nodePath.join(os.tmpdir(), `seatfile-bench-${name}-`));
  chmodSync(directory, 0o755);
  const port = await freePort();
  let child: ChildProcess | null = null;
  process.on('exit', () => {
    child?.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  });
  const { command, words, uid } = commandOf(directory, port);
  child = spawn(command, words, { stdio: 'ignore', ...(uid !== undefined && { uid, gid: uid }) });
  child.on('error', () => undefined); // then nothing answers
  await answering(name, port);
  return { port };
}

const STARTS_MS = 30_000;

async function answering(name: string, port: number): Promise<void> {
  const untilMs = performance.now() + STARTS_MS;
  while (!(await answers(port))) {
    if (performance.now() > untilMs) throw new Error(`${name} does not answer on port ${port}`);
    await pause(100);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    const end = (isThere: boolean) => () => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Whether a program is installed. */
export function isInstalled(command: string): boolean {
  try {
    execFileSync('which', [command], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
