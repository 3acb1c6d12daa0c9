import type { Command } from 'commander';
import { unsignedLicence } from '../../client/creating.js';
import type { CountBy, Level } from '../../licence/document.js';
import { formulaSeconds } from '../../licence/entitlement.js';
import { SeatfileFault } from '../../licence/fault.js';
import { fileOf, parseDuration, parseModules } from '../arguments.js';
import { countByOption, grantOption, levelOption, withFile } from '../common-options.js';
import { create } from '../creation.js';
import { type Example, withExamples } from '../help.js';
import { unlessStopped } from '../interruption.js';
import { duration, printable } from '../words.js';
import type { World } from '../world.js';

interface InitOptions {
  readonly file?: string;
  readonly module?: readonly string[];
  readonly level?: Level;
  readonly checkInterval?: string;
  readonly countBy?: CountBy;
  readonly customer?: string;
  readonly force?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['seatfile init //fileserver/acme/licence.json -m CAD=10', 'ten users of one module'],
  [
    'seatfile init licence.json -m CAD=10 -m VIEW=40 --check-interval 5m',
    'two modules; a dead seat is free after 10 minutes at most',
  ],
  ['seatfile init licence.json -m CAD=5 --level light', 'without heartbeats: dead seats are freed by hand'],
];

export function addInit(program: Command, world: World): void {
  withFile(withExamples(program.command('init'), EXAMPLES), 'the licence file to create')
    .summary('create an unsigned licence for in-house use')
    .description(
      'Tests the folder as doctor does, creates an unsigned licence for in-house use, and tries one commit. ' +
        'Never overwrites anything.',
    )
    .addOption(grantOption())
    .addOption(levelOption('heartbeat: dead users are evicted; light: they stay'))
    .option(
      '--check-interval <duration>',
      'how often an instance beats (default: 30 s x the largest max users)',
    )
    .addOption(countByOption('what counts as one user'))
    .option('--customer <name>', 'whose licence it is')
    .option('--force', 'create it even if the tests say that seats would not be safe there')
    .action(async (file: string | undefined, options: InitOptions) => {
      await init(fileOf(file, options, world), options, world);
    });
}

async function init(file: string, options: InitOptions, world: World): Promise<void> {
  const modules = parseModules(options.module ?? []);
  const { level, countBy, customer } = options;
  const checkIntervalSeconds =
    options.checkInterval === undefined
      ? undefined
      : parseDuration('--check-interval', options.checkInterval, 1, 86_400);
  if (options.customer === '' || (options.customer?.length ?? 0) > 256)
    throw new SeatfileFault('BAD_ARGUMENT', '--customer: expected 1 to 256 characters');
  const grant = { modules, level, checkIntervalSeconds, countBy, customer };
  const licence = unsignedLicence(grant, world.system());
  const creation = { file, licence, event: () => ({ kind: 'created' }), force: options.force === true };
  const licenceFile = await unlessStopped(world, ({ signal }) => create(creation, world, signal));
  const seconds = checkIntervalSeconds ?? formulaSeconds(modules);
  const users = modules.map((grant) => `${grant.module} ${grant.maxUsers}`).join(', ');
  world.out(
    `Created ${printable(licenceFile)}: max users ${users}; ` +
      `${options.level ?? 'heartbeat'}, check interval ${duration(seconds)}.\n`,
  );
  if (seconds < 8) world.err('A check interval below 8 s is for demonstrations only.\n');
}
