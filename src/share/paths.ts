import nodePath from 'node:path';
import { SeatfileFault } from '../licence/fault.js';
import { mountOf } from './volumes.js';

/** Paths as people give them: what cannot be one is refused before anything is looked at, in one line. */

const bad = (text: string): SeatfileFault =>
  new SeatfileFault('BAD_ARGUMENT', text, { details: { argument: 'path' } });

/** Two letters at least before the colon: `C:/licence.json` is a path. */
const ADDRESS = /^([a-z][a-z0-9+.-]+):\/\//i;

/**
 * The whole path, whatever the working directory is.
 * @throws SeatfileFault BAD_ARGUMENT: no path at all; LICENCE_MISSING: the working directory is gone
 */
export function wholePath(path: string, platform: NodeJS.Platform = process.platform): string {
  if (path === '') throw bad('path: expected the path of a licence file, got ""');
  if (path.includes('\0'))
    throw bad(`${path}: expected a path, found a NUL character in it; give the path again`);
  const scheme = ADDRESS.exec(path)?.[1]?.toLowerCase();
  if (scheme === 'file')
    throw bad(`${path}: expected a path, found the address of a file; give it as a path: ${pathIn(path)}`);
  if (scheme !== undefined)
    throw bad(`${path}: expected a path, found an address (${scheme}://...); ${shareAs(platform)}`);
  if (platform !== 'win32' && /^\\\\[^\\]/.test(path))
    throw bad(`${path}: expected a path, found an address as Windows writes it; ${shareAs(platform)}`);
  if (platform === 'win32') refuseOddNames(path);
  return absolute(path);
}

/** Names that Windows keeps for devices, whatever follows a dot. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?$/i;

/**
 * Node asks Windows for exactly these names; other programs mean something else by them, or cannot open them. A stream
 * of a file can have no folder beside it.
 */
function refuseOddNames(path: string): void {
  const names = path.replace(/^(?:[\\/]{2}[?.][\\/])?(?:[a-z]:)?/i, '').split(/[\\/]/);
  for (const name of names.filter((one) => !['', '.', '..'].includes(one))) {
    if (name.includes(':'))
      throw bad(`${path}: expected a file, found a stream of one (${name}); give the file`);
    if (DEVICE.test(name))
      throw bad(`${path}: ${name} is a name that Windows keeps for a device; use another`);
    if (/[. ]$/.test(name))
      throw bad(`${path}: "${name}" ends with a dot or a space, which Windows leaves out; use another name`);
  }
}

const shareAs = (platform: NodeJS.Platform): string =>
  platform === 'win32'
    ? 'give the path, like \\\\server\\share\\licence.json'
    : 'connect (mount) the share, and give the path where it is mounted, ' +
      `like ${platform === 'darwin' ? '/Volumes' : '/mnt'}/share/licence.json`;

/** `file:///srv/acme%20ltd/licence.json`, as far as it can be told. */
function pathIn(address: string): string {
  try {
    return decodeURIComponent(new URL(address).pathname);
  } catch {
    return address.replace(ADDRESS, '');
  }
}

function absolute(path: string): string {
  try {
    return nodePath.resolve(path);
  } catch (cause) {
    throw new SeatfileFault(
      'LICENCE_MISSING',
      `${path}: expected a path from the working directory, found that the working directory was deleted; ` +
        'change to another (cd), or give the whole path',
      { cause, details: { path } },
    );
  }
}

/** What a path that leads nowhere may have been meant for; '' where there is no sign. */
export function hintFor(path: string, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return '';
  if (/^[a-z]:[\\/]/i.test(path)) return ` (a Windows drive is no path here; ${shareAs(platform)})`;
  if (/^\/\/[^/]/.test(path)) return ` (a path with // is no address of a server here; ${shareAs(platform)})`;
  return '';
}

/**
 * A document inside a folder of revisions belongs to a seat table. As a licence file it would begin a second table.
 * @throws SeatfileFault SHARE_UNFIT
 */
export function refuseInside(path: string): void {
  const inside = /^(.+)\.revisions(?:[\\/]|$)/i.exec(path);
  if (inside)
    throw new SeatfileFault(
      'SHARE_UNFIT',
      `${path}: lies in a folder of revisions, which belongs to the licence file beside it; ` +
        `used as a licence file, it would make a second seat table. Use ${inside[1]}`,
      { details: { path } },
    );
}

/**
 * A single file mounted into a container has no folder beside it but the container's own.
 * @param mountinfo of this computer; null where there is none
 * @throws SeatfileFault SHARE_UNFIT
 */
export function refuseMounted(licenceFile: string, mountinfo: string | null): void {
  if (mountinfo !== null && mountOf(licenceFile, mountinfo)?.point === licenceFile)
    throw new SeatfileFault(
      'SHARE_UNFIT',
      `${licenceFile}: is a mount point by itself (a single file mounted into a container): ` +
        'each container would make a seat table of its own beside it, and grant all seats. ' +
        'Mount the directory around the licence file instead',
      { details: { path: licenceFile } },
    );
}
