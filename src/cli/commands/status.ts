import { type Command, Option } from 'commander';
import { type FullView, viewOf } from '../../client/status.js';
import { inFile } from '../../licence/fault.js';
import { type AdminSession, checkModule, withAdminSession } from '../admin-session.js';
import { coloursFor } from '../colour.js';
import { hostOption, jsonOption, moduleOption, userOption } from '../common-options.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { type Filter, narrowed, SORTS, type Sort } from '../status-filter.js';
import type { Showing } from '../status-table.js';
import { describeStatus } from '../status-text.js';
import { timesFor } from '../times.js';
import { EXIT, jsonText } from '../words.js';
import type { World } from '../world.js';

interface StatusOptions extends KeyOptions, PlaceOptions, Filter {
  readonly json?: boolean;
  readonly wide?: boolean;
  readonly utc?: boolean;
  readonly sort?: Sort;
}

export function addStatus(program: Command, world: World): void {
  withPlace(withPublicKey(program.command('status')))
    .summary('show who is using the licence')
    .description(
      'Shows which user holds a seat where, since when, and the last beat; and what to do. ' +
        'Takes no lock, changes nothing.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .addOption(moduleOption('only this module'))
    .addOption(userOption('only this user'))
    .addOption(hostOption('only this host'))
    .addOption(new Option('--sort <column>', 'the order of the seats').choices(SORTS))
    .option('--wide', 'cut nothing to the width of the terminal')
    .option('--utc', 'times in UTC; default: those of this computer')
    .addOption(jsonOption())
    .action(async (file: string | undefined, options: StatusOptions) => {
      const opening = { ...options, file: placeOf(file, options, world), isAnySignature: true } as const;
      await withAdminSession(opening, world, async (session) => {
        if (options.module !== undefined) checkModule(session, options.module);
        show(await session.unless(viewOf(session)), session, options, world);
        inFile(session.store.paths.licenceFile, () => session.trust.require(session.licence.entitlement));
      });
    });
}

function show(whole: FullView, session: AdminSession, options: StatusOptions, world: World): void {
  const asked = narrowed(whole, options, options.sort);
  world.out(
    options.json
      ? `${jsonText(asked.view, 2)}\n`
      : describeStatus(asked, session.trust.isAsked, showingOf(whole, options, world)),
  );
  if (asked.others !== null) world.setStatus(EXIT.failed);
}

function showingOf({ shareTime }: FullView, options: StatusOptions, world: World): Showing {
  const screen = world.screen();
  return {
    times: timesFor(options, shareTime),
    colours: coloursFor(world),
    width: screen === null || options.wide ? null : screen.columns,
    isTerminal: screen !== null,
  };
}
