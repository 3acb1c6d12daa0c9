import type { BanStatus, LicenceStatus, ModuleStatus, SeatStatus } from '../api.js';
import type { Ban } from '../licence/banned.js';
import type { InstanceRecord } from '../licence/document.js';
import { endingOf, seatLimit } from '../licence/entitlement.js';
import type { ChangeContext } from '../licence/revision.js';
import { fromIso, toIso } from '../licence/time.js';
import type { SignatureState } from '../licence/trust.js';
import { deadIn } from './admin.js';
import { bansInForce } from './bans-in-force.js';
import { excessIn } from './installation.js';
import { isLeaving } from './leaving.js';
import { Queues } from './queue.js';
import { renewalStateOf, renewalTrouble } from './renewal-state.js';
import { clockHeldFrom, isFromFuture, isSilent, silentOutByMs } from './roll-call.js';
import { SeatIndex } from './seats.js';
import { ownPollMs } from './timing.js';
import { isFinal } from './tombstones.js';

/** The holders of the seats, as one poll shows them. */

/** What the table tells. The rest of the document is of the files around it. */
export type StatusView = Omit<
  LicenceStatus,
  'kept' | 'faceShows' | 'displayCopy' | 'elsewhere' | 'putOver' | 'shareRoundTripMs'
>;

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
  readonly isGone: (record: RunningProcess) => boolean;
}

type RunningProcess = Pick<InstanceRecord, 'machine' | 'pid' | 'processStart' | 'thread'>;

export function statusView(context: ChangeContext, request: StatusRequest): StatusView {
  const { licence, policy, nowMs } = context;
  const { file, refusedFile, isGone } = request;
  const time: ShareTime = { ms: nowMs, from: request.from };
  const queues = new Queues(licence);
  const living = new Set(licence.instances.filter((record) => !isGone(record)));
  const look: Look = {
    time,
    watchedFromMs: clockHeldFrom({ instances: [...living] }, nowMs), // a process that is gone evicts no other
    isDead: deadIn(licence, { isGone, nowMs: time.from === 'server' ? nowMs : null }),
  };
  const seats = licence.instances.flatMap((record) => seatsView(record, !living.has(record), look));
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
    seats: [...seats, ...leavingSeats(context, request)],
    waiting: waitingView(context, queues),
    reservations: licence.settings.reservations ?? [],
    bans: bansInForce(licence, time.ms).map(banView),
  };
}

const banView = ({ user, untilAt, actor, words, at }: Ban): BanStatus => ({
  ...{ user, untilAt, by: actor ?? null, words: words ?? null, sinceAt: at ?? null },
});

function renewalView({ licence, policy, nowMs }: ChangeContext): StatusView['renewal'] {
  if (policy.renewal === null) return null;
  const { checkedAt } = renewalStateOf(licence, nowMs);
  return { from: policy.renewal.from, checkedAt, trouble: renewalTrouble(licence, policy, nowMs) };
}

export function moduleFigures(context: ChangeContext, queues = new Queues(context.licence)): ModuleStatus[] {
  const places = new SeatIndex(context);
  return [...context.policy.modules.values()].map((grant) => {
    const { module, maxUsers, overdraft = 0 } = grant;
    const [inUse, waiting] = [places.inUse(module), queues.lengthOf(module)];
    const left = Math.max(0, seatLimit(grant) - inUse);
    const reserved = Math.min(places.kept(module), left);
    return { module, maxUsers, overdraft, reserved, inUse, free: left - reserved, waiting };
  });
}

/** By which time the records are looked at, and since when a live instance has been there. */
interface Look {
  readonly time: ShareTime;
  readonly watchedFromMs: number;
  readonly isDead: (record: InstanceRecord) => boolean;
}

function seatsView(record: InstanceRecord, isGone: boolean, look: Look): SeatStatus[] {
  const { user, host, pid, application, note, level } = record;
  const shared = { user, host, pid, application, note, level, unconfirmed: record.unconfirmed === true };
  const standing = standingOf(record, isGone, look);
  const isBorrowed = { state: 'borrowed', isDead: isGone, freesAt: null } as const;
  const isMarked = { state: 'leaving', freesAt: null } as const;
  return record.seats.map((seat) => ({
    ...{ seat: seat.id, module: seat.module, ...shared, ...standing },
    ...{ sinceAt: seat.sinceAt, untilAt: seat.untilAt },
    ...(seat.untilAt !== null && isBorrowed),
    ...(isLeaving(seat) && isMarked),
  }));
}

type Standing = Pick<SeatStatus, 'state' | 'lastBeatSecondsAgo' | 'isDead' | 'freesAt'>;

function standingOf(record: InstanceRecord, isGone: boolean, look: Look): Standing {
  const { time, watchedFromMs } = look;
  const isUntimed = time.from === 'client' || isFromFuture(record, time.ms);
  const state = isGone ? 'gone' : stateOf(record, isUntimed ? null : time.ms);
  const isBeating = record.level === 'heartbeat' && !isUntimed;
  const agoMs = time.ms - fromIso(record.beatAt);
  return {
    state,
    lastBeatSecondsAgo: isBeating ? Math.max(0, Math.round(agoMs / 1000)) : null,
    isDead: look.isDead(record),
    freesAt: state === 'silent' ? toIso(silentOutByMs(record, time.ms, watchedFromMs)) : null,
  };
}

function stateOf(record: InstanceRecord, nowMs: number | null): SeatStatus['state'] {
  if (record.level === 'light') return 'unmonitored';
  if (nowMs === null) return 'unknown';
  return isSilent(record, nowMs) ? 'silent' : 'alive';
}

/**
 * Rule 9: seats that were taken away by the decision of a person, and may still be valid for their holders. Not those
 * of processes that are provably gone, nor those that their holder has again.
 */
function leavingSeats({ licence, policy, nowMs }: ChangeContext, { isGone }: StatusRequest): SeatStatus[] {
  const patienceMs = ownPollMs(policy.level, policy.checkIntervalSeconds, policy.answerWithinSeconds);
  const decided = licence.gone.filter(
    ({ reason, at, was }) =>
      isFinal(reason) && nowMs - fromIso(at) < patienceMs && (was === undefined || !isGone(was)),
  );
  if (decided.length === 0) return [];
  const held = new Set(
    licence.instances.flatMap(({ id, seats }) => seats.map(({ module }) => `${id} ${module}`)),
  );
  return decided
    .filter(({ instance, module }) => !held.has(`${instance} ${module}`))
    .map(({ seat, module, user, host }) => ({
      ...{ seat, module, user, host, pid: null, application: null, note: null, level: null },
      ...{ state: 'leaving', unconfirmed: false, sinceAt: null, lastBeatSecondsAgo: null, untilAt: null },
      ...{ freesAt: null, isDead: false },
    }));
}

function waitingView(context: ChangeContext, queues: Queues): StatusView['waiting'] {
  const { waiting } = context.licence;
  const places = new SeatIndex(context);
  const modules = new Set(waiting.map(({ module }) => module));
  const passing = new Set<unknown>(
    [...modules].flatMap((module) => places.keptAmong(module, queues.lineOf(module))),
  );
  return waiting.map((waiter) => {
    const { instance, module, user, host, sinceAt } = waiter;
    const place = queues.positionOf(module, instance) ?? 0;
    return { place, module, user, host, sinceAt, isReserved: passing.has(waiter) };
  });
}
