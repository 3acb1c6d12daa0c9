import type { Verb } from './commands.js';

/** How each command ends, whatever goes wrong: a row for each command, a column for each mishap. */

const mishaps = [
  'unknownOption',
  'missing', // the file
  'noDirectory', // nor the directory around it
  'directory', // in the place of the file
  'garbage', // in the file
  'gone', // the share, after it was there
  'full',
  'refused', // the right to write
  'hung', // one operation never ends
  'fullOutput',
  'closedOutput',
  'SIGINT',
  'SIGTERM',
] as const;
export type Mishap = (typeof mishaps)[number];
type Row = Readonly<Record<Mishap, number>>;

export const reads: Row = {
  unknownOption: 2,
  ...{ missing: 3, noDirectory: 3, directory: 3, garbage: 3, gone: 3 },
  ...{ full: 0, refused: 0, hung: 6, fullOutput: 1, closedOutput: 0, SIGINT: 130, SIGTERM: 143 },
};
const writes: Row = { ...reads, full: 6, refused: 6 };
/** The low numbers are its command's, which ends with 7 here, and has an output of its own. */
const runs: Row = {
  unknownOption: 125,
  ...{ missing: 125, noDirectory: 125, directory: 125, garbage: 125, gone: 125, full: 125, refused: 125 },
  ...{ hung: 125, fullOutput: 7, closedOutput: 7, SIGINT: 130, SIGTERM: 143 },
};
export const statuses: Readonly<Record<Verb, Row>> = {
  status: reads,
  run: runs,
  hold: writes,
  init: { ...writes, missing: 0, directory: 1, garbage: 1 }, // what is there is never overwritten
  install: { ...writes, missing: 0 }, // as init where there is nothing yet
  remove: writes,
  undo: writes,
  notify: writes,
  ban: writes,
  reserve: writes,
  set: writes,
  journal: reads,
  repair: writes,
  doctor: { ...reads, directory: 0, garbage: 1, full: 1, refused: 1 }, // takes a directory; its findings are its answer
};
/** It takes no file: the directory for temporary files is what can be in its way. */
export const ofDemo: Partial<Row> = {
  unknownOption: 2,
  ...{
    noDirectory: 6,
    full: 6,
    refused: 6,
    hung: 6,
    fullOutput: 1,
    closedOutput: 0,
    SIGINT: 130,
    SIGTERM: 143,
  },
};

/** What matches nothing, and what is as it should be already. */
export const idle: Readonly<Record<Exclude<Verb, 'run' | 'hold' | 'install'>, [string[], number]>> = {
  status: [['--user', 'zoe'], 1],
  init: [[], 1],
  remove: [['--user', 'zoe'], 1],
  undo: [[], 1],
  notify: [['--user', 'zoe'], 1],
  ban: [['--user', 'zoe', '--lift'], 1],
  reserve: [['--module', 'M1', '--user', 'zoe', '--lift'], 1],
  set: [['--check-interval', '8s'], 0],
  journal: [['--user', 'zoe'], 1],
  repair: [[], 0],
  doctor: [[], 0],
};
