import type { Command } from 'commander';
import type { LicencePlace, ModuleStatus } from '../../api.js';
import { shareTimeOf } from '../../client/status-document.js';
import type { Reservation } from '../../licence/document.js';
import { SeatfileFault } from '../../licence/fault.js';
import { didYouMean } from '../../licence/nearest.js';
import type { ChangeContext, Draft } from '../../licence/revision.js';
import { liftReservation, type ReservationRequest, reserve } from '../../rules/reservations.js';
import { SeatIndex } from '../../rules/seats.js';
import { moduleFigures } from '../../rules/status-view.js';
import { type AdminSession, withAdminSession } from '../admin-session.js';
import { exampleLine, ofFile } from '../advice-line.js';
import { checkName, chooseModule } from '../arguments.js';
import { dryRunOption, hostOption, jsonOption, moduleOption, userOption } from '../common-options.js';
import { type Example, withExamples } from '../help.js';
import { refuseSeatName } from '../meant-name.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { list } from '../told.js';
import { EXIT, jsonText, printable, userName, whoIs } from '../words.js';
import type { World } from '../world.js';

interface ReserveOptions extends KeyOptions, PlaceOptions {
  readonly module?: string;
  readonly user?: string;
  readonly host?: string;
  readonly lift?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['seatfile reserve licence.json -m CAD -u anna', 'anna finds a seat of CAD at any time'],
  ['seatfile reserve licence.json -m CAD --host pc-04', 'the user of this PC does'],
  ['seatfile reserve licence.json -m CAD -u anna --lift', 'it is for all users again'],
];

export function addReserve(program: Command, world: World): void {
  withPlace(withPublicKey(withExamples(program.command('reserve'), EXAMPLES)))
    .summary('keep a seat for a user or a host')
    .description(
      'Keeps a seat of a module for a user, for a host, or for a user on a host: no other user gets it, and its user ' +
        'gets it although others wait. No user loses a seat by it: where all are taken, the next that falls free is ' +
        'kept.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .addOption(moduleOption('the module; may be left out where the licence has one'))
    .addOption(userOption('for this user'))
    .addOption(hostOption('for this host, for any user there'))
    .option('--lift', 'keep it no longer')
    .addOption(dryRunOption('done'))
    .addOption(jsonOption())
    .action(async (file: string | undefined, options: ReserveOptions) => {
      const opening = { ...options, file: placeOf(file, options, world) };
      checkOptions(options, opening.file);
      await withAdminSession(opening, world, (session) => change(session, options, world));
    });
}

function checkOptions({ user, host, module = 'CAD' }: ReserveOptions, place: LicencePlace): void {
  if (user === undefined && host === undefined)
    throw new SeatfileFault(
      'BAD_ARGUMENT',
      `reserve: for whom? Give --user or --host, like: ${exampleLine('reserve', place, { module, user: 'bob' })}`,
    );
  if (user !== undefined) checkName('--user', user);
  if (host !== undefined) checkName('--host', host);
}

async function change(session: AdminSession, options: ReserveOptions, world: World): Promise<void> {
  const { licence, policy, store, actor } = session;
  const { user, host } = options;
  const module = chooseModule(options.module, [...policy.modules.keys()]);
  const reservation = { module, ...(user !== undefined && { user }), ...(host !== undefined && { host }) };
  if (user !== undefined && host === undefined && !options.lift) refuseSeatName(user, licence, true);
  const request: ReservationRequest = { reservation, actor };
  const act = (context: ChangeContext): Draft | null =>
    ofFile(store.paths.licenceFile, () => (options.lift ? liftReservation : reserve)(context, request));
  const { ms: nowMs } = await session.unless(shareTimeOf(session));
  const context = { licence, policy, nowMs };
  const draft = act(context);
  if (options.dryRun || draft === null)
    return tell(
      {
        reservation,
        isChanged: draft !== null,
        before: context,
        after: { ...context, licence: draft?.licence ?? licence },
      },
      session,
      options,
      world,
    );
  const done = await store.commit((now) => {
    const made = act(now);
    return { answer: { isChanged: made !== null, before: now }, draft: made };
  }, session.deadline());
  const after = { licence: done.licence, policy: done.policy, nowMs: done.shareTimeMs };
  tell({ reservation, ...done.answer, after }, session, options, world);
}

interface Outcome {
  readonly reservation: Reservation;
  readonly isChanged: boolean;
  readonly before: ChangeContext;
  readonly after: ChangeContext;
}

function tell(outcome: Outcome, session: AdminSession, options: ReserveOptions, world: World): void {
  const { reservation, isChanged, before, after } = outcome;
  const { lift: isLift = false, dryRun: isDryRun = false, json } = options;
  const { module, user = null, host = null } = reservation;
  const figures = moduleFigures(after).find((one) => one.module === module) ?? null;
  if (json) {
    const act = !isChanged ? 'none' : isLift ? 'lift' : 'reserve';
    const { licenceFile: file } = session.store.paths;
    const head = { schemaVersion: 1, file, revision: after.licence.revision, dryRun: isDryRun, act };
    world.out(`${jsonText({ ...head, module, user, host, seats: figures }, 2)}\n`);
  }
  if (!isChanged && isLift) {
    world.err(describeNone(reservation, before));
    world.setStatus(EXIT.failed);
  } else if (!json) world.out(describe(outcome, figures, { isLift, isDryRun }));
}

function describe(
  outcome: Outcome,
  figures: ModuleStatus | null,
  { isLift, isDryRun }: { readonly isLift: boolean; readonly isDryRun: boolean },
): string {
  const { reservation, isChanged } = outcome;
  const seat = `a seat of ${reservation.module} for ${whom(reservation)}`;
  if (!isChanged) return `There is ${seat} already. Nothing was changed.\n`;
  if (isLift) return `${isDryRun ? 'Would no longer keep' : 'No longer keeps'} ${seat}.\n`;
  return `${isDryRun ? 'Would reserve' : 'Reserved'} ${seat}.${stateOf(outcome, figures)}\n`;
}

/** Whether it is kept now, held now, or the next that falls free. */
function stateOf({ reservation, before, after }: Outcome, now: ModuleStatus | null): string {
  const { module } = reservation;
  const [past, kept] = [new SeatIndex(before).kept(module), new SeatIndex(after).kept(module)];
  if (kept === past) return ' It is in use there now.';
  if (now === null || kept > now.reserved) return ' All seats are in use: the next that falls free is kept.';
  return ` For all others ${now.free} of ${now.maxUsers} are free.`;
}

function whom({ user, host }: Reservation): string {
  if (user === undefined) return `host ${printable(host ?? '')}`;
  return host === undefined ? userName(user) : whoIs({ user, host });
}

function describeNone(reservation: Reservation, { licence }: ChangeContext): string {
  const { module, user, host } = reservation;
  const there = (licence.settings.reservations ?? []).filter((one) => one.module === module);
  const asked = user ?? host ?? '';
  const names = there.flatMap((one) => (user === undefined ? one.host : one.user) ?? []);
  const meant = didYouMean(asked, names, printable) || '.';
  const others =
    there.length === 0
      ? 'There is no reservation in this module.'
      : `Reserved: for ${list(there.map(whom))}.`;
  const none = `No seat of ${printable(module)} is reserved for ${whom(reservation)}${meant}`;
  return `${none} ${others} Nothing was changed.\n`;
}
