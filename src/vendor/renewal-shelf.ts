import nodePath from 'node:path';
import { type Entitlement, readEntitlement } from '../licence/entitlement.js';
import { readLicenceKey } from '../licence/licence-key.js';
import { readLicence } from '../licence/text.js';
import { fromIso } from '../licence/time.js';
import type { Trust } from '../licence/trust.js';
import { type FileStat, identityOf, type ShareFiles } from '../share/files.js';
import { MOST_BYTES } from './download.js';

/** A licence file that lies on the shelf, as it was last read. */
interface Shelved {
  /** By its stat: a file that has not changed is not read again. */
  readonly identity: string;
  /** Null: it is no licence that may be served. */
  readonly licence: { readonly text: Uint8Array; readonly granted: Entitlement } | null;
}

/** The directory is looked at again after this. Milliseconds. */
const FRESH_MS = 2000;
/** Most files looked at. */
const MOST_FILES = 10_000;

/**
 * The licence files of one directory, by licence id and licence key. Only regular files in it are read, by the names
 * that a listing shows: no name that is asked for ever becomes a path.
 */
export class RenewalShelf {
  private readonly directory: string;
  private readonly files: ShareFiles;
  private readonly trust: Trust;
  private shelved = new Map<string, Shelved>();
  private lookedMs = Number.NEGATIVE_INFINITY;
  private looking: Promise<void> | null = null;

  constructor(directory: string, files: ShareFiles, trust: Trust) {
    this.directory = directory;
    this.files = files;
    this.trust = trust;
  }

  /**
   * The newest licence in force that has this id or key, or supersedes one that has; null where there is none.
   * @param nowMs since 1970
   */
  async find(name: string, nowMs: number): Promise<Uint8Array | null> {
    await this.look(nowMs);
    const asked = new Set([name, keyIn(name)]);
    const all = [...this.shelved.values()].flatMap(({ licence }) => licence ?? []);
    const found = all.filter(({ granted }) => isInForce(granted, nowMs) && isFor(granted, asked));
    const newest = found.reduce<(typeof found)[number] | null>(
      (best, one) => (best && fromIso(best.granted.issuedAt) >= fromIso(one.granted.issuedAt) ? best : one),
      null,
    );
    return newest?.text ?? null;
  }

  /** How many licences may be served. @throws where the directory cannot be read */
  async count(nowMs: number): Promise<number> {
    await this.look(nowMs);
    return [...this.shelved.values()].filter(({ licence }) => licence !== null).length;
  }

  /** One look for all that ask meanwhile. */
  private async look(nowMs: number): Promise<void> {
    if (Math.abs(nowMs - this.lookedMs) < FRESH_MS) return;
    this.looking ??= this.lookNow(nowMs).finally(() => {
      this.looking = null;
    });
    await this.looking;
  }

  private async lookNow(nowMs: number): Promise<void> {
    const names = (await this.files.list(this.directory)).filter((name) => name.endsWith('.json'));
    const shelved = new Map<string, Shelved>();
    for (const name of names.slice(0, MOST_FILES)) {
      const one = await this.shelve(name).catch(() => null); // it is gone again, or cannot be read
      if (one) shelved.set(name, one);
    }
    this.shelved = shelved;
    this.lookedMs = nowMs;
  }

  private async shelve(name: string): Promise<Shelved> {
    const path = nodePath.join(this.directory, name);
    const stat = await this.files.stat(path);
    const identity = identityOf(stat);
    const known = this.shelved.get(name);
    if (known?.identity === identity) return known;
    return { identity, licence: await this.read(path, stat).catch(() => null) };
  }

  private async read(path: string, { kind, bytes }: FileStat): Promise<Shelved['licence']> {
    if (kind !== 'file' || bytes > MOST_BYTES) return null;
    const text = await this.files.read(path);
    const { licence } = await readLicence(
      new TextDecoder('utf-8', { fatal: true }).decode(text),
      path,
      this.trust.judge,
    );
    if (licence.entitlement.signature === undefined) return null; // no instance would install it
    return { text, granted: readEntitlement(licence.entitlement) };
  }
}

const isInForce = ({ notBefore, expiresAt }: Entitlement, nowMs: number): boolean =>
  (notBefore === undefined || fromIso(notBefore) <= nowMs) &&
  (expiresAt === undefined || fromIso(expiresAt) > nowMs);

const isFor = (
  { licenceId, licenceKey, supersedes = [] }: Entitlement,
  asked: ReadonlySet<string>,
): boolean => [licenceId, licenceKey ?? '', ...supersedes].some((name) => name !== '' && asked.has(name));

/** A licence key as it is written in licences, or the name as it is. */
function keyIn(name: string): string {
  try {
    return readLicenceKey(name);
  } catch {
    return name;
  }
}
