/** What needs no share: the stories, and seeds of the simulator, in Node for Windows. */
import { PLACES } from '../../link.js';
import { must, type Scenario } from '../../rig.js';
import type { Windows } from '../world.js';

const SEEDS = 20;

export const virtual: Scenario<Windows> = {
  name: 'virtual',
  isAside: true,
  play: async ({ apart: host }) => {
    const seeds = Array.from({ length: SEEDS }, (_, n) => String(n + 1));
    const stories = host.program('stories', { directory: `${PLACES.app}/test/stories` });
    await stories.ended;
    const simulator = host.program('seeds', { seeds });
    await simulator.ended;
    const told = stories.lines.map((line) => JSON.parse(line) as { name: string; isTold: boolean });
    const wrong = told.filter(({ isTold }) => !isTold).map(({ name }) => name);
    must(told.length > 0 && wrong.length === 0, `${wrong.join(', ')} ${stories.complaints.join(' ')}`);
    const played = simulator.lines.map((line) => JSON.parse(line) as { seed: string; broken: string | null });
    const broken = played.filter((one) => one.broken !== null);
    must(broken.length === 0, broken.map((one) => `seed ${one.seed}: ${one.broken}`).join('; '));
    must(played.length === SEEDS, `seed ${played.length + 1}: ${simulator.complaints.join(' ')}`);
    return { stories: told.length, seeds: played.length };
  },
};
