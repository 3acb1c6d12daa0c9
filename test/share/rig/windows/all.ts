import type { Scenario } from '../rig.js';
import { conformance } from '../scenarios/conformance.js';
import { hammerOf } from '../scenarios/hammer.js';
import { seats } from '../scenarios/seats.js';
import { crash } from './scenarios/crash.js';
import { fault } from './scenarios/faults.js';
import { keys } from './scenarios/keys.js';
import { paths } from './scenarios/paths.js';
import { processes } from './scenarios/processes.js';
import { run } from './scenarios/run.js';
import { turns } from './scenarios/turns.js';
import { virtual } from './scenarios/virtual.js';
import type { Windows } from './world.js';

/** How many commits Wine makes in the time of .ci/run is no promise: the storm is smaller. */
const hammer = hammerOf({ commits: 60, enoughMs: 60_000 });

export const windowsScenarios: readonly Scenario<Windows>[] = [
  ...[conformance, paths, run, processes, keys, turns],
  ...[seats, hammer, fault, crash, virtual],
];
