// Holds a seat through the library and tells when `valid` changes, sampled every 10 ms: what an application would see.
// Arguments: FILE USER MODULE [ON-SIGNAL]; ON-SIGNAL "own" installs a SIGTERM listener of the application's own,
// "packages" those of the package signal-exit, of both kinds.
import { createRequire } from 'node:module';
import { openLicence } from '../../dist/index.js';

const [file, user, module, onSignal] = process.argv.slice(2);
const say = (event, fields = {}) => {
  const atMs = Math.round(performance.timeOrigin + performance.now());
  process.stdout.write(`${JSON.stringify({ event, atMs, ...fields })}\n`);
};
if (onSignal === 'own') process.on('SIGTERM', () => say('heard', { valid: seat?.valid }));
if (onSignal === 'packages') {
  const { resolve } = createRequire(import.meta.url);
  createRequire(resolve('proper-lockfile'))('signal-exit')(() => undefined);
  createRequire(resolve('write-file-atomic'))('signal-exit').onExit(() => undefined);
}

const licence = await openLicence(file, { user });
licence.on('warning', ({ code, message }) => say('warning', { code, message }));
const claim = await licence.acquire(module);
const seat = claim.kind === 'seated' ? claim.seat : undefined;
if (onSignal === 'finish') process.exitCode = 0;
else if (seat) watch(seat); // before it says so: the reader may stop this process at once
say(claim.kind, { seat: seat?.id });

function watch(held) {
  let valid = held.valid;
  // The first thing that runs after SIGCONT is this timer or the listener below, whichever is due: both only ask.
  const sample = () => {
    const now = held.valid;
    if (now !== valid) say(now ? 'valid' : 'invalid', { state: held.state });
    valid = now;
  };
  setInterval(sample, 10);
  process.on('SIGCONT', () => say('woke', { valid: held.valid }));
  for (const event of ['jeopardy', 'suspended', 'safe', 'lost'])
    held.on(event, (details) => {
      sample();
      say(event, details);
    });
}
