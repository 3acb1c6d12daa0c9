/** Seeds of the simulator, played here: one line of JSON for each, with what was broken. */
import { play } from '../../../sim/play.js';
import { sayNow } from './said.js';

const { seeds } = JSON.parse(process.argv[2] ?? '') as { seeds: readonly string[] };
Error.stackTraceLimit = 0; // the share refuses by the hundred thousand
for (const seed of seeds) {
  const { violation } = await play(seed);
  sayNow(JSON.stringify({ seed, broken: violation && `${violation.rule}: ${violation.what}` }));
}
process.exit(0); // what killed processes were waiting for is waited for no longer
