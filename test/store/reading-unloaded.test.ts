import { expect, test, vi } from 'vitest';
import type { ShareFiles } from '../../src/share/files.js';

// An application that was replaced on the disk while it ran: the newest revision is of a later format, and the module
// that could say so is not there any more. To call the revision damaged would make a holder rebuild the table from
// its memory after a minute, and undo what the newer version wrote.
test('a revision that cannot be checked for want of the module is not called damaged', async () => {
  vi.resetModules();
  vi.doMock('../../src/licence/full-check.js', () => {
    throw new Error('Cannot find module');
  });
  const { parseLicence, decodeText } = await import('../../src/licence/text.js');
  const { withFullCheck } = await import('../../src/licence/full-check-door.js');
  const { TextReader } = await import('../../src/store/reading.js');
  const { pathsOf } = await import('../../src/share/layout.js');
  const files = {
    read: async () => new TextEncoder().encode('{"format":"seatfile/3","revision":7}'),
  } as unknown as ShareFiles;
  const { systemClock: clock } = await import('../../src/share/clock.js');
  const reader = new TextReader({ paths: pathsOf('/share/licence.json', 0o775, 0o664), files, clock }, {
    decode: decodeText,
    parse: (text: string, path: string) => withFullCheck(() => parseLicence(text, path)),
    numberOf: () => 7,
    attemptOf: () => '',
    includes: () => false,
  } as never);
  const failed = await reader.read(7).catch((error: unknown) => error);
  expect(failed).not.toMatchObject({ code: 'TABLE_DAMAGED' });
});
