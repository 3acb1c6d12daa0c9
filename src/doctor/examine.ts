import { SeatfileFault } from '../licence/fault.js';
import type { Trust } from '../licence/trust.js';
import type { Clock } from '../share/clock.js';
import { isTooLong, TOO_LONG, toFault } from '../share/deadline.js';
import { DIRECTORY_BITS, nullIf, READ_AND_WRITE, ShareError, type ShareFiles } from '../share/files.js';
import type { StageOwner } from '../share/layout.js';
import type { Random } from '../share/random.js';
import type { Check, Finding, Report } from './findings.js';
import { examineSite, type LocalEnvironment, NOTHING, type Target } from './first-look.js';
import { examineLeftOvers } from './left-overs.js';
import { OwnDirectories } from './own-directories.js';
import { examineOwnRights } from './own-rights.js';
import { cloudAbove, examineLitter, examineNames, examinePlace } from './place-checks.js';
import * as probes from './probes.js';
import { examineOthers } from './rights.js';
import { RoundTrips } from './round-trips.js';
import { examineLicence } from './table-state.js';

/**
 * Tests on the actual share all that the seat table rests on, and gives what it found as data. It works in one
 * directory of its own beside the licence. That directory is removed at the end, whatever happens.
 */

export interface ExamineDeps {
  /** Patient: every operation has a deadline. */
  readonly files: ShareFiles;
  readonly clock: Clock;
  readonly random: Random;
  readonly owner: StageOwner;
  readonly isDead: (owner: StageOwner) => boolean;
  readonly host: string;
  /** What this computer knows of the place; null: it is not asked. */
  readonly environment: LocalEnvironment | null;
  /** What is known of the vendor. @default no key: no signature is judged */
  readonly trust?: Trust;
}

/** One more check, on the ground that the others have prepared. */
export interface Extra {
  readonly check: 'peer' | 'hammer';
  readonly run: (site: probes.ExaminedSite) => Promise<Finding>;
}

export interface ExamineOptions {
  readonly extras?: readonly Extra[];
  readonly signal?: AbortSignal | undefined;
  readonly onCheck?: ((check: Check | 'cleanUp') => void) | undefined;
}

export async function examine(
  target: Target,
  deps: ExamineDeps,
  options: ExamineOptions = {},
): Promise<Report> {
  return await new Examination(target, deps, options).run();
}

class Examination {
  private readonly target: Target;
  private readonly deps: ExamineDeps;
  private readonly options: ExamineOptions;
  private readonly findings: Finding[] = [];
  private readonly roundTrips: RoundTrips;
  /** As the checks see the share: each operation is timed, and given up when the caller's signal aborts. */
  private readonly files: ShareFiles;
  private readonly own: OwnDirectories;
  private during: Check = 'fileSystem';
  /** The directory that the probes work in. */
  private directory: string | null = null;
  private shareTimeMs: number | null = null;

  constructor(target: Target, deps: ExamineDeps, options: ExamineOptions) {
    this.target = target;
    this.deps = deps;
    this.options = options;
    this.roundTrips = new RoundTrips(deps.files, deps.clock, () => this.heedSignal());
    this.files = this.roundTrips.files;
    this.own = new OwnDirectories(target.licenceFile, deps);
  }

  async run(): Promise<Report> {
    let unreachable: Report['unreachable'] = null;
    try {
      await this.checks();
    } catch (error) {
      if (!(error instanceof ShareError)) throw error;
      const fault = toFault(error);
      unreachable = { during: this.during, message: fault instanceof Error ? fault.message : error.message };
    } finally {
      await this.cleanUp();
    }
    return {
      path: this.target.isLicence ? this.target.licenceFile : this.target.around,
      findings: this.findings,
      missing: this.isNothingThere ? `no licence file in ${this.target.around}` : null,
      unreachable,
      shareTimeMs: this.shareTimeMs,
    };
  }

  private async checks(): Promise<void> {
    const { files, target, deps } = this;
    await this.check('place', async () => examinePlace(target, deps.environment));
    if (this.isWrongPlace) return;
    await this.check('fileSystem', () => examineSite(target, { files, environment: deps.environment }));
    await this.check('cloud', () => this.litter());
    await this.check('pathLength', async () => examineNames(target, deps.environment));
    await this.check('rights', () => this.rights());
    if (this.isWrongPlace) return;
    if (this.directory !== null && !this.isRefused) await this.probes(this.directory);
    if (!target.isLicence) return;
    if (this.areModesReal) await this.check('othersRights', () => examineOthers(target, files));
    await this.check('licence', () => this.licence());
  }

