import { mkdtemp, rm } from 'node:fs/promises';
import nodePath from 'node:path';
import type { Contender, ContenderName } from './contenders/contender.js';
import { type Member, startAll } from './member.js';
import type { Setting } from './row.js';

export interface CrowdOptions {
  readonly contender: ContenderName;
  readonly count: number;
  readonly places: number;
}

/** Processes that have loaded their packages, at a new table. Afterwards nothing of both is left. */
export async function withMembers<T>(
  setting: Setting,
  { contender, count, places }: CrowdOptions,
  act: (members: readonly Member[]) => Promise<T>,
): Promise<T> {
  return await withTable(setting, contender, places, async (table) => {
    const members: Member[] = [];
    try {
      await startAll(setting.launch, count, { contender, table, delayMs: setting.delayMs }, members);
      return await act(members);
    } finally {
      await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
    }
  });
}

export async function withTable<T>(
  { directory, seenAt }: Setting,
  contender: ContenderName,
  places: number,
  act: (table: string) => Promise<T>,
): Promise<T> {
  const own = await mkdtemp(nodePath.join(directory, `${contender}-`));
  try {
    const { prepare } = (await import(`./contenders/${contender}.js`)) as Contender;
    const table = await prepare(own, places);
    return await act(table.replace(directory, seenAt));
  } finally {
    await rm(own, { recursive: true, force: true, maxRetries: 10 });
  }
}
