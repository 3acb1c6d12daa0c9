import nodePath from 'node:path';
import { nullIf, type ShareFiles } from './files.js';
import { isAt, mayBeAt, type Place, placeOf, placeOnServer, spellingOf, USUAL_NAME } from './places.js';
import { mountOf } from './volumes.js';

/** A licence that is bound to a place gives seats there and nowhere else: a copy of the file would double them. */

/** Where a licence was found. */
export interface Whereabouts {
  /** Every link resolved. */
  readonly file: string;
  /** As it was asked for, made whole. */
  readonly spelt: string;
  readonly platform: NodeJS.Platform;
  /** Of this computer; null where there is none. */
  readonly mountinfo: string | null;
}

/**
 * Whether a licence belongs where it was found. `unsure`: it may be this place in another spelling, and another process
 * may be able to tell. `why` names both places.
 */
export type PlaceVerdict =
  | { readonly kind: 'here' }
  | { readonly kind: 'unsure' | 'elsewhere'; readonly why: string };

/** @param boundTo the spellings of the one place, as the vendor wrote them; none: it belongs everywhere */
export type JudgePlace = (boundTo: readonly string[]) => Promise<PlaceVerdict>;

/**
 * Letter case, slashes, links and mount points of one place agree.
 * @param bound the spellings of the one place, as the vendor wrote them
 * @throws ShareError a share on the way does not answer
 */
export async function judgePlace(
  bound: readonly string[],
  where: Whereabouts,
  files: ShareFiles,
): Promise<PlaceVerdict> {
  const onServer = serverPlaceOf(where);
  const found = [...placesHere(where), ...(onServer ? [onServer] : [])];
  const named = bound.map((text) => placeOf(text, where.platform)).filter((place) => place !== null);
  if (named.some((one) => found.some((place) => isAt(place, one)))) return HERE;
  for (const text of bound) if (await leadsTo(text, where, files)) return HERE;
  const mayBeHere = named.some((one) => found.some((place) => mayBeAt(place, one)));
  return elsewhere(bound, { file: where.file, onServer }, mayBeHere);
}

const HERE: PlaceVerdict = { kind: 'here' };

/** Node resolves what it can on Windows. A name of DFS may come back as the name of a server, so both count. */
const placesHere = ({ file, spelt, platform }: Whereabouts): Place[] =>
  (platform === 'win32' ? [file, spelt] : [file])
    .map((name) => placeOf(name, platform))
    .filter((place) => place !== null);

function serverPlaceOf({ file, platform, mountinfo }: Whereabouts): Place | null {
  const mount = mountinfo === null ? null : mountOf(file, mountinfo);
  return mount && placeOnServer(file, mount, platform);
}

/**
 * Whether a path of this computer leads to the file, by links or by another mount point. Names of servers are never
 * looked up: the file with the binding may be anyone's, and Windows sends the user's proof of identity to any server.
 */
async function leadsTo(text: string, where: Whereabouts, files: ShareFiles): Promise<boolean> {
  const kind = placeOf(text, where.platform)?.kind;
  if (kind !== (where.platform === 'win32' ? 'drive' : 'path')) return false;
  for (const path of [text, nodePath.join(text, USUAL_NAME)])
    if (await isSameFile(path, where, files)) return true;
  return false;
}

async function isSameFile(
  path: string,
  { file, platform }: Whereabouts,
  files: ShareFiles,
): Promise<boolean> {
  if ((await orNull(files.resolve(path))) === file) return true;
  if (platform === 'win32' || nodePath.basename(path) !== nodePath.basename(file)) return false;
  // The directory, because the file is replaced now and then.
  const directory = await orNull(files.resolve(nodePath.dirname(path)));
  const there = directory && (await orNull(files.stat(directory)));
  const here = there && (await orNull(files.stat(nodePath.dirname(file))));
  return !!here && here.inode === there.inode && here.device === there.device;
}

/** A path that leads nowhere here is another place. A share that keeps silent says nothing. */
const orNull = <T>(asked: Promise<T>): Promise<T | null> =>
  nullIf(asked, 'missing', 'refused', 'wrongKind', 'stale', 'unsaid');

function elsewhere(
  bound: readonly string[],
  { file, onServer }: { readonly file: string; readonly onServer: Place | null },
  mayBeHere: boolean,
): PlaceVerdict {
  const here = onServer ? `${file} (${spellingOf(onServer)})` : file;
  const at = `this licence belongs to ${bound.join(' or ')}, and was opened at ${here}. `;
  const why = mayBeHere
    ? `${at}This may be the same place in another spelling, which cannot be told from here: ` +
      `open it as ${bound[0]}, or ask the vendor for a licence that has your spelling, too`
    : `${at}A copy in another place gives no seats: use the licence where it belongs, ` +
      'or ask the vendor for one that belongs here';
  return { kind: mayBeHere ? 'unsure' : 'elsewhere', why };
}
