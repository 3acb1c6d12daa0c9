import type { Range } from '../licence/range.js';
import type { Segment } from '../rules/segments.js';
import { nullIf, type ShareFiles } from '../share/files.js';
import { eventsIn } from '../share/layout.js';
import type { Journal } from './journal-files.js';
import type { Stages } from './stages.js';

/** Publishes segments of the journal. */
export class SegmentWriter {
  private readonly files: ShareFiles;
  private readonly stages: Stages;
  private readonly journal: Journal;

  constructor(files: ShareFiles, stages: Stages, journal: Journal) {
    this.files = files;
    this.stages = stages;
    this.journal = journal;
  }

  /**
   * Publishes a segment like a revision: put if absent, and decided by what is there then, whatever the share
   * answered.
   * @returns what is there; or, where nothing is to be seen: 'placed' if the share took it, 'refused' if not
   */
  async publish(range: Range, text: string): Promise<Segment | 'placed' | 'refused'> {
    await this.makeFolder();
    const target = this.journal.pathOf(range);
    const stage = await this.stages.make();
    try {
      await this.files.writeNew(eventsIn(stage.path), text, this.journal.paths.fileMode);
    } catch (error) {
      await this.stages.discard(stage.path);
      throw error;
    }
    const isPlaced = await this.files.rename(stage.path, target).then(
      () => true,
      () => false,
    );
    if (!isPlaced) await this.stages.discard(stage.path); // a request that comes late finds nothing to move
    const there = await this.journal.read(range);
    if (there) return there;
    if (isPlaced) return 'placed';
    await this.files.removeDirectory(target).catch(() => undefined); // succeeds on an empty one only
    return 'refused';
  }

  /** The folder appears with its rights, or not at all: without them it would keep every other user out. */
  private async makeFolder(): Promise<void> {
    if ((await nullIf(this.files.stat(this.journal.folder), 'missing')) !== null) return;
    const stage = await this.stages.make();
    await this.files.rename(stage.path, this.journal.folder).catch(() => this.stages.discard(stage.path));
  }
}
