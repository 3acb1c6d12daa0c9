import type { LicenceStatus, SeatStatus } from '../api.js';
import { displayCopyWarnings, renewalWarning } from '../client/warning-text.js';
import { fromIso } from '../licence/time.js';
import { commandLine } from './advice-line.js';

import { shellWord } from './shell-word.js';
import { nameFor, type Showing } from './status-table.js';
import type { Times } from './times.js';
import { duration, printable, shortId } from './words.js';

/** What an administrator should know of a licence, and what to do about it. A line each; no lines: all is well. */

/** Silent seats that get a line each. */
const MOST_LINES = 10;

export const adviceOn = (view: LicenceStatus, showing: Showing): string[] => [
  ...onPlace(view),
  ...onFile(view, showing.times),
  ...onDates(view, showing.times),
  ...view.excess.map(describeExcess),
  ...onSilent(view, showing),
  ...onDead(view),
];

function onPlace({ elsewhere, movedTo }: LicenceStatus): string[] {
  const moved = `This licence has moved to ${printable(movedTo ?? '')}. No user can take or keep a seat here any more.`;
  return [
    ...(elsewhere === null ? [] : [`No user can take a seat here. ${printable(elsewhere)}.`]),
    ...(movedTo === null ? [] : [moved]),
  ];
}

function onFile(view: LicenceStatus, times: Times): string[] {
  const { restored, refusedFile, putOver, renewal, faceShows } = view;
  const file = shellWord(view.file);
  return [
    ...(restored === null
      ? []
      : [`The seat table was restored ${times.whole(restored.at)}, from ${printable(restored.from)}.`]),
    ...(refusedFile === null
      ? []
      : [
          `A file dropped over the licence file was refused; it is kept as ${printable(refusedFile)}. ` +
            'seatfile journal tells why; delete that file when it is done with.',
        ]),
    ...(putOver === null
      ? []
      : [
          `A licence issued ${times.whole(putOver.issuedAt)} lies there and is not in force; ` +
            `put it in force: seatfile install ${file} ${file} --public-key KEY`,
        ]),
    ...(putOver === null ? onDisplayCopy(view) : []),
    ...(renewal?.trouble ? [`Renewal: ${printable(renewalWarning(renewal.trouble))}.`] : []),
    ...(faceShows === null
      ? []
      : [
          `licence.json still shows revision ${faceShows}: it could not be refreshed. ` +
            'No user loses a seat by it. seatfile doctor tells more.',
        ]),
  ];
}

function onDisplayCopy({ displayCopy, file }: LicenceStatus): string[] {
  if (displayCopy === 'foreign')
    return [
      'licence.json is another document than the table shows: the next application that takes or gives back a seat ' +
        `puts it in force, or keeps it aside. To do it now: seatfile install ${shellWord(file)} ${shellWord(file)}`,
    ];
  const warning = displayCopyWarnings[displayCopy];
  return warning === undefined ? [] : [`licence.json ${warning}.`];
}

function onDates({ licence, shareTime, file }: LicenceStatus, times: Times): string[] {
  const { notBefore, expiresAt, endsSoon } = licence;
  const nowMs = fromIso(shareTime);
  const install = `seatfile install ${shellWord(file)} NEW`;
  if (notBefore !== null && nowMs < fromIso(notBefore))
    return [`No user can take a seat before ${times.whole(notBefore)}.`];
  if (expiresAt === null) return [];
  const leftMs = fromIso(expiresAt) - nowMs;
  if (leftMs <= 0)
    return [
      `The licence has expired: no user can take a seat. Ask the vendor for a new one, and then: ${install}`,
    ];
  if (!endsSoon) return [];
  return [
    `The licence ends in ${duration(leftMs / 1000)}, ${times.whole(expiresAt)}. ` +
      `Ask the vendor for a new one, and then: ${install}`,
  ];
}

const describeExcess = ({ module, inUse, limit }: LicenceStatus['excess'][number]): string =>
  `${printable(module)}: ${inUse === 1 ? '1 seat is' : `${inUse} seats are`} in use, and the licence ` +
  `${limit === null ? 'does not have the module any more' : `has ${limit}`}. ` +
  'No user loses a seat; no new user is seated until it fits.';

/** A dead one is told with all the others that are. */
function onSilent({ seats, file }: LicenceStatus, showing: Showing): string[] {
  const silent = seats.filter(({ state, isDead }) => state === 'silent' && !isDead);
  const isWatched = seats.some(({ state }) => state === 'alive');
  const lines = silent.slice(0, MOST_LINES).map((seat) => describeSilent(seat, isWatched, file, showing));
  const rest = silent.length - lines.length;
  return rest > 0
    ? [...lines, `${rest} more are silent: ${commandLine('status', file, { sort: 'state' })}`]
    : lines;
}

function describeSilent(seat: SeatStatus, isWatched: boolean, file: string, showing: Showing): string {
  const { user, host, module, freesAt } = seat;
  const name = nameFor(showing);
  const free =
    freesAt === null
      ? ''
      : ` by ${showing.times.short(freesAt)}${isWatched ? '' : ', once a user asks for it'}`;
  return (
    `${name(user)}@${name(host)} is silent. If its application has ended, the seat of ${module} is free${free}. ` +
    `To free it now: ${commandLine('remove', file, { seat: shortId(seat.seat) })}`
  );
}

function onDead({ seats, file }: LicenceStatus): string[] {
  const dead = new Set(seats.filter(({ isDead }) => isDead).map(({ seat }) => seat)).size;
  if (dead === 0) return [];
  return [
    `${dead === 1 ? '1 seat looks' : `${dead} seats look`} dead: ${commandLine('remove', file, { dead: true })}`,
  ];
}
