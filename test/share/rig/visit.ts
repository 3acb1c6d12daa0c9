/** A command, or a shell, on the mounts instead of the scenarios. */
import { createInterface } from 'node:readline';
import { PLACES } from './link.js';
import type { Station } from './station.js';

/** The same command on all three clients, in the mounted directory; without one a shell on the first. */
export async function visit(guests: readonly Station[], command: readonly string[]): Promise<number> {
  if (command.length === 0) return await shell(guests);
  const endings = await Promise.all(
    guests.map(async (guest) => {
      const say = (line: string) => console.log(`${guest.number}: ${line}`);
      const one = guest.start(command, { cwd: PLACES.share, onLine: say });
      const { status } = await one.ended;
      for (const line of one.complaints) say(line);
      return status ?? 1;
    }),
  );
  return endings.filter((status) => status !== 0).length;
}

/** Line by line: `2 ls` is for the second client. */
async function shell(guests: readonly Station[]): Promise<number> {
  console.log(
    `A shell on each client, in ${PLACES.share}. A line goes to client 1; "2 ls" to client 2. Ends with Ctrl-D.`,
  );
  const shells = guests.map((guest) =>
    guest.start(['/bin/bash', '-c', 'exec 2>&1; exec bash'], {
      cwd: PLACES.share,
      onLine: (line) => console.log(`${guest.number}: ${line}`),
    }),
  );
  for await (const line of createInterface({ input: process.stdin })) {
    const [, number = '1', text = line] = /^([123]) (.*)$/.exec(line) ?? [];
    shells[Number(number) - 1]?.say(`${text}\n`);
  }
  for (const one of shells) one.close();
  await Promise.all(shells.map((one) => one.ended));
  return 0;
}
