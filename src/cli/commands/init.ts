import { type Command, Option } from 'commander';
import { actorOf } from '../../client/machine.js';
import { openStore } from '../../client/open-store.js';
import { examineDeps, type System } from '../../client/system.js';
import { examine } from '../../doctor/examine.js';
import { type Finding, worstFirst } from '../../doctor/findings.js';
import { findTarget } from '../../doctor/first-look.js';
import type { CountBy, Level, Licence, Settings } from '../../licence/document.js';
import { formulaSeconds, sealUnsigned } from '../../licence/entitlement.js';
import { SeatfileFault } from '../../licence/fault.js';
import { firstLicence } from '../../licence/revision.js';
import { toIso } from '../../licence/time.js';
import { ANSWER_MS, withTimeouts } from '../../share/op-timeouts.js';
import { createLicenceFile, removeLicenceFile } from '../../store/create.js';
import { fileOf, parseDuration, parseModules } from '../arguments.js';
import { waitingReporter } from '../asking.js';
import { describeBriefly } from '../doctor-text.js';
import { unlessStopped } from '../interruption.js';
import { duration, printable } from '../words.js';
import type { World } from '../world.js';

interface InitOptions {
  readonly module: readonly string[];
  readonly level?: Level;
  readonly checkInterval?: string;
  readonly countBy?: CountBy;
  readonly customer?: string;
  readonly force?: boolean;
}

const collect = (word: string, before: readonly string[]): string[] => [...before, word];

export function addInit(program: Command, world: World): void {
  program
    .command('init')
    .summary('create an unsigned licence for in-house use')
    .description(
      'Tests the folder as doctor does, creates an unsigned licence for in-house use, and tries one commit. ' +
        'Never overwrites anything.',
    )
    .argument('[file]', 'the licence file to create; default: SEATFILE')
    .option('--module <NAME=USERS>', 'a module and its max users; once for each', collect, [])
    .addOption(
      new Option('--level <level>', 'heartbeat: dead users are evicted; light: they stay').choices([
        'heartbeat',
        'light',
      ]),
    )
    .option(
      '--check-interval <duration>',
      'how often an instance beats (default: 30 s x the largest max users)',
    )
    .addOption(
      new Option('--count-by <what>', 'what counts as one user').choices([
        'user@host',
        'instance',
        'user',
        'host',
      ]),
    )
    .option('--customer <name>', 'whose licence it is')
    .option('--force', 'create it even if the tests say that seats would not be safe there')
    .action(async (file: string | undefined, options: InitOptions) => {
      await init(fileOf(file, world), options, world);
    });
}

async function init(file: string, options: InitOptions, world: World): Promise<void> {
  const modules = parseModules(options.module);
  const settings: Settings = {
    ...(options.level && { level: options.level }),
    ...(options.checkInterval && {
      checkIntervalSeconds: parseDuration('--check-interval', options.checkInterval, 1, 86_400),
    }),
  };
  if (options.customer === '' || (options.customer?.length ?? 0) > 256)
    throw new SeatfileFault('BAD_ARGUMENT', '--customer: expected 1 to 256 characters');
  const system = world.system();
  const entitlement = sealUnsigned({
    licenceId: system.random.id(),
    ...(options.customer && { customer: options.customer }),
    issuedAt: toIso(system.clock.wallMs()),
    ...(options.countBy && { countBy: options.countBy }),
    modules,
  });
  const licence = firstLicence(entitlement, settings, {
    lineage: system.random.id(),
    commit: system.random.id(),
  });
  const licenceFile = await unlessStopped(world, ({ signal }) =>
    create(file, licence, options, world, signal),
  );
  const seconds = settings.checkIntervalSeconds ?? formulaSeconds(modules);
  const users = modules.map((grant) => `${grant.module} ${grant.maxUsers}`).join(', ');
  world.out(
    `Created ${printable(licenceFile)}: max users ${users}; ` +
      `${options.level ?? 'heartbeat'}, check interval ${duration(seconds)}.\n`,
  );
  if (seconds < 8) world.err('A check interval below 8 s is for demonstrations only.\n');
}

/** Creates the file and the table. A signal gives up only what comes before the file: the rest takes a moment. */
async function create(
  file: string,
  licence: Licence,
  options: InitOptions,
  world: World,
  signal: AbortSignal,
): Promise<string> {
  const system = world.system();
  const files = withTimeouts(system.files, system.clock, {
    answerMs: ANSWER_MS,
    onSlow: waitingReporter(world),
  });
  const licenceFile = await createLicenceFile(file, licence, files, (asked) =>
    examinePlace(asked, options, world, signal),
  );
  await tryCommit(licenceFile, system, world).catch(async (error: unknown) => {
    const isUnknown = error instanceof SeatfileFault && error.code === 'COMMIT_UNKNOWN';
    if (!isUnknown) await removeLicenceFile(licenceFile, files);
    throw error;
  });
  return licenceFile;
}

/** All that doctor tests without a second PC. It takes seconds at most. */
async function examinePlace(
  licenceFile: string,
  options: InitOptions,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  const about = examineDeps(world.system(), ANSWER_MS, waitingReporter(world));
  const { findings, unreachable } = await examine(await findTarget(licenceFile, about.files), about, {
    signal,
  });
  if (unreachable)
    throw new SeatfileFault(
      'SHARE_UNREACHABLE',
      `${licenceFile}: the share stopped answering (${unreachable.message})`,
    );
  const bad = worstFirst(findings).filter(({ severity }) => severity === 'unfit' || severity === 'warning');
  const [worst] = bad;
  if (worst?.severity === 'unfit' && (!options.force || worst.check === 'wrongPlace'))
    throw unfit(licenceFile, worst);
  for (const finding of bad) world.err(`Warning: ${describeBriefly(finding)}\n`);
}

/** A refused right has its own fault code; everything else makes the place unfit. */
function unfit(licenceFile: string, worst: Finding): SeatfileFault {
  const refused = worst.check === 'rights' ? worst.refused : null;
  const code =
    refused === null
      ? worst.check === 'wrongPlace'
        ? 'BAD_ARGUMENT'
        : worst.check === 'space'
          ? 'SHARE_FULL'
          : 'SHARE_UNFIT'
      : refused.kind === 'full'
        ? 'SHARE_FULL'
        : 'SHARE_REFUSED';
  const isFinal = worst.check === 'rights' || worst.check === 'wrongPlace';
  const more = isFinal ? '' : ' (seatfile doctor tells more; --force creates it all the same)';
  return new SeatfileFault(code, `${licenceFile}: not created: ${describeBriefly(worst)}${more}`);
}

/** The first commit shows whether the share can hold the table. If it cannot, nothing of the licence stays. */
async function tryCommit(licenceFile: string, system: System, world: World): Promise<void> {
  const { store } = await openStore(licenceFile, system, { onSlow: waitingReporter(world) });
  const actor = actorOf(system.facts);
  const deadline = { untilMs: system.clock.elapsedMs() + 30_000 };
  await store.commit(
    ({ licence }) => ({ answer: null, draft: { licence, events: [{ kind: 'created', actor }] } }),
    deadline,
  );
  await store.settled();
}
