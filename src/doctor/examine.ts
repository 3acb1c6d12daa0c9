import nodePath from 'node:path';
import { SeatfileFault } from '../licence/fault.js';
import type { Clock } from '../share/clock.js';
import { isTooLong, TOO_LONG, toFault } from '../share/deadline.js';
import { removeTree } from '../share/emptying.js';
import {
  type FileStat,
  nullIf,
  ShareError,
  type ShareErrorKind,
  type ShareFiles,
  sameRights,
} from '../share/files.js';
import {
  behindFace,
  besideFace,
  examinationName,
  examinationOwner,
  folderOf,
  inFolder,
  isExamination,
  type StageOwner,
} from '../share/layout.js';
import { refuseInside, refuseMounted } from '../share/paths.js';
import type { Dice } from '../share/random.js';
import { awayMount, cloudByEntries, litterAmong } from '../share/volumes.js';
import type { Check, Finding, Refusal, Report, RoundTrip } from './findings.js';
import { lookAround, NOTHING, namesIn, type Surroundings, type Target } from './first-look.js';
import * as probes from './probes.js';
import { examineOthers } from './rights.js';
import { examineLicence } from './table-state.js';

/**
 * Tests on the actual share all that the seat table rests on, and gives what it found as data. It works in one
 * directory of its own beside the licence. That directory is removed at the end, whatever happens.
 */

export interface ExamineDeps {
  /** Patient: every operation has a deadline. */
  readonly files: ShareFiles;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly owner: StageOwner;
  readonly isDead: (owner: StageOwner) => boolean;
  readonly host: string;
  /** What this computer knows of the place; null: it is not asked. */
  readonly surroundings: Surroundings | null;
}

/** One more check, on the ground that the others have prepared. */
export interface Extra {
  readonly check: 'peer' | 'hammer';
  readonly run: (ground: probes.ExaminedGround) => Promise<Finding>;
}

export interface ExamineOptions {
  readonly extras?: readonly Extra[];
  readonly signal?: AbortSignal | undefined;
  readonly onCheck?: ((check: Check | 'cleanUp') => void) | undefined;
}

const DIRECTORY_BITS = 0o6777;
const READ_AND_WRITE = 0o666;

