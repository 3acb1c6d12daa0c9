import nodePath from 'node:path';
import { inFile, SeatfileFault } from '../licence/fault.js';
import { judgePlace, type PlaceVerdict, type Whereabouts } from '../share/binding.js';
import { toFault } from '../share/deadline.js';
import type { ShareFiles } from '../share/files.js';
import type { LicencePaths } from '../share/layout.js';
import { ANSWER_MS, withTimeouts } from '../share/op-timeouts.js';
import { wholePath } from '../share/paths.js';
import type { System } from './system.js';

type Place = Pick<LicencePaths, 'licenceFile' | 'spelt'>;

/** Whether a licence gives seats where it was opened. The place does not move meanwhile: each binding is asked once. */
export class PlaceCheck {
  private readonly where: Whereabouts;
  private readonly files: ShareFiles;
  /** By the binding. */
  private readonly known = new Map<string, PlaceVerdict>();

  /** @param answerMs the longest wait for each operation on the share */
  constructor(
    { licenceFile, spelt = licenceFile }: Place,
    { files, clock, environment }: System,
    answerMs: number = ANSWER_MS,
  ) {
    this.where = {
      ...{ file: licenceFile, spelt, platform: environment?.home.platform ?? process.platform },
      mountinfo: environment?.mountinfo() ?? null,
    };
    this.files = withTimeouts(files, clock, { answerMs });
  }

  /** As a change of the table asks, which cannot wait. @throws SeatfileFault LICENCE_ELSEWHERE, which names no file */
  isKnown(boundTo: readonly string[]): boolean {
    const verdict = this.verdictKnown(boundTo);
    if (verdict && verdict.kind !== 'here') throw new SeatfileFault('LICENCE_ELSEWHERE', verdict.why);
    return verdict !== null;
  }

  /** Looks where that is needed. @throws SeatfileFault LICENCE_ELSEWHERE, SHARE_UNREACHABLE */
  async check(boundTo: readonly string[]): Promise<void> {
    await this.judge(boundTo);
    inFile(this.where.file, () => this.isKnown(boundTo));
  }

  /** The same as an answer. @throws SeatfileFault SHARE_UNREACHABLE */
  async judge(boundTo: readonly string[]): Promise<PlaceVerdict> {
    const known = this.verdictKnown(boundTo);
    if (known) return known;
    const verdict = await judgePlace(boundTo, this.where, this.files).catch((error: unknown) => {
      throw toFault(error);
    });
    this.known.set(JSON.stringify(boundTo), verdict);
    return verdict;
  }

  private verdictKnown(boundTo: readonly string[]): PlaceVerdict | null {
    return boundTo.length === 0 ? { kind: 'here' } : (this.known.get(JSON.stringify(boundTo)) ?? null);
  }
}

/** The same for a licence file that is not there yet. @throws SeatfileFault LICENCE_ELSEWHERE, SHARE_* */
export async function checkPlaceFor(path: string, boundTo: readonly string[], system: System): Promise<void> {
  if (boundTo.length === 0) return;
  const spelt = wholePath(path);
  const files = withTimeouts(system.files, system.clock, { answerMs: ANSWER_MS });
  const around = await files.resolve(nodePath.dirname(spelt)).catch((error: unknown) => {
    throw toFault(error);
  });
  const licenceFile = nodePath.join(around, nodePath.basename(spelt));
  await new PlaceCheck({ licenceFile, spelt }, system).check(boundTo);
}

/** Why a licence gives no seat where it was opened; null: it does, or a silent share does not tell. */
export async function whyElsewhere(
  paths: LicencePaths,
  boundTo: readonly string[],
  system: System,
): Promise<string | null> {
  return await new PlaceCheck(paths, system).check(boundTo).then(
    () => null,
    (error: unknown) =>
      error instanceof SeatfileFault && error.code === 'LICENCE_ELSEWHERE' ? error.message : null,
  );
}
