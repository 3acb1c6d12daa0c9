import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import nodePath from 'node:path';

/**
 * Which licences were opened on this computer, and where: so that one that runs twice is noticed. It lies where every user
 * of the computer can write and no folder travels with one (`/var/tmp`, `%ProgramData%`), so its contents can be anybody's: they are
 * no more than places to look at. Each user has a directory of his own there, which nobody else can write, with one small file for
 * each place; so nothing is ever written through a link or over a file of somebody else's, and no two processes write one file.
 *
 * It may be missing, full of rubbish, or refuse us: then nothing is noticed. None of it ever fails.
 */
export interface Register {
  /** This licence was opened here. */
  note(licenceId: string, path: string): Promise<void>;
  /** It is there no more. Only of what this user has noted. */
  forget(licenceId: string, path: string): Promise<void>;
  /** Where this licence was opened on this computer, by anybody. At most 16. */
  placesOf(licenceId: string): Promise<string[]>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What is read of a directory that anybody can fill. */
const MOST_NAMES = 10_000;
const MOST_USERS = 64;
const MOST_PLACES = 16;
/** A register with more entries begins anew. */
const MOST_ENTRIES = 256;
const LONGEST_PATH_BYTES = 4096;

const NEVER = 0; // Windows has neither links to plant here nor pipes to open
const READ_PLAIN = constants.O_RDONLY | (constants.O_NOFOLLOW ?? NEVER) | (constants.O_NONBLOCK ?? NEVER);
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const FOR_ALL_TO_READ = 0o755;
/** A path that could lie to a terminal is no path that we look at. */
const UNPRINTABLE = /[\p{C}\u2028\u2029]/u;

/** @param environment SEATFILE_REGISTER names another directory for it; empty: none is kept */
export function thisRegister(platform: NodeJS.Platform, environment: Environment): Register | null {
  const usual = platform === 'win32' ? environment['ProgramData'] : '/var/tmp';
  const base = environment['SEATFILE_REGISTER'] ?? usual;
  return base ? registerIn(base, process.getuid?.() ?? null, environment['USERNAME']) : null;
}

/** @param uid null where users have no numbers (Windows): there a name must do, and nobody can tell whose a file is */
export function registerIn(base: string, uid: number | null, name = ''): Register {
  const own = nodePath.join(base, `seatfile-${uid ?? digest(name).slice(0, 16)}`);
  const entry = (licenceId: string, path: string) => nodePath.join(own, entryName(licenceId, path));
  return {
    note: (licenceId, path) =>
      quietly(async () => {
        await prepare(base, own, uid);
        await write(own, entry(licenceId, path), path);
      }, undefined),
    forget: (licenceId, path) => quietly(() => fs.unlink(entry(licenceId, path)), undefined),
    placesOf: (licenceId) => quietly(() => placesIn(base, licenceId), []),
  };
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
const entryName = (licenceId: string, path: string): string => `${digest(licenceId)}-${digest(path)}`;

async function quietly<T>(act: () => Promise<T>, otherwise: T): Promise<T> {
  return await act().catch(() => otherwise);
}

/** A directory of our own in one where nobody can put another in its place. */
async function prepare(base: string, own: string, uid: number | null): Promise<void> {
  await fs.mkdir(own, FOR_ALL_TO_READ).catch(() => undefined); // what is seen now decides
  if (uid === null) return;
  const around = await fs.stat(base);
  if ((around.mode & WRITABLE_BY_OTHERS) !== 0 && (around.mode & STICKY) === 0)
    throw new Error(`${base}: expected a directory where others cannot rename ours, found none`);
  const stat = await fs.lstat(own);
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & WRITABLE_BY_OTHERS) !== 0)
    throw new Error(`${own}: expected a directory that only we can write, found another`);
  if ((stat.mode & 0o777) !== FOR_ALL_TO_READ) await fs.chmod(own, FOR_ALL_TO_READ); // whatever the umask
}

async function write(own: string, file: string, path: string): Promise<void> {
  if ((await readPlace(file)) === path) return;
  const names = await namesIn(own, MOST_ENTRIES + 1);
  if (names.length > MOST_ENTRIES)
    await Promise.all(names.map((name) => fs.rm(nodePath.join(own, name), { force: true })));
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  await fs.writeFile(draft, path, { flag: 'wx' });
  await fs.chmod(draft, 0o644);
  await fs.rename(draft, file);
}

async function placesIn(base: string, licenceId: string): Promise<string[]> {
  const users = (await namesIn(base, MOST_NAMES)).filter((name) => /^seatfile-[0-9a-f]{1,16}$/.test(name));
  const found: string[] = [];
  for (const user of users.slice(0, MOST_USERS)) {
    const directory = nodePath.join(base, user);
    found.push(...(await quietly(() => placesOfUser(directory, licenceId), [])));
  }
  return [...new Set(found)].slice(0, MOST_PLACES);
}

async function placesOfUser(directory: string, licenceId: string): Promise<string[]> {
  const names = await namesIn(directory, MOST_NAMES);
  const entries = names.filter((name) => name.startsWith(`${digest(licenceId)}-`)).slice(0, MOST_PLACES);
  const places: string[] = [];
  for (const name of entries) {
    const place = await quietly(() => readPlace(nodePath.join(directory, name)), null);
    if (place !== null && name === entryName(licenceId, place)) places.push(place);
  }
  return places;
}

/** The first names in a directory; no more of it is read. */
async function namesIn(directory: string, most: number): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of await fs.opendir(directory)) if (names.push(name) >= most) break;
  return names;
}

/** The path in an entry; null when there is none that could be meant. */
async function readPlace(file: string): Promise<string | null> {
  const handle = await fs.open(file, READ_PLAIN).catch(() => null);
  if (handle === null) return null;
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.size > LONGEST_PATH_BYTES) return null;
    const path = (await handle.readFile()).toString('utf8');
    return nodePath.isAbsolute(path) && !UNPRINTABLE.test(path) ? path : null;
  } finally {
    await handle.close();
  }
}