/** What a file server may take to answer before it is called slow. Milliseconds, the median of an operation. */
const SLOW_MEDIAN_MS = 500;
/** A left-over older than this by the server's own stamps belongs to no process any more. Milliseconds. */
const ABANDONED_MS = 86_400_000;
const OLD_WINDOWS_PATH = 259;
/** `.revisions/stage-<8>-<pid>-<32>/licence.json` */
const DEEPEST = 80;

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
  private readonly times = new Map<string, number[]>();
  /** As the checks see the share: each operation is timed, and given up when the caller's signal aborts. */
  private readonly files: ShareFiles;
  private during: Check = 'fileSystem';
  private directory: string | null = null;
  /** Directories that this examination tried to make. An answer may be lost, so each of them may be there. */
  private readonly attempted: string[] = [];

  constructor(target: Target, deps: ExamineDeps, options: ExamineOptions) {
    this.target = target;
    this.deps = deps;
    this.options = options;
    this.files = this.watched(deps.files);
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
      path: this.target.isLicence ? this.target.face : this.target.around,
      findings: this.findings,
      missing: this.isNothingThere ? `no licence file in ${this.target.around}` : null,
      unreachable,
    };
  }

  private async checks(): Promise<void> {
    const { files, target, deps } = this;
    await this.check('place', async () => this.wrongPlace());
    if (this.isWrongPlace) return;
    await this.check('fileSystem', () => lookAround(target, { files, surroundings: deps.surroundings }));
    await this.check('cloud', () => this.litter());
    await this.check('pathLength', async () => this.names());
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

  /** A place where a licence file would begin a second table, or where the share should be mounted and is not. */
  private wrongPlace(): Finding[] {
    const { target, deps } = this;
    const mountinfo = deps.surroundings?.mountinfo() ?? null;
    try {
      refuseInside(target.isLicence ? target.face : target.around);
      refuseMounted(target.face, mountinfo);
    } catch (error) {
      if (!(error instanceof SeatfileFault)) throw error;
      return [{ check: 'wrongPlace', severity: 'unfit', trouble: error.message }];
    }
    const fstab = deps.surroundings?.fstab?.() ?? null;
    const away = mountinfo && fstab && awayMount(target.around, mountinfo, fstab);
    return away ? [{ check: 'notMounted', severity: 'unfit', ...away }] : [];
  }

  private async licence(): Promise<Finding> {
    const own = this.directory === null ? null : await nullIf(this.files.stat(this.directory), ...NOTHING);
    return await examineLicence(this.target, this.files, this.deps, own?.modifiedMs);
  }

  private get isRefused(): boolean {
    return this.findings.some((one) => one.check === 'rights' && one.refused !== null);
  }

  private async probes(directory: string): Promise<void> {
    const ground = { files: this.files, clock: this.deps.clock, directory };
    const isClientStamp = this.findings.some(
      (one) => one.check === 'fileSystem' && one.name === 'fuse.glusterfs',
    );
    await this.check('leftOvers', () => this.leftOvers(directory));
    await this.check('exclusiveCreate', () => probes.exclusiveCreate(ground));
    await this.check('readBack', () => probes.readBack(ground));
    await this.check('directoryRename', () => probes.directoryRename(ground));
    await this.check('freshness', () => probes.freshness(ground));
    await this.check('stamps', () => probes.stamps(ground, isClientStamp));
    await this.check('caseFolding', () => probes.caseFolding(ground));
    this.findings.push(this.roundTrips());
    const modes = await this.modes();
    for (const { check, run } of this.options.extras ?? [])
      await this.check(check, () => run({ ...ground, modes, plainFiles: this.deps.files }));
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
    const { around, face } = this.target;
    const found: Finding[] = [];
    const isKnown = this.findings.some((one) => one.check === 'cloudFolder' && one.folder !== null);
    const folder = isKnown ? null : await this.cloudAbove(around);
    if (folder) found.push({ check: 'cloudFolder', severity: 'unfit', folder });
    const names = litterAmong(await namesIn(around, this.files), nodePath.basename(face), [this.deps.host]);
    return [...found, { check: 'litter', severity: names.length > 0 ? 'warning' : 'ok', names }];
  }

  /**
   * A client that synchronises leaves its mark in the top folder. A directory that may not be listed is passed over.
   */
  private async cloudAbove(around: string) {
    for (let path = around; path !== nodePath.dirname(path); ) {
      path = nodePath.dirname(path);
      const names = await namesIn(path, this.files);
      const folder = cloudByEntries(names);
      if (folder) return folder;
    }
    return null;
  }

  private names(): Finding[] {
    const { face, drive } = this.target;
    const { surroundings } = this.deps;
    const longest = face.length + DEEPEST;
    const isWindows = surroundings?.home.platform === 'win32';
    const severity = longest <= OLD_WINDOWS_PATH ? 'ok' : isWindows ? 'warning' : 'note';
    const found: Finding[] = [{ check: 'pathLength', severity, longest, most: OLD_WINDOWS_PATH }];
    if (drive !== null) found.push({ check: 'mappedDrive', severity: 'note', drive, unc: face });
    return found;
  }

  /**
   * Makes the directory for all other checks: beside the licence, or in the folder if only the folder may be written.
   */
  private async rights(): Promise<Finding> {
    const { around, face, isLicence } = this.target;
    const licence = isLicence ? face : null;
    const stat = await this.files.stat(around);
    const folder = folderOf(face);
    const hasFolder = (await this.kindOf(folder)) === 'directory';
    const beside = await this.tryDirectory(besideFace(face, this.newName()), stat);
    const needsFolder = hasFolder && (beside.refused === null || this.directory === null);
    const inside = needsFolder ? await this.tryDirectory(inFolder({ folder }, this.newName()), stat) : beside;
    const isSticky = (stat.mode & STICKY) !== 0;
    const others = this.othersBy(stat.mode);
    const refused = hasFolder ? inside.refused : beside.refused;
    const where = refused ? null : beside.refused ? 'folder' : 'around';
    const keepsGroup = (stat.mode & SET_GROUP) !== 0;
    const keepsModes = inside.keepsModes;
    const isPoor = others === 'nobody' || where === 'folder' || (others === 'group' && !keepsGroup);
    return {
      check: 'rights',
      severity: refused || isSticky ? 'unfit' : isPoor ? 'warning' : keepsModes ? 'ok' : 'note',
      ...{ refused, where, mode: stat.mode, around, licence, isSticky, others, keepsGroup, keepsModes },
    };
  }

  /** Null if nothing is there, or if this user may not see it. */
  private async kindOf(path: string): Promise<FileStat['kind'] | null> {
    return (await nullIf(this.files.stat(path), 'missing', 'refused'))?.kind ?? null;
  }

  /** All that a commit does with a directory: made, given its rights, listed, filled, renamed, emptied, removed. */
  private async tryDirectory(
    path: string,
    around: FileStat,
  ): Promise<{ refused: Refusal | null; keepsModes: boolean }> {
    const { files } = this;
    const mode = around.mode & DIRECTORY_BITS;
    try {
      this.attempted.push(path);
      await files.makeDirectory(path);
      const isSpare = this.directory !== null;
      this.directory ??= path;
      await files.setMode(path, mode).catch(probes.passOver);
      const keepsModes = sameRights((await files.stat(path)).mode, mode);
      await files.list(nodePath.dirname(path));
      await tryFile(path, files, mode);
      if (isSpare) await nullIf(files.removeDirectory(path), 'notEmpty'); // an indexer wrote in it: removed at the end
      return { refused: null, keepsModes };
    } catch (error) {
      if (!(error instanceof ShareError && REFUSALS.includes(error.kind))) throw error;
      return {
        refused: { operation: error.operation, path: error.path, kind: error.kind },
        keepsModes: false,
      };
    }
  }

  private newName(): string {
    const { dice, owner } = this.deps;
    return examinationName(owner, dice.id());
  }

  /** SMB clients make these bits up; Windows has none. */
  private get areModesReal(): boolean {
    const found = this.findings.find((one) => one.check === 'fileSystem');
    const isMadeUp = found?.check === 'fileSystem' && /^(?:smb|cifs)/.test(found.name ?? '');
    return !isMadeUp && this.deps.surroundings?.home.platform !== 'win32';
  }

  private othersBy(mode: number): 'everybody' | 'group' | 'nobody' | 'unknown' {
    if (!this.areModesReal) return 'unknown';
    return (mode & 0o003) === 0o003 ? 'everybody' : (mode & 0o030) === 0o030 ? 'group' : 'nobody';
  }

  /** Left by killed examinations: cleared away if the process is dead, or if a day old by the server's own stamps. */
  private async leftOvers(directory: string): Promise<Finding[]> {
    const nowMs = (await this.files.stat(directory)).modifiedMs;
    const paths = (await this.examinations()).filter((path) => !this.attempted.includes(path));
    let cleared = 0;
    for (const path of paths) {
      if (!(await this.isAbandoned(path, nowMs))) continue;
      await this.clear(path);
      cleared++;
    }
    const names = paths.map((path) => nodePath.basename(path));
    return names.length === 0 ? [] : [{ check: 'leftOvers', severity: 'note', names, cleared }];
  }

  /** Renamed first. What another user plants under the old name meanwhile is then not what is emptied. */
  private async clear(path: string): Promise<void> {
    const { around, face } = this.target;
    const isBeside = nodePath.dirname(path) === around;
    const aside = isBeside
      ? besideFace(face, this.newName())
      : inFolder({ folder: folderOf(face) }, this.newName());
    await this.files.rename(path, aside);
    this.attempted.push(aside);
    await removeTree(aside, this.files, probes.CONTENTS, within(this.deps.clock, LONGEST_REMOVAL_MS));
  }

  /** What examinations left, beside the licence and in its folder. */
  private async examinations(): Promise<string[]> {
    const { around, face } = this.target;
    const folder = folderOf(face);
    const beside = (await this.files.list(around)).filter((name) =>
      isExamination(behindFace(face, name) ?? ''),
    );
    const inside = ((await nullIf(this.files.list(folder), ...NOTHING)) ?? []).filter(isExamination);
    return [
      ...beside.map((name) => nodePath.join(around, name)),
      ...inside.map((name) => inFolder({ folder }, name)),
    ];
  }

  private async isAbandoned(path: string, nowMs: number): Promise<boolean> {
    const name = nodePath.basename(path);
    const owner = examinationOwner(behindFace(this.target.face, name) ?? name);
    if (owner !== null && this.deps.isDead(owner)) return true;
    const stat = await nullIf(this.files.stat(path), ...NOTHING);
    return stat !== null && nowMs - stat.modifiedMs > ABANDONED_MS;
  }

  private roundTrips(): Finding {
    const operations = [...this.times].map(([operation, times]) => roundTripOf(operation, times));
    const slowest = operations.reduce((one, other) => (other.medianMs > one.medianMs ? other : one));
    return {
      check: 'roundTrips',
      severity: slowest.medianMs > SLOW_MEDIAN_MS ? 'warning' : 'ok',
      ...{ operations, slowest: slowest.operation, slowestMedianMs: slowest.medianMs },
    };
  }

  private async modes(): Promise<probes.ExaminedGround['modes']> {
    const { mode } = await this.files.stat(this.target.around);
    return { directory: mode & DIRECTORY_BITS, file: mode & READ_AND_WRITE };
  }

  private watched(files: ShareFiles): ShareFiles {
    const wrapped = Object.entries(files).map(([operation, act]) => [
      operation,
      (...args: unknown[]) =>
        this.timed(operation, () => (act as (...all: unknown[]) => Promise<unknown>)(...args)),
    ]);
    return Object.fromEntries(wrapped) as ShareFiles;
  }

  private async timed(operation: string, act: () => Promise<unknown>): Promise<unknown> {
    this.heedSignal();
    const startedMs = this.deps.clock.elapsedMs();
    const answer = await act(); // a refused operation is not timed: a commit meets none
    const times = this.times.get(operation) ?? [];
    this.times.set(operation, [...times, this.deps.clock.elapsedMs() - startedMs]);
    return answer;
  }

  private heedSignal(): void {
    const { signal } = this.options;
    if (signal?.aborted)
      throw new SeatfileFault('ABORTED', 'the examination was given up', { cause: signal.reason });
  }

  /** Not through the watched port: the directory is removed also when the examination is given up. */
  private async cleanUp(): Promise<void> {
    if (this.attempted.length > 0) this.options.onCheck?.('cleanUp');
    let isSilent = false;
    for (const directory of this.attempted) {
      const failure: ShareErrorKind | null = isSilent ? 'silent' : await this.whyLeft(directory);
      isSilent = failure === 'silent'; // a share that did not answer is not asked again
      if (failure !== null) this.findings.push({ check: 'cleanUp', severity: 'note', left: directory });
    }
  }

  private async whyLeft(directory: string): Promise<ShareErrorKind | null> {
    for (let tries = 1; ; tries++) {
      const failure = await whyNotRemoved(directory, this.deps);
      if (failure === null || failure === 'silent' || tries === REMOVALS) return failure;
      await this.deps.clock.sleep(REMOVE_AGAIN_MS);
    }
  }
}

