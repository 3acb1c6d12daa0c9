import { readFileSync } from 'node:fs';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { FaultDetails } from '../../src/api.js';
import { openWith } from '../../src/client/open-licence.js';
import { openAny } from '../../src/client/several-licences.js';
import { inFile, SeatfileFault } from '../../src/licence/fault.js';
import { filesBelow } from '../helpers/sources.js';
import { FACE, World } from '../helpers/world.js';

/** What a message in another language needs: the parts of each fault, as src/client/README.md promises them. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(nodePath.join(root, file), 'utf8');

/** Code to the parts that it always has, from the table of the README. */
const promised: ReadonlyMap<string, readonly string[]> = new Map(
  [...read('src/client/README.md').matchAll(/^\| `([A-Z_]+)` \|([^|]*)\|[^|]*\|$/gm)].map(
    ([, code = '', parts = '']) => [code, [...parts.matchAll(/`(\w+)`/g)].map(([, part = '']) => part)],
  ),
);
const codes = [...read('src/api/faults.ts').matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map(([, code = '']) => code);

/** Up to the bracket that closes the first. Brackets in texts come in pairs. */
function callIn(text: string): string {
  let depth = 0;
  for (let end = 0; end < text.length; end++) {
    if ('([{'.includes(text[end] ?? '')) depth++;
    if (')]}'.includes(text[end] ?? '') && --depth === 0) return text.slice(0, end + 1);
  }
  return text;
}

/** The places where the library makes a fault, with its code. What only commands say is left out. */
const sites = filesBelow(root, 'src', '.ts')
  .filter((file) => !/^src\/(cli|testing|vendor)\//.test(file))
  .flatMap((file) => {
    const text = read(file);
    return [...text.matchAll(/new SeatfileFault(\(\s*'([A-Z_]+)')/g)].map(({ index, 2: code = '' }) => ({
      code,
      file,
      call: callIn(text.slice(index + 'new SeatfileFault'.length)),
    }));
  });

test('the table has every code', () => {
  expect([...promised.keys()].sort()).toEqual([...codes].sort());
  expect(sites.length).toBeGreaterThan(50);
});

test.each(codes)('%s: wherever the library makes it, it has what the table says', (code) => {
  const parts = (promised.get(code) ?? []).filter((part) => part !== 'path'); // which inFile() may add
  const lacking = sites
    .filter((site) => site.code === code)
    .flatMap(({ call, file }) =>
      parts
        .filter((part) => !new RegExp(`details: [^]*\\b${part}\\b`).test(call))
        .map((part) => `${file}: ${part}: ${call.slice(0, 120)}`),
    );
  expect(lacking).toEqual([]);
});

describe('the parts occur in the message', () => {
  const partsOf = (details: FaultDetails) => Object.values(details).flat().map(String);
  const FAULTS: readonly [string, string, (world: World) => Promise<unknown>, FaultDetails][] = [
    [
      'a missing file',
      'LICENCE_MISSING',
      (world) => openIn(world, '/share/none.json'),
      { path: '/share/none.json' },
    ],
    ['an unknown module', 'UNKNOWN_MODULE', acquireIn('M9'), { path: FACE, module: 'M9', modules: ['M1'] }],
    [
      'a misspelt option',
      'BAD_ARGUMENT',
      (world) => openIn(world, FACE, { aplication: 'x' }),
      { argument: 'aplication', suggestion: 'application' },
    ],
    [
      'an option of another type',
      'BAD_ARGUMENT',
      (world) => openIn(world, FACE, { timeoutMs: 'x' }),
      { argument: 'timeoutMs' },
    ],
    [
      'an abort',
      'ABORTED',
      (world) => openIn(world, FACE, { signal: AbortSignal.abort() }),
      { path: FACE, operation: 'opening' },
    ],
    [
      'a key that no file has',
      'LICENCE_MISSING',
      (world) => openIn(world, { key: '7K3M-Q9XW-B2T0', in: '/share' }),
      { path: '/share', licenceKey: '7K3M-Q9XW-B2T0' },
    ],
    ['a damaged file', 'LICENCE_INVALID', (world) => damagedIn(world, '{"format":'), { path: FACE }],
    [
      'a later format',
      'LICENCE_NEWER',
      (world) => damagedIn(world, '{"format":"seatfile/9"}'),
      { path: FACE },
    ],
    [
      'a hung share',
      'SHARE_UNREACHABLE',
      (world) => {
        const host = world.host('pc-2');
        host.cut('hangs');
        return openWith(FACE, { timeoutMs: 1000 }, host.enter('ada').system());
      },
      { path: FACE, seconds: 1 },
    ],
  ];

  test.each(FAULTS)('%s: %s', async (_what, code, act, parts) => {
    const world = new World({ modules: { M1: 1 }, seed: 1 });
    const fault = (await world.run(act(world).catch((error: unknown) => error))) as SeatfileFault;
    expect(fault).toBeInstanceOf(SeatfileFault);
    expect(fault).toMatchObject({ code, details: parts });
    expect(partsOf(fault.details).filter((part) => !fault.message.includes(part))).toEqual([]);
    expect(Object.isFrozen(fault.details)).toBe(true);
    expect(structuredClone(fault.details)).toEqual(fault.details);
    expect(JSON.parse(JSON.stringify(fault))).toMatchObject({ code, message: fault.message, details: parts });
  });

  const openIn = (world: World, place: unknown, options: unknown = {}) =>
    openAny(place as string, options as object, world.host('pc-1').enter('ada').system());
  function acquireIn(module: string) {
    return async (world: World) => (await world.user(world.host('pc-1'), 'ada')).acquire(module);
  }
  function damagedIn(world: World, text: string): Promise<unknown> {
    world.server.removeFile(FACE);
    world.server.writeNew(FACE, text, 0o664);
    return openIn(world, FACE);
  }
});

test('a fault of a rule gets the path of its file, and keeps the rest', () => {
  const act = () => {
    throw new SeatfileFault('LICENCE_EXPIRED', 'it ended', { details: { expiresAt: 'then' } });
  };
  expect(() => inFile('/a.json', act)).toThrow(
    expect.objectContaining({
      message: '/a.json: it ended',
      details: { path: '/a.json', expiresAt: 'then' },
    }),
  );
});
