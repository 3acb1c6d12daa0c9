import type { Command } from 'commander';
import { openStore } from '../client/open-store.js';
import { inTime, LATE } from '../share/clock.js';
import { type CommandName, isCommand } from './command-list.js';
import { type Offer, offerFor, type Sources, type ValueKind } from './completion.js';
import { wordsOfLine } from './shell-line.js';
import { EXIT, shortId } from './words.js';
import type { World } from './world.js';

/**
 * What the scripts of `seatfile completion` ask at each press of the key: `complete --line LINE`, or
 * `complete :CURRENT WORD...` from shells that cut the line into words themselves. One offer a line: the word, and
 * behind a tab what it does; a last line that begins with a colon says what else the shell may offer.
 */
export async function complete(asked: readonly string[], { world, build }: Completing): Promise<number> {
  const { before, current } = typedOf(asked, world);
  let isLate = false;
  const values: Sources['values'] = async (kind, named) => {
    const file = named ?? world.environment['SEATFILE'];
    if (!file) return [];
    const asking = valuesIn(file, kind, world).catch(() => []);
    const found = await inTime(world.system().clock, ANSWER_MS, asking);
    isLate = found === LATE;
    return found === LATE ? [] : found;
  };
  const offer = await offerFor(before, current, {
    commands: async () => (await build(null)).commands,
    command: async (name) =>
      isCommand(name) ? ((await build(name)).commands.find((one) => one.name() === name) ?? null) : null,
    values,
  });
  world.out(textOf(offer));
  if (isLate) world.endNow(EXIT.done);
  return EXIT.done;
}

interface Completing {
  readonly world: Pick<World, 'out' | 'environment' | 'system' | 'endNow'>;
  /** The program, with one command or with all. */
  readonly build: (only: CommandName | null) => Promise<Command>;
}

function typedOf(asked: readonly string[], { environment }: Completing['world']) {
  const [first = ':', ...more] = asked;
  if (first !== '--line') return { before: more, current: first.replace(/^:/, '') };
  const { before, current } = wordsOfLine(more[0] ?? '', environment['HOME'] ?? null);
  return { before: before.slice(1), current };
}

const textOf = ({ words, others }: Offer): string =>
  [...words.map(({ word, does }) => (does === '' ? word : `${word}\t${does}`)), `:${others}`]
    .map((line) => `${line}\n`)
    .join('');

/** A share that does not answer by then must not keep a person from typing. Milliseconds. */
const ANSWER_MS = 1000;

/** Read from the table as it is, without a lock and without a question of trust: these are words to choose from. */
async function valuesIn(
  file: string,
  kind: ValueKind,
  world: Pick<World, 'system'>,
): Promise<readonly string[]> {
  const { licence, policy } = await openStore(file, world.system());
  const people = [...licence.instances, ...licence.waiting];
  const { bans = [], reservations = [] } = licence.settings;
  switch (kind) {
    case 'user':
      return [...people, ...bans, ...reservations].flatMap(({ user }) => user ?? []);
    case 'host':
      return people.map(({ host }) => host);
    case 'banned user':
      return bans.map(({ user }) => user);
    case 'removed seat':
      return licence.gone.map(({ seat }) => shortId(seat));
    case 'module':
      return [...policy.modules.keys()];
    case 'seat': {
      const held = licence.instances.flatMap(({ seats }) => seats.map(({ id }) => id));
      return [...held, ...licence.gone.map(({ seat }) => seat)].map(shortId);
    }
  }
}
