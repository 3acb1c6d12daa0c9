import { readFileSync } from 'node:fs';

/**
 * What `seatfile completion` prints: the files of shells/. They ask the program at each press of the key (complete.ts)
 * and know nothing themselves, so they fit each later version. None takes an answer for more than text: nothing of it
 * is evaluated, expanded or split by the shell.
 */

const FILES = {
  bash: 'seatfile.bash',
  zsh: 'seatfile.zsh',
  fish: 'seatfile.fish',
  powershell: 'seatfile.ps1',
} as const;

export type Shell = keyof typeof FILES;
export const SHELLS = Object.keys(FILES) as Shell[];

/** The build puts the files beside the program, too. */
export const scriptFor = (shell: Shell): string =>
  readFileSync(new URL(`shells/${FILES[shell]}`, import.meta.url), 'utf8');
