/**
 * Preloaded: makes one operation hang as on a mount whose server is gone, on a thread of Node's pool. If NAME.stuck (a
 * pipe without a writer) lies beside a file, opening the file opens that pipe first, and waits in the kernel. (The
 * product itself never opens a pipe in a way that waits.)
 */
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';

const { open } = fs;
fs.open = async (path, ...rest) => {
  const pipe = `${path}.stuck`;
  if (existsSync(pipe)) await (await open(pipe, 'r')).close();
  return await open(path, ...rest);
};
