import { deepEqual, equal, ok } from 'node:assert/strict';
import { SeatfileFault } from '../../src/licence/fault.js';
import type { Deadline } from '../../src/share/deadline.js';
import type { Attempt, Entry, Kind, PublishResult, Register } from '../../src/store/register.js';

/** The texts of the suite: lines about nothing, so that no register leans on what a licence is. */
export interface Note {
  readonly number: number;
  readonly attempt: string;
  readonly owner: string;
  readonly changes: readonly string[];
}

export const noteKind: Kind<Note> = {
  decode: (bytes) => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
  parse: (text) => {
    const [number, attempt, owner, ...changes] = text.split(' ');
    if (!attempt || !owner) throw new Error('expected a note');
    return { number: Number(number), attempt, owner, changes };
  },
  numberOf: ({ number }) => number,
  attemptOf: ({ attempt }) => attempt,
  includes: ({ changes }, changeId) => changes.includes(changeId),
  refuse: ({ owner }) =>
    owner === 'ours' ? null : new SeatfileFault('TABLE_LOST', `a note of ${owner}; expected ours`),
};

const noteText = ({ number, attempt, owner, changes }: Note): string =>
  [number, attempt, owner, ...changes].join(' ');

/** One place for a register, empty at first, and what the suite needs to know of it. */
export interface RegisterGround {
  /** The register as one more process sees it. Trouble is believed at once. */
  readonly open: () => Register<Note>;
  /** Puts a text under a number without the register. */
  readonly plant: (number: number, text: string) => Promise<void>;
  /** Lets time pass until it is done. */
  readonly run: <T>(act: () => Promise<T>) => Promise<T>;
  /** A minute from now. */
  readonly deadline: () => Deadline;
}

type Check = (name: string, act: () => Promise<void>) => void;

/** What every implementation of the port must do, wherever its texts lie. */
export function registerSuite(ground: () => RegisterGround, check: Check): void {
  const checked = (name: string, act: (place: RegisterGround) => Promise<void>) =>
    check(name, () => act(ground()));
  publishing(checked);
  reading(checked);
  losses(checked);
  turns(checked);
}

type Checked = (name: string, act: (place: RegisterGround) => Promise<void>) => void;

let attempts = 0;
const noteAt = (number: number, changes: readonly string[] = []): Note => {
  const attempt = `attempt-${attempts++}`;
  return { number, attempt, owner: 'ours', changes: [...changes, `change-of-${attempt}`] };
};
const entryOf = (note: Note): Entry<Note> => ({
  number: note.number,
  attemptId: note.attempt,
  changeId: note.changes.at(-1) ?? '',
  text: noteText(note),
  document: note,
});

/** Publishes a note by an attempt of its own. */
async function publish({ run, deadline }: RegisterGround, by: Register<Note>, note: Note) {
  return await run(async () => await by.publish(await by.begin(), entryOf(note), deadline()));
}

/** Publishes the numbers in order. */
async function fill(place: RegisterGround, by: Register<Note>, ...numbers: readonly number[]) {
  for (const number of numbers) equal(await publish(place, by, noteAt(number)), 'published');
}

async function codeOf(asked: Promise<unknown>): Promise<string> {
  return await asked.then(
    () => 'no fault',
    (error: unknown) => (error instanceof SeatfileFault ? error.code : String(error)),
  );
}

function publishing(check: Checked): void {
  check('publish: the text is there, whole, and the latest for every process', async (place) => {
    const [one, other] = [place.open(), place.open()];
    const note = noteAt(0);
    equal(await publish(place, one, note), 'published');
    for (const register of [one, other]) {
      deepEqual((await place.run(() => register.latest(place.deadline()))).document, note);
      deepEqual(await place.run(() => register.read(0)), note);
    }
  });

  check(
    'publish: of two attempts at one number one is published, the other meets a conflict',
    async (place) => {
      const [one, other] = [place.open(), place.open()];
      const [first, second] = [noteAt(0), noteAt(0)];
      const [early, late] = await place.run(async () => [await one.begin(), await other.begin()] as const);
      const by = (register: Register<Note>, attempt: Attempt, note: Note) =>
        place.run(() => register.publish(attempt, entryOf(note), place.deadline()));
      equal(await by(one, early, first), 'published');
      equal(await by(other, late, second), 'conflict');
      deepEqual(await place.run(() => other.read(0)), first);
    },
  );

  check('publish: of eight at once exactly one has the number', async (place) => {
    await fill(place, place.open(), 0);
    const registers = Array.from({ length: 8 }, () => place.open());
    const one = async (register: Register<Note>): Promise<PublishResult> =>
      await register.publish(await register.begin(), entryOf(noteAt(1)), place.deadline());
    const results = await place.run(() => Promise.all(registers.map(one)));
    equal(results.filter((result) => result === 'published').length, 1);
    equal(results.filter((result) => result === 'conflict').length, 7);
  });

  check('publish: a number that was removed is free, but what gets it is void', async (place) => {
    const [one, other] = [place.open(), place.open()];
    await fill(place, one, 0, 1, 2);
    await place.run(() => one.remove(1, () => false));
    equal(await publish(place, other, noteAt(1)), 'conflict');
    equal((await place.run(() => one.latest(place.deadline()))).document.number, 2);
  });

  check('publish: void below the latest, unless the latest includes the change', async (place) => {
    const one = place.open();
    const early = noteAt(1);
    await fill(place, one, 0);
    await publish(place, one, noteAt(2, early.changes));
    equal(await publish(place, place.open(), early), 'published');
  });

  check('begin: the time is one clock for all processes, and does not go back', async (place) => {
    const times: number[] = [];
    for (const register of [place.open(), place.open(), place.open()])
      await place.run(async () => {
        const attempt = await register.begin();
        times.push(attempt.shareTimeMs);
        await register.abandon(attempt);
      });
    deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  });
}

