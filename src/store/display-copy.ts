import { createHash } from 'node:crypto';
import type { Licence, Settings } from '../licence/document.js';
import { entitlementHash } from '../licence/entitlement.js';
import { lineagesOf } from '../licence/lineage.js';
import { MAX_BYTES } from '../licence/size.js';
import { formatLicence, oneLineEach } from '../licence/text.js';
import { Unchanged } from '../licence/unchanged.js';
import { type Clock, LARGE_BYTES } from '../share/clock.js';
import { identityOf, nullIf, ShareError, type ShareErrorKind, type ShareFiles } from '../share/files.js';
import { type LicencePaths, refusedName } from '../share/layout.js';
import { isLostBelow, orderOf, readLoosely, type Shown, shownOf } from './shown.js';

/**
 * `licence.json` as people, editors and backup tools see it. Once revisions exist it only shows the newest
 * one, and nothing depends on it. It is written over what is recognised as an older state of this very
 * licence, or over a garbled file that no process is still writing; never over a file that was put there on
 * purpose.
 */

/** A garbled file must have stood unchanged for this long before it is written over. Milliseconds. */
export const WRECK_MS = 60_000;
/** For so long a client may show old bytes under a new stat. Milliseconds. */
const BYTES_AGE_MS = 2000;
/** One that is behind for this long is refreshed by the process that sees it: no other does. Milliseconds. */
const BEHIND_MS = 5000;

/**
 * What stands in `licence.json`: an older state of this licence; the same under a second name (a hard link,
 * as some backups make); another document, wreckage, or nothing.
 */
export type DisplayCopyState = 'ours' | 'linked' | 'foreign' | 'wreck' | 'missing' | 'unread';

/** What one look at `licence.json` found. */
export interface DisplayCopyFound {
  readonly state: DisplayCopyState;
  /** The file, by its stat; where there is none, why. */
  readonly identity: string;
  /** What it shows; null where it does not read as a licence. */
  readonly shown: Shown | null;
}

/** A document that was put over `licence.json`, or what it showed and an administrator has edited. */
export interface Put {
  readonly text: string;
  readonly identity: string;
  /** The settings that were edited; null: it is another document. */
  readonly edit: Settings | null;
}

/** See editedSettings() in replacement-file.ts. */
export type EditIn = (shown: Shown) => Promise<Settings | null>;

/**
 * `changed`: another process has replaced the file meanwhile, or this one was held up: to begin again.
 * `higher`: it shows a higher number than the one given. `foreign`: another document was put there. `left`: it may
 * not be written over now. `refused` by the share: for the one more try that a virus scanner deserves.
 */
export type ShowResult = 'shown' | 'same' | 'changed' | 'higher' | 'foreign' | 'left' | 'refused' | 'failed';

export class DisplayCopy {
  private readonly paths: LicencePaths;
  private readonly files: ShareFiles;
  private readonly clock: Clock;
  private readonly wreckMs: number;
  private standing: Unchanged | null = null;
  private seen: Omit<DisplayCopyFound, 'state'> | null = null;
  /** What was edited in the file that was seen last; compared once for each. */
  private edit: { readonly identity: string; readonly settings: Settings | null } | null = null;
  private readonly editIn: EditIn;
  private lastRead: { identity: string; digest: string; doubtedMs: number | null } | null = null;
  /** What this process has written there: a large document takes long to be parsed. */
  private written: { readonly digest: string; readonly shown: Shown } | null = null;
  /** Why it could not be refreshed when that was last tried; null: it could, or the share did not say. */
  trouble: ShareErrorKind | null = null;

  constructor(
    paths: LicencePaths,
    files: ShareFiles,
    clock: Clock,
    { wreckMs = WRECK_MS, editIn = async () => null }: { wreckMs?: number; editIn?: EditIn } = {},
  ) {
    this.editIn = editIn;
    this.paths = paths;
    this.files = files;
    this.clock = clock;
    this.wreckMs = wreckMs;
  }

