import { describe, expect, test } from 'vitest';
import { openWith } from '../../src/client/open-licence.js';
import { SeatfileFault } from '../../src/licence/fault.js';
import { formatLicence } from '../../src/licence/text.js';
import { acme, other } from '../helpers/vendor.js';
import { FACE, FOLDER, type User, World } from '../helpers/world.js';
import { forgeries, nonsense, signedText, sold, withSealed } from './forgeries.js';

/** An application that is given a public key never grants a seat on what it cannot verify. */

const world = new World({ modules: { M1: 1 }, vendor: acme });
const vendorsLicence = withSealed(world.table(), sold);
const vendorsFile = formatLicence(vendorsLicence, 'pretty');
const application = world.host('pc').enter('ada');

/** What an application gets that opens the licence file with this text in it. */
async function opening(
  text: string,
  by: User = application,
  publicKey: readonly string[] = [acme.pem],
): Promise<'opened' | SeatfileFault> {
  world.server.scribble(FACE, text);
  const opened = openWith(FACE, { publicKey, releaseOnExit: false }, by.system(), by.instances);
  return await world.run(opened).then(
    async (licence) => {
      await world.run(licence.close());
      return 'opened' as const;
    },
    (error: unknown) => {
      if (!(error instanceof SeatfileFault)) throw error;
      return error;
    },
  );
}

const codeOf = async (text: string): Promise<string> => {
  const answer = await opening(text);
  return answer === 'opened' ? answer : answer.code;
};
const fileWith = (sealed: object): string => formatLicence(withSealed(vendorsLicence, sealed), 'pretty');

test('the file as the vendor sent it opens: by the key, by its line, and by one of several keys', async () => {
  expect(await codeOf(vendorsFile)).toBe('opened');
  for (const keys of [[acme.line], [other.pem, acme.pem], [`${other.pem}${acme.line}`]])
    expect(await opening(vendorsFile, application, keys)).toBe('opened');
});

test.each(Object.entries(forgeries))('%s: refused', async (_name, { sealed, code }) => {
  const answer = await opening(fileWith(sealed));
  expect(answer).toMatchObject({ code });
  expect(String(answer)).toContain(FACE);
  expect(world.server.isThere(FOLDER)).toBe(false);
});

describe('a bit is flipped', () => {
  const end = vendorsFile.indexOf('"settings"');
  /** The file is of ASCII. Bit 7 makes another letter of it, which UTF-8 writes in two bytes. */
  const flipped = (text: string, bit: number): string => {
    const letter = String.fromCharCode(text.charCodeAt(bit >> 3) ^ (1 << (bit & 7)));
    return `${text.slice(0, bit >> 3)}${letter}${text.slice((bit >> 3) + 1)}`;
  };

  test('each of the file, up to the end of the entitlement: never opened', async () => {
    const codes = new Map<string, number>();
    for (let bit = 0; bit < end * 8; bit++) {
      const code = await codeOf(flipped(vendorsFile, bit));
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (code === 'opened')
        expect.fail(`bit ${bit & 7} of "${vendorsFile.slice(bit >> 3, (bit >> 3) + 20)}"`);
    }
    const known = [
      'LICENCE_FORGED',
      'LICENCE_INVALID',
      'LICENCE_NEWER',
      'LICENCE_UNSIGNED',
      'LICENCE_UNTRUSTED',
    ];
    expect([...codes.keys()].sort()).toEqual(known);
    expect(codes.get('LICENCE_FORGED')).toBeGreaterThan(1000);
  });

  test('each of payload, signature and key id, in a file that is whole', async () => {
    for (const key of ['payload', 'signature', 'keyId'] as const) {
      const text = sold[key] ?? '';
      for (let bit = 0; bit < text.length * 8; bit++)
        expect(await codeOf(fileWith({ ...sold, [key]: flipped(text, bit) }))).toBe(
          key === 'keyId' ? 'LICENCE_UNTRUSTED' : 'LICENCE_FORGED',
        );
    }
  });
});

describe('what even a valid signature does not make a licence of', () => {
  test.each(Object.entries(nonsense))('%s', async (_name, [text, words]) => {
    const signed = await opening(fileWith(signedText(text)));
    expect(signed).toMatchObject({ code: 'LICENCE_INVALID' });
    expect(String(signed)).toContain(words);
    const keyless = world.run(application.openAgain());
    expect(await keyless.catch((error: unknown) => error)).toMatchObject({ code: 'LICENCE_INVALID' });
  });
});

test('what stands beside the signed text counts for nothing', async () => {
  const desk = new World({ modules: { M1: 1 }, vendor: acme });
  const readable = {
    ...sold,
    maxUsers: 99,
    modules: [{ module: 'M1', maxUsers: 99 }],
    granted: { overdraft: 5 },
  };
  const wide = { level: 'light', checkIntervalSeconds: 86_400, offlineGraceSeconds: 86_400, maxUsers: 99 };
  const file = { ...withSealed(desk.table(), readable), settings: wide, maxUsers: 99, modules: [] };
  desk.server.scribble(FACE, formatLicence(file as never, 'pretty'));
  const open = async (name: string) =>
    await desk.user(desk.host(`pc-${name}`), name, { publicKey: acme.pem });
  await (await open('ada')).sit('M1');
  expect((await (await open('bob')).acquire('M1')).kind).toBe('full');
  expect(desk.table().instances).toMatchObject([
    { user: 'ada', level: 'heartbeat', checkIntervalSeconds: 30, graceSeconds: 0 },
  ]);
});

test('without a public key a signed licence opens as it is, and its settings narrow it all the same', async () => {
  const desk = new World({ modules: { M1: 1 }, vendor: acme, settings: { level: 'light' } });
  const ada = await desk.user(desk.host('pc'), 'ada');
  await ada.sit('M1');
  expect(desk.table().instances).toMatchObject([{ level: 'heartbeat' }]);
});

test('openings of one process with other keys are instances of their own, each with its own judgement', async () => {
  const desk = new World({ modules: { M1: 1 }, vendor: acme });
  const ada = await desk.user(desk.host('pc'), 'ada', { publicKey: acme.pem });
  await expect(ada.openAgain({ publicKey: other.pem })).rejects.toMatchObject({ code: 'LICENCE_UNTRUSTED' });
  const keyless = await ada.openAgain();
  const same = await ada.openAgain({ publicKey: [acme.line] });
  await ada.sit('M1');
  expect(ada.instances.size).toBe(2);
  await desk.run(Promise.all([keyless.close(), same.close()]));
});
