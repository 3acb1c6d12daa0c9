import { type Command, Option } from 'commander';
import { SeatfileFault } from '../../licence/fault.js';
import { checkKeyPlace, type WrittenKeys, writeKeys } from '../../vendor/key-files.js';
import { type NewKeys, newKeys } from '../../vendor/keys.js';
import { type Example, withExamples } from '../help.js';
import {
  type KeySession,
  newPassphrase,
  type PassphraseOptions,
  warn,
  withKeySession,
} from '../key-session.js';
import { printable } from '../words.js';
import type { World } from '../world.js';

interface KeygenOptions extends PassphraseOptions {
  readonly out: string;
}

const EXAMPLES: readonly Example[] = [
  ['seatfile keygen --out keys', 'makes keys/private.pem and keys/public.pem, and asks for a passphrase'],
];

export function addKeygen(program: Command, world: World): void {
  withExamples(program.command('keygen'), EXAMPLES)
    .summary('make the keys that sign licences')
    .description(
      'Makes a private key, which signs licences and stays with you, and its public key, which goes into your ' +
        'application. Asks for a passphrase on a terminal. Never overwrites anything.',
    )
    .requiredOption('--out <directory>', 'where private.pem and public.pem go; made if it is missing')
    .option('--passphrase-file <file>', 'the passphrase of the private key is the one line of this file')
    .addOption(passphraseOption())
    .option('--no-passphrase', 'the private key lies open in its file, which only you can read')
    .action(async (options: KeygenOptions) => {
      checkOptions(options);
      await withKeySession(world, (session) => keygen(options, session));
    });
}

/** A passphrase on the command line is taken, to be refused without showing it; the help offers no place for it. */
function passphraseOption(): Option {
  const option = new Option('--passphrase [value]', 'ask for a passphrase (the default on a terminal)');
  option.flags = '--passphrase';
  return option;
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

async function keygen(options: KeygenOptions, session: KeySession): Promise<void> {
  await checkKeyPlace(options.out, session.deps); // before a passphrase is asked for
  const keys = newKeys(await newPassphrase(options, session));
  const written = await writeKeys(options.out, keys, session.deps);
  warn(written.warnings, session.world);
  report(keys, written, session.world);
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
