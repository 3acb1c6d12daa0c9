import type {
  AcquireOptions,
  FaultDetails,
  LicencePlace,
  OpenOptions,
  ReadStatusOptions,
  RemoveOptions,
  SeatSelection,
  Signal,
  StatusOptions,
} from '../api.js';
import { SeatfileFault } from '../licence/fault.js';
import { nearest } from '../licence/nearest.js';
import { Trust } from '../licence/trust.js';

/** Arguments of the library, from applications that have no types, too: what is wrong is told by its name. */

const MAX_WAIT_MS = 86_400_000;

/** @param text what was expected of it, and what was found */
export const bad = (argument: string, text: string, details: FaultDetails = {}): SeatfileFault =>
  new SeatfileFault('BAD_ARGUMENT', `${argument}: ${text}`, { details: { argument, ...details } });

/** A text from outside, as it is shown. */
const textOf = (text: unknown): string => JSON.stringify(String(text).slice(0, 64));

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;

/** The names of all options of a function. Its type sees to it that none is forgotten. */
export type Known<O> = Readonly<Record<keyof O, true>>;

const OPENING: Known<OpenOptions> = {
  ...{ application: true, note: true, publicKey: true, user: true, host: true, releaseOnExit: true },
  ...{ timeoutMs: true, patienceMs: true, onSlow: true, signal: true },
};
const STATUS: Known<StatusOptions> = { timeoutMs: true, signal: true };
const READING: Known<ReadStatusOptions> = { ...STATUS, publicKey: true };
const CLAIM: Known<AcquireOptions> = { wait: true, timeoutMs: true, signal: true };

const SELECTION: Known<SeatSelection> = {
  ...{ user: true, host: true, module: true, seat: true, dead: true, all: true },
};
const REMOVAL: Known<RemoveOptions> = {
  ...{ publicKey: true, actor: true, reason: true, gently: true, dryRun: true },
  ...{ timeoutMs: true, signal: true, onSlow: true },
};

/** @throws SeatfileFault BAD_ARGUMENT: no object, or one with another name than these */
export function checkOptions<O extends object>(
  options: unknown,
  known: Known<O>,
  what = 'options',
): asserts options is O {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw bad(what, `expected an object, got ${kindOf(options)}`);
  const names = Object.keys(known);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || Object.hasOwn(known, name)) continue;
    const [next, suggestion] = instead(name, names);
    throw bad(what, `there is no option ${textOf(name)}; ${next}`, {
      argument: name,
      suggestion,
    });
  }
}

/** What Node's own EventEmitter tells, or asks for: `once` and `on` of node:events listen to errors, too. */
const NODE_EVENTS: readonly string[] = ['error', 'newListener', 'removeListener'];

/** A listener to an event that there is not would never be called. @throws SeatfileFault BAD_ARGUMENT */
export function checkEvent(event: unknown, known: readonly string[]): void {
  if (typeof event === 'symbol') return; // of Node, or of the application's own
  if (typeof event !== 'string') throw bad('event', `expected a text, got ${kindOf(event)}`);
  if (known.includes(event) || NODE_EVENTS.includes(event)) return;
  const [next, suggestion] = instead(event, known);
  throw bad('event', `there is no event ${textOf(event)}; ${next}`, { suggestion });
}

/** What to give instead of a name that there is not; and the one that was meant, if one is near. */
function instead(name: string, known: readonly string[]): readonly [next: string, meant: string | undefined] {
  const meant = nearest(name, known) ?? undefined;
  return [meant === undefined ? `expected only ${known.join(', ')}` : `did you mean ${meant}?`, meant];
}

/** @throws SeatfileFault BAD_ARGUMENT: the first of them that is no place, or there is none */
export function checkSeveral(places: readonly unknown[], options: OpenOptions): void {
  if (places.length === 0) throw bad('path', 'expected at least one licence, got an empty list');
  for (const place of places) checkOpening(place, options);
}

