import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClaimAnswer, OpenLicence, Seat } from '../../src/index.js';
import { type TestOffice, testLicence } from '../../src/testing/index.js';
import { drained } from '../../src/testing/timeline.js';

/**
 * Opening, claims, releases, removals and the end take no time while the share is there: a test that awaits them does
 * not hang, whatever happened before.
 */

const TURNS = 100;
/** What a process may still wait for when the share is there again. */
const AFTER_MEND_MS = 5000;

/** The answer, or null for a fault. @throws Error when it does not come while the clock stands still */
async function atOnce<T>(asked: Promise<T>, what: string): Promise<T | null> {
  let isSettled = false;
  const settled = asked.then(
    (answer) => answer,
    () => null,
  );
  void settled.then(() => {
    isSettled = true;
  });
  for (let turns = 0; !isSettled && turns < TURNS; turns++) await drained();
  if (!isSettled) throw new Error(`${what}: no answer while the clock stands still`);
  return await settled;
}

class Person {
  private readonly office: TestOffice;
  private readonly name: string;
  private licence: OpenLicence | null = null;
  private seat: Seat | null = null;

  constructor(office: TestOffice, name: string) {
    this.office = office;
    this.name = name;
  }

  async claim(): Promise<ClaimAnswer | null> {
    this.licence ??= await atOnce(this.office.open({ user: this.name, host: this.name }), 'open');
    if (this.licence === null) return null;
    const claim = await atOnce(this.licence.acquire('CAD'), 'acquire');
    if (claim?.kind === 'seated') this.seat = claim.seat;
    return claim;
  }

  wait(): void {
    this.licence?.acquire('CAD', { wait: 100_000 }).catch(() => undefined);
  }

  async release(): Promise<void> {
    if (this.seat) await atOnce(this.seat.release(), 'release');
  }

  kill(): void {
    if (this.licence) this.office.kill({ user: this.name });
    this.licence = null;
    this.seat = null; // nothing is answered to a dead process
  }
}

/** The share is gone for some or for all; then it is there again. */
async function cut(office: TestOffice, which: { readonly user?: string }, ms: number): Promise<void> {
  office.cutShare(which);
  await office.advance(ms);
  office.mendShare();
  await office.advance(AFTER_MEND_MS);
}

const acts = [
  'claim',
  'claim',
  'claim',
  'wait',
  'release',
  'kill',
  'remove',
  'pass',
  'cut',
  'cutAll',
] as const;
const steps = fc.array(fc.tuple(fc.constantFrom(...acts), fc.nat(3), fc.nat(200_000)), { maxLength: 25 });

async function play(office: TestOffice, plan: readonly [(typeof acts)[number], number, number][]) {
  const people = ['a', 'b', 'c', 'd'].map((name) => ({ name, person: new Person(office, name) }));
  for (const [act, index, ms] of plan) {
    const { name = '', person } = people[index] ?? {};
    if (act === 'pass') await office.advance(ms);
    else if (act === 'cut') await cut(office, { user: name }, ms);
    else if (act === 'cutAll') await cut(office, {}, ms);
    else if (act === 'remove') await atOnce(office.remove({ user: name }), 'remove');
    else await person?.[act]();
  }
}

test('what needs no time takes none, whatever happened before', async () => {
  const property = fc.asyncProperty(steps, async (plan) => {
    const office = await testLicence({ modules: { CAD: 2 } });
    await play(office, plan);
    const last = await new Person(office, 'last').claim();
    expect(last?.kind).toMatch(/^(seated|full)$/);
    await atOnce(office.close(), 'close');
  });
  await fc.assert(property, { numRuns: 150 });
});