  private get isWrongPlace(): boolean {
    return this.findings.some((one) => one.check === 'wrongPlace');
  }

  private get isNothingThere(): boolean {
    return this.findings.some((one) => one.check === 'licence' && one.state === 'none');
  }

  private async licence(): Promise<Finding> {
    const own = this.directory === null ? null : await nullIf(this.files.stat(this.directory), ...NOTHING);
    this.shareTimeMs = own?.modifiedMs ?? null;
    return await examineLicence(this.target, this.files, this.deps, own?.modifiedMs);
  }

  private get isRefused(): boolean {
    return this.findings.some((one) => one.check === 'rights' && one.refused !== null);
  }

  private async probes(directory: string): Promise<void> {
    const site = { files: this.files, clock: this.deps.clock, directory };
    const isClientStamp = this.findings.some(
      (one) => one.check === 'fileSystem' && one.name === 'fuse.glusterfs',
    );
    const search = { ...this.deps, target: this.target, files: this.files, own: this.own };
    await this.check('leftOvers', () => examineLeftOvers(search, directory));
    await this.check('exclusiveCreate', () => probes.exclusiveCreate(site));
    await this.check('readBack', () => probes.readBack(site));
    await this.check('directoryRename', () => probes.directoryRename(site));
    await this.check('freshness', () => probes.freshness(site));
    await this.check('stamps', () => probes.stamps(site, isClientStamp));
    await this.check('caseFolding', () => probes.caseFolding(site));
    this.findings.push(this.roundTrips.finding());
    const modes = await this.modes();
    for (const { check, run } of this.options.extras ?? [])
      await this.check(check, () => run({ ...site, modes, plainFiles: this.deps.files }));
  }

  /** A check that fails is a finding as long as the share answers. A check that gets no answer ends the examination. */
  private async check(check: Check, act: () => Promise<Finding | readonly Finding[]>): Promise<void> {
    this.during = check;
    this.options.onCheck?.(check);
    try {
      const found = [await act()].flat();
      this.heedSignal(); // a check that was cut short has no finding
      this.findings.push(...found);
    } catch (error) {
      if (!(error instanceof ShareError) || error.kind === 'silent') throw error;
      await this.files.stat(this.target.around);
      if (isTooLong(error)) {
        const trouble = `${error.operation} ${error.path}: ${TOO_LONG}`;
        this.findings.push({ check: 'wrongPlace', severity: 'unfit', trouble });
        return;
      }
      this.findings.push({ check: 'failed', severity: 'unfit', during: check, message: error.message });
    }
  }

  private async litter(): Promise<Finding[]> {
    const { target, files, deps } = this;
    const isKnown = this.findings.some((one) => one.check === 'cloudFolder' && one.folder !== null);
    const folder = isKnown ? null : await cloudAbove(target.around, files);
    const litter = await examineLitter(target, files, deps.host);
    return folder ? [{ check: 'cloudFolder', severity: 'unfit', folder }, litter] : [litter];
  }

  /** Also makes the directory for all other checks. */
  private rights(): Promise<Finding> {
    const { target, files, own, areModesReal } = this;
    const made = (path: string) => {
      this.directory ??= path;
    };
    return examineOwnRights({ target, files, own, areModesReal, made });
  }

  /** SMB clients make these bits up; Windows has none. */
  private get areModesReal(): boolean {
    const found = this.findings.find((one) => one.check === 'fileSystem');
    const isMadeUp = found?.check === 'fileSystem' && /^(?:smb|cifs)/.test(found.name ?? '');
    return !isMadeUp && this.deps.environment?.home.platform !== 'win32';
  }

  private async modes(): Promise<probes.ExaminedSite['modes']> {
    const { mode } = await this.files.stat(this.target.around);
    return { directory: mode & DIRECTORY_BITS, file: mode & READ_AND_WRITE };
  }

  private heedSignal(): void {
    const { signal } = this.options;
    if (signal?.aborted)
      throw new SeatfileFault('ABORTED', 'the examination was given up', {
        cause: signal.reason,
        details: { operation: 'examination' },
      });
  }

  /** Not through the watched port: the directory is removed also when the examination is given up. */
  private async cleanUp(): Promise<void> {
    if (this.own.attempted.length > 0) this.options.onCheck?.('cleanUp');
    for (const left of await this.own.remove(this.deps.files, this.deps.clock))
      this.findings.push({ check: 'cleanUp', severity: 'note', left });
  }
}
