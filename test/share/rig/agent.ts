/** In each guest: starts programs as the controller says, and passes on what they say. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import net from 'node:net';
import os from 'node:os';
import { createInterface } from 'node:readline';
import { CONTROL, type Order, type Report, type StartOrder } from './link.js';

const running = new Map<number, ChildProcessWithoutNullStreams>();
const socket = net.connect(CONTROL.port, CONTROL.address);
socket.setNoDelay(true);
socket.on('error', () => process.exit(1));
socket.on('end', () => process.exit(0));
const tell = (report: Report): void => {
  socket.write(`${JSON.stringify(report)}\n`);
};

function start({ run, argv, env, uid, gid, cwd }: StartOrder): void {
  const [command = '', ...rest] = argv;
  const child = spawn(command, rest, {
    cwd,
    ...(process.platform !== 'win32' && { uid, gid }),
    env: { ...process.env, ...env },
  });
  running.set(run, child);
  createInterface({ input: child.stdout }).on('line', (line) => tell({ tell: 'line', run, line }));
  createInterface({ input: child.stderr }).on('line', (line) => tell({ tell: 'complaint', run, line }));
  child.stdin.on('error', () => undefined); // it has ended: that is told anyway
  child.on('error', (error) => tell({ tell: 'complaint', run, line: String(error) }));
  child.on('close', (status, signal) => {
    running.delete(run);
    tell({ tell: 'ended', run, ending: { status, signal } });
  });
}

function obey(order: Order): void {
  const child = running.get(order.run);
  switch (order.do) {
    case 'start':
      start(order);
      return;
    case 'signal':
      if (process.platform !== 'win32' || order.signal !== 'SIGCONT') child?.kill(order.signal);
      return;
    case 'say':
      child?.stdin.write(order.text);
      return;
    case 'close':
      child?.stdin.end();
      return;
    case 'answer':
      tell({ tell: 'answer', run: order.run });
      return;
  }
}

createInterface({ input: socket }).on('line', (line) => obey(JSON.parse(line) as Order));
const number = Number(process.argv[2]);
tell({ tell: 'hello', number, kernel: os.release(), wallMs: Date.now() });
