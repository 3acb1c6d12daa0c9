import { describe, expect, test } from 'vitest';
import { bugs } from './bugs.js';
import { Hand } from './crew.js';
import { type Mishap, planOf, profileNames } from './plan.js';
import { plant } from './plant.js';
import { play } from './play.js';

/**
 * The simulation itself: the same seed is the same run, its plans reach everything, and a bug shows. Many seeds: `npm
 * run sim`.
 */

describe('one seed decides all', () => {
  test.each(['27', 'any text'])('seed %s twice: the same trace, to the line', async (seed) => {
    const first = await play(seed, { isTraced: true });
    const second = await play(seed, { isTraced: true });
    expect(first.violation).toBeNull();
    expect(second.trace).toEqual(first.trace);
    expect(first.trace.length).toBeGreaterThan(500);
  });

  test('another seed is another run', async () => {
    const [one, other] = [await play('7', { isTraced: true }), await play('8', { isTraced: true })];
    expect(other.trace).not.toEqual(one.trace);
  });

  test('without a trace it is the same run', async () => {
    const [traced, bare] = [await play('11', { isTraced: true }), await play('11')];
    expect(bare).toEqual({ ...traced, trace: [] });
  });
});

test('a trace says who did what to which file when, and which rule spoke', async () => {
  const { trace } = await play('9', { isTraced: true });
  const text = trace.join('\n');
  expect(trace[0]).toMatch(/^0d 00:00:\d\d\.\d{3} {2}u\d+@pc\d+\/\d+ +resolve licence\.json$/);
  expect(text).toMatch(/ rename revisions\/stage-\d+-[0-9a-f]{4} -> revisions\/\d{6}\n/);
  expect(text).toMatch(/ published revision \d+; u\d+@pc\d+ in M\d was seated/);
  expect(text).toMatch(/was put out \(rule (4: stood still|5a: provably gone)\)/);
  expect(text).toMatch(/MISHAP +\w+/);
});

describe('the plans', () => {
  const plans = Array.from({ length: 400 }, (_, n) => planOf(String(n)));
  test('reach every kind of office, and every kind of share', () => {
    expect(new Set(plans.map((plan) => plan.profile))).toEqual(new Set(profileNames));
    expect(new Set(plans.map((plan) => plan.semantics))).toEqual(
      new Set(['local', 'nfs', 'worstNfs', 'freshNfs', 'smb', 'freshSmb', 'windows']),
    );
    expect(new Set(plans.map((plan) => plan.countBy)).size).toBe(4);
    expect(new Set(plans.map((plan) => plan.level)).size).toBe(2);
    expect(new Set(plans.map((plan) => plan.store.lock)).size).toBe(2);
  });

  test('reach offices of hundreds of hours, and of dozens of people', () => {
    expect(Math.max(...plans.map((plan) => plan.people.length))).toBeGreaterThan(80);
    expect(Math.max(...plans.map((plan) => plan.durationMs))).toBeGreaterThan(72 * 3_600_000);
  });

  test('know every mishap', () => {
    const all: Record<Mishap, true> = {
      ...{
        leave: true,
        window: true,
        kill: true,
        killMidway: true,
        freeze: true,
        freezeMidway: true,
        freezeCommit: true,
        muteCalled: true,
      },
      ...{
        rejoin: true,
        giveUp: true,
        sleep: true,
        reboot: true,
        cut: true,
        failing: true,
        revoke: true,
        setWall: true,
      },
      ...{ slowHost: true, sleepAll: true, freezeAll: true, full: true, readOnly: true, away: true },
      ...{
        awayUneven: true,
        fullUneven: true,
        nearMiss: true,
        friday: true,
        drowsyAsker: true,
        restart: true,
        serverClock: true,
        lossy: true,
        slowServer: true,
        lateNumber: true,
        remove: true,
      },
      ...{
        removeDead: true,
        removeGently: true,
        undo: true,
        notify: true,
        ban: true,
        reserve: true,
        setInterval: true,
        setLevel: true,
        setOnDemand: true,
      },
      ...{ loseFolder: true, damageTop: true, oldFolder: true, oldFace: true, unmounted: true },
      ...{ loseNewSeat: true, loseRemoval: true, loseFew: true, loseSome: true, loseMany: true },
    };
    const known = new Set(plans.flatMap((plan) => Object.keys(plan.mishaps)));
    expect([...known].sort()).toEqual(Object.keys(all).sort());
  });
});

test.each(['dead-before-belief-ends', 'document-renamed-over'])('%s is caught', async (name) => {
  const bug = bugs.find((one) => one.name === name) ?? null;
  // In a thread of its own: two copies of the source share no module.
  const hand = new Hand(await plant(bug, `sim-bugs/${name}`));
  let caught = false;
  for (let seed = 1; seed <= 20 && !caught; seed++) {
    const played = await hand.play(String(seed));
    if ('error' in played) throw new Error(played.error);
    caught = played.outcome.violation !== null;
  }
  await hand.end();
  expect(caught).toBe(true);
});
