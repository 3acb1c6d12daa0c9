import type { Command } from 'commander';
import type { Licence } from '../../licence/document.js';
import {
  type Entitlement,
  isEarly,
  isExpired,
  type Policy,
  readEntitlement,
  readPolicy,
} from '../../licence/entitlement.js';
import { inFile, SeatfileFault } from '../../licence/fault.js';
import { withFullCheck } from '../../licence/full-check-door.js';
import type { Verdict } from '../../licence/signature.js';
import { decodeText, parseLicence } from '../../licence/text.js';
import type { Trust } from '../../licence/trust.js';
import { toFault } from '../../share/deadline.js';
import { ANSWER_MS, withTimeouts } from '../../share/op-timeouts.js';
import { wholePath } from '../../share/paths.js';
import { unreadable } from '../../store/first-folder.js';
import { fileOf } from '../arguments.js';
import { waitingReporter } from '../asking.js';
import { jsonOption, withFile } from '../common-options.js';
import { describeGrant } from '../grant-text.js';
import { type Example, withExamples } from '../help.js';
import { unlessStopped } from '../interruption.js';
import { type KeyOptions, trustFor, withPublicKey } from '../public-key-option.js';
import { EXIT, jsonText, printable } from '../words.js';
import type { World } from '../world.js';

interface VerifyOptions extends KeyOptions {
  readonly file?: string;
  readonly json?: boolean;
}

const EXAMPLES: readonly Example[] = [
  [
    'seatfile verify acme.json --public-key keys/public.pem',
    'whether it was signed with this key, and what it grants',
  ],
];

export function addVerify(program: Command, world: World): void {
  withFile(withPublicKey(withExamples(program.command('verify'), EXAMPLES)))
    .summary('say whether a licence file is signed by its vendor, and what it grants')
    .description(
      'Says whether one of the public keys has signed the licence in this file, and what the licence grants. ' +
        'Reads the file alone: what is in force where it is installed is told by status. ' +
        'Exit status: 0 the signature is valid; 3 invalid, signed with another key, unsigned, or no licence.',
    )
    .addOption(jsonOption())
    .action(async (file: string | undefined, options: VerifyOptions) => {
      const path = fileOf(file, options, world);
      const found = await unlessStopped(world, ({ unless }) => unless(judged(path, options, world)));
      const nowMs = world.system().clock.wallMs();
      world.out(options.json ? `${jsonText(documentOf(found), 2)}\n` : describe(found, nowMs));
      if (found.verdict !== 'valid') world.setStatus(EXIT.licence);
    });
}

interface Judged {
  readonly path: string;
  readonly licence: Licence;
  readonly trust: Trust;
  readonly verdict: Verdict;
  readonly granted: Entitlement;
  /** What holds without settings. */
  readonly policy: Policy;
}

async function judged(path: string, options: VerifyOptions, world: World): Promise<Judged> {
  const trust = await trustFor(options, world);
  if (!trust.isAsked)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      'verify: by which key? Give --public-key, or set SEATFILE_PUBLIC_KEY',
    );
  const text = await textOf(path, world);
  return await withFullCheck(() => {
    const licence = parseLicence(text, path);
    const { entitlement } = licence;
    const granted = inFile(path, () => readEntitlement(entitlement));
    const policy = readPolicy({ ...licence, settings: {} });
    return { path, licence, trust, verdict: trust.verdictOn(entitlement), granted, policy };
  });
}

async function textOf(path: string, world: World): Promise<string> {
  const { files, clock } = world.system();
  const timed = withTimeouts(files, clock, { answerMs: ANSWER_MS, onSlow: waitingReporter(world) });
  try {
    return decodeText(await timed.read(await timed.resolve(wholePath(path))), path);
  } catch (error) {
    throw toFault(unreadable(error, path));
  }
}

const documentOf = ({ path, licence, trust, verdict, granted }: Judged) => ({
  schemaVersion: 1,
  file: path,
  verdict,
  keyId: licence.entitlement.keyId ?? null,
  publicKeys: trust.keyIds,
  entitlement: granted,
});

function describe(found: Judged, nowMs: number): string {
  const { path, verdict, granted, policy } = found;
  const what = verdict === 'valid' ? '' : 'It says, and none of these keys vouches for it:\n';
  return `${printable(path)}: ${wordsOf(found, nowMs)}.\n${what}${describeGrant(granted, policy, nowMs)}`;
}

function wordsOf({ licence, policy, trust, verdict }: Judged, nowMs: number): string {
  const keyId = printable(licence.entitlement.keyId ?? 'none');
  switch (verdict) {
    case 'valid':
      if (isExpired(policy, nowMs)) return `EXPIRED; signature valid, by the key ${keyId}`;
      if (isEarly(policy, nowMs)) return `not valid yet; signature valid, by the key ${keyId}`;
      return `valid, signed with the key ${keyId}`;
    case 'invalid':
      return `INVALID: it was changed after it was signed, or the key ${keyId} did not sign it`;
    case 'unknown key':
      return `signed with the key ${keyId}, which is not ${trust.keyIds.join(' or ')}: not verified`;
    case 'unsigned':
      return 'unsigned';
  }
}
