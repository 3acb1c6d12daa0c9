// node .ci/old-and-new.mjs OLD NEW: two seatfile commands on one folder, with real processes. Ends with status 1 at the first surprise.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

const versions = { old: process.argv[2], new: process.argv[3] };
const folder = mkdtempSync(path.join(os.tmpdir(), 'seatfile-versions-'));
const children = new Set();
let licences = 0;

/** Runs a command to its end. */
const run = (version, ...words) =>
  new Promise((resolve) => {
    execFile(process.execPath, [versions[version], ...words], (error, out, err) =>
      resolve({ status: error ? error.code : 0, out, err }),
    );
  });

/** Starts `hold`; `told(event)` resolves with the first line of that event. */
function hold(version, file, user, ...words) {
  const child = spawn(
    process.execPath,
    [versions[version], 'hold', file, '--json', '--user', user, '--host', 'pc', '--module', 'M1', ...words],
    { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, SEATFILE_MACHINE: user } },
  );
  children.add(child);
  const events = [];
  const listeners = new Set();
  const ended = new Promise((resolve) => child.on('close', (status) => resolve(status)));
  readline.createInterface({ input: child.stdout }).on('line', (line) => {
    events.push(JSON.parse(line));
    for (const listen of listeners) listen();
  });
  const told = (event) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = events.find((one) => one.event === event);
        if (found) resolve(found);
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`${user} (${version}) ended before it was told: ${event}`)));
    });
  const end = async () => {
    child.stdin.end();
    return await ended;
  };
  return { child, told, ended, end };
}

/** A licence of one seat, made by one version. */
async function licence(version, seats, interval) {
  const file = path.join(folder, `licence-${++licences}.json`);
  const made = await run(version, 'init', file, '--module', `M1=${seats}`, '--check-interval', interval);
  assert.equal(made.status, 0, made.err);
  return file;
}

const usersIn = async (version, file) => {
  const { status, out, err } = await run(version, 'status', file, '--json');
  assert.equal(status, 0, err);
  return JSON.parse(out)
    .seats.map(({ user }) => user)
    .sort();
};

/** Ada has the only seat, and Bob waits for it. */
async function holderAndWaiter(a, b, file) {
  const ada = hold(a, file, 'ada');
  await ada.told('seated');
  const bob = hold(b, file, 'bob', '--wait', '2m');
  await bob.told('waiting');
  return { ada, bob };
}

const other = (version) => (version === 'old' ? 'new' : 'old');

/** Each story is told twice: `a` is the old version and `b` the new one, and the other way round. */
const stories = {
  'one table, seen by both, and full for both': async (a, b) => {
    const file = await licence(a, 2, '5m');
    const ada = hold(a, file, 'ada');
    const bob = hold(b, file, 'bob');
    await Promise.all([ada.told('seated'), bob.told('seated')]);
    for (const version of [a, b]) assert.deepEqual(await usersIn(version, file), ['ada', 'bob']);
    for (const version of [a, b])
      assert.equal((await run(version, 'run', file, '--user', 'cyd', '--', 'true')).status, 75);
    assert.deepEqual([await ada.end(), await bob.end()], [0, 0]);
    for (const version of [a, b]) assert.deepEqual(await usersIn(version, file), []);
  },
  'a killed holder is evicted, and the waiter of the other version gets the seat': async (a, b) => {
    const file = await licence(a, 1, '4s');
    const { ada, bob } = await holderAndWaiter(a, b, file);
    ada.child.kill('SIGKILL');
    await bob.told('seated');
    assert.equal(await bob.end(), 0);
  },
  'a seat that is given back goes to the waiter of the other version': async (a, b) => {
    const file = await licence(b, 1, '5m');
    const { ada, bob } = await holderAndWaiter(a, b, file);
    assert.equal(await ada.end(), 0);
    await bob.told('seated');
    assert.equal(await bob.end(), 0);
  },
  'a user removed by one version is told by the other': async (a, b) => {
    const file = await licence(a, 1, '8s');
    const ada = hold(a, file, 'ada');
    await ada.told('seated');
    const removed = await run(b, 'remove', file, '--user', 'ada', '--yes', '--reason', 'story');
    assert.equal(removed.status, 0, removed.err);
    assert.equal((await ada.told('lost')).reason, 'removed');
    assert.equal(await ada.ended, 5);
  },
  'settings and journal of one version are read by the other': async (a, b) => {
    const file = await licence(a, 1, '90s');
    assert.equal((await run(b, 'set', file, '--check-interval', '60s')).status, 0);
    const { out } = await run(a, 'status', file, '--json');
    assert.equal(JSON.parse(out).licence.checkIntervalSeconds, 60);
    for (const version of [a, b, a, b])
      assert.equal((await run(version, 'run', file, '--', process.execPath, '-e', '')).status, 0);
    for (const version of [a, b]) {
      const { status, err } = await run(version, 'journal', file, '--verify');
      assert.equal(status, 0, err);
    }
  },
  'twelve commands of both versions take turns on one seat': async (a, b) => {
    const file = await licence(a, 1, '5m');
    const program = `const fs = require('fs'); const name = process.argv[1];
      fs.mkdirSync(name); setTimeout(() => fs.rmdirSync(name), 50);`; // fails where another one is at it
    const taken = path.join(folder, `taken-${licences}`);
    const ends = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        run(
          n % 2 ? a : b,
          'run',
          file,
          '--user',
          `user-${n}`,
          '--wait',
          '4m',
          '--',
          process.execPath,
          '-e',
          program,
          taken,
        ),
      ),
    );
    assert.deepEqual(
      ends.map(({ status, err }) => status || err),
      ends.map(({ err }) => err),
    );
    assert.equal((await run(b, 'journal', file, '--verify')).status, 0);
  },
};

try {
  for (const [name, story] of Object.entries(stories))
    for (const a of ['old', 'new']) {
      const startedMs = Date.now();
      await story(a, other(a));
      console.log(`ok: ${name} (${a} first, ${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
    }
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
