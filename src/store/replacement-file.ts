import type { Settings } from '../licence/document.js';
import { entitlementHash, type Policy } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { withFullCheck } from '../licence/full-check-door.js';
import type { ChangeContext, Draft, EventDraft } from '../licence/revision.js';
import { isRecord } from '../licence/shapes.js';
import { changeSettings } from '../rules/admin.js';
import { type NewLicence, newBinding } from '../rules/new-licence.js';
import { judgeReplacement, type ReplacementOutcome, readReplacement } from '../rules/replacement.js';
import type { PlaceVerdict } from '../share/binding.js';
import type { Deadline } from '../share/deadline.js';
import { refusedName } from '../share/layout.js';
import type { Committer, TakeTurn } from './commit.js';
import type { DisplayCopy, Put } from './display-copy.js';
import type { Turn } from './register.js';
import type { Revisions } from './revisions.js';
import type { Shown } from './shown.js';
import { messageOf } from './trouble.js';

const HERE: PlaceVerdict = { kind: 'here' };

type Judge = (context: ChangeContext) => ReplacementOutcome;

class ReplacedMeanwhile extends Error {}

const unlessReplaced = (error: unknown): null => {
  if (error instanceof ReplacedMeanwhile) return null;
  throw error;
};

/** Of a reason in the journal: it may quote the file. */
const MOST_WORDS = 500;
const ADOPTED = 'was replaced by a new one, which is in force now';
const EDITED = 'was edited: its changed settings are in force now';
const left = (why: string): string =>
  `was replaced by a signed licence, and is left as it is: this application ${why}; ` +
  'seatfile install --public-key puts it in force';

/** A file that an administrator put over `licence.json`, or edited there. */
export class ReplacementFile {
  private readonly displayCopy: DisplayCopy;
  private readonly committer: Committer;
  private readonly takeTurn: TakeTurn;

  constructor(displayCopy: DisplayCopy, committer: Committer, takeTurn: TakeTurn) {
    this.displayCopy = displayCopy;
    this.committer = committer;
    this.takeTurn = takeTurn;
  }

  /**
   * Adopts it in one commit, or keeps it as `licence.json.refused`. Then the latest revision is shown again. What this
   * process cannot judge is left as it is, for one that can.
   * @returns what became of it, in words; null when there is none
   */
  async settle(deadline: Deadline): Promise<string | null> {
    const { revisions } = this.committer;
    const top = await revisions.latest(deadline);
    const put = await this.displayCopy.replacement(top.licence);
    if (put === null) return null;
    const read = await withFullCheck(() => readReplacement(put.text, revisions.trust));
    if (read.kind === 'refused') return await this.refuse(put, read.why, deadline);
    const { actor } = this.committer.memory;
    const { edit } = put; // which installs nothing, so it takes no key
    if (edit !== null) return await this.adopt(put, (context) => edited(context, edit, actor), deadline);
    if (read.kind === 'left') return left(read.why);
    const { next } = read;
    const place = await this.placeOf(next, top.policy);
    if (place.kind === 'unsure') return `was replaced by a licence that is left as it is: ${place.why}`;
    if (place.kind === 'elsewhere') return await this.refuse(put, place.why, deadline);
    return await this.adopt(put, (context) => judgeReplacement(context, { next, actor }), deadline);
  }

  private async adopt(put: Put, judged: Judge, deadline: Deadline): Promise<string | null> {
    const answer = await this.commit(put, judged, deadline);
    if (answer === null) return null; // a later poll meets what stands there now
    if (answer.kind === 'refused') return await this.refuse(put, answer.why, deadline);
    return answer.kind === 'same' ? null : put.edit === null ? ADOPTED : EDITED;
  }

  /** The share may keep silent: then another process judges. */
  private async placeOf(next: NewLicence, policy: Policy): Promise<PlaceVerdict> {
    const { judgePlace } = this.committer.context;
    const newPlaces = newBinding(next, policy);
    if (judgePlace === undefined || newPlaces === null) return HERE;
    return await judgePlace(newPlaces).catch((error: unknown) => ({ kind: 'unsure', why: messageOf(error) }));
  }

  /** Null: it has been replaced once more. */
  private async commit(put: Put, judged: Judge, deadline: Deadline): Promise<ReplacementOutcome | null> {
    const { committer } = this;
    const change = (context: ChangeContext) => {
      const answer = judged(context);
      return { answer, draft: answer.kind === 'adopted' ? answer.draft : null };
    };
    const takeTurn = (until: Deadline) => this.turnFor(put.identity, until);
    const done = await committer.commit(change, deadline, takeTurn).catch(unlessReplaced);
    if (done === null) return null;
    committer.memory.remember(done.licence);
    if (done.answer.kind !== 'refused') await this.displayCopy.write(done.licence, put.identity);
    return done.answer;
  }

  /** Only the process that has set it aside tells the journal. */
  private async refuse({ identity }: Put, why: string, deadline: Deadline): Promise<string | null> {
    const { committer, displayCopy } = this;
    if (!(await displayCopy.setAside(identity))) return null;
    const event: EventDraft = {
      kind: 'refused replacement',
      actor: committer.memory.actor,
      why: why.slice(0, MOST_WORDS),
    };
    const told = ({ licence }: ChangeContext) => ({ answer: null, draft: { licence, events: [event] } });
    const done = await committer.commit(told, deadline, this.takeTurn).catch(() => null);
    if (done) committer.memory.remember(done.licence);
    await displayCopy.show((done ?? (await committer.revisions.latest(deadline))).licence);
    const kept = refusedName(committer.context.paths.licenceFile);
    return `was replaced by a file that is refused: ${why}; it is kept as ${kept}`;
  }

  /** While this process waited, another may have dealt with the file, and an administrator have put the next one. */
  private async turnFor(identity: string, deadline: Deadline): Promise<Turn> {
    const turn = await this.takeTurn(deadline);
    if ((await this.displayCopy.identity()) === identity) return turn;
    await turn.end();
    throw new ReplacedMeanwhile();
  }
}

/** As `set`: what the licence does not allow is refused, with all of the edit. */
function edited(context: ChangeContext, changes: Settings, actor: string): ReplacementOutcome {
  try {
    const draft: Draft | null = changeSettings(context, { changes, actor });
    return draft === null ? { kind: 'same' } : { kind: 'adopted', draft };
  } catch (error) {
    if (error instanceof SeatfileFault) return { kind: 'refused', why: error.message };
    throw error;
  }
}

/**
 * The settings in which a shown revision differs from the revision itself: an administrator has edited the file. Null:
 * it does not, or that revision is not there any more to compare it with.
 */
export async function editedSettings(shown: Shown, revisions: Revisions): Promise<Settings | null> {
  if (typeof shown.revision !== 'number' || !isRecord(shown.settings)) return null;
  const read = await revisions.register.read(shown.revision).catch(() => null);
  if (read === null || read.licence.commit !== shown.commit) return null;
  const { entitlement, settings } = read.licence;
  if (entitlementHash(entitlement) !== entitlementHash(shown.entitlement)) return null;
  const [before, after]: Readonly<Record<string, unknown>>[] = [{ ...settings }, shown.settings];
  const names = Object.keys({ ...before, ...after }).filter(
    (name) => JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]),
  );
  return names.length === 0 ? null : Object.fromEntries(names.map((name) => [name, after?.[name]]));
}
