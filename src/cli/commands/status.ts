import type { Command } from 'commander';
import { type FullView, viewOf } from '../../client/status-document.js';
import { renewalWarning } from '../../client/warning-text.js';
import { inFile } from '../../licence/fault.js';
import { fromIso } from '../../licence/time.js';
import type { SeatView, StatusView } from '../../rules/status-view.js';
import { isNamed } from '../../rules/tombstones.js';
import type { Kept } from '../../store/journal-files.js';
import { checkModule, withAdminSession } from '../admin-session.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, withPublicKey } from '../public-key-option.js';
import { table } from '../tables.js';
import { clockTime, duration, EXIT, jsonText, printable, shortId, size, whoIs } from '../words.js';
import type { World } from '../world.js';

interface StatusOptions extends KeyOptions, PlaceOptions {
  readonly module?: string;
  readonly user?: string;
  readonly host?: string;
  readonly json?: boolean;
}

export function addStatus(program: Command, world: World): void {
  withPlace(withPublicKey(program.command('status')))
    .summary('show who is using the licence')
    .description(
      'Shows which user holds a seat where, since when, and the last beat. Takes no lock, changes nothing.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .option('--module <name>', 'only this module')
    .option('--user <name>', 'only this user')
    .option('--host <name>', 'only this host')
    .option('--json', 'one JSON document')
    .action(async (file: string | undefined, options: StatusOptions) => {
      const opening = { ...options, file: placeOf(file, options, world), isAnySignature: true } as const;
      await withAdminSession(opening, world, async (session) => {
        if (options.module !== undefined) checkModule(session, options.module);
        const whole = await session.unless(viewOf(session));
        const view = narrow(whole, options);
        const others = isUnmatched(view, options) ? whole.seats.length : null;
        world.out(
          options.json
            ? `${jsonText(view, 2)}\n`
            : describe(view, withoutSeat(view, options, others), session.trust.isAsked),
        );
        if (others !== null) world.setStatus(EXIT.failed);
        inFile(whole.file, () => session.trust.require(session.licence.entitlement));
      });
    });
}

function narrow(view: FullView, options: StatusOptions): FullView {
  const isAsked = (one: { module: string; user: string; host: string }) =>
    (options.module === undefined || one.module === options.module) && isNamed(one, options);
  return {
    ...view,
    modules: view.modules.filter((one) => options.module === undefined || one.module === options.module),
    seats: view.seats.filter(isAsked),
    waiting: view.waiting.filter(isAsked),
  };
}

/** A user or host was asked for by name, and has no seat, and none is waited for in that name. */
const isUnmatched = (view: FullView, { user, host }: StatusOptions): boolean =>
  (user !== undefined || host !== undefined) && view.seats.length + view.waiting.length === 0;

/** What is said where no seat is shown; `others`: how many there are besides those asked for, null where all were. */
function withoutSeat(view: FullView, { module, user, host }: StatusOptions, others: number | null): string {
  const isAskedByName = user !== undefined || host !== undefined;
  if (isAskedByName && view.waiting.length > 0) return view.waiting.map(describeWaiter).join('\n');
  if (others === null) return 'No seats are in use.';
  const asked = Object.entries({ module, user, host }).filter(([, value]) => value !== undefined);
  const words = asked.map(([name, value]) => `--${name} ${printable(String(value))}`).join(' ');
  const rest = others === 0 ? 'no seats are' : others === 1 ? '1 other seat is' : `${others} other seats are`;
  return `No seat matches ${words}; ${rest} in use.`;
}

const describeWaiter = ({ place, module, ...user }: StatusView['waiting'][number]): string =>
  `${whoIs(user)} has no seat of ${module}, and waits for one: place ${place} in the queue.`;

function describe(view: FullView, noSeatWords: string, isKeyGiven: boolean): string {
  const { licence } = view;
  const customer = licence.customer === null ? '' : `, ${printable(licence.customer)}`;
  const start = isBefore(view) ? `, not valid before ${clockTime(licence.notBefore ?? '')}` : '';
  const expiry = licence.expiresAt === null ? '' : `, ${describeEnd(licence.expiresAt, view)}`;
  const interval =
    licence.level === 'light' ? '' : `, check interval ${duration(licence.checkIntervalSeconds)}`;
  const clock =
    view.shareTimeFrom === 'server' ? 'server time' : "this computer's time; the server's could not be had";
  const head = [
    `${printable(view.file)}${customer}: ${licence.level}${interval}${start}${expiry}, revision ${view.revision}`,
    `${clockTime(view.shareTime)} (${clock})`,
  ];
  if (licence.signature !== 'none') head.push(describeSignature(licence, isKeyGiven));
  if (view.elsewhere !== null) head.push(`No user can take a seat here. ${printable(view.elsewhere)}.`);
  if (view.movedTo !== null)
    head.push(
      `This licence has moved to ${printable(view.movedTo)}. No user can take or keep a seat here any more.`,
    );
  if (view.restored)
    head.push(
      `The seat table was restored ${clockTime(view.restored.at)}, from ${printable(view.restored.from)}.`,
    );
  if (view.refusedFile !== null)
    head.push(
      `A file dropped over the licence file was refused; it is kept as ${printable(view.refusedFile)}. ` +
        'seatfile journal tells why; delete that file when it is done with.',
    );
  if (view.putOver !== null) head.push(describePutOver(view.putOver.issuedAt, printable(view.file)));
  head.push(...view.excess.map(describeExcess));
  if (view.renewal?.trouble) head.push(`Renewal: ${printable(renewalWarning(view.renewal.trouble))}.`);
  if (view.faceShows !== null)
    head.push(
      `licence.json still shows revision ${view.faceShows}: it could not be refreshed. ` +
        'No user loses a seat by it. seatfile doctor tells more.',
    );
  const seats =
    view.seats.length === 0 ? `${noSeatWords}\n` : table([SEAT_HEADER, ...view.seats.map(seatRow)]);
  const line = view.waiting.length === 0 ? '' : `\n${table([QUEUE_HEADER, ...view.waiting.map(queueRow)])}`;
  const kept = view.kept === null || view.kept.revisions === 0 ? '' : `\n${describeKept(view.kept)}\n`;
  return `${head.join('\n')}\n\n${table([MODULE_HEADER, ...view.modules.map(moduleRow)])}\n${seats}${line}${kept}`;
}

function describeEnd(expiresAt: string, { licence, shareTime }: FullView): string {
  const leftSeconds = (fromIso(expiresAt) - fromIso(shareTime)) / 1000;
  const soon = licence.endsSoon ? `, in ${duration(leftSeconds)}` : '';
  return `${leftSeconds > 0 ? 'expires' : 'EXPIRED'} ${clockTime(expiresAt)}${soon}`;
}

const isBefore = ({ licence, shareTime }: FullView): boolean =>
  licence.notBefore !== null && fromIso(shareTime) < fromIso(licence.notBefore);

const SIGNATURE_WORDS = {
  none: 'none',
  unverified: 'unverified (it takes --public-key of its vendor)',
  'of another key': 'unverified (signed with a key that was not given)',
  valid: 'valid',
  invalid: 'INVALID: the licence was changed after it was signed',
} as const;

function describeSignature({ key, signature }: FullView['licence'], isKeyGiven: boolean): string {
  const state = signature === 'unverified' && isKeyGiven ? 'of another key' : signature;
  return `${key === null ? '' : `Licence key ${key}. `}Signature: ${SIGNATURE_WORDS[state]}.`;
}

const describePutOver = (issuedAt: string, file: string): string =>
  `A licence issued ${clockTime(issuedAt)} lies there and is not in force; ` +
  `put it in force: seatfile install ${file} ${file} --public-key KEY`;

function describeKept({ revisions, journalSegments, bytes, isEstimate }: Kept): string {
  const journal = journalSegments === 0 ? '' : ` and ${journalSegments} of the journal`;
  return `${revisions} revisions${journal} are kept, ${isEstimate ? 'about ' : ''}${size(bytes)}.`;
}

const describeExcess = ({ module, inUse, limit }: StatusView['excess'][number]): string =>
  `${printable(module)}: ${inUse === 1 ? '1 seat is' : `${inUse} seats are`} in use, and the licence ` +
  `${limit === null ? 'does not have the module any more' : `has ${limit}`}. ` +
  'No user loses a seat; no new user is seated until it fits.';

const MODULE_HEADER = ['MODULE', 'IN USE', 'MAX', 'FREE', 'WAITING'];
const SEAT_HEADER = ['MODULE', 'USER', 'HOST', 'SINCE', 'LAST BEAT', 'STATE', 'SEAT', 'APPLICATION'];
const QUEUE_HEADER = ['PLACE', 'MODULE', 'USER', 'HOST', 'WAITS SINCE'];

function moduleRow(one: StatusView['modules'][number]): string[] {
  const most = one.overdraft > 0 ? `${one.maxUsers}+${one.overdraft}` : String(one.maxUsers);
  return [one.module, String(one.inUse), most, String(one.free), String(one.waiting)];
}

function queueRow({ place, module, user, host, sinceAt }: StatusView['waiting'][number]): string[] {
  return [String(place), module, printable(user), printable(host), clockTime(sinceAt)];
}

function seatRow(one: SeatView): string[] {
  const since = one.sinceAt === null ? '-' : clockTime(one.sinceAt);
  const beat = one.lastBeatSecondsAgo === null ? '-' : `${duration(one.lastBeatSecondsAgo)} ago`;
  const application = printable(one.application ?? '');
  return [
    one.module,
    printable(one.user),
    printable(one.host),
    since,
    beat,
    one.unconfirmed ? `${one.state}, unconfirmed` : one.state,
    shortId(one.seat),
    application,
  ];
}
