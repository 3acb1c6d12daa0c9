// Loaded before a program (node --import): this computer does not tell one thing, named in BLIND, and fails as it does
// in the field.
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

const fails = (code) => () => {
  throw Object.assign(new Error(`${code}: not told`), { code });
};

/** A function that fails for some of the paths it is given. */
const failsFor = (real, isMeant, fail) =>
  function (path, ...rest) {
    return isMeant.test(String(path)) ? fail() : real.call(this, path, ...rest);
  };

function unreadable(isMeant, fail = fails('EACCES')) {
  for (const name of ['readFileSync', 'readlinkSync', 'openSync'])
    fs[name] = failsFor(fs[name], isMeant, fail);
}

const blindnesses = {
  interfaces: () => (os.networkInterfaces = fails('ERR_SYSTEM_ERROR')),
  host: () => (os.hostname = fails('ERR_SYSTEM_ERROR')),
  'empty host': () => (os.hostname = () => ''),
  user: () => (os.userInfo = fails('ERR_SYSTEM_ERROR')),
  uid: () => (process.geteuid = fails('ENOSYS')),
  'user and uid': () => (os.userInfo = process.geteuid = fails('ENOSYS')),
  home: () => (os.homedir = fails('ERR_SYSTEM_ERROR')),
  uptime: () => (os.uptime = fails('ERR_SYSTEM_ERROR')),
  proc: () => unreadable(/^[/]proc(?![/]self[/]fd)/),
  'no proc': () => unreadable(/^[/]proc(?![/]self[/]fd)/, fails('ENOENT')),
  'boot id': () => unreadable(/boot_id$/),
  'pid namespace': () => unreadable(/ns[/]pid$/),
  'time namespace': () => unreadable(/ns[/]time$/),
  'process start': () => unreadable(/^[/]proc[/]\d+[/]stat$/),
  thread: () => unreadable(/thread-self/),
  mounts: () => unreadable(/mountinfo$/),
  installation: () => unreadable(/^[/]etc[/]machine-id$/),
  statfs: () => (promises.statfs = async () => fails('ENOSYS')()),
};
blindnesses[process.env.BLIND]();
syncBuiltinESMExports();
