import type { ShareFiles } from '../../src/share/files.js';

export type Operation = keyof ShareFiles;
export const operations: readonly Operation[] = [
  'list',
  'removable',
  'read',
  'writeNew',
  'replace',
  'makeDirectory',
  'setMode',
  'stat',
  'rename',
  'removeFile',
  'removeDirectory',
  'resolve',
  'volume',
];

/** Any call of the port: wrap one function, and every operation is wrapped. */
export type Call = (operation: Operation, args: readonly unknown[]) => Promise<unknown>;

export function portOf(call: Call): ShareFiles {
  const methods = operations.map((operation) => [
    operation,
    (...args: unknown[]): Promise<unknown> => call(operation, args),
  ]);
  return Object.fromEntries(methods) as ShareFiles;
}

export function callOf(files: ShareFiles): Call {
  return (operation, args) => (files[operation] as (...all: unknown[]) => Promise<unknown>)(...args);
}

export const pathIn = (args: readonly unknown[]): string => String(args[0]);
