import type { Command } from 'commander';
import { checkPlaceFor, PlaceCheck } from '../../client/place-check.js';
import { shareTimeOf } from '../../client/status-document.js';
import type { Licence } from '../../licence/document.js';
import { SeatfileFault } from '../../licence/fault.js';
import { withFullCheck } from '../../licence/full-check-door.js';
import { type ChangeContext, type EventDraft, firstLicence } from '../../licence/revision.js';
import type { SignatureState } from '../../licence/trust.js';
import { type InstallOutcome, type InstallRefusal, install, notInForce } from '../../rules/installation.js';
import { type NewLicence, readNewLicence } from '../../rules/new-licence.js';
import { ANSWER_MS, withTimeouts } from '../../share/op-timeouts.js';
import { readGiven } from '../../vendor/given-file.js';
import { type AdminSession, withAdminSession } from '../admin-session.js';
import { fileOf } from '../arguments.js';
import { isAgreed, waitingReporter } from '../asking.js';
import { dryRunOption, fileOption, jsonOption, yesOption } from '../common-options.js';
import { create, examinePlace } from '../creation.js';
import { type Example, withExamples } from '../help.js';
import { describeInstallation, type Installation, installationOf, notInstalled } from '../install-text.js';
import { unlessStopped } from '../interruption.js';
import { type KeyOptions, trustFor, withPublicKey } from '../public-key-option.js';
import { EXIT, jsonText } from '../words.js';
import type { World } from '../world.js';

interface InstallOptions extends KeyOptions {
  readonly file?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** The licence that is to be installed. */
interface Offer {
  readonly file: Licence;
  readonly next: NewLicence;
  readonly signature: SignatureState;
}

const EXAMPLES: readonly Example[] = [
  [
    'seatfile install //fileserver/acme/licence.json new.json -n --public-key vendor.pem',
    'says what would change',
  ],
  [
    'seatfile install //fileserver/acme/licence.json new.json --public-key vendor.pem',
    'exchanges what was granted, and asks before it does',
  ],
];

export function addInstall(program: Command, world: World): void {
  withPublicKey(
    withExamples(program.command('install'), EXAMPLES)
      .summary('put a new licence in the place of the installed one; the seats stay')
      .description(
        'Installs the licence file NEW as FILE. Where FILE is in use, only what was granted is exchanged: seats, ' +
          'settings and journal stay, and running applications follow at their next poll. Where there is no FILE ' +
          'yet, it is created as init does. Asks on a terminal, needs --yes elsewhere.',
      )
      .usage('[options] <file> <new>')
      .argument('[file]', 'the licence file that the applications open; default: SEATFILE')
      .argument('[new]', 'the licence file that the vendor sent')
      .option('--force', 'install it although it is another licence, an older one, or not in force now')
      .addOption(fileOption())
      .addOption(dryRunOption('installed'))
      .addOption(yesOption())
      .addOption(jsonOption()),
  ).action(async (...[first, second, options]: [string | undefined, string | undefined, InstallOptions]) => {
    const { file, path } = filesOf(first, second, options, world);
    await installFile(file, await readOffer(path, options, world), options, world);
  });
}

/** FILE and NEW; the one argument is NEW where FILE is given otherwise. */
function filesOf(
  first: string | undefined,
  second: string | undefined,
  options: InstallOptions,
  world: World,
): { readonly file: string; readonly path: string } {
  const isPair = second !== undefined;
  const path = isPair ? second : first;
  if (path === undefined || (!isPair && !options.file && !world.environment['SEATFILE']))
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      'install: expected two files, the licence that applications open and the one that the vendor sent, like: ' +
        'seatfile install licence.json new.json',
    );
  return { file: fileOf(isPair ? first : undefined, options, world), path };
}

/** @throws SeatfileFault where it is no licence, or the public key did not sign it: force or not */
async function readOffer(path: string, options: InstallOptions, world: World): Promise<Offer> {
  return await unlessStopped(world, async ({ unless }) => {
    const system = world.system();
    const files = withTimeouts(system.files, system.clock, {
      answerMs: ANSWER_MS,
      onSlow: waitingReporter(world),
    });
    const trust = await unless(trustFor(options, world));
    const { file: where, text } = await unless(readGiven('NEW', path, files));
    const { file, next } = await withFullCheck(() => readNewLicence(text, where, trust));
    return { file, next, signature: trust.stateOf(next.entitlement) };
  });
}

