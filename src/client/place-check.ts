import { inFile, SeatfileFault } from '../licence/fault.js';
import { refuseElsewhere, type Whereabouts } from '../share/binding.js';
import { toFault } from '../share/deadline.js';
import type { ShareFiles } from '../share/files.js';
import type { LicencePaths } from '../share/layout.js';
import { ANSWER_MS, withTimeouts } from '../share/op-timeouts.js';
import type { System } from './system.js';

/** Whether a licence gives seats where it was opened. The place does not move meanwhile: each binding is asked once. */
export class PlaceCheck {
  private readonly where: Whereabouts;
  private readonly files: ShareFiles;
  /** By the binding. Null: it is this place. */
  private readonly known = new Map<string, SeatfileFault | null>();

  constructor({ licenceFile, spelt = licenceFile }: LicencePaths, { files, clock, environment }: System) {
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
