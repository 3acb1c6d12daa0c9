import type {
  AcquireOptions,
  LicencePlace,
  OpenOptions,
  ReadStatusOptions,
  Signal,
  StatusOptions,
} from '../api.js';
import { SeatfileFault } from '../licence/fault.js';
import { Trust } from '../licence/trust.js';

/** Arguments of the library, from applications that have no types, too: what is wrong is told by its name. */

const MAX_WAIT_MS = 86_400_000;

const bad = (text: string): SeatfileFault => new SeatfileFault('BAD_ARGUMENT', text);

const kindOf = (value: unknown): string => (value === null ? 'null' : `a value of type ${typeof value}`);

/** @throws SeatfileFault BAD_ARGUMENT: the first of them that is no place, or there is none */
export function checkSeveral(places: readonly unknown[], options: OpenOptions): void {
  if (places.length === 0) throw bad('path: expected at least one licence, got an empty list');
  for (const place of places) checkOpening(place, options);
}

/** @throws SeatfileFault BAD_ARGUMENT */
export function checkReading(place: unknown, options: ReadStatusOptions): asserts place is LicencePlace {
  checkPlace(place);
  checkStatusOptions(options);
}

/** @throws SeatfileFault BAD_ARGUMENT */
export function checkStatusOptions(options: StatusOptions): void {
  checkObject(options);
  checkTimeout('timeoutMs', options.timeoutMs);
}

/** @throws SeatfileFault BAD_ARGUMENT */
export function checkOpening(place: unknown, options: OpenOptions): asserts place is LicencePlace {
  checkPlace(place);
  checkObject(options);
  checkTimeout('timeoutMs', options.timeoutMs);
  checkTimeout('patienceMs', options.patienceMs);
  checkType('releaseOnExit', options.releaseOnExit, 'boolean');
  checkType('onSlow', options.onSlow, 'function');
}

function checkPlace(place: unknown): asserts place is LicencePlace {
  if (place instanceof URL)
    throw bad(`path: expected a text, got a URL; give fileURLToPath(url) of the module node:url`);
  if (typeof place === 'object' && place !== null && 'key' in place && 'in' in place) {
    checkText('key', place.key);
    checkText('in', place.in);
  } else checkText('path', place);
}

/** @throws SeatfileFault BAD_ARGUMENT */
export function checkClaim(module: unknown, options: AcquireOptions): void {
  checkText('module', module);
  checkObject(options);
  checkTimeout('timeoutMs', options.timeoutMs);
  const { wait } = options;
  checkType('wait', wait, 'number');
  if (wait !== undefined && !(wait >= 0 && wait <= MAX_WAIT_MS))
    throw bad(`wait: expected 0 to ${MAX_WAIT_MS} milliseconds, got ${wait}`);
}

/** @throws SeatfileFault BAD_ARGUMENT */
export function checkNames(names: OpenOptions): void {
  const longest = { application: 256, note: 1024, user: 256, host: 256 } as const;
  for (const [name, most] of Object.entries(longest)) {
    const value: unknown = names[name as keyof typeof longest];
    const least = name === 'user' || name === 'host' ? 1 : 0;
    if (value === undefined || (typeof value === 'string' && value.length >= least && value.length <= most))
      continue;
    const got = typeof value === 'string' ? `${value.length}` : kindOf(value);
    throw bad(`${name}: expected a text of ${least} to ${most} characters, got ${got}`);
  }
}

/** @throws SeatfileFault BAD_ARGUMENT: no text, or one without a public key. An empty list is refused, too. */
export function trustIn(publicKey: unknown): Trust {
  if (publicKey === undefined) return Trust.none;
  const texts: readonly unknown[] = Array.isArray(publicKey) ? publicKey : [publicKey];
  if (texts.length === 0) throw bad('publicKey: expected a public key, got an empty list');
  return Trust.in(
    texts.map((text, index) => {
      const where = Array.isArray(publicKey) ? `publicKey[${index}]` : 'publicKey';
      checkText(where, text);
      return { text: String(text), where };
    }),
  );
}

/** A signal of another make (of a browser in a test, say) is heeded too. @throws SeatfileFault BAD_ARGUMENT */
export function abortSignalOf(signal: Signal): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  if (typeof signal !== 'object' || typeof signal.addEventListener !== 'function')
    throw bad(`signal: expected an AbortSignal, got ${kindOf(signal)}`);
  const own = new AbortController();
  const abort = () => own.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort);
  return own.signal;
}

function checkText(name: string, value: unknown): void {
  if (typeof value !== 'string') throw bad(`${name}: expected a text, got ${kindOf(value)}`);
}

function checkObject(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw bad(`options: expected an object, got ${kindOf(options)}`);
}

function checkTimeout(name: string, ms: unknown): void {
  checkType(name, ms, 'number');
  if (ms !== undefined && !(Number(ms) > 0)) throw bad(`${name}: expected more than 0, got ${ms}`);
}

function checkType(name: string, value: unknown, type: 'boolean' | 'function' | 'number'): void {
  const isRight = value === undefined || typeof value === type;
  if (!isRight) throw bad(`${name}: expected a value of type ${type}, got ${kindOf(value)}`);
}
