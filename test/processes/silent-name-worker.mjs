// Asks for a renewal while the look-up of names hangs, on a thread of Node's pool. Does what lines on stdin tell it.
import dns from 'node:dns';
import fs from 'node:fs';
import { endHungProcess, hasOverdueOperation } from '../../dist/modules/share/hung-exit.js';
import { download } from '../../dist/modules/vendor/download.js';

const { pipe } = JSON.parse(process.argv[2]);
const say = (word) => process.stdout.write(`${word}\n`);
dns.lookup = (_, options, found) => fs.open(pipe, 'r', (error) => found(error, options.all ? [] : ''));
endHungProcess();

const enough = new AbortController();
const asked = download('https://licences.acme.example/x', { signal: enough.signal });
asked.catch((error) => say(`given up: ${error.code}`));
const orders = { exit: () => process.exit(3), giveUp: () => enough.abort() };
process.stdin.on('data', (line) => orders[String(line).trim()]());

const watch = setInterval(() => {
  if (process.listenerCount('exit') === 0) return;
  clearInterval(watch);
  say(`overdue, ${hasOverdueOperation() ? 'and a share with it' : 'no share'}`);
}, 50);
