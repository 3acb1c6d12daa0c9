/**
 * How old can a look be, and how old is what `licence.json` shows? One host commits at odd moments; the others look at
 * one pace after the other, by one process and by four. All on the controller's clock: a look is as old as what it does
 * not show had been acknowledged when it began.
 */
import type { Guest } from '../guest.js';
import type { CommitJob } from '../programs/commit.js';
import type { LookJob, LookReport } from '../programs/look.js';
import { must, type Rig, type Scenario } from '../rig.js';
import { pause } from '../shell.js';
import type { Running } from '../station.js';
import { newTable, type Table } from '../table.js';

const PACES_S = [0.1, 0.3, 1, 3];
const LONG_PACES_S = [0.1, 0.3, 1, 3, 10, 30];
const LOOKS = 8;
const PROCESSES = 4;
const COMMIT_EVERY_MS = 450;

interface Ages {
  looks: number;
  topMs: number;
  faceMs: number;
  torn: number;
  missing: number;
  refused: number;
  back: number;
}

export const visibility: Scenario = {
  name: 'visibility',
  play: async (rig) => {
    const table = newTable();
    const acks = new Map<number, number>(); // when each revision was acknowledged
    const writer = commitAlways(rig.guests[0], table, acks);
    await writer.heard((line) => line.startsWith('ack '), 60_000);
    const rows: [string, Ages][] = [];
    for (const pace of rig.isLong ? LONG_PACES_S : PACES_S) {
      const [one, four] = await Promise.all([
        watch(rig.guests[1], table, pace, 1, acks),
        watch(rig.guests[2], table, pace, PROCESSES, acks),
      ]);
      rows.push([`${pace} s, one process`, one], [`${pace} s, ${PROCESSES} processes`, four]);
    }
    writer.close();
    await writer.ended;
    return tell(rig, rows);
  },
};

/** The first commit of a licence is its revision 1; from then on one after the other. */
function commitAlways(guest: Guest, table: Table, acks: Map<number, number>): Running {
  let revision = 0;
  const onLine = (line: string, atMs: number) => {
    if (line.startsWith('ack ')) acks.set(++revision, atMs);
  };
  const job: CommitJob = {
    ...{ file: table.file, name: 'w', commits: 1_000_000, boundMs: 30_000, eventEvery: 4 },
    ...{ paceMs: COMMIT_EVERY_MS, options: {}, traps: {} },
  };
  return guest.program('commit', job, { onLine });
}

/** So many processes of one host look at one pace. */
async function watch(
  guest: Guest,
  table: Table,
  paceS: number,
  processes: number,
  acks: ReadonlyMap<number, number>,
): Promise<Ages> {
  const ages: Ages = { looks: 0, topMs: 0, faceMs: 0, torn: 0, missing: 0, refused: 0, back: 0 };
  const hear = (line: string, atMs: number) => {
    const [word, top = '', topTook = '', licenceFile = '', faceTook = ''] = line.split(' ');
    if (word !== 'look') return;
    ages.looks++;
    ages.topMs = Math.max(ages.topMs, ageOf(top, atMs - Number(topTook), acks));
    ages.faceMs = Math.max(ages.faceMs, ageOf(licenceFile, atMs - Number(faceTook), acks));
  };
  const job: LookJob = {
    file: table.file,
    boundMs: 20_000,
    paceMs: 1000 * paceS,
    isTelling: true,
    options: {},
  };
  const runs = Array.from({ length: processes }, () => guest.program('look', job, { onLine: hear }));
  await Promise.all(runs.map((run) => run.heard((line) => line.startsWith('look '), 60_000)));
  await pause(Math.max(4000, Math.min(LOOKS, paceS < 3 ? LOOKS : 3) * paceS * 1000));
  for (const run of runs) add(ages, await ending(run));
  return ages;
}

async function ending(run: Running): Promise<LookReport> {
  run.close();
  return JSON.parse(await run.heard((line) => line.startsWith('{'), 120_000)) as LookReport;
}

function add(ages: Ages, { top, face }: LookReport): void {
  for (const what of ['torn', 'missing', 'refused', 'back'] as const) ages[what] += top[what] + face[what];
}

/** What was acknowledged, and not shown, for how long when the look began. */
function ageOf(shown: string, beganMs: number, acks: ReadonlyMap<number, number>): number {
  const nextMs = acks.get(Number(shown) + 1);
  return nextMs === undefined ? 0 : Math.max(0, Math.round(beganMs - nextMs));
}

function tell(rig: Rig, rows: readonly [string, Ages][]): Record<string, number> {
  rig.say(
    'looking every          looks  oldest look ms  oldest licence.json ms  torn  missing  refused  back',
  );
  for (const [what, ages] of rows) {
    const { looks, topMs, faceMs, torn, missing, refused, back } = ages;
    const cells = [looks, topMs, faceMs, torn, missing, refused, back];
    const widths = [5, 14, 22, 4, 7, 7, 4];
    rig.say(
      [what.padEnd(21), ...cells.map((cell, index) => String(cell).padStart(widths[index] ?? 0))].join('  '),
    );
  }
  const all = rows.map(([, ages]) => ages);
  must(
    all.every(({ torn }) => torn === 0),
    'a look or licence.json was torn',
  );
  return {
    'oldest look ms': Math.max(...all.map(({ topMs }) => topMs)),
    'oldest licence.json ms': Math.max(...all.map(({ faceMs }) => faceMs)),
  };
}
