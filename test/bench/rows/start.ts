import nodePath from 'node:path';
import { pathToFileURL } from 'node:url';
import { beside, type Line, most } from '../line.js';
import { ranMs, root } from '../node-run.js';
import { oftener, type Row, runsOf } from '../row.js';

const index = pathToFileURL(nodePath.join(root, 'dist/index.js')).href;

/** What an application, and a command, pay before anything is asked: against a Node that does nothing. */
export const start: Row = {
  name: 'start',
  measure: async (setting) => {
    const { bare, imported, version } = await runsOf(oftener(setting, 2), {
      bare: () => ranMs('--input-type=module', '-e', ''),
      imported: () => ranMs('--input-type=module', '-e', `await import(${JSON.stringify(index)})`),
      version: () => ranMs(nodePath.join(root, 'bin/seatfile.js'), '--version'),
    });
    const line = (what: string, ours: readonly number[], bound: number): Line =>
      beside(
        'start',
        { ours, theirs: bare, peer: 'bare Node' },
        { what, unit: 'ms', of: (ms) => ms, bound: most(bound) },
      );
    return [line('import of the package', imported, 1.8), line('seatfile --version', version, 2.2)];
  },
};
