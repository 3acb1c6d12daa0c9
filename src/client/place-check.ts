import nodePath from 'node:path';
import { inFile, SeatfileFault } from '../licence/fault.js';
import { refuseElsewhere, type Whereabouts } from '../share/binding.js';
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
  /** By the binding. Null: it is this place. */
  private readonly known = new Map<string, SeatfileFault | null>();

  constructor({ licenceFile, spelt = licenceFile }: Place, { files, clock, environment }: System) {
    this.where = {
      ...{ file: licenceFile, spelt, platform: environment?.home.platform ?? process.platform },
      mountinfo: environment?.mountinfo() ?? null,
    };
    this.files = withTimeouts(files, clock, { answerMs: ANSWER_MS });
  }

  /** As a change of the table asks, which cannot wait. @throws SeatfileFault LICENCE_ELSEWHERE, which names no file */
  isKnown(boundTo: readonly string[]): boolean {
    const refusal = boundTo.length === 0 ? null : this.known.get(JSON.stringify(boundTo));
    if (refusal) throw refusal;
    return refusal === null;
  }

  /** Looks where that is needed. @throws SeatfileFault LICENCE_ELSEWHERE, SHARE_UNREACHABLE */
  async check(boundTo: readonly string[]): Promise<void> {
    const isAsked = boundTo.length === 0 || this.known.has(JSON.stringify(boundTo));
    if (!isAsked) this.known.set(JSON.stringify(boundTo), await this.ask(boundTo));
    inFile(this.where.file, () => this.isKnown(boundTo));
  }

  private async ask(boundTo: readonly string[]): Promise<SeatfileFault | null> {
    try {
      await refuseElsewhere(boundTo, this.where, this.files);
      return null;
    } catch (error) {
      if (error instanceof SeatfileFault) return error;
      throw toFault(error);
    }
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
