/** Does nothing but measure its event loop: what this host does to a process that is not ours. */
import { loopDelay } from './loop-delay.js';

const loop = loopDelay();
process.stdin.on('end', () => {
  console.log(`loop ${Math.round(loop.worstMs())}`);
  process.exit(0);
});
process.stdin.resume();
console.log('ready');
