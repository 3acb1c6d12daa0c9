import type { Tombstone } from '../licence/document.js';
import type { Prospect } from '../rules/explain.js';
import { shellWord } from './shell-word.js';
import type { Times } from './times.js';
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
    ...(waiting === null
      ? []
      : [
          `${whoIs(waiting)} waits for a seat of ${waiting.module} since ${times.whole(waiting.sinceAt)}, ` +
            `at place ${waiting.place} of the queue. It has no seat yet.`,
        ]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function describeHolder(holder: HolderView, view: WhyView, times: Times): string[] {
  const { module, seat, sinceAt, state, pid, application } = holder;
  const since = sinceAt === null ? '' : `, since ${times.whole(sinceAt)}`;
  return [
    `${whoIs(holder)} holds seat ${seat} of ${module}${since}: ${state}`,
    `Its process: ${pid ?? 'unknown'}${application === null ? '' : `, ${printable(application)}`}.`,
    describeBeat(holder, times),
    describePromise(holder),
    ...describeProspects(holder, view, times),
    `To free it now: seatfile remove ${shellWord(view.file)} --seat ${shortId(seat)}`,
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

function describeProspects(holder: HolderView, view: WhyView, times: Times): string[] {
  const { prospects, watchers, untilAt, level } = holder;
  if (untilAt !== null)
    return [`It is borrowed until ${times.whole(untilAt)}, whatever becomes of its holder.`];
  if (level === 'light')
    return ['No rule evicts it. It stays until it is given back, or an administrator removes it.'];
  const observers =
    watchers === 1 ? '1 other application watches it' : `${watchers} other applications watch it`;
  const clock = view.shareTimeFrom === 'client' ? " These times rest on this computer's clock." : '';
  return [
    `${watchers === 0 ? 'No other application watches it' : observers}. ` +
      `If no further beat comes, it is evicted:${clock}`,
    ...prospects.map((prospect) => `  ${describeProspect(prospect, times)}`),
  ];
}

const RULES: Readonly<Record<Prospect['rule'], string>> = {
  silence: 'by a peer that sees no beat (rule 4)',
  'roll call': 'by a user that asks for a seat and waits (rule 5b)',
  'answer deadline': 'by a user that asks for a seat now, which it has to answer (rule 7)',
  'process gone': 'because its process is gone on this computer (rule 5a)',
};

const describeProspect = ({ rule, notBefore, notAfter }: Prospect, times: Times): string =>
  `${RULES[rule]}: not before ${times.whole(notBefore)}, not after ${times.whole(notAfter)}`;

function describeGone(stone: Tombstone, view: WhyView, times: Times): string[] {
  const { reason, actor, words, at, revision, module, seat } = stone;
  const said = words === null ? '' : ` Words: "${printable(words)}".`;
  return [
    `${whoIs(stone)} held seat ${seat} of ${module}.`,
    `It was ${reasonOf(reason)} by ${printable(actor)} at ${times.whole(at)}, in revision ${revision}.${said}`,
    ...(reason === 'removed'
      ? [`To give it back: seatfile undo ${shellWord(view.file)} --seat ${shortId(seat)}`]
      : []),
  ];
}

const reasonOf = (reason: string): string =>
  reason === 'process gone' ? 'evicted, because its process was gone,' : printable(reason);
