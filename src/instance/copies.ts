import nodePath from 'node:path';
import type { Policy } from '../core/entitlement.js';
import { type Clock, inTime, LATE } from '../share/clock.js';
import { ShareError, type ShareFiles } from '../share/files.js';
import { type Kinship, kinship, licenceIdAt, type Sight, sightOf } from '../share/kinship.js';
import { patient } from '../share/patience.js';
import { folderOf } from '../share/place.js';
import type { Register } from './register.js';

export interface CopiesDeps {
  readonly register: Register;
  /** As the system has them: another place is looked at with a patience of its own. */
  readonly files: ShareFiles;
  readonly clock: Clock;
  /** The licence as it was opened: where, what the table there is like, and what it grants. */
  readonly face: string;
  readonly here: Sight;
  readonly policy: Policy;
}

/** For one operation at another place, and for all of one place: it may be a share that is away. Milliseconds. */
const ANSWER_MS = 2000;
const PLACE_MS = 5000;

/** Notices a licence that was copied or moved with its folder, and runs at two places that this computer has seen. */
export class Copies {
  private readonly deps: CopiesDeps;
  private readonly onFound: (message: string) => void;
  /** One operation at another place at a time, of all looks together. */
  private readonly files: ShareFiles;
  private readonly told = new Set<string>();
  private readonly stopped = new AbortController();
  private isLookDue = false;
  private line: Promise<void> = Promise.resolve();

  constructor(deps: CopiesDeps, onFound: (message: string) => void) {
    this.deps = deps;
    this.onFound = onFound;
    this.files = patient(deps.files, deps.clock, { answerMs: ANSWER_MS });
  }

  /** Looks at the other places, behind whatever goes on. Never fails. */
  look(): void {
    this.line = this.line.then(() => this.lookNow()).catch(() => undefined);
  }

  stop(): void {
    this.stopped.abort();
  }

  private async lookNow(): Promise<void> {
    const { register, face, policy } = this.deps;
    const others = await placesElsewhere(register, policy.licenceId, face);
    await register.note(policy.licenceId, face);
    for (const there of others.filter((place) => !this.told.has(place))) {
      if (this.stopped.signal.aborted) return;
      await this.lookAt(there);
    }
  }

  private async lookAt(there: string): Promise<void> {
    const { register, policy, here, clock } = this.deps;
    switch (await kinshipWith(there, here, policy.licenceId, { files: this.files, clock })) {
      case 'two':
        return this.tell(there);
      case 'gone':
        return await register.forget(policy.licenceId, there);
      case 'silent':
        return this.stop(); // whatever is there, it is not to cost us one thread more
      case 'undecided':
        return void this.lookLater();
      case 'same':
    }
  }

  /** Two tables are alike until both have gone on: that takes a check interval at most, if somebody runs there too. */
  private async lookLater(): Promise<void> {
    if (this.isLookDue) return;
    this.isLookDue = true;
    await this.deps.clock.sleep(1000 * this.deps.policy.checkIntervalSeconds, this.stopped.signal);
    this.isLookDue = false;
    if (!this.stopped.signal.aborted) this.look();
  }

  private tell(there: string): void {
    this.told.add(there);
    if (!this.stopped.signal.aborted) this.onFound(copyWords(this.deps.face, there, this.deps.policy));
  }
}

/** For whoever examines a licence: where its other tables are, as far as this computer knows. */
export async function copiesOf(
  face: string,
  {
    register,
    files: bare,
    clock,
  }: Pick<CopiesDeps, 'files' | 'clock'> & { readonly register: Register | null },
): Promise<string[]> {
  const files = patient(bare, clock, { answerMs: ANSWER_MS });
  const here = sightOf(face, files);
  const licenceId = await licenceIdAt(here);
  if (register === null || licenceId === null) return [];
  const copies: string[] = [];
  for (const there of await placesElsewhere(register, licenceId, face)) {
    const found = await kinshipWith(there, here, licenceId, { files, clock });
    if (found === 'two') copies.push(there);
    if (found === 'silent') break;
  }
  return copies;
}

/** The other places where this computer has seen a licence. */
async function placesElsewhere(register: Register, licenceId: string, face: string): Promise<string[]> {
  const places = await register.placesOf(licenceId);
  return places.filter((place) => place !== face && mayLookAt(place, face));
}

/** What is at another place, as far as it answers in time. `files`: patient. Never fails. */
async function kinshipWith(
  there: string,
  here: Sight,
  licenceId: string,
  { files, clock }: Pick<CopiesDeps, 'files' | 'clock'>,
): Promise<Kinship | 'silent'> {
  const asked = kinship(here, sightOf(there, files), licenceId).catch((error: unknown) =>
    error instanceof ShareError && error.kind === 'silent' ? 'silent' : 'undecided',
  );
  const found = await inTime(clock, PLACE_MS, asked);
  return found === LATE ? 'silent' : found;
}

/**
 * Anybody may have written a path down. On Windows merely looking at a name of the network tells its server who we are, so
 * only those on the share of the licence itself are looked at.
 */
function mayLookAt(there: string, here: string): boolean {
  if (!/^[\\/]{2}/.test(there)) return true;
  const shareOf = (path: string) => nodePath.win32.parse(path).root.toLowerCase();
  return !/^[\\/]{2}[?.]/.test(there) && shareOf(there) === shareOf(here);
}

const MOST_NAMED = 3;

function copyWords(here: string, there: string, policy: Policy): string {
  const grants = [...policy.modules.values()].map(({ module, maxUsers }) => `${maxUsers} of ${module}`);
  const more = grants.length > MOST_NAMED ? ' ...' : '';
  return `${here}: the same licence has another seat table at ${there}: each of the two grants all its seats (${grants.slice(0, MOST_NAMED).join(', ')}${more}), so more people work than it allows; keep one, and delete the other licence file together with its folder (${folderOf(there)}, if it is that one)`;
}
