import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import nodePath from 'node:path';
import { promisify } from 'node:util';
import { root } from './node-run.js';

const cache = nodePath.join(root, 'node_modules/.cache/seatfile-bench');
const binary = nodePath.join(cache, 'node_modules/node/bin/node');
const FETCH_MS = 120_000;

/** A Node that has SQLite: the package `node` of npm, fetched once. Null where it is not to be had. */
export async function node22(): Promise<string | null> {
  if (existsSync(binary)) return binary;
  const words = ['install', '--prefix', cache, '--no-save', '--no-audit', '--no-fund', 'node@22'];
  await promisify(execFile)('npm', words, { timeout: FETCH_MS }).catch(() => null);
  return existsSync(binary) ? binary : null;
}
