import type { Ban } from '../licence/ban.js';
import type { InstanceRecord, Level, Licence, Reservation } from '../licence/document.js';
import { endingOf, type Policy, seatLimit } from '../licence/entitlement.js';
import type { ChangeContext } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';
import type { SignatureState } from '../licence/trust.js';
import { bansInForce } from './bans-in-force.js';
import { type Excess, excessIn } from './installation.js';
import { Queues } from './queue.js';
import { type RenewalTrouble, renewalStateOf, renewalTrouble } from './renewal-state.js';
import { isFromFuture, isSilent } from './roll-call.js';
import { SeatIndex } from './seats.js';
import { ownPollMs } from './timing.js';
import { isFinal } from './tombstones.js';

/** The holders of the seats, as one poll shows them. */

export type SeatView = {
  readonly seat: string;
  readonly module: string;
  readonly user: string;
  readonly host: string;
  readonly pid: number | null;
  readonly application: string | null;
  readonly note: string | null;
  readonly level: Level | null;
  /** Light or borrowed, and not heard of since a lost table was restored from an older state. */
  readonly unconfirmed: boolean;
  /**
   * `alive`: its beat is younger than 1.125 T. `silent`: older. `gone`: its process is provably gone, on
   * the computer of the reader. `unknown`: there is no server clock to tell by. `unmonitored`: Light, which
   * never beats. `borrowed`: good until `untilAt` by itself. `leaving`: removed, gently or not, and its
   * holder may not have noticed yet.
   */
  readonly state: 'alive' | 'silent' | 'gone' | 'unknown' | 'unmonitored' | 'borrowed' | 'leaving';
  readonly sinceAt: string | null;
  readonly lastBeatSecondsAgo: number | null;
  readonly untilAt: string | null;
};

/** Each seat that can be in use is in use, kept, or free for any user. */
export interface ModuleFigures {
  readonly module: string;
  readonly maxUsers: number;
  readonly overdraft: number;
  /** Seats kept free for users and hosts that do not have them now. */
  readonly reserved: number;
  readonly inUse: number;
  /** For any user: not in use, and not kept for others. */
  readonly free: number;
  readonly waiting: number;
}

interface BanView {
  readonly user: string;
  readonly untilAt: string | null;
  /** `user@host` of the administrator, why, and since when; null where a ban does not tell. */
  readonly by: string | null;
  readonly words: string | null;
  readonly sinceAt: string | null;
}

export interface StatusView {
  readonly schemaVersion: 1;
  readonly file: string;
  readonly revision: number;
  readonly shareTime: string;
  /** Whose clock shareTime is: the file server's, or, where that could not be had, this computer's. */
  readonly shareTimeFrom: 'server' | 'client';
  readonly licence: {
    readonly id: string;
    readonly customer: string | null;
    /** What people call it by; null where it has no key. */
    readonly key: string | null;
    /** `unverified`: the reader has no public key, or not that of the signature. */
    readonly signature: SignatureState;
    readonly level: Level;
    readonly checkIntervalSeconds: number;
    readonly notBefore: string | null;
    readonly expiresAt: string | null;
    /** Within the days before its end in which users are told. */
    readonly endsSoon: boolean;
  };
  /** When a lost table was last rebuilt, and from what; null if it never was. */
  readonly restored: { readonly at: string; readonly from: string } | null;
  /** Where the table is now, if not here any more. */
  readonly movedTo: string | null;
  /** Where a file is kept that was dropped over the licence file and refused; null when there is none. */
  readonly refusedFile: string | null;
  /** How the renewal of the licence stands; null where it names no address for it, or is not signed. */
  readonly renewal: {
    readonly from: string;
    /** The last success; null: there was none yet. */
    readonly checkedAt: string | null;
    /** Null while the last try has succeeded. */
    readonly trouble: RenewalTrouble | null;
  } | null;
  /** Modules with more seats in use than there are: no new user is seated before it fits. */
  readonly excess: readonly Excess[];
  readonly modules: readonly ModuleFigures[];
  readonly seats: readonly SeatView[];
  readonly waiting: readonly {
    readonly place: number;
    readonly module: string;
    readonly user: string;
    readonly host: string;
    readonly sinceAt: string;
  }[];
  readonly reservations: readonly Reservation[];
  /** Those in force. */
  readonly bans: readonly BanView[];
}

export interface ShareTime {
  readonly ms: number;
  readonly from: 'server' | 'client';
}

export interface StatusRequest {
  readonly file: string;
  /** Whose clock `nowMs` of the context is. */
  readonly from: ShareTime['from'];
  readonly refusedFile: string | null;
  readonly signature: SignatureState;
  /** Whether the process of a record is provably gone, as far as this computer can tell. */
  readonly isGone: (record: InstanceRecord) => boolean;
}

