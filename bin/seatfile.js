#!/usr/bin/env node
import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const words = process.argv.slice(2);
if (words.length === 1 && ['--version', '-V', '-v'].includes(words[0])) {
  process.stdout.write(`${version}\n`); // nothing is loaded for it
} else {
  const program = await import('../dist/cli.js').catch(() => null);
  if (program === null) {
    process.stderr.write(
      'seatfile: it is not whole: install it again (in a clone of its repository: npm run build)\n',
    );
    process.exitCode = words[0] === 'run' ? 125 : 1; // the statuses of run belong to its command
  }
  await program?.start(import.meta.url, version);
}
