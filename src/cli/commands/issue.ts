import type { Command } from 'commander';
import { actorOf } from '../../client/machine.js';
import { newLicenceKey } from '../../licence/licence-key.js';
import { freePlace } from '../../store/create.js';
import { draftEntitlement } from '../../vendor/draft.js';
import { readGiven } from '../../vendor/given-file.js';
import { type IssuedList, readIssued } from '../../vendor/issued-list.js';
import { type SignedLicence, signLicence, writeLicence } from '../../vendor/issuing.js';
import type { FoundKey } from '../../vendor/key-files.js';
import { readTemplate, type Template } from '../../vendor/template.js';
import { collect, fileOf } from '../arguments.js';
import { isAgreed } from '../asking.js';
import {
  countByOption,
  dryRunOption,
  grantOption,
  jsonOption,
  levelOption,
  withFile,
  yesOption,
} from '../common-options.js';
import { describeGrant } from '../grant-text.js';
import { type Example, withExamples } from '../help.js';
import { type TermOptions, wantedOf } from '../issue-options.js';
import { type KeySession, openKey, withKeySession } from '../key-session.js';
import { type KeyOptions, trustFor, withPublicKey } from '../public-key-option.js';
import { describeListTrouble, describeTemplateDoubt } from '../vendor-text.js';
import { EXIT, jsonText, printable } from '../words.js';
import type { World } from '../world.js';

interface IssueOptions extends TermOptions, KeyOptions {
  readonly file?: string;
  readonly key: string;
  readonly passphraseFile?: string;
  readonly template?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const EXAMPLES: readonly Example[] = [
  [
    'seatfile issue acme.json --key keys/private.pem --customer Acme -m CAD=10 --expires 2027-12-31',
    'shows the licence, and asks before it writes it',
  ],
  [
    'seatfile issue acme-2.json --key keys/private.pem --template acme.json --reissue --expires 365d',
    'the same licence for another year',
  ],
];

export function addIssue(program: Command, world: World): void {
  const command = withFile(withExamples(program.command('issue'), EXAMPLES), 'the licence file to create')
    .summary('make a signed licence for a customer')
    .description(
      'Makes a signed licence, shows it, and writes it into a new file. It never overwrites anything. What was ' +
        'issued is kept in issued.ndjson beside the key. Asks on a terminal, needs --yes elsewhere.',
    )
    .requiredOption('--key <file>', 'the private key, as keygen made it')
    .option('--passphrase-file <file>', 'the passphrase of the key is the one line of this file')
    .option('--template <file>', 'a file of terms (JSON), or an earlier licence; the options override it');
  withPublicKey(withTermOptions(command), 'an earlier key of yours, that may have signed the template')
    .addOption(jsonOption())
    .addOption(dryRunOption('issued'))
    .addOption(yesOption())
    .action(async (file: string | undefined, options: IssueOptions) => {
      const path = fileOf(file, options, world);
      await withKeySession(world, (session) => issue(path, options, session));
    });
}

const withTermOptions = (command: Command): Command =>
  command
    .option('--customer <name>', 'whose licence it is')
    .addOption(grantOption())
    .option('--overdraft <NAME=SEATS>', 'seats tolerated above the max users of a module', collect)
    .option('--expires <when>', 'its last day (UTC), a time, 30d from its beginning, or never')
    .option('--not-before <when>', 'its first day (UTC), a time, or 7d from now')
    .option('--evaluation <duration>', 'an evaluation licence that ends after this, like 30d')
    .addOption(levelOption('fix the level'))
    .option('--check-interval <duration>', 'fix the check interval')
    .option('--offline-grace <duration>', 'the most that settings may choose')
    .addOption(countByOption('what counts as one user, in all modules'))
    .option('--bind-path <path>', 'the only place where it works; again for other spellings', collect)
    .option('--renew-from <address>', 'where its next issue is fetched: https, or a path')
    .option('--supersedes <id>', 'a licence that yields to it where it is installed', collect)
    .option('--reissue', 'the licence given as template once more: same id and key, customer and place');

async function issue(path: string, options: IssueOptions, session: KeySession): Promise<void> {
  const { world, deps } = session;
  const system = world.system();
  const wanted = wantedOf(options, system.clock.wallMs()); // what is mistyped is told before a passphrase is asked for
  const { licenceFile } = await freePlace(path, deps.files);
  const key = await openKey(options.key, options.passphraseFile, session);
  const template =
    options.template === undefined ? null : await templateAt(options.template, options, key, session);
  const birth = {
    licenceId: system.random.id(),
    licenceKey: newLicenceKey(() => system.random.id()),
    nowMs: system.clock.wallMs(),
  };
  const signed = await signLicence(draftEntitlement(wanted, template, birth), key, system.random);
  const list = await readIssued(key.file, deps.files);
  for (const trouble of describeListTrouble(list, wanted.supersedes)) world.err(`Warning: ${trouble}\n`);
  if (!(await isWanted(signed, licenceFile, options, session))) return;
  const by = actorOf(system.facts);
  const isWritten = options.dryRun !== true;
  if (isWritten) await writeLicence(licenceFile, signed, { list, by }, session.surely);
  tell(signed, { licenceFile, list, isWritten }, options, world);
}

async function templateAt(
  path: string,
  options: KeyOptions,
  key: FoundKey,
  { world, deps }: KeySession,
): Promise<Template> {
  const { file, text } = await readGiven('--template', path, deps.files);
  const trust = await trustFor(options, world, [{ text: key.publicPem, where: key.file }]);
  const template = await readTemplate(text, file, trust);
  const doubt = describeTemplateDoubt(template, file);
  if (doubt !== null) world.err(`Warning: ${doubt}\n`);
  return template;
}

/** Shows the licence, and asks whether it is to be issued; a dry run asks nothing. */
async function isWanted(
  { granted, policy, keyId }: SignedLicence,
  licenceFile: string,
  options: IssueOptions,
  { world, signal }: KeySession,
): Promise<boolean> {
  const show = options.json ? world.err : world.out;
  show(`${describeGrant(granted, policy)}Signed by       key ${keyId}\n`);
  if (options.dryRun) return true;
  const text = `Issue it into ${printable(licenceFile)}?`;
  if (await isAgreed({ verb: 'issue', text, yes: options.yes, signal }, world)) return true;
  world.err('Nothing was issued.\n');
  world.setStatus(EXIT.failed);
  return false;
}

interface Issued {
  readonly licenceFile: string;
  readonly list: IssuedList;
  readonly isWritten: boolean;
}

function tell(signed: SignedLicence, issued: Issued, options: IssueOptions, world: World): void {
  const { licenceFile, list, isWritten } = issued;
  if (options.json) {
    const { granted, keyId } = signed;
    const document = {
      schemaVersion: 1,
      file: licenceFile,
      isWritten,
      keyId,
      list: list.file,
      licence: granted,
    };
    world.out(`${jsonText(document, 2)}\n`);
  } else if (isWritten)
    world.out(`Issued ${printable(licenceFile)}, and listed in ${printable(list.file)}.\n`);
  else world.err('A dry run: nothing was issued.\n');
}
