import type { Command } from 'commander';
import type { Removal } from '../../api.js';
import { checkSeatId, isSelective } from '../../client/argument-checks.js';
import { dryRun, type RemovalRequest, removeChosen, seatsFor } from '../../client/removal.js';
import { SeatfileFault } from '../../licence/fault.js';
import { type AdminSession, checkModule, withAdminSession } from '../admin-session.js';
import { checkReason } from '../arguments.js';
import { isAgreed } from '../asking.js';
import { dryRunOption, jsonOption, withSelection, yesOption } from '../common-options.js';
import { type Example, withExamples } from '../help.js';
import { meantName } from '../meant-name.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { describeKept, describeRemoval, describeRemovedSeat, describeSeat } from '../seat-text.js';
import { EXIT, jsonText } from '../words.js';
import type { World } from '../world.js';

/** Which seats an administrator means. */
export interface SelectionOptions {
  readonly user?: string;
  readonly host?: string;
  readonly module?: string;
  readonly seat?: string;
  readonly all?: boolean;
}

interface RemoveOptions extends KeyOptions, PlaceOptions, SelectionOptions {
  readonly dead?: boolean;
  readonly reason?: string;
  readonly gently?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['seatfile remove licence.json -u anna --reason "see me"', 'one user, with the reason'],
  ['seatfile remove licence.json --dead --yes', 'the seats of crashed applications, in a script'],
  [
    'seatfile remove licence.json --all -m CAD --gently',
    'all of a module, and no seat is used twice meanwhile',
  ],
];

export function addRemove(program: Command, world: World): void {
  withSelection(withPlace(withPublicKey(withExamples(program.command('remove'), EXAMPLES))))
    .summary('free stuck seats')
    .description(
      'Frees seats. The user is told by whom and why, and may take a seat again: removing is not banning. ' +
        'Asks on a terminal, needs --yes elsewhere. seatfile undo takes it back.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .option('--dead', 'seats whose process is gone, or silent for two check intervals')
    .option('--all', 'every seat; on a terminal their number has to be typed')
    .option('--reason <words>', 'what the holder is told')
    .option('--gently', 'no other user gets the seat before its application has left')
    .addOption(dryRunOption('removed'))
    .addOption(yesOption())
    .addOption(jsonOption())
    .action(async (file: string | undefined, options: RemoveOptions) => {
      const opening = { ...options, file: placeOf(file, options, world) };
      checkOptions(options);
      await withAdminSession(opening, world, (session) => removeSeats(session, options, world));
    });
}

function checkOptions(options: RemoveOptions): void {
  if (!isSelective(options))
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      'remove: which seats? Give --user, --host, --module, --seat, --dead or --all',
    );
  if (options.seat !== undefined) checkSeatId('--seat', options.seat);
  checkReason(options.reason);
}

async function removeSeats(session: AdminSession, options: RemoveOptions, world: World): Promise<void> {
  if (options.module !== undefined) checkModule(session, options.module);
  const { user, host, module, seat, dead, all, reason = null, gently = false } = options;
  const selection = { user, host, module, seat, dead, all };
  const chosen = await session.unless(seatsFor(session, selection));
  const request: RemovalRequest = { selection, chosen, reason, gently };
  const wouldBe = await session.unless(dryRun(session, request));
  if (chosen.length === 0 || options.dryRun) return tell(wouldBe, session, options, world);
  if (await isWanted(wouldBe, session, options, world))
    return tell(await removeChosen(session, request), session, options, world);
  world.err('Nothing was removed.\n');
  world.setStatus(EXIT.failed);
}

/** Says on stderr what will be done, and asks. */
async function isWanted(
  wouldBe: Removal,
  session: AdminSession,
  { yes, all }: RemoveOptions,
  world: World,
): Promise<boolean> {
  const { length } = wouldBe.seats;
  if (!yes && world.isInteractive) {
    for (const one of wouldBe.seats) world.err(`${describeSeat(one)}\n`);
    world.err(`${describeRemoval(wouldBe)}\n`);
  }
  const way = wouldBe.gently ? ' gently' : '';
  const question = { verb: 'remove', yes, signal: session.signal };
  if (all) {
    const text = `To remove all of them${way}, type the number of seats:`;
    return await isAgreed({ ...question, text, typed: String(length) }, world);
  }
  return await isAgreed(
    { ...question, text: `Remove ${length === 1 ? 'this seat' : `these ${length} seats`}${way}?` },
    world,
  );
}

function tell(removal: Removal, session: AdminSession, options: RemoveOptions, world: World): void {
  const { seats, missed } = removal;
  if (seats.length === 0) world.setStatus(EXIT.failed);
  if (options.json) {
    world.out(`${jsonText({ schemaVersion: 1, ...removal }, 2)}\n`);
    return;
  }
  for (const one of seats)
    world.out(removal.dryRun ? `Would remove ${describeSeat(one)}\n` : `${describeRemovedSeat(one)}\n`);
  if (missed > 0) world.err(`Given back, or alive again, before they were removed: ${missed}.\n`);
  else if (seats.length === 0)
    world.err(`No seat matches these options; ${othersIn(session, options)} Nothing was removed.\n`);
  world.err(describeKept(removal, options.gently === true));
}

/** How many seats there are besides, and which user or host may have been meant. */
export function othersIn({ licence }: AdminSession, options: SelectionOptions): string {
  const count = licence.instances.reduce((sum, { seats }) => sum + seats.length, 0);
  const others = count === 0 ? 'no seats are' : count === 1 ? '1 other seat is' : `${count} other seats are`;
  return `${others} in use.${meantName(options, licence.instances)}`;
}