async function installFile(file: string, offer: Offer, options: InstallOptions, world: World): Promise<void> {
  let isThere = false;
  try {
    await withAdminSession({ ...options, file, isAnySignature: true }, world, async (session) => {
      isThere = true;
      await swap(session, offer, options, world);
    });
  } catch (error) {
    const isMissing = error instanceof SeatfileFault && error.code === 'LICENCE_MISSING' && !isThere;
    if (!isMissing) throw error;
    await installFirst(file, offer, options, world);
  }
}

/** There is no licence yet: as `init`. */
async function installFirst(
  file: string,
  offer: Offer,
  options: InstallOptions,
  world: World,
): Promise<void> {
  const system = world.system();
  const { next, signature } = offer;
  await checkPlaceFor(file, next.granted.binding?.paths ?? [], system);
  const ids = { lineage: system.random.id(), commit: system.random.id() };
  const licence = firstLicence(next.entitlement, offer.file.settings, ids);
  const { licenceId, issuedAt } = next.granted;
  const force = options.force === true;
  let refusal: InstallRefusal | null = null;
  const event = (shareTimeMs: number | null): EventDraft => {
    refusal = shareTimeMs === null ? null : notInForce(next.granted, shareTimeMs);
    if (refusal && !force) throw notInstalled(file, refusal);
    return { kind: 'installed', licenceId, issuedAt, ...(refusal && { forced: true }) };
  };
  const licenceFile = await unlessStopped(world, async ({ signal }) => {
    if (!options.dryRun) return await create({ file, licence, event, force }, world, signal);
    event(await examinePlace(file, { force }, world, signal));
    return file;
  });
  const told = { file: licenceFile, result: 'created', refusal, isDryRun: options.dryRun === true } as const;
  tell(installationOf({ ...told, next, signature, table: null, licence }), options, world);
}

async function swap(
  session: AdminSession,
  offer: Offer,
  options: InstallOptions,
  world: World,
): Promise<void> {
  const { licence, policy, store, unless } = session;
  const { next, signature } = offer;
  const { licenceFile, isFolderFound } = store.paths;
  const boundTo = next.granted.binding?.paths ?? [];
  await unless(new PlaceCheck(store.paths, session.system).check(boundTo));
  const time = await unless(shareTimeOf(session));
  const first = outcomeOf({ licence, policy, nowMs: time.ms }, offer, options, session);
  const installation = (
    outcome: Exclude<InstallOutcome, { kind: 'refused' }>,
    table: Licence,
    isDryRun: boolean,
  ): Installation => {
    const refusal = outcome.kind === 'installed' ? outcome.overruled : null;
    const told = { file: licenceFile, result: outcome.kind, refusal, isDryRun };
    return installationOf({ ...told, next, signature, table: licence, licence: table });
  };
  if (first.kind === 'refused') throw notInstalled(licenceFile, first.refusal);
  if (first.kind === 'same')
    return tell(installation(first, licence, options.dryRun === true), options, world);
  await examinePlace(
    licenceFile,
    { force: options.force === true, isInUse: isFolderFound },
    world,
    session.signal,
  );
  const draft = installation(first, first.draft.licence, true);
  if (options.dryRun) return tell(draft, options, world);
  if (!options.yes && world.isInteractive) world.err(describeInstallation(draft));
  const question = { verb: 'install', text: 'Install it?', yes: options.yes, signal: session.signal };
  if (!(await isAgreed(question, world))) {
    world.err('Nothing was installed.\n');
    world.setStatus(EXIT.failed);
    return;
  }
  const done = await store.commit((context) => {
    const answer = outcomeOf(context, offer, options, session);
    return { answer, draft: answer.kind === 'installed' ? answer.draft : null };
  }, session.deadline());
  if (done.answer.kind === 'refused') throw notInstalled(licenceFile, done.answer.refusal); // another one came first
  tell(installation(done.answer, done.licence, false), options, world);
}

/** Settings of a file that comes into a table that is in use are not taken over: `set` changes them. */
function outcomeOf(
  context: ChangeContext,
  { next }: Offer,
  { force = false }: InstallOptions,
  { actor }: AdminSession,
): InstallOutcome {
  return install(context, { next: { ...next, settings: null }, actor, kind: 'installed', force });
}

function tell(installation: Installation, { json }: InstallOptions, world: World): void {
  world.out(json ? `${jsonText(installation, 2)}\n` : describeInstallation(installation));
  if (installation.licence.signature === 'unverified')
    world.err('The signature was not verified: no public key was given (--public-key).\n');
}
