/** One file by many names, and by a name longer than 260 characters: one table. */
import { readdirSync } from 'node:fs';
import { inParallel } from '../../../../helpers/parallel.js';
import { Holder, seatfile } from '../../people.js';
import { must, type Scenario } from '../../rig.js';
import type { Station } from '../../station.js';
import { newTable, seatedIn, type Table } from '../../table.js';
import type { WindowsSide } from '../sides.js';
import type { Windows } from '../world.js';

/**
 * Wine tells the whole name of nothing that is longer than this; what lies in the folder beside the file is longer by
 * 36 and more.
 */
const LONGEST_FILE = 250;
/** Holders that start at once. */
const AT_ONCE = 3;
/** What Windows allows to programs that do not ask for more. */
const OLD_LIMIT = 260;

export const paths: Scenario<Windows> = {
  name: 'paths',
  play: async (windows) => {
    const table = newTable({ maxUsers: 20 });
    const short = await shortNameIn(windows.guests[0], table);
    windows.say(`the short name is ${short}`);
    const spelled = await oneTable(windows, table, spellingsOf(table, short));
    const length = await longPath(windows);
    return { 'spellings of one path': spelled, 'longest path': length };
  },
};

/** As tools of Windows name a file for programs of old. */
async function shortNameIn(host: WindowsSide, { directory }: Table): Promise<string> {
  const one = host.start(['cmd', '/c', 'dir', '/x', `Z:\\mnt\\share\\${nameOf(directory)}`]);
  await one.ended;
  const found = one.lines.map((line) => /(\S+~\S+)\s+licence\.json/.exec(line)?.[1]).find(Boolean);
  if (found === undefined) throw new Error(`no short name: ${one.lines.join('\n')}`);
  return found;
}

const nameOf = (directory: string): string => directory.split('/').at(-1) ?? '';

function spellingsOf({ directory }: Table, short: string): string[] {
  const name = nameOf(directory);
  return [
    `S:\\${name}\\licence.json`,
    `s:/${name.toUpperCase()}/LICENCE.JSON`,
    `S:\\${name}\\..\\${name}\\.\\licence.json`,
    `S:\\${name}\\${short}`,
    `\\\\server\\share\\${name}\\licence.json`,
    `//SERVER/share/${name}/Licence.json`,
    `\\\\?\\UNC\\server\\share\\${name}\\licence.json`,
    `\\\\?\\S:\\${name}\\licence.json`,
    `Z:\\mnt\\share\\${name}\\licence.json`,
  ];
}

/** Every holder sits in the same table, and there is no folder but its. */
async function oneTable(
  { guests: [host, , linux] }: Windows,
  table: Table,
  spellings: readonly string[],
): Promise<number> {
  const seated = async (side: Station, file: string, user: string) => {
    const holder = new Holder(side, file, user);
    await holder.next(['seated']).catch((error: unknown) => {
      throw new Error(`${file}: ${String(error)}`);
    });
    return holder;
  };
  const holders = await inParallel([...spellings.entries()], AT_ONCE, ([n, file]) =>
    seated(host, file, `user-${n}`),
  );
  holders.push(await seated(linux, table.file, 'linux'));
  must(seatedIn(table).length === holders.length, `${seatedIn(table).length} of ${holders.length} sit there`);
  const names = readdirSync(table.exported).sort();
  must(names.join() === 'licence.json,licence.json.revisions', `there: ${names.join(', ')}`);
  await Promise.all(holders.map((holder) => holder.leave()));
  must(seatedIn(table).length === 0, 'a seat was not given back');
  return holders.length;
}

/** Longer than what Windows allows to programs that do not ask for more. */
async function longPath({ guests: [host, , linux] }: Windows): Promise<number> {
  const table = newTable({ isBare: true });
  const before = `\\\\server\\share\\${nameOf(table.directory)}`.length;
  const inner = 'directory/'.repeat(30).slice(0, LONGEST_FILE - before - '/licence.json'.length - 1);
  await host.shell(`mkdir -p ${table.exported}/${inner}`);
  const below = `${nameOf(table.directory)}/${inner}/licence.json`;
  const long = {
    ...table,
    file: `${table.directory}/${inner}/licence.json`,
    exported: `${table.exported}/${inner}`,
  };
  const { ending, said } = await seatfile(host, 'init', long.file, '--module', 'M1=3');
  must(ending.status === 0, `init: ${said}`);
  const unc = `\\\\server\\share\\${below.replaceAll('/', '\\')}`;
  const holders = [
    new Holder(host, long.file, 'ada'),
    new Holder(host, unc, 'bob'),
    new Holder(linux, long.file, 'cyd'),
  ];
  for (const holder of holders) await holder.next(['seated']);
  must((await seatfile(host, 'status', unc)).said.includes('cyd'), 'status does not show the Linux holder');
  await Promise.all(holders.map((holder) => holder.leave()));
  const inFolder = unc.length + '.revisions\\000000000001\\licence.json'.length;
  must(inFolder > OLD_LIMIT, `${inFolder} is not long`);
  return inFolder;
}
