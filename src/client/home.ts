import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import nodePath from 'node:path';

/** The state of this computer. It is in no home or roaming folder, so it never travels with a user. */

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

/** A random id of this installation, made once. Null: it can be neither read nor made, which proves nothing. */
export function installationId(platform: NodeJS.Platform, environment: Environment): string | null {
  const directory = stateDirectory(platform, environment);
  return directory === null ? null : readOrMakeId(directory);
}

/** The id in a directory. It is made if it is missing. If two processes make it at once, both read the same one. */
export function readOrMakeId(directory: string): string | null {
  const file = nodePath.join(directory, 'installation-id');
  const known = readId(file);
  if (known !== null) return known;
  makeId(directory, file);
  return readId(file);
}

/** Every user of the computer must be able to read the id, whatever the umask of the first one. */
function makeId(directory: string, file: string): void {
  const draft = `${file}-${randomBytes(8).toString('hex')}`;
  attempt(() => {
    if (mkdirSync(directory, { recursive: true }) !== undefined) chmodSync(directory, 0o755);
    writeFileSync(draft, randomBytes(16).toString('hex'), { flag: 'wx' });
    chmodSync(draft, 0o644);
    linkSync(draft, file); // whole or not at all, and never over another
  });
  attempt(() => rmSync(draft, { force: true }));
}

function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // another process was quicker, or this one may not write here: what can be read afterwards decides
  }
}

const ID_LENGTH = 32;

/** Any user may have put something else there: a link is not followed, and a pipe is not waited for. */
function readId(file: string): string | null {
  let handle: number | undefined;
  try {
    handle = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    if (!fstatSync(handle).isFile()) return null;
    const bytes = Buffer.alloc(ID_LENGTH + 2); // and a line end
    const text = bytes.toString('latin1', 0, readSync(handle, bytes)).trim();
    return /^[0-9a-f]{32}$/.test(text) ? text : null;
  } catch {
    return null;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
