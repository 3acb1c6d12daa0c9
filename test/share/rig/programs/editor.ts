/** An application on a console: tells into a file that it is up, and of each Ctrl-C; the second ends it with 4. */
import { appendFileSync } from 'node:fs';

const { log } = JSON.parse(process.argv[2] ?? '') as { log: string };
const note = (line: string) => appendFileSync(log, `${line}\n`);
let times = 0;
process.on('SIGINT', () => {
  note('INT');
  if (++times === 2) process.exit(4);
});
setInterval(() => undefined, 1000);
note(`up ${process.stdout.isTTY === true}`);
