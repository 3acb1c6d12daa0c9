import { type Licence, refuseMoved } from '../licence/document.js';
import type { Policy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { decodeText, formatLicence, readLicence } from '../licence/text.js';
import { type Deadline, toFault } from '../share/deadline.js';
import { OF_A_REVISION, removeTree } from '../share/emptying.js';
import { nullIf, ShareError, STICKY } from '../share/files.js';
import { besideLicenceFile, documentIn, numberName, stageName } from '../share/layout.js';
import type { StoreContext } from './context.js';
import type { LatestRevision, Revisions } from './revisions.js';
import type { Stages } from './stages.js';
import { rebuildAdvice } from './trouble.js';

/**
 * Where a table begins: with the licence file itself, until the folder appears beside it, whole and by one
 * rename.
 */
export class FirstFolder {
  private readonly context: StoreContext;
  private readonly revisions: Revisions;
  private readonly stages: Stages;
  private hasFolder: boolean;

  constructor(context: StoreContext, revisions: Revisions) {
    this.context = context;
    this.revisions = revisions;
    this.stages = revisions.register.stages;
    this.hasFolder = context.paths.isFolderFound ?? false;
  }

  async folderExists(): Promise<boolean> {
    if (this.hasFolder) return true;
    const stat = await nullIf(this.context.files.stat(this.context.paths.folder), 'missing');
    if (stat === null) return false;
    if (stat.kind !== 'directory')
      throw new SeatfileFault(
        'SHARE_UNFIT',
        `${this.context.paths.folder}: expected a directory of seatfile's own, found a ${stat.kind}`,
        { details: { path: this.context.paths.folder, found: stat.kind } },
      );
    this.hasFolder = true;
    return true;
  }

  /**
   * A licence file of a higher revision has a folder: a client that does not show it may remember its absence
   * from before the first commit. Only what stays away past the caches' lifetime is a copy, or a loss.
   */
  async hiddenLatest(revision: number, deadline: Deadline): Promise<LatestRevision> {
    const { licenceFile, folder } = this.context.paths;
    try {
      return await this.revisions.latest(deadline);
    } catch (error) {
      const isLost = error instanceof SeatfileFault && error.code === 'TABLE_LOST';
      if (!isLost || (await nullIf(this.context.files.stat(folder), 'missing')) !== null) throw error;
      throw new SeatfileFault(
        'TABLE_LOST',
        `${licenceFile} is at revision ${revision}, but ${folder} is not there; nothing was written. ` +
          'If this is a copy, use the original: a repair would make a second table. ' +
          `If the folder was deleted, put it back. ${rebuildAdvice(licenceFile)}`,
        { details: { path: folder, revision } },
      );
    }
  }

  /** The licence file itself: where a table begins, if it is of revision 0. */
  async firstRevision(): Promise<{ licence: Licence; policy: Policy; text: string }> {
    const { licenceFile } = this.context.paths;
    const bytes = await this.context.files.read(licenceFile).catch((error: unknown) => {
      throw unreadable(error, licenceFile);
    });
    const text = decodeText(bytes, licenceFile);
    return { ...(await readLicence(text, licenceFile, this.revisions.trust.judge)), text };
  }

  /**
   * The first commit of a licence: the folder appears whole, with revision 0 in it, or another process was
   * quicker.
   * @returns the newest revision if the folder was there after all, hidden by this client's caches
   */
  async firstCommit(deadline: Deadline): Promise<LatestRevision | null> {
    const { licence, text } = await this.firstRevision();
    if (licence.revision > 0) return await this.hiddenLatest(licence.revision, deadline);
    refuseMoved(licence, this.context.paths.licenceFile);
    await this.refuseSticky();
    await this.create(() => ({ number: 0, text }));
    return null;
  }

  /** A table that is lost begins again, whole, with the revision that is built for it. */
  recreate(build: (shareTimeMs: number) => Licence): Promise<void> {
    this.hasFolder = false;
    return this.create((shareTimeMs) => {
      const licence = build(shareTimeMs);
      return { number: licence.revision, text: formatLicence(licence, 'compact') };
    });
  }

  /**
   * Makes the folder whole, with one revision in it, by one rename; or another process was quicker, which is
   * as good. The licence file is looked for once more when the folder is complete: where a share was mounted
   * and is not any more, no table may begin.
   */
  private async create(first: (shareTimeMs: number) => { number: number; text: string }): Promise<void> {
    const path = this.newName();
    let number = 0;
    try {
      const { modifiedMs } = await this.stages.makeDirectory(path);
      const made = first(modifiedMs);
      number = made.number;
      const directory = `${path}/${numberName(number)}`;
      await this.stages.makeDirectory(directory);
      await this.context.files.writeNew(documentIn(directory), made.text, this.context.paths.fileMode);
      await this.context.files.stat(this.context.paths.licenceFile);
    } catch (error) {
      await this.dropUnfinished(path, number);
      throw error;
    }
    const failure = await this.context.files.rename(path, this.context.paths.folder).then(
      () => null,
      (error: unknown) => error,
    );
    if (failure === null) this.hasFolder = true;
    else {
      const isBegun = isTaken(failure) || (await this.folderExists());
      await this.dropUnfinished(path, number);
      if (!isBegun) throw failure;
    }
  }

  /**
   * Renamed away first: a request that comes late must not make a folder of what is being emptied. What
   * cannot be, is left to garbage collection.
   */
  private async dropUnfinished(path: string, number: number): Promise<void> {
    const { files } = this.context;
    const aside = this.newName();
    await files
      .rename(path, aside)
      .then(() => removeTree(aside, files, { [numberName(number)]: OF_A_REVISION }))
      .catch(() => undefined);
  }

  /** In a sticky directory only the owner may rename or delete, so no user could clear away after another. */
  private async refuseSticky(): Promise<void> {
    const around = await this.context.files.stat(this.context.paths.around);
    if ((around.mode & STICKY) !== 0)
      throw new SeatfileFault(
        'SHARE_UNFIT',
        `${this.context.paths.around}: the directory is sticky (mode ${around.mode.toString(8)}), so users could not ` +
          "delete each other's files; expected a directory of its own without the sticky bit",
        { details: { path: this.context.paths.around } },
      );
  }

  /** A name beside the licence file that no other process uses. */
  private newName(): string {
    const { random, owner, paths } = this.context;
    return besideLicenceFile(paths.licenceFile, stageName(owner, random.id()));
  }
}

/** Another process was quicker, whatever this client's caches still show. */
const isTaken = (error: unknown): boolean =>
  error instanceof ShareError && (error.kind === 'exists' || error.kind === 'notEmpty');

/** Why a licence file could not be read, in the words of a caller that opens it. */
export function unreadable(error: unknown, licenceFile: string): unknown {
  if (!(error instanceof ShareError)) return error;
  const fault = (code: 'LICENCE_MISSING' | 'LICENCE_UNREADABLE', text: string) =>
    new SeatfileFault(code, `${licenceFile}: ${text}`, { cause: error, details: { path: licenceFile } });
  switch (error.kind) {
    case 'missing':
      return fault(
        'LICENCE_MISSING',
        'no licence file there; check the path, and whether the share is connected',
      );
    case 'wrongKind':
      return fault(
        'LICENCE_UNREADABLE',
        'expected a licence file, found a directory, or a file where a directory should be',
      );
    case 'refused':
      return fault(
        'LICENCE_UNREADABLE',
        'this user has no right to read it; ask the administrator of the share',
      );
    default:
      return toFault(error);
  }
}