function reading(check: Checked): void {
  check('numbers: ascending, and no attempt among them', async (place) => {
    const register = place.open();
    await fill(place, register, 0, 1, 2, 10);
    const attempt = await place.run(() => register.begin());
    deepEqual(await place.run(() => register.numbers()), [0, 1, 2, 10]);
    await place.run(() => register.abandon(attempt));
  });

  check('read: null for a number that is not there, or was removed', async (place) => {
    const register = place.open();
    await fill(place, register, 0, 1);
    equal(await place.run(() => register.read(7)), null);
    await place.run(() => register.remove(0, () => false));
    equal(await place.run(() => register.read(0)), null);
    deepEqual(await place.run(() => register.numbers()), [1]);
  });

  check('a text that is no text of its number is damage', async (place) => {
    const register = place.open();
    await fill(place, register, 0);
    await place.plant(1, noteText({ ...noteAt(3), number: 3 }));
    await place.plant(2, 'garbage');
    for (const number of [1, 2]) equal(await codeOf(place.run(() => register.read(number))), 'TABLE_DAMAGED');
    equal(await codeOf(place.run(() => register.latest(place.deadline()))), 'TABLE_DAMAGED');
    equal(await place.run(() => register.latestOnce()), null);
  });

  check('stableLatest: the latest, where nothing is published meanwhile', async (place) => {
    const register = place.open();
    await fill(place, register, 0, 1);
    equal((await place.run(() => register.stableLatest(place.deadline()))).document.number, 1);
  });

  check('supersededAtMs: from when this process saw a higher number', async (place) => {
    const register = place.open();
    await fill(place, register, 0, 1);
    ok(Number.isFinite(register.supersededAtMs(0)));
    equal(register.supersededAtMs(1), Number.POSITIVE_INFINITY);
  });
}

function losses(check: Checked): void {
  const latestCode = (place: RegisterGround, register: Register<Note>) =>
    codeOf(place.run(() => register.latest(place.deadline())));

  check('nothing there is a loss, never an empty register', async (place) => {
    equal(await latestCode(place, place.open()), 'TABLE_LOST');
  });

  check('the texts of another register are a loss', async (place) => {
    await place.plant(0, noteText({ ...noteAt(0), owner: 'theirs' }));
    equal(await latestCode(place, place.open()), 'TABLE_LOST');
  });

  check('16 and more below what was seen is a loss, until it is accepted', async (place) => {
    const register = place.open();
    await fill(place, register, 0, 1);
    register.expectAtLeast(17);
    equal(await latestCode(place, register), 'TABLE_LOST');
    ok(register.acceptBehind());
    const latest = await place.run(() => register.latest(place.deadline()));
    deepEqual([latest.document.number, latest.isBelow], [1, true]);
  });

  check('less than 16 below is the latest, and the server decides about a text on it', async (place) => {
    const register = place.open();
    await fill(place, register, 0, 1);
    register.expectAtLeast(16);
    ok((await place.run(() => register.latest(place.deadline()))).isBelow);
    equal(await publish(place, register, noteAt(2)), 'published');
    equal(register.highestSeen, 2);
  });
}

function turns(check: Checked): void {
  check('a turn: one process has it at a time', async (place) => {
    const [one, other] = [place.open(), place.open()];
    await fill(place, one, 0);
    const request = { patienceMs: 60_000, onLatest: () => undefined };
    const turn = await place.run(() => one.takeTurn(request, place.deadline()));
    let isTaken = false;
    const next = other.takeTurn(request, place.deadline()).finally(() => {
      isTaken = true;
    });
    await place.run(() => one.numbers());
    ok(!isTaken);
    await place.run(() => turn.end());
    const again = await place.run(() => next);
    await place.run(() => again.end());
  });
}