export function statusView(context: ChangeContext, request: StatusRequest): StatusView {
  const { licence, policy, nowMs } = context;
  const { file, refusedFile, isGone } = request;
  const time: ShareTime = { ms: nowMs, from: request.from };
  const queues = new Queues(licence);
  const seats = licence.instances.flatMap((record) => seatsView(record, isGone(record), time));
  return {
    schemaVersion: 1,
    file,
    revision: licence.revision,
    shareTime: toIso(time.ms),
    shareTimeFrom: time.from,
    licence: {
      id: policy.licenceId,
      customer: policy.customer,
      key: policy.licenceKey,
      signature: request.signature,
      level: policy.level,
      checkIntervalSeconds: policy.checkIntervalSeconds,
      notBefore: policy.notBefore,
      expiresAt: policy.expiresAt,
      endsSoon: endingOf(policy, time.ms) !== null,
    },
    restored: licence.restored ? { at: licence.restored.at, from: licence.restored.from } : null,
    movedTo: licence.movedTo ?? null,
    refusedFile,
    renewal: renewalView(context),
    excess: excessIn(context),
    modules: moduleFigures(context, queues),
    seats: [...seats, ...leavingSeats(licence, policy, time)],
    waiting: waitingView(licence, queues),
    reservations: licence.settings.reservations ?? [],
    bans: bansInForce(licence, time.ms).map(banView),
  };
}

const banView = ({ user, untilAt, actor, words, at }: Ban): BanView => ({
  ...{ user, untilAt, by: actor ?? null, words: words ?? null, sinceAt: at ?? null },
});

function renewalView({ licence, policy, nowMs }: ChangeContext): StatusView['renewal'] {
  if (policy.renewal === null) return null;
  const { checkedAt } = renewalStateOf(licence, nowMs);
  return { from: policy.renewal.from, checkedAt, trouble: renewalTrouble(licence, policy, nowMs) };
}

export function moduleFigures(context: ChangeContext, queues = new Queues(context.licence)): ModuleFigures[] {
  const places = new SeatIndex(context);
  return [...context.policy.modules.values()].map((grant) => {
    const { module, maxUsers, overdraft = 0 } = grant;
    const [inUse, waiting] = [places.inUse(module), queues.lengthOf(module)];
    const left = Math.max(0, seatLimit(grant) - inUse);
    const reserved = Math.min(places.kept(module), left);
    return { module, maxUsers, overdraft, reserved, inUse, free: left - reserved, waiting };
  });
}

function seatsView(record: InstanceRecord, isGone: boolean, time: ShareTime): SeatView[] {
  const { user, host, pid, application, note, level } = record;
  const isUntimed = time.from === 'client' || isFromFuture(record, time.ms);
  const state = isGone ? 'gone' : stateOf(record, isUntimed ? null : time.ms);
  const isBeating = level === 'heartbeat' && !isUntimed;
  const lastBeatSecondsAgo = isBeating
    ? Math.max(0, Math.round((time.ms - fromIso(record.beatAt)) / 1000))
    : null;
  return record.seats.map(({ id, module, sinceAt, untilAt, leaving }) => ({
    seat: id,
    module,
    user,
    host,
    pid,
    application,
    note,
    level,
    unconfirmed: record.unconfirmed === true,
    state: leaving ? 'leaving' : untilAt === null ? state : 'borrowed',
    sinceAt,
    lastBeatSecondsAgo,
    untilAt,
  }));
}

function stateOf(record: InstanceRecord, nowMs: number | null): SeatView['state'] {
  if (record.level === 'light') return 'unmonitored';
  if (nowMs === null) return 'unknown';
  return isSilent(record, nowMs) ? 'silent' : 'alive';
}

/**
 * Rule 9: seats that were taken away by the decision of a person, and may still be valid for their holders.
 */
function leavingSeats(licence: Licence, policy: Policy, time: ShareTime): SeatView[] {
  const decided = licence.gone.filter((stone) => isFinal(stone.reason));
  const patienceMs = ownPollMs(policy.level, policy.checkIntervalSeconds, policy.answerWithinSeconds);
  return decided
    .filter((stone) => time.ms - fromIso(stone.at) < patienceMs)
    .map(({ seat, module, user, host }) => ({
      ...{ seat, module, user, host, pid: null, application: null, note: null, level: null },
      ...{ state: 'leaving', unconfirmed: false, sinceAt: null, lastBeatSecondsAgo: null, untilAt: null },
    }));
}

function waitingView(licence: Licence, queues: Queues): StatusView['waiting'] {
  return licence.waiting.map(({ instance, module, user, host, sinceAt }) => ({
    place: queues.positionOf(module, instance) ?? 0,
    ...{ module, user, host, sinceAt },
  }));
}