/** @throws SeatfileFault BAD_ARGUMENT */
export function checkReading(place: unknown, options: ReadStatusOptions): asserts place is LicencePlace {
  checkPlace(place);
  checkOptions(options, READING);
  checkShared(options);
}

/** @throws SeatfileFault BAD_ARGUMENT */
export function checkStatusOptions(options: StatusOptions): void {
  checkOptions(options, STATUS);
  checkShared(options);
}

/** @throws SeatfileFault BAD_ARGUMENT */
export function checkOpening(place: unknown, options: OpenOptions): asserts place is LicencePlace {
  checkPlace(place);
  checkOptions(options, OPENING);
  checkShared(options);
  checkTimeout('patienceMs', options.patienceMs);
  checkType('releaseOnExit', options.releaseOnExit, 'boolean');
}

/** What every function of the library takes. @throws SeatfileFault BAD_ARGUMENT */
export function checkShared(options: Pick<OpenOptions, 'timeoutMs' | 'onSlow' | 'signal'>): void {
  checkTimeout('timeoutMs', options.timeoutMs);
  checkType('onSlow', options.onSlow, 'function');
  checkSignal(options.signal);
}

/** @throws SeatfileFault BAD_ARGUMENT */
export function checkPlace(place: unknown): asserts place is LicencePlace {
  if (place instanceof URL)
    throw bad('path', `expected a text, got a URL; give fileURLToPath(url) of the module node:url`);
  if (typeof place === 'object' && place !== null && 'key' in place && 'in' in place) {
    checkText('key', place.key);
    checkText('in', place.in);
  } else checkText('path', place);
}

/** @throws SeatfileFault BAD_ARGUMENT */
export const checkModule = (module: unknown): void => checkText('module', module);

/** Gives the modules that are claimed. @throws SeatfileFault BAD_ARGUMENT: no text, or one of them twice */
export function checkClaim(module: unknown, options: AcquireOptions): readonly string[] {
  const modules: readonly unknown[] = Array.isArray(module) ? module : [module];
  if (modules.length === 0) throw bad('module', 'expected at least one, got an empty list');
  const named = new Set<unknown>();
  modules.forEach((one, at) => {
    const name = Array.isArray(module) ? `module[${at}]` : 'module';
    checkText(name, one);
    if (named.has(one)) throw bad(name, `${textOf(one)} is there twice; name each module once`);
    named.add(one);
  });
  checkOptions(options, CLAIM);
  checkTimeout('timeoutMs', options.timeoutMs);
  checkSignal(options.signal);
  const { wait } = options;
  checkType('wait', wait, 'number');
  if (wait !== undefined && !(wait >= 0 && wait <= MAX_WAIT_MS))
    throw bad('wait', `expected 0 to ${MAX_WAIT_MS} milliseconds, got ${wait}`);
  return modules.map(String);
}

/** What was found where a number was expected. */
export const shownValue = (value: unknown): string =>
  typeof value === 'string'
    ? `the text ${textOf(value)}`
    : typeof value === 'number'
      ? `${value}`
      : kindOf(value);

/** @throws SeatfileFault BAD_ARGUMENT; a selection of nothing in particular is no selection */
export function checkRemoval(place: unknown, selection: unknown, options: RemoveOptions): void {
  checkPlace(place);
  checkOptions(selection, SELECTION, 'selection');
  checkOptions(options, REMOVAL);
  checkShared(options);
  for (const name of ['user', 'host', 'module', 'seat'] as const) checkLength(name, selection[name], 1, 256);
  for (const name of ['dead', 'all'] as const) checkType(name, selection[name], 'boolean');
  for (const name of ['gently', 'dryRun'] as const) checkType(name, options[name], 'boolean');
  checkLength('actor', options.actor, 1, 600);
  checkLength('reason', options.reason, 0, LONGEST_REASON);
  if (!isSelective(selection))
    throw bad('selection', 'which seats? Give user, host, module, seat, dead: true or all: true');
  if (selection.seat !== undefined) checkSeatId('seat', selection.seat);
}