  /** What is there now; read only when its stat has changed since it was last read. Never fails. */
  async look(top: Licence): Promise<DisplayCopyFound> {
    try {
      const stat = await this.files.stat(this.paths.licenceFile);
      const identity = identityOf(stat);
      if (stat.kind !== 'file') return { state: 'foreign', identity, shown: null };
      this.standing = Unchanged.after(this.standing, { identity, startedMs: this.clock.elapsedMs() });
      const seen = this.seen?.identity === identity ? this.seen : await this.read(identity);
      if (seen === null) return { state: 'unread', identity, shown: null };
      const state = recognise(seen.shown, top); // anew each time: what was foreign may have been adopted since
      if (state === 'ours' && (await this.editOf(seen, top))) return { state: 'foreign', ...seen };
      return { state: state === 'ours' && stat.links > 1 ? 'linked' : state, ...seen };
    } catch (error) {
      this.seen = null;
      const kind = error instanceof ShareError ? error.kind : 'unsaid';
      return { state: kind === 'missing' ? 'missing' : 'unread', identity: kind, shown: null };
    }
  }

  /** Null: the bytes may be older than the stat, so they say nothing of the file that is there now. */
  private async read(identity: string): Promise<Omit<DisplayCopyFound, 'state'> | null> {
    const bytes = await nullIf(this.files.read(this.paths.licenceFile), 'tooLarge');
    const digest = bytes && digestOf(bytes);
    const isOldNews = digest !== null && this.isOldNews(identity, digest);
    const own = this.written?.digest === digest ? this.written : null;
    this.seen = isOldNews ? null : { identity, shown: own?.shown ?? (bytes && readLoosely(bytes)) };
    return this.seen;
  }

  /** Settings that the table has are no edit, and only others are worth a reading. */
  private async editOf(
    { identity, shown }: Omit<DisplayCopyFound, 'state'>,
    top: Licence,
  ): Promise<Settings | null> {
    if (shown === null || JSON.stringify(shown.settings) === JSON.stringify(top.settings)) return null;
    if (this.edit?.identity !== identity) this.edit = { identity, settings: await this.editIn(shown) };
    return this.edit.settings;
  }

  /** Tells whether it has been replaced since, by a stat. Never fails. */
  async identity(): Promise<string> {
    return await this.files
      .stat(this.paths.licenceFile)
      .then(identityOf, (error: unknown) => (error instanceof ShareError ? error.kind : 'unsaid'));
  }

  /** Whether a poll that met this should have it refreshed. */
  isDue({ state, shown }: DisplayCopyFound, top: Licence): boolean {
    if (state === 'ours' && shown) return orderOf(shown, top) === 'older' && this.stoodMs() >= BEHIND_MS;
    return state === 'missing' || (state === 'wreck' && this.stoodMs() >= this.wreckMs);
  }

  /** For how long this process has seen it unchanged. Milliseconds. */
  private stoodMs(): number {
    return this.standing === null ? 0 : this.clock.elapsedMs() - this.standing.sinceMs;
  }

  /**
   * The stat has changed and the bytes have not: a client may show old ones for a while, so they count only if they
   * are the same some time later.
   */
  private isOldNews(identity: string, digest: string): boolean {
    const { lastRead } = this;
    const nowMs = this.clock.elapsedMs();
    const isSame = lastRead?.digest === digest;
    const sinceMs = isSame && lastRead.identity !== identity ? nowMs : (lastRead?.doubtedMs ?? null);
    const isOld = isSame && sinceMs !== null && nowMs - sinceMs < BYTES_AGE_MS;
    this.lastRead = { identity, digest, doubtedMs: isOld ? sinceMs : null };
    return isOld;
  }

  /** A document that was put over it, as it is there now; null when there is none, or it cannot be read. */
  async replacement(top: Licence): Promise<Put | null> {
    const found = await this.look(top);
    if (found.state !== 'foreign') return null;
    const edit = recognise(found.shown, top) === 'ours' ? await this.editOf(found, top) : null;
    try {
      const stat = await this.files.stat(this.paths.licenceFile);
      if (stat.kind !== 'file') return null;
      const bytes = await this.files.read(this.paths.licenceFile);
      const isStill = identityOf(await this.files.stat(this.paths.licenceFile)) === identityOf(stat);
      if (!isStill || (edit !== null && identityOf(stat) !== found.identity)) return null;
      return { text: new TextDecoder().decode(bytes), identity: identityOf(stat), edit };
    } catch {
      return null;
    }
  }

