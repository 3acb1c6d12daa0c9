import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import nodePath from 'node:path';

/** This computer's own state: in no home or roaming folder, so that it never travels with a user. */

type Environment = Readonly<Record<string, string | undefined>>;

function stateDirectory(platform: NodeJS.Platform, environment: Environment): string | null {
  switch (platform) {
    case 'win32':
      return environment['ProgramData'] ? nodePath.win32.join(environment['ProgramData'], 'seatfile') : null;
    case 'darwin':
      return '/Users/Shared/.seatfile';
    default:
      return null; // Linux has /etc/machine-id
  }
}

/** A random id of this installation, made once; null where it can be neither read nor made, which proves nothing. */
export function installationId(platform: NodeJS.Platform, environment: Environment): string | null {
  const directory = stateDirectory(platform, environment);
  return directory === null ? null : readOrMakeId(directory);
}

/** The id in a directory. Of two processes that make it at once, one wins and both read the same. */
export function readOrMakeId(directory: string): string | null {
  const file = nodePath.join(directory, 'installation-id');
  const known = readId(file);
  if (known !== null) return known;
  const draft = `${file}-${randomBytes(8).toString('hex')}`;
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(draft, randomBytes(16).toString('hex'), { flag: 'wx' });
    linkSync(draft, file); // whole or not at all, and never over another
  } catch {
    // somebody was quicker, or we may not write here: what can be read now decides
  }
  rmSync(draft, { force: true });
  return readId(file);
}

function readId(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return /^[0-9a-f]{32}$/.test(text) ? text : null;
  } catch {
    return null;
  }
}