/** A virus scanner may hold a new file open: a removal is tried REMOVALS times, this many milliseconds apart. */
const REMOVE_AGAIN_MS = 500;
const REMOVALS = 4;

/** The scratch licence of a hammer holds thousands of files. What takes longer to remove was planted. Milliseconds. */
const LONGEST_REMOVAL_MS = 20_000;
function within(clock: Clock, ms: number): () => boolean {
  const untilMs = clock.elapsedMs() + ms;
  return () => clock.elapsedMs() >= untilMs;
}

/** Why it is still there, or may be; null when it is gone. */
async function whyNotRemoved(
  directory: string,
  { files, clock }: Pick<ExamineDeps, 'files' | 'clock'>,
): Promise<ShareErrorKind | null> {
  try {
    await removeTree(directory, files, probes.CONTENTS, within(clock, LONGEST_REMOVAL_MS));
    return (await nullIf(files.stat(directory), ...NOTHING)) === null ? null : 'busy';
  } catch (error) {
    if (error instanceof ShareError) return error.kind;
    throw error;
  }
}

const STICKY = 0o1000;
const SET_GROUP = 0o2000;
const REFUSALS: readonly ShareErrorKind[] = ['refused', 'readOnly', 'full'];

async function tryFile(directory: string, files: ShareFiles, mode: number): Promise<void> {
  const [file, moved] = [nodePath.join(directory, 'written'), nodePath.join(directory, 'renamed')];
  await files.writeNew(file, 'x', mode & READ_AND_WRITE);
  await files.read(file);
  await files.rename(file, moved);
  await files.removeFile(moved);
}

function roundTripOf(operation: string, times: readonly number[]): RoundTrip {
  return {
    operation,
    count: times.length,
    medianMs: rounded(median(times)),
    maxMs: rounded(Math.max(...times)),
  };
}

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const rounded = (ms: number): number => Math.round(ms * 10) / 10;
