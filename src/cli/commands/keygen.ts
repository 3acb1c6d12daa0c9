import type { Command } from 'commander';
import { SeatfileFault } from '../../licence/fault.js';
import { ANSWER_MS, withTimeouts } from '../../share/op-timeouts.js';
import { type KeyDeps, readPassphrase, type WrittenKeys, writeKeys } from '../../vendor/key-files.js';
import { checkedPassphrase, type NewKeys, newKeys } from '../../vendor/keys.js';
import { waitingReporter } from '../asking.js';
import { unlessStopped } from '../interruption.js';
import { describeKeyWarning } from '../vendor-text.js';
import { printable } from '../words.js';
import type { World } from '../world.js';

interface KeygenOptions {
  readonly out: string;
  /** A text: it was given on the command line. False: `--no-passphrase`. */
  readonly passphrase?: string | boolean;
  readonly passphraseFile?: string;
}

export function addKeygen(program: Command, world: World): void {
  program
    .command('keygen')
    .summary('make the keys that sign licences')
    .description(
      'Makes a private key, which signs licences and stays with you, and its public key, which goes into your ' +
        'application. Asks for a passphrase on a terminal. Never overwrites anything.',
    )
    .requiredOption('--out <directory>', 'where private.pem and public.pem go; made if it is missing')
    .option('--passphrase-file <file>', 'the passphrase of the private key is the one line of this file')
    .option('--passphrase [never here]', 'ask for a passphrase (the default on a terminal)')
    .option('--no-passphrase', 'the private key lies open in its file, which only you can read')
    .action(async (options: KeygenOptions) => {
      checkOptions(options);
      await unlessStopped(world, ({ signal }) => keygen(options, world, signal));
    });
}

function checkOptions({ passphrase, passphraseFile }: KeygenOptions): void {
  if (typeof passphrase === 'string')
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      '--passphrase: expected no value. What stands on a command line is seen by every user of this computer, and ' +
        'is kept by the shell: take another passphrase, and type it when asked, or use --passphrase-file',
    );
  if (passphraseFile !== undefined && passphrase !== undefined)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      '--passphrase-file: give it alone, without the other options of a passphrase',
    );
}

async function keygen(options: KeygenOptions, world: World, signal: AbortSignal): Promise<void> {
  const { files, clock } = world.system();
  const timed = withTimeouts(files, clock, { answerMs: ANSWER_MS, onSlow: waitingReporter(world) });
  const deps: KeyDeps = { files: timed, platform: process.platform };
  const keys = newKeys(await passphraseFor(options, world, signal, deps));
  const written = await writeKeys(options.out, keys, deps);
  for (const warning of written.warnings) world.err(`Warning: ${describeKeyWarning(warning)}\n`);
  report(keys, written, world);
}

/** Null: none. */
async function passphraseFor(
  { passphrase, passphraseFile }: KeygenOptions,
  world: World,
  signal: AbortSignal,
  deps: KeyDeps,
): Promise<string | null> {
  if (passphraseFile !== undefined) {
    const read = await readPassphrase(passphraseFile, deps);
    for (const warning of read.warnings) world.err(`Warning: ${describeKeyWarning(warning)}\n`);
    return checkedPassphrase(read.passphrase);
  }
  const isAsked = passphrase ?? world.isInteractive;
  if (!isAsked) return null;
  if (!world.isInteractive)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      '--passphrase: no terminal to ask on; run it in one, or use --passphrase-file',
    );
  return await askTwice(world, signal);
}

async function askTwice(world: World, signal: AbortSignal): Promise<string> {
  const first = checkedPassphrase(await world.askHidden('Passphrase of the new private key: ', signal));
  const again = await world.askHidden('The same again: ', signal);
  if (first === again.normalize('NFC')) return first;
  throw new SeatfileFault('BAD_ARGUMENT', 'passphrase: the two differ; nothing was written. Run it again');
}

function report(keys: NewKeys, { privateFile, publicFile }: WrittenKeys, world: World): void {
  const guard = keys.hasPassphrase ? 'with a passphrase' : 'without a passphrase';
  world.out(
    `Key ${keys.keyId}\n` +
      `Private key: ${printable(privateFile)}, ${guard}. Keep it to yourself, and keep a copy elsewhere.\n` +
      `Public key:  ${printable(publicFile)}, or in one line:\n` +
      `${keys.publicLine}\n`,
  );
  world.err(
    `Next: give the public key to your application, like openLicence(path, { publicKey: '${keys.publicLine}' }),\n` +
      `and issue a licence: seatfile issue FILE --key ${printable(privateFile)} --module CAD=10\n`,
  );
}