/** Most characters of what a holder is told of a removal. */
export const LONGEST_REASON = 1024;

export const isSelective = ({ user, host, module, seat, dead, all }: SeatSelection): boolean =>
  [user, host, module, seat].some((one) => one !== undefined) || dead === true || all === true;

/** @throws SeatfileFault BAD_ARGUMENT */
export function checkSeatId(name: string, seat: string): void {
  if (!/^[a-z0-9-]{4,64}$/.test(seat))
    throw bad(`${name} ${seat}`, `expected a seat id, or at least its first 4 characters`);
}

/** @throws SeatfileFault BAD_ARGUMENT */
export function checkNames(names: OpenOptions): void {
  const longest = { application: 256, note: 1024, user: 256, host: 256 } as const;
  for (const [name, most] of Object.entries(longest)) {
    const least = name === 'user' || name === 'host' ? 1 : 0;
    checkLength(name, names[name as keyof typeof longest], least, most);
  }
}

/** @throws SeatfileFault BAD_ARGUMENT: it is given, and is no text of so many characters */
export function checkLength(name: string, value: unknown, least: number, most: number): void {
  if (value === undefined || (typeof value === 'string' && value.length >= least && value.length <= most))
    return;
  const got = typeof value === 'string' ? `${value.length}` : kindOf(value);
  throw bad(name, `expected a text of ${least} to ${most} characters, got ${got}`);
}

/** @throws SeatfileFault BAD_ARGUMENT: no text, or one without a public key. An empty list is refused, too. */
export function trustIn(publicKey: unknown): Trust {
  if (publicKey === undefined) return Trust.none;
  const texts: readonly unknown[] = Array.isArray(publicKey) ? publicKey : [publicKey];
  if (texts.length === 0) throw bad('publicKey', 'expected a public key, got an empty list');
  return Trust.in(
    texts.map((text, index) => {
      const where = Array.isArray(publicKey) ? `publicKey[${index}]` : 'publicKey';
      checkText(where, text);
      return { text: String(text), where };
    }),
  );
}

/** A signal of another make (of a browser in a test, say) is heeded too. */
export function abortSignalOf(signal: Signal): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  const own = new AbortController();
  const abort = () => own.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort);
  return own.signal;
}

function checkSignal(signal: unknown): void {
  const isSignal =
    typeof signal === 'object' &&
    signal !== null &&
    'addEventListener' in signal &&
    typeof signal.addEventListener === 'function';
  if (signal !== undefined && !isSignal)
    throw bad('signal', `expected an AbortSignal, got ${kindOf(signal)}`);
}

function checkText(name: string, value: unknown): void {
  if (typeof value !== 'string') throw bad(name, `expected a text, got ${kindOf(value)}`);
}

function checkTimeout(name: string, ms: unknown): void {
  checkType(name, ms, 'number');
  if (ms !== undefined && !(Number(ms) > 0)) throw bad(name, `expected more than 0, got ${ms}`);
}

/** @throws SeatfileFault BAD_ARGUMENT: it is given, and is of another type */
export function checkType(name: string, value: unknown, type: 'boolean' | 'function' | 'number'): void {
  const isRight = value === undefined || typeof value === type;
  if (!isRight) throw bad(name, `expected a value of type ${type}, got ${kindOf(value)}`);
}

/** @throws SeatfileFault BAD_ARGUMENT: it is given, and is none of these */
export function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value as string)) return;
  const got = typeof value === 'string' ? textOf(value) : kindOf(value);
  throw bad(name, `expected ${choices.join(', ')}, got ${got}`);
}

/** @throws SeatfileFault BAD_ARGUMENT: it is given, and is no number from `least` to `most` */
export function checkRange(name: string, value: unknown, least: number, most: number): void {
  checkType(name, value, 'number');
  if (value !== undefined && !(Number(value) >= least && Number(value) <= most))
    throw bad(name, `expected ${least} to ${most}, got ${value}`);
}
