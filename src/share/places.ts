import type { Mount } from './volumes.js';

/**
 * Where something lies, in a form that can be compared. One place has many spellings: the case of ASCII letters,
 * slashes, `\\?\UNC\`, `smb://`. Letters that only look alike, or are one by Unicode alone, name two places: a file
 * system may hold both. Pure; what only the share can tell (links, mount points) is in `binding.ts`.
 */
export interface Place {
  /**
   * `share`: `\\server\share\...`. `export`: `server:/path`, as NFS writes it. `drive`: `C:\...`. `path`: absolute on a
   * computer without drive letters.
   */
  readonly kind: 'share' | 'export' | 'drive' | 'path';
  /** The server, or the drive letter, its ASCII letters in lower case; '' for a path. */
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
    .replace(SMB_ADDRESS, '//')
    .replace(NFS_ADDRESS, '$1:')
    .replace(UNC_PREFIX, '//')
    .replace(DEVICE_PREFIX, '');
  if (/^[\\/]{2}[^\\/?.]/.test(spelt)) return shareOf(spelt);
  const drive = /^([a-z]):[\\/]/i.exec(spelt)?.[1];
  if (drive !== undefined)
    return { kind: 'drive', on: inLowerCase(drive), names: namesIn(inLowerCase(spelt.slice(2)), /[\\/]+/) };
  const [, server = '', rest = ''] = EXPORT.exec(spelt) ?? [];
  if (server !== '') return { kind: 'export', on: hostOf(server), names: namesIn(rest, /\/+/) };
  if (!spelt.startsWith('/')) return null;
  const path = platform === 'darwin' ? spelt.normalize('NFC').toLowerCase() : spelt; // as HFS+ and APFS compare
  return { kind: 'path', on: '', names: namesIn(path, /\/+/) };
}

/** Of ASCII letters alone: `K` (U+212A, kelvin) is no `k` to a file server. */
const inLowerCase = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** File servers of Windows, and Samba, take names in any letter case. */
function shareOf(spelt: string): Place | null {
  const [server = '', share, ...below] = inLowerCase(spelt)
    .split(/[\\/]+/)
    .slice(1);
  if (share === undefined || share === '') return null;
  return { kind: 'share', on: hostOf(server), names: [share, ...namesIn(below.join('/'), /\/+/)] };
}

const hostOf = (server: string): string => inLowerCase(server).replace(/\.$/, '');

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
  const shown = namesIn(inLowerCase(mount.root), /\/+/);
  const isPrefixShown = prefix.every((one, at) => shown[at] === one); // the root of the mount repeats its prefix
  const way = [...(isPrefixShown ? shown : [...prefix, ...shown]), ...namesIn(inLowerCase(below), /\/+/)];
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
 * Whether a file that is not {@link isAt} may all the same be there: a spelling that differs only in Unicode's forms
 * and letter case, an address or a longer name of the same server, or a drive letter for a part of the share. Node
 * cannot ask a server which letters are one to it, or Windows what a drive letter or a DFS name stands for.
 */
export function mayBeAt(file: Place, bound: Place): boolean {
  const [here, there] = [loosely(file, bound), loosely(bound, file)];
  if (isAt(here, there)) return true;
  const ways = waysOf(there);
  if (isOnServer(here) && isOnServer(there))
    return isMaybeSameHost(here.on, there.on) && ways.some((way) => endsWith(way, lastTwo(here.names)));
  if (isMapped(here) && isOnServer(there)) return ways.some((way) => endsWith(way, mappedNames(here)));
  if (there.kind === 'drive' && isOnServer(here)) return ways.some((way) => endsWith(here.names, way));
  return false;
}

/** A path, and an export beside another, keep their letter case. */
function loosely({ kind, on, names }: Place, { kind: otherKind }: Place): Place {
  const isCased = kind === otherKind && (kind === 'path' || kind === 'export');
  const composed = (name: string) => name.normalize('NFC');
  return { kind, on: folded(on), names: names.map(isCased ? composed : folded) };
}

/** In any letter case of Unicode, and in its composed form. */
const folded = (text: string): string => text.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');

const isOnServer = ({ kind }: Place): boolean => kind === 'share' || kind === 'export';

/** A letter that is not the disk of the system, or where macOS mounts shares. */
const isMapped = ({ kind, on, names }: Place): boolean =>
  kind === 'drive' ? on > 'c' : kind === 'path' && names[0]?.toLowerCase() === 'volumes' && names.length > 2;

const mappedNames = ({ kind, names }: Place): readonly string[] =>
  kind === 'drive' ? names : names.slice(2);

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
