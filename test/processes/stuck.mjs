/**
 * Preloaded: makes one operation hang as on a mount whose server is gone, on a thread of Node's pool. Whoever opens a file beside which
 * lies NAME.stuck, a pipe that nobody writes to, opens that pipe first, and waits in the kernel. (The product itself opens no pipe so that
 * it waits.)
 */
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';

const { open } = fs;
fs.open = async (path, ...rest) => {
  const pipe = `${path}.stuck`;
  if (existsSync(pipe)) await (await open(pipe, 'r')).close();
  return await open(path, ...rest);
};
