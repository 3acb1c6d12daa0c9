import type { WaiterStatus } from '../api.js';
import type { Tombstone } from '../licence/document.js';
import type { Prospect } from '../rules/explain.js';
import { commandLine } from './advice-line.js';
import { describeTaking } from './seat-text.js';
import type { Times } from './times.js';
import { describeUndoRefusal } from './undo-text.js';
import type { HolderView, WhyView } from './why-view.js';
import { duration, printable, shortId, whoIs } from './words.js';

/** What `why` says to people. */

export function describeWhy(view: WhyView, times: Times): string {
  const { gone, waiting } = view;
  const lines = [
    ...view.holders.flatMap((holder, at) => [
      ...(at === 0 ? [] : ['']),
      ...describeHolder(holder, view, times),
    ]),
    ...(gone === null ? [] : describeGone(gone, view, times)),
    ...(waiting === null ? [] : [describeWaiting(waiting, times)]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function describeWaiting({ module, sinceAt, place, isReserved, ...who }: WaiterStatus, times: Times): string {
  const first = isReserved ? ', and comes first: a seat is reserved for it' : '';
  return (
    `${whoIs(who)} waits for a seat of ${module} since ${times.whole(sinceAt)}, ` +
    `at place ${place} of the queue${first}. It has no seat yet.`
  );
}

function describeHolder(holder: HolderView, view: WhyView, times: Times): string[] {
  const { module, seat, sinceAt, state, pid, application, note } = holder;
  const since = sinceAt === null ? '' : `, since ${times.whole(sinceAt)}`;
  return [
    `${whoIs(holder)} holds seat ${seat} of ${module}${since}: ${state}`,
    `Its process: ${pid ?? 'unknown'}${application === null ? '' : `, ${printable(application)}`}.`,
    ...(note === null ? [] : [`Its note: "${printable(note)}".`]),
    describeBeat(holder, times),
    describePromise(holder),
    ...describeProspects(holder, view, times),
    `To free it now: ${commandLine('remove', view.file, { seat: shortId(seat) })}`,
    ...(isGoneHere(holder)
      ? [`To free all that look dead: ${commandLine('remove', view.file, { dead: true })}`]
      : []),
  ];
}

function describeBeat({ lastBeatAt, lastBeatSecondsAgo, ...holder }: HolderView, times: Times): string {
  const { lastBeatRevision: revision, isBeatOlder } = holder;
  const ago = lastBeatSecondsAgo === null ? '' : ` (${duration(lastBeatSecondsAgo)} ago)`;
  const oldest = isBeatOlder ? ', the oldest that is kept, or before' : '';
  const where = revision === null ? '' : `, in revision ${revision}${oldest}`;
  return `Its last beat: ${times.whole(lastBeatAt)}${ago}${where}.`;
}

function describePromise({ level, promise }: HolderView): string {
  const { checkIntervalSeconds, graceSeconds, answersWithinSeconds } = promise;
  if (level === 'light') return 'It has promised no beats (Light): whether it lives is not known.';
  const grace =
    graceSeconds > 0 ? `, and works up to ${duration(graceSeconds)} longer without the share` : '';
  const answer =
    answersWithinSeconds === null
      ? ''
      : `; it answers within ${duration(answersWithinSeconds)} when a seat is needed`;
  return `It has promised a beat every ${duration(checkIntervalSeconds)}${grace}${answer}.`;
}

function describeProspects(holder: HolderView, { shareTimeFrom }: WhyView, times: Times): string[] {
  const { prospects, watchers, untilAt, level } = holder;
  if (untilAt !== null)
    return [`It is borrowed until ${times.whole(untilAt)}, whatever becomes of its holder.`];
  if (level === 'light')
    return ['No rule evicts it. It stays until it is given back, or an administrator removes it.'];
  const unasked = prospects.filter(({ ifAsked }) => !ifAsked);
  const asked = prospects.filter(({ ifAsked }) => ifAsked);
  return [
    `${isGoneHere(holder) ? 'Its process is gone on this computer. ' : ''}${describeWatchers(watchers)}`,
    ...listOf(
      `If no further beat comes, and ${watchers === 1 ? 'that one goes' : 'they go'} on, it is evicted:`,
      unasked,
      times,
    ),
    ...listOf('If a user asks for a seat now, and no further beat comes, it is evicted:', asked, times),
    ...(shareTimeFrom === 'client' ? ["These times rest on this computer's clock."] : []),
  ];
}

const isGoneHere = ({ prospects }: HolderView): boolean =>
  prospects.some(({ rule }) => rule === 'process gone');

function describeWatchers(watchers: number): string {
  if (watchers === 0) return 'No other application watches it: none evicts it, until a user asks for a seat.';
  return watchers === 1 ? '1 other application watches it.' : `${watchers} other applications watch it.`;
}

const listOf = (head: string, prospects: readonly Prospect[], times: Times): string[] =>
  prospects.length === 0 ? [] : [head, ...prospects.map((one) => `  ${describeProspect(one, times)}`)];

const WAYS: Readonly<Record<Prospect['rule'], string>> = {
  silence: 'by an application that sees no beat',
  'roll call': 'by that user, when it waits and its call is not answered',
  'answer deadline': 'by that user, when the deadline for its answer has passed',
  'process gone': 'because its process is gone on this computer',
};

/** Whether a user asks on this computer no clock tells. */
function describeProspect({ rule, ifAsked, notBefore, notAfter }: Prospect, times: Times): string {
  const span =
    rule === 'process gone' && ifAsked
      ? 'at once, if that user asks on this computer'
      : `not before ${times.whole(notBefore)}, not after ${times.whole(notAfter)}`;
  return `${WAYS[rule]}: ${span}`;
}

function describeGone(stone: Tombstone, view: WhyView, times: Times): string[] {
  const { reason, actor, words, at, revision, module, seat } = stone;
  const said = words === null ? '' : ` Words: "${printable(words)}".`;
  const how = `${describeTaking(reason)} by ${printable(actor)} at ${times.whole(at)}`;
  return [
    `${whoIs(stone)} held seat ${seat} of ${module}.`,
    `It was ${how}, in revision ${revision}.${said}`,
    ...describeUndo(view.undo, stone, view),
  ];
}

/** Of an eviction it is told already that it is no removal. */
function describeUndo(undone: WhyView['undo'], { seat }: Tombstone, { file }: WhyView): string[] {
  if (undone?.kind === 'undone')
    return [`To give it back: ${commandLine('undo', file, { seat: shortId(seat) })}`];
  if (undone?.kind !== 'refused' || undone.why.reason === 'not removed') return [];
  return [`It cannot be given back. ${describeUndoRefusal(undone.why, file)}`];
}