  /**
   * Writes it over the file of this identity, where that still stands there; only where the folder is: without it
   * the share is gone, and this is where it was.
   * @returns false: nothing was replaced
   */
  write(top: Licence, identity: string): Promise<boolean> {
    const { licenceFile, fileMode, folder } = this.paths;
    const text = textToShow(top);
    this.written = { digest: digestOf(text), shown: shownOf(top) };
    return this.files.replace(licenceFile, text, fileMode, { beside: folder, expected: identity });
  }

  /** Keeps a document that is refused, beside the licence, under a name that says so. False: it is not there now. */
  async setAside(identity: string): Promise<boolean> {
    if ((await this.identity()) !== identity) return false;
    await this.files.rename(this.paths.licenceFile, refusedName(this.paths.licenceFile));
    return true;
  }

  /**
   * Shows the latest revision, if what stands there may be written over. The caller has just seen it latest.
   * @param isHighest also by a new listing: a higher number that is shown is not there any more
   */
  async show(top: Licence, isHighest = false): Promise<ShowResult> {
    const look = await this.look(top);
    const order = look.shown && look.state === 'ours' ? orderOf(look.shown, top) : 'older';
    if (look.state === 'foreign' || order === 'same') return look.state === 'foreign' ? 'foreign' : 'same';
    if (order === 'higher' && !isHighest) return 'higher';
    if (!this.mayBeWrittenOver(look, top)) return 'left';
    try {
      const isShown = await this.write(top, look.identity);
      this.trouble = null;
      return isShown ? 'shown' : 'changed';
    } catch (error) {
      const kind = error instanceof ShareError ? error.kind : null;
      this.trouble = kind !== null && NOT_REFRESHED.includes(kind) ? kind : null;
      return kind === 'refused' || kind === 'busy' ? 'refused' : 'failed';
    }
  }

  /**
   * A number far above the table's may be all that is left of it, for those that rebuild it: it stands as long as a
   * loss takes to be believed.
   */
  private mayBeWrittenOver({ state, shown }: DisplayCopyFound, top: Licence): boolean {
    if (state === 'missing') return true;
    const isFarAbove = shown !== null && orderOf(shown, top) === 'higher' && isLostBelow(top, shown);
    if (state === 'wreck' || isFarAbove) return this.stoodMs() >= this.wreckMs;
    return state === 'ours';
  }
}

/** Whether a revision or a later one is shown. */
export const isShown = ({ state, shown }: DisplayCopyFound, licence: Licence): boolean =>
  state === 'ours' && shown !== null && orderOf(shown, licence) !== 'older';

/** Laid out for people, unless that makes it too large to be read back. */
function textToShow(top: Licence): string {
  const compact = formatLicence(top, 'compact');
  const laidOut = compact.length > LARGE_BYTES ? oneLineEach(compact) : formatLicence(top, 'pretty');
  return Buffer.byteLength(laidOut) > MAX_BYTES ? compact : laidOut;
}

const digestOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/**
 * What leaves a share in order that does not take the file; everything else is trouble of the share, and told
 * as that.
 */
const NOT_REFRESHED: readonly ShareErrorKind[] = ['refused', 'busy', 'readOnly', 'full'];

/**
 * Ours: the same lineage, and an entitlement that the top has or once had; or, of whatever lineage, the signed one that
 * is in force, with which no settings come. A wreck: nothing that reads as a licence.
 */
function recognise(shown: Shown | null, top: Licence): DisplayCopyState {
  if (shown === null) return 'wreck';
  const [hash, inForce] = [entitlementHash(shown.entitlement), entitlementHash(top.entitlement)];
  if (hash === inForce && top.entitlement.signature !== undefined) return 'ours';
  const isKin = lineagesOf(top).some((lineage) => lineage === shown.lineage);
  return isKin && [inForce, ...top.formerEntitlements].includes(hash) ? 'ours' : 'foreign';
}
