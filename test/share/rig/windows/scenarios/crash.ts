/** Processes of Windows are killed (TerminateProcess) at random operations of commits; others go on. */
import { mkdirSync } from 'node:fs';
import { PLACES } from '../../link.js';
import type { CrashJob } from '../../programs/crash.js';
import { must, type Scenario } from '../../rig.js';
import type { Windows } from '../world.js';

const CRASHES = 14;
const LONG_CRASHES = 200;

export const crash: Scenario<Windows> = {
  name: 'crash',
  play: async ({ guests: [host], say, isLong, seed }) => {
    mkdirSync(`${PLACES.exported}/crash`, { recursive: true });
    const crashes = isLong ? LONG_CRASHES : CRASHES;
    const job: CrashJob = {
      worker: `${PLACES.app}/test/processes/crash-worker.mjs`,
      seed,
      crashes,
    };
    const one = host.program('crash', job, { env: { TEMP: 'S:/crash', TMP: 'S:/crash' } });
    const { status } = await one.ended;
    for (const line of one.lines.filter((said) => said.startsWith('WRONG'))) say(line);
    const done = /^done (\d+) of (\d+)$/.exec(one.lines.at(-1) ?? '');
    const said = [...one.lines, ...one.complaints].slice(-5).join(' ');
    must(done !== null, `it ended with ${status}: ${said}`);
    must(
      one.lines.length === 1,
      `${one.lines.length - 1} crashes were not as they must be; again: --only crash --seed ${seed}`,
    );
    must(Number(done?.[1]) > crashes / 2, `only ${done?.[1]} of ${crashes} were killed`);
    return { seed, 'killed at moments': done?.[1] ?? 0, of: done?.[2] ?? 0 };
  },
};
