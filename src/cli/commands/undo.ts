import type { Command } from 'commander';
import { checkSeatId } from '../../client/argument-checks.js';
import { isGoneBy } from '../../client/removal.js';
import { type Undone, undoRemoval } from '../../client/undoing.js';
import { SeatfileFault } from '../../licence/fault.js';
import { type AdminSession, withAdminSession } from '../admin-session.js';
import { dryRunOption, jsonOption } from '../common-options.js';
import { type Example, withExamples } from '../help.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { describeUndone, describeUndoRefusal, describeUnknown, undoView } from '../undo-text.js';
import { EXIT, jsonText } from '../words.js';
import type { World } from '../world.js';

interface UndoOptions extends KeyOptions, PlaceOptions {
  readonly seat?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['seatfile undo licence.json --seat be8fe085', 'the user has the seat again, if it is free'],
  ['seatfile undo licence.json --seat be8fe085 -n', 'whether that can be done'],
];

export function addUndo(program: Command, world: World): void {
  withPlace(withPublicKey(withExamples(program.command('undo'), EXAMPLES)))
    .summary('give a removed seat back')
    .description(
      'Takes back a removal, while the place is free and for a day at least. A user that has not noticed it goes on.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .option(
      '--seat <id>',
      'the seat that was removed, or the beginning of its id; seatfile journal --json shows it',
    )
    .addOption(dryRunOption('given back'))
    .addOption(jsonOption())
    .action(async (file: string | undefined, options: UndoOptions) => {
      const opening = { ...options, file: placeOf(file, options, world) };
      const seat = seatOf(options);
      await withAdminSession(opening, world, async (session) => {
        const dryRun = options.dryRun === true;
        const undone = await (dryRun
          ? session.unless(undoRemoval(session, seat, true))
          : undoRemoval(session, seat, false));
        tell(undone, { seat, dryRun, isJson: options.json === true }, session, world);
      });
    });
}

function seatOf({ seat }: UndoOptions): string {
  if (seat === undefined)
    throw new SeatfileFault('BAD_ARGUMENT', 'undo: which seat? Give --seat with its id, as remove said it');
  checkSeatId('--seat', seat);
  return seat;
}

interface Asked {
  readonly seat: string;
  readonly dryRun: boolean;
  readonly isJson: boolean;
}

function tell(undone: Undone, { seat, dryRun, isJson }: Asked, session: AdminSession, world: World): void {
  if (undone.kind !== 'undone') world.setStatus(EXIT.failed);
  const file = session.store.paths.licenceFile;
  if (isJson) world.out(`${jsonText(undoView(undone, { file, dryRun, actor: session.actor }), 2)}\n`);
  else if (undone.kind === 'unknown')
    world.err(`${describeUnknown(seat, undone.last)} Nothing was undone.\n`);
  else if (undone.kind === 'refused')
    world.err(`${describeUndoRefusal(undone.why, file)} Nothing was undone.\n`);
  else {
    const act = dryRun ? 'Would undo:' : 'Undone:';
    for (const one of undone.seats)
      world.out(`${act} ${describeUndone(one, isGoneBy(session)(one.record))}\n`);
  }
}
