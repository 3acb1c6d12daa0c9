// An application that looks at its own process before and after each step with the package. Its argument, JSON:
// { file, module, releaseOnExit, plant }; it tells a line for each step: the step, and a JSON list of what has changed.
import { createHook } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import 'node:worker_threads'; // by which Node itself replaces process.chdir

const { file, module, releaseOnExit, plant } = JSON.parse(process.argv[2]);
const require = createRequire(import.meta.url);
const load = () => (module.endsWith('.cjs') ? require(module) : import(module));

const timers = new Map();
createHook({
  init: (id, type, _trigger, timer) => type === 'Timeout' && timers.set(id, timer),
  destroy: (id) => timers.delete(id),
}).enable();
const warnings = [];
process.on('warning', (warning) => warnings.push(warning.name));

const watched = {
  fs,
  'fs.promises': fs.promises,
  process,
  'process prototype': Object.getPrototypeOf(process),
  EventEmitter: EventEmitter.prototype,
  globalThis,
  Error,
  Promise: Promise.prototype,
};
/** Node counts the listeners here; they are compared by themselves. */
const COUNTED = ['_events', '_eventsCount'];

function propertiesOf([name, object]) {
  return Reflect.ownKeys(object)
    .filter((key) => !(object === process && COUNTED.includes(key)))
    .flatMap((key) => {
      const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(object, key);
      const where = `${name}.${String(key)}`;
      return [
        [where, value ?? get],
        [`${where} set`, set],
        [`${where} flags`, JSON.stringify(flags)],
      ];
    });
}

/** Everything that a guest could change, by name. */
const seen = () =>
  new Map([
    ...Object.entries(watched).flatMap(propertiesOf),
    ...process
      .eventNames()
      .flatMap((event) =>
        process.rawListeners(event).map((one, at) => [`listener of ${String(event)} ${at}`, one]),
      ),
    ...warnings.map((name) => [`warning ${name}`, true]),
  ]);

/** Node itself replaces these when they are first used. */
void [globalThis.AbortController, globalThis.TextDecoder];
seen(); // Node loads its own fetch at the first look at it, and that leaves symbols: Node 24
const before = seen();

async function tell(step) {
  await new Promise((resolve) => setImmediate(resolve)); // Node tells of ended timers later
  const now = seen();
  const names = [...new Set([...before.keys(), ...now.keys()])];
  const changed = names.filter(
    (name) => !Object.is(before.get(name), now.get(name)) || before.has(name) !== now.has(name),
  );
  process.stdout.write(`${step} ${JSON.stringify(changed)}\n`);
}

/** Puts a function of the same effect in the place of another. */
const replaced = (object, name) => {
  const given = object[name];
  object[name] = (...args) => given.apply(object, args);
};

/** Effects that a package could have: the test sees each of them. */
const effects = {
  'fs.close': () => replaced(fs, 'close'),
  'fs.promises.open': () => replaced(fs.promises, 'open'),
  'process.emit': () => replaced(process, 'emit'),
  'process.reallyExit': () => replaced(process, 'reallyExit'),
  'globalThis.planted': () => Object.assign(globalThis, { planted: true }),
  'Error.prepareStackTrace': () => Object.assign(Error, { prepareStackTrace: String }),
  'listener of SIGINT 0': () => process.on('SIGINT', () => undefined),
  'warning DeprecationWarning': () => process.emitWarning('planted', 'DeprecationWarning'),
  timers: () => setTimeout(() => undefined, 3_600_000).unref(),
};

const paused = new Set();
const pause = () => new Promise((resolve) => paused.add(setTimeout(resolve, 10)));
const left = () => [...timers.values()].filter((timer) => !paused.has(timer));

/** Until the people's copy shows what the table has: then write-file-atomic has been at work. */
async function shown() {
  while (JSON.parse(fs.readFileSync(file, 'utf8')).revision === 0) await pause();
}

async function visit() {
  const licence = await openLicence(file, { ...(releaseOnExit === false && { releaseOnExit }) });
  await tell('opened');
  const { seat } = await licence.acquire('M1');
  await tell('seated');
  await shown();
  await tell('shown');
  await seat.release();
  await licence.close();
  await tell('closed');
}

const { openLicence } = await load();
await effects[plant]?.();
await tell('imported');
if (!plant) await visit();
for (let tries = 0; tries < 100 && left().length > 0; tries++) await pause(); // a directory is held open for 500 ms
process.stdout.write(`timers ${left().length}\n`);
