import type { Mount } from './volumes.js';

/**
 * Where something lies, in a form that can be compared. One place has many spellings: letter case, slashes, `\\?\UNC\`,
 * `smb://`. Pure; what only the share can tell (links, mount points) is in `binding.ts`.
 */
export interface Place {
  /**
   * `share`: `\\server\share\...`. `export`: `server:/path`, as NFS writes it. `drive`: `C:\...`. `path`: absolute on a
   * computer without drive letters.
   */
  readonly kind: 'share' | 'export' | 'drive' | 'path';
  /** The server, or the drive letter, in lower case; '' for a path. */
  readonly on: string;
  /** The names on the way, the name of the share first. */
  readonly names: readonly string[];
}

/** A directory that is given as the place of a licence means this file in it. */
export const USUAL_NAME = 'licence.json';

const SMB_ADDRESS = /^(?:smb|cifs):\/\/(?:[^/@]*@)?/i;
const NFS_ADDRESS = /^nfs:\/\/([^/]+)(?=\/)/i;
const UNC_PREFIX = /^[\\/]{2}[?.][\\/]unc[\\/]/i;
const DEVICE_PREFIX = /^[\\/]{2}[?.][\\/](?=[a-z]:)/i;
const EXPORT = /^(\[[0-9a-f:.]+\]|[^\\/:[\]]{2,}):(\/.*)$/i;

/** Null for what names no place by itself: a relative path, a share without a name. */
export function placeOf(text: string, platform: NodeJS.Platform): Place | null {
  const spelt = text
    .normalize('NFC')
    .replace(SMB_ADDRESS, '//')
    .replace(NFS_ADDRESS, '$1:')
    .replace(UNC_PREFIX, '//')
    .replace(DEVICE_PREFIX, '');
  if (/^[\\/]{2}[^\\/?.]/.test(spelt)) return shareOf(spelt);
  const drive = /^([a-z]):[\\/]/i.exec(spelt)?.[1];
  if (drive !== undefined)
    return { kind: 'drive', on: drive.toLowerCase(), names: namesIn(spelt.slice(2).toLowerCase(), /[\\/]+/) };
  const [, server = '', rest = ''] = EXPORT.exec(spelt) ?? [];
  if (server !== '') return { kind: 'export', on: hostOf(server), names: namesIn(rest, /\/+/) };
  if (!spelt.startsWith('/')) return null;
  const path = platform === 'darwin' ? spelt.toLowerCase() : spelt;
  return { kind: 'path', on: '', names: namesIn(path, /\/+/) };
}

/** File servers of Windows, and Samba, take names in any letter case. */
function shareOf(spelt: string): Place | null {
  const [server = '', share, ...below] = spelt
    .toLowerCase()
    .split(/[\\/]+/)
    .slice(1);
  if (share === undefined || share === '') return null;
  return { kind: 'share', on: hostOf(server), names: [share, ...namesIn(below.join('/'), /\/+/)] };
}

const hostOf = (server: string): string => server.toLowerCase().replace(/\.$/, '');

function namesIn(path: string, separator: RegExp): string[] {
  const names: string[] = [];
  for (const name of path.split(separator))
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  return names;
}

/** What a file that lies on a mounted share is called by the server; null where the mount does not tell. */
export function placeOnServer(file: string, mount: Mount, platform: NodeJS.Platform): Place | null {
  const below = file.slice(mount.point.length).replace(/^\/+/, '');
  if (/^nfs4?$/.test(mount.name)) return placeOf(`${mount.source}/${below}`, platform); // the source tells its root
  if (!/^(?:cifs|smb3?)$/.test(mount.name)) return null;
  const share = placeOf(mount.source, platform);
  if (share?.kind !== 'share') return null;
  const [name = '', ...prefix] = share.names;
  const shown = namesIn(mount.root.toLowerCase(), /\/+/);
  const isPrefixShown = prefix.every((one, at) => shown[at] === one); // the root of the mount repeats its prefix
  const way = [...(isPrefixShown ? shown : [...prefix, ...shown]), ...namesIn(below.toLowerCase(), /\/+/)];
  return { ...share, names: [name, ...way] };
}

/** As people write it. */
export function spellingOf({ kind, on, names }: Place): string {
  const way = names.join('/');
  if (kind === 'share') return `//${on}/${way}`;
  return kind === 'path' ? `/${way}` : `${on}:/${way}`;
}

/** Whether a licence file is what a binding names: the file itself, or `licence.json` in a directory. */
export const isAt = (file: Place, bound: Place): boolean =>
  file.kind === bound.kind && file.on === bound.on && waysOf(bound).some((way) => isSame(file.names, way));

const waysOf = ({ names }: Place): (readonly string[])[] => [names, [...names, USUAL_NAME]];

const isSame = (names: readonly string[], others: readonly string[]): boolean =>
  names.length === others.length && endsWith(names, others);

/**
 * Whether a file that is not {@link isAt} may all the same be there: an address or a longer name of the same server, or
 * a drive letter for a part of the share. Node cannot ask Windows what a drive letter or a DFS name stands for.
 */
export function mayBeAt(file: Place, bound: Place): boolean {
  const ways = waysOf(bound);
  if (isOnServer(file) && isOnServer(bound))
    return isMaybeSameHost(file.on, bound.on) && ways.some((way) => endsWith(way, lastTwo(file.names)));
  if (isMapped(file) && isOnServer(bound)) return ways.some((way) => endsWith(way, mappedNames(file)));
  if (bound.kind === 'drive' && isOnServer(file)) return ways.some((way) => endsWith(file.names, way));
  return false;
}

const isOnServer = ({ kind }: Place): boolean => kind === 'share' || kind === 'export';

/** A letter that is not the disk of the system, or where macOS mounts shares. */
const isMapped = ({ kind, on, names }: Place): boolean =>
  kind === 'drive' ? on > 'c' : kind === 'path' && names[0]?.toLowerCase() === 'volumes' && names.length > 2;

const mappedNames = ({ kind, names }: Place): string[] =>
  (kind === 'drive' ? names : names.slice(2)).map((name) => name.toLowerCase());

const lastTwo = (names: readonly string[]): readonly string[] => names.slice(-2);

const endsWith = (names: readonly string[], end: readonly string[]): boolean =>
  end.length <= names.length && end.every((name, at) => name === names[names.length - end.length + at]);

/** `fileserver` and `fileserver.acme.local`; and an address, which may be any server's. */
function isMaybeSameHost(one: string, other: string): boolean {
  const [longer, shorter] = one.length > other.length ? [one, other] : [other, one];
  return longer === shorter || longer.startsWith(`${shorter}.`) || isAddress(one) || isAddress(other);
}

const isAddress = (host: string): boolean =>
  host === 'localhost' ||
  /^\d+(?:\.\d+){3}$/.test(host) ||
  host.includes(':') ||
  host.endsWith('.ipv6-literal.net');
