import { describe, expect, test } from 'vitest';
import { PeerObserver } from '../../src/client/peer-observer.js';
import type { InstanceRecord, Licence } from '../../src/licence/document.js';
import { claim } from '../../src/rules/claim.js';
import { app, asking, contextOf, emptyTable } from '../rules/tables.js';

/** One peer whose beat stands still, seen by an observer at the pace of rule 3. T = 80 s. Milliseconds. */
const T = 80_000;
const PERIOD = T / 8;

function table(): Licence {
  const licence = emptyTable({ checkIntervalSeconds: T / 1000 });
  const outcome = claim(contextOf(licence), asking(app('peer'), 'M1', 's1'));
  if (outcome.kind !== 'seated') throw new Error('expected a seat');
  return outcome.draft.licence;
}
const licence = table();
const nobodyGone = () => false;
const isPeer = (record: InstanceRecord) => record.id === 'peer';

function watch(vigil: PeerObserver, fromMs: number, untilMs: number): void {
  for (let ms = fromMs; ms <= untilMs; ms += PERIOD)
    vigil.saw({ licence, startedMs: ms, endedMs: ms }, 'me', PERIOD);
}

/** Has seen the peer stand still for 1.75 T, and committed at 1.5 T. */
function readyToEvict(): PeerObserver {
  const vigil = new PeerObserver();
  watch(vigil, 0, 1.75 * T);
  vigil.committed(1.5 * T, 1.5 * T, PERIOD);
  return vigil;
}

const nowMs = 1.75 * T;
const who = (
  vigil: PeerObserver,
  atMs = nowMs,
  startedMs = atMs,
  isGone = nobodyGone as (r: InstanceRecord) => boolean,
) =>
  vigil
    .verdicts(licence, atMs, startedMs, PERIOD, isGone)
    .map(({ instance, reason }) => `${instance} ${reason}`);

describe('rule 4(b): our own trouble blames nobody', () => {
  test('without any, the silent peer is out', () => {
    expect(who(readyToEvict())).toEqual(['peer evicted']);
  });

  test('a look or commit that takes longer than T/8 evicts nobody by silence', () => {
    expect(who(readyToEvict(), nowMs, nowMs - PERIOD)).toEqual(['peer evicted']);
    expect(who(readyToEvict(), nowMs, nowMs - PERIOD - 1)).toEqual([]);
  });

  test('after a failure nobody is out but by proof', () => {
    const vigil = readyToEvict();
    vigil.failed();
    expect(who(vigil)).toEqual([]);
    expect(who(vigil, nowMs, nowMs, isPeer)).toEqual(['peer process gone']);
    expect(vigil.next(licence, nowMs).beatEarly).toBe(false); // the retry comes by itself
  });

  test.each([
    ['the first success after a failure', true, 0],
    ['a slow commit', false, PERIOD + 1],
  ])('%s cuts the silence back to T, and is itself the first proof', (_name, hasFailed, tookMs) => {
    const vigil = readyToEvict();
    if (hasFailed) vigil.failed();
    vigil.committed(nowMs, nowMs + tookMs, PERIOD);
    const afterMs = nowMs + tookMs + PERIOD;
    expect(who(vigil, afterMs)).toEqual([]);
    watch(vigil, nowMs + PERIOD, nowMs + 0.625 * T);
    vigil.committed(nowMs + T / 2, nowMs + T / 2, PERIOD);
    expect(who(vigil, nowMs + 0.625 * T)).toEqual([]);
    watch(vigil, nowMs + 0.75 * T, nowMs + 0.75 * T);
    expect(who(vigil, nowMs + 0.75 * T)).toEqual(['peer evicted']);
  });

  test('a commit that was quick enough cuts nothing back', () => {
    const vigil = readyToEvict();
    vigil.committed(nowMs - PERIOD, nowMs, PERIOD);
    expect(who(vigil)).toEqual(['peer evicted']);
  });
});
