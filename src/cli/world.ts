import type { ChildProcess } from 'node:child_process';
import type { System } from '../client/system.js';
import type { Append } from '../share/append.js';
import type { WaitLine } from './wait-line.js';

/** Ctrl-C at a question: nothing was done. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** A signal gave a command up. What the command had begun is cleared away, unless the share hangs. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly by: NodeJS.Signals;
  readonly isHung: boolean;

  constructor(by: NodeJS.Signals, isHung: boolean) {
    super(`stopped by ${by}`);
    this.by = by;
    this.isHung = isHung;
  }
}

/** All that the program touches of the world: `main.ts` gives the real thing, tests give another. */
export interface World {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** How wide the terminal is that stderr goes to; null: it goes elsewhere, or to one that cannot redraw a line. */
  readonly noticeColumns: () => number | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly system: () => System;
  /** What does the file operations has started. Until then its start would count as an answer of the share. */
  readonly ready: Promise<void>;
  /** The terminal that stdout goes to, as large as it is now; null: it goes elsewhere. */
  readonly screen: () => { readonly columns: number; readonly rows: number } | null;
  /** Whether a person sits at the other end of stdin. */
  readonly isInteractive: boolean;
  /** Asks that person. Gives the line, '' at the end of input. @throws Interrupted at Ctrl-C or by the signal */
  readonly ask: (question: string, signal: AbortSignal) => Promise<string>;
  /** The same, and what is typed is not shown. */
  readonly askHidden: World['ask'];
  /** Adds a line to a file of this computer. */
  readonly append: Append;
  /** Resolves when stdin is closed. */
  readonly inputClosed: () => Promise<void>;
  /** Resolves when stdout can no longer be written: its reader has ended, or there is no space. */
  readonly outputGone: Promise<void>;
  /** Calls back for each of these signals until stopped. */
  readonly onSignals: (names: readonly NodeJS.Signals[], act: (name: NodeJS.Signals) => void) => () => void;
  /** Ends the process at once, whatever is still on its way. */
  readonly endNow: (status: number) => void;
  /** Whether a signal that we get reaches the commands we start by itself. */
  readonly reachesCommands: (name: NodeJS.Signals) => boolean;
  /** Starts a command on this terminal, without a shell. */
  readonly spawn: (command: readonly string[], environment: Record<string, string>) => ChildProcess;
  /** How to start this very program as a process of its own, with pipes. */
  readonly spawnSelf: (args: readonly string[], environment: Record<string, string>) => ChildProcess;
  /** What a long wait says. */
  readonly waitLine: WaitLine;
  readonly version: string;
  /** What followed `--` on the command line: a command, never FILE. */
  readonly command: readonly string[];
  readonly setStatus: (status: number) => void;
}
