/** `run` of an .exe, of what cmd does, and of what is none; its exit statuses, and those of other commands. */
import { PLACES } from '../../link.js';
import { Holder, seatfile } from '../../people.js';
import { must, type Scenario } from '../../rig.js';
import { newTable, seatedIn } from '../../table.js';
import type { Windows } from '../world.js';

export const run: Scenario<Windows> = {
  name: 'run',
  play: async ({ guests: [host] }) => {
    const table = newTable({ maxUsers: 1 });
    const named = `${PLACES.share}/none/licence.json`;
    const wanted: [number, string, readonly string[]][] = [
      [7, '', ['run', table.file, '--', PLACES.node, '-e', 'process.exit(7)']],
      [5, '', ['run', table.file, '--', 'cmd', '/c', 'exit 5']],
      [0, 'seat is ', ['run', table.file, '--', 'cmd', '/c', 'echo seat is %SEATFILE_SEAT%']],
      [127, 'cannot be started (ENOENT)', ['run', table.file, '--', 'no-such-program.exe']],
      [126, 'cannot be started (EINVAL)', ['run', table.file, '--', `${table.directory}/script.cmd`]],
      [125, 'no module "M9"', ['run', table.file, '--module', 'M9', '--', 'cmd', '/c', 'exit 0']],
      [3, 'no licence file there', ['status', named]],
      [2, 'unknown option', ['status', '--no-such-option']],
    ];
    for (const [status, words, command] of wanted) {
      const { ending, said } = await seatfile(host, ...command);
      must(ending.status === status, `${command.join(' ')}: ${ending.status ?? ending.signal}, ${said}`);
      must(said.includes(words), `${command.join(' ')}: said ${said}`);
    }
    const holder = new Holder(host, table.file, 'holder');
    await holder.next(['seated']);
    const full = await seatfile(host, 'run', table.file, '--user', 'other', '--', 'cmd', '/c', 'exit 0');
    must(full.ending.status === 75, `no seat: ${full.ending.status}, ${full.said}`);
    await holder.leave();
    must(seatedIn(table).length === 0, 'a seat was not given back');
    return { 'exit statuses': wanted.length + 1 };
  },
};
