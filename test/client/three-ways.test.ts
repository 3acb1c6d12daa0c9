import { describe, expect, test } from 'vitest';
import { openStore } from '../../src/client/open-store.js';
import type { Level, Licence, Settings } from '../../src/licence/document.js';
import { type Entitlement, readEntitlement, sealUnsigned } from '../../src/licence/entitlement.js';
import { formatLicence } from '../../src/licence/text.js';
import { changeSettings } from '../../src/rules/admin.js';
import { install } from '../../src/rules/installation.js';
import { ownPollMs } from '../../src/rules/timing.js';
import type { Change } from '../../src/store/commit.js';
import { FACE, type World } from '../helpers/world.js';
import { expectAllSeated, office, recordOf, toldOf } from './office.js';

/** Level and check interval are changed while people work: by command, by installation, and in the one file. */

interface Target {
  readonly level: Level;
  readonly checkIntervalSeconds: number;
}

/** An administrator's command, on a computer of its own. */
async function command(world: World, change: Change<null>): Promise<void> {
  const system = world.host('admin-pc').enter('root').system();
  const { store } = await world.run(openStore(FACE, system));
  await world.run(store.commit(change, { untilMs: system.clock.elapsedMs() + 60_000 }));
  await world.run(store.settled());
}

const newEntitlement = (table: Licence, target: Target): Licence['entitlement'] => {
  const granted: Entitlement = { ...readEntitlement(table.entitlement), ...target };
  return sealUnsigned({ ...granted, issuedAt: '2027-01-01T00:00:00Z' });
};

const ways: Readonly<Record<string, (world: World, target: Target) => Promise<void>>> = {
  set: (world, target) =>
    command(world, (context) => ({
      answer: null,
      draft: changeSettings(context, { changes: target, actor: 'root@admin-pc' }),
    })),
  install: (world, target) =>
    command(world, (context) => {
      const entitlement = newEntitlement(context.licence, target);
      const next = { entitlement, granted: readEntitlement(entitlement), isVerified: false, settings: null };
      const outcome = install(context, { next, actor: 'root@admin-pc', kind: 'installed', force: false });
      return { answer: null, draft: outcome.kind === 'installed' ? outcome.draft : null };
    }),
  'a new licence file put over the old one': async (world, target) => {
    const entitlement = newEntitlement(world.table(), target);
    const licence = {
      ...world.table(),
      entitlement,
      lineage: 'issued',
      revision: 0,
      instances: [],
      gone: [],
    };
    world.server.scribble(FACE, formatLicence(licence, 'pretty'));
  },
  'the settings in licence.json edited': async (world, target) => {
    await world.until(
      () => JSON.parse(world.server.readText(FACE)).revision === world.table().revision,
      60_000,
    );
    const shown = JSON.parse(world.server.readText(FACE)) as Licence & { settings: Settings };
    world.server.scribble(FACE, JSON.stringify({ ...shown, settings: target }, null, 4));
  },
};

const LONG = 240;
const SHORT = 60;
const changes: readonly (readonly [string, Target, Target])[] = [
  [
    'heartbeat to light',
    { level: 'heartbeat', checkIntervalSeconds: SHORT },
    { level: 'light', checkIntervalSeconds: SHORT },
  ],
  [
    'light to heartbeat',
    { level: 'light', checkIntervalSeconds: SHORT },
    { level: 'heartbeat', checkIntervalSeconds: SHORT },
  ],
  [
    'T longer',
    { level: 'heartbeat', checkIntervalSeconds: SHORT },
    { level: 'heartbeat', checkIntervalSeconds: LONG },
  ],
  [
    'T shorter',
    { level: 'heartbeat', checkIntervalSeconds: LONG },
    { level: 'heartbeat', checkIntervalSeconds: SHORT },
  ],
  [
    'light with a longer T to heartbeat with a shorter one',
    { level: 'light', checkIntervalSeconds: LONG },
    { level: 'heartbeat', checkIntervalSeconds: SHORT },
  ],
];

describe.each(Object.keys(ways))('%s', (way) => {
  test.each(changes)(
    '%s: running instances follow at their next poll, and no user loses a seat',
    async (_, from, to) => {
      const { checkIntervalSeconds: seconds, level } = from;
      const at = await office({ seed: 7, intervalMs: 1000 * seconds, people: 3, level });
      const { world, users } = at;
      await world.advance(2000 * seconds);
      await ways[way]?.(world, to);
      const pollMs = ownPollMs(level, seconds, null);
      const polls = way === 'set' || way === 'install' ? 1 : 2; // one instance reads the file, the others its revision
      await world.advance(polls * pollMs + 5000);
      for (const user of users) expect(recordOf(world, user)).toMatchObject(to);
      expectAllSeated(at);
      await world.advance(2500 * Math.max(seconds, to.checkIntervalSeconds));
      expectAllSeated(at);
      for (const event of ['lost', 'suspended', 'jeopardy'] as const)
        expect(toldOf(world, event)).toEqual([]);
      expect(world.table().gone).toEqual([]);
    },
  );
});
