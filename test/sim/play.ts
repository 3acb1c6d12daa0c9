import { Audit } from './audit.js';
import { Mishaps } from './mishaps.js';
import { Office } from './office.js';
import { type Mishap, type Plan, type Profile, planOf, QUIET_INTERVALS } from './plan.js';
import type { Violation } from './truth.js';

/** What one seed came to. */
export interface Outcome {
  readonly seed: string;
  readonly plan: Plan;
  readonly violation: Violation | null;
  /** Empty unless it was asked for. */
  readonly trace: readonly string[];
  readonly simulatedMs: number;
  readonly events: number;
  readonly commits: number;
  readonly evictions: number;
  /** Segments of the journal. */
  readonly segments: number;
  /** Revisions were lost so often; tables were rebuilt so often; so many living users lost a seat by it. */
  readonly losses: number;
  readonly restores: number;
  readonly livesOut: number;
}

/**
 * After a run everything works again for QUIET_INTERVALS and this, and then everything must be in order. Milliseconds.
 */
const QUIET_MS = 240_000;
/** And this, if the table was lost just then. Milliseconds. */
const HEAL_MS = 900_000;
/** How often promises about the past are looked at, in check intervals. */
const AUDIT_INTERVALS = 1 / 8;

/** Plays one seed to its end, or to the first broken promise. */
export async function play(
  seed: string,
  options: { isTraced?: boolean; profile?: Profile | undefined } = {},
): Promise<Outcome> {
  const plan = planOf(seed, options.profile);
  const office = new Office(plan, options.isTraced ?? false);
  const mishaps = new Mishaps(office);
  const audit = new Audit(office);
  const { timeline } = office.world;
  let events = 0;
  timeline.after = () => {
    events++;
    audit.beliefs();
  };
  for (const person of office.people)
    timeline.at(office.chance.waitFor(plan.intervalMs / 10), () => person.start());
  plague(office, mishaps);
  await pass(office, audit, plan.durationMs);
  office.isQuiet = true;
  mishaps.mendAll();
  const healMs = office.truth.lostSinceMs === null ? 0 : HEAL_MS;
  await pass(office, audit, QUIET_INTERVALS * office.longestIntervalMs + QUIET_MS + healMs);
  if (!office.violation) audit.end();
  if (!office.violation) await office.readJournal();
  return {
    ...{ seed, plan, violation: office.violation, trace: office.trace.lines, events },
    simulatedMs: office.nowMs,
    commits: office.truth.revision,
    evictions: office.truth.evictions.count,
    segments: office.truth.ledger.segments.size,
    losses: office.truth.losses,
    restores: office.truth.restores,
    livesOut: office.livesOut,
  };
}

/** One mishap after the other until the end of the plan. */
function plague(office: Office, mishaps: Mishaps): void {
  const { plan, chance, world } = office;
  const next = () => {
    const atMs = world.nowMs + chance.waitFor(plan.mishapEveryMs);
    if (atMs >= plan.durationMs) return;
    world.timeline.at(atMs, () => {
      mishaps.begin(chance.weighed(plan.mishaps) as Mishap);
      next();
    });
  };
  next();
}

async function pass(office: Office, audit: Audit, ms: number): Promise<void> {
  const endMs = office.nowMs + ms;
  const stepMs = office.plan.intervalMs * AUDIT_INTERVALS;
  while (office.nowMs < endMs && !office.violation) {
    await office.world.advance(Math.min(stepMs, endMs - office.nowMs));
    audit.promises();
  }
}
