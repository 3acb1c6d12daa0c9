import type { Command } from 'commander';
import { PlaceCheck } from '../../client/place-check.js';
import { shareTimeOf } from '../../client/status-document.js';
import { SeatfileFault } from '../../licence/fault.js';
import { withTimeouts } from '../../share/op-timeouts.js';
import { type RenewalDeps, type RenewalResult, readUsage, renew, reportText } from '../../vendor/renewing.js';
import { type AdminSession, withAdminSession } from '../admin-session.js';
import { fileOf } from '../arguments.js';
import { waitingReporter } from '../asking.js';
import { jsonOption, withFile } from '../common-options.js';
import { type Example, withExamples } from '../help.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { EXIT, jsonText, printable } from '../words.js';
import type { World } from '../world.js';

interface RenewOptions extends KeyOptions {
  readonly file?: string;
  readonly asSent?: boolean;
  readonly json?: boolean;
}

/** For one operation on a path that the licence is renewed from. Milliseconds. */
const PATH_MS = 30_000;

const EXAMPLES: readonly Example[] = [
  ['seatfile renew licence.json --public-key vendor.pem', 'fetches the licence now'],
  ['seatfile renew licence.json --as-sent', 'shows what the vendor would be told'],
];

export function addRenew(program: Command, world: World): void {
  withPublicKey(
    withFile(withExamples(program.command('renew'), EXAMPLES))
      .summary("fetch the licence anew from the vendor's address, now")
      .description(
        'Fetches the next issue of the licence from the address that it names, and installs it. Running applications ' +
          'do the same by themselves when it is due. Needs the public key: without it no licence can be told from a ' +
          'forged one.',
      )
      .option(
        '--as-sent',
        'only show the counts that would be told to the vendor, to the byte; sends nothing',
      )
      .addOption(jsonOption()),
  ).action(async (file: string | undefined, options: RenewOptions) => {
    await withAdminSession({ ...options, file: fileOf(file, options, world) }, world, (session) =>
      options.asSent ? show(session, world) : renewNow(session, options, world),
    );
  });
}

async function show(session: AdminSession, world: World): Promise<void> {
  const { licence, policy, unless } = session;
  const { ms: nowMs } = await unless(shareTimeOf(session));
  const usage = await unless(readUsage({ licence, policy, nowMs }, { readJournal: journalOf(session) }));
  world.out(reportText(usage));
  if (policy.renewal?.report !== true)
    world.err('This licence does not ask for it: nothing is told to the vendor.\n');
}

const journalOf =
  ({ store, deadline }: AdminSession): RenewalDeps['readJournal'] =>
  (sinceMs) =>
    store.readJournal(sinceMs, deadline());

async function renewNow(session: AdminSession, { json }: RenewOptions, world: World): Promise<void> {
  const { policy, store, trust, unless } = session;
  const { licenceFile } = store.paths;
  if (policy.renewal === null)
    throw new SeatfileFault(
      'RENEWAL_FAILED',
      `${licenceFile}: this licence names no address to be renewed from; ask the vendor for a new licence file`,
    );
  if (!trust.isAsked)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      "renew: expected the vendor's public key, got none; add --public-key, or set SEATFILE_PUBLIC_KEY",
    );
  const result = await unless(renew(depsOf(session, world), true));
  if (json) world.out(`${jsonText({ schemaVersion: 1, file: licenceFile, ...result }, 2)}\n`);
  else world.out(`${printable(describe(result))}\n`);
  if (result.kind === 'failed') world.setStatus(EXIT.failed);
}

function depsOf(session: AdminSession, world: World): RenewalDeps {
  const { actor, store, system, trust, signal, deadline } = session;
  const files = withTimeouts(system.files, system.clock, {
    answerMs: PATH_MS,
    onSlow: waitingReporter(world),
  });
  const renewer = { instance: `renew-${system.random.id()}`, host: system.facts.host, actor };
  return {
    ...{ trust, renewer, files, signal, clock: system.clock, around: store.paths.around },
    download: system.download ?? noWayOut,
    checkPlace: (boundTo) => new PlaceCheck(store.paths, system).check(boundTo),
    commit: (change) => store.commit(change, deadline()),
    readJournal: journalOf(session),
  };
}

const noWayOut = (address: string): Promise<never> =>
  Promise.reject(new SeatfileFault('RENEWAL_FAILED', `${address}: there is no way to it from here`));

function describe(result: RenewalResult): string {
  switch (result.kind) {
    case 'renewed':
      return `Renewed: a new licence is in force.${unreported(result)}`;
    case 'unchanged':
      return `Up to date: the address has the installed licence.${unreported(result)}`;
    case 'failed':
      return `Not renewed: ${result.why}. ${result.isOpen ? OPEN : CLOSED}`;
    case 'left':
      return 'Given up. Nothing was done.';
  }
}

const OPEN = 'Work goes on; where a renewal is due, seatfile status tells until when.';
const CLOSED =
  'New users are refused until a renewal succeeds, or a new licence file is installed; seatfile status tells more.';

const unreported = ({ unreported: why }: { readonly unreported: string | null }): string =>
  why === null ? '' : ` The counts could not be told to the vendor: ${why}.`;
