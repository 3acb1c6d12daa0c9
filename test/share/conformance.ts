import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { MAX_BYTES } from '../../src/licence/size.js';
import { identityOf, ShareError, type ShareErrorKind, type ShareFiles } from '../../src/share/files.js';

/**
 * What the code relies on when it acts on a share. One suite for the disk and the memory share (conformance.test.ts)
 * and for the real mounts (rig/).
 */
export interface Ground {
  readonly files: ShareFiles;
  readonly link: (path: string, target: string) => Promise<void>;
  /** @default those of POSIX */
  readonly refusals?: Refusals;
  /** An empty directory of the check's own, which runs with umask 077. */
  readonly root: () => string;
}

/** How a file system refuses, where they differ. No answer of ours may depend on which. */
export interface Refusals {
  /** A file stands on the way to what is asked for; a directory is to be removed, and a file stands there. */
  readonly noDirectory: ShareErrorKind;
  /** A file where a directory stands. */
  readonly otherKind: ShareErrorKind;
  /** A directory renamed onto a file; null: it takes its place. */
  readonly ontoFile: ShareErrorKind | null;
  /** A directory renamed onto an empty one; null: it takes its place. */
  readonly ontoEmpty: ShareErrorKind | null;
  /** A directory renamed onto one with something in it. */
  readonly ontoFull: ShareErrorKind;
}

const POSIX: Refusals = {
  noDirectory: 'wrongKind',
  otherKind: 'wrongKind',
  ontoFile: 'wrongKind',
  ontoEmpty: null,
  ontoFull: 'notEmpty',
};
export const WINDOWS: Refusals = {
  noDirectory: 'missing',
  otherKind: 'refused',
  ontoFile: null,
  ontoEmpty: 'refused',
  ontoFull: 'refused',
};

/** What a file system need not offer: rights that stay as they were set; symbolic links. */
export type Need = 'modes' | 'links';

export type Check = (name: string, act: () => Promise<void>, need?: Need) => void;

/** How a share operation ended: the kind of its error. */
async function kindOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof ShareError ? error.kind : `not refused: ${error}`;
}

const nullOrKind = async (promise: Promise<unknown>): Promise<string | null> => {
  const kind = await kindOf(promise);
  return kind.startsWith('not refused') ? null : kind;
};

export function conformance({ files, link, root, refusals = POSIX }: Ground, check: Check): void {
  const at = (path: string) => `${root()}/${path}`;
  const write = (path: string, text = 'x') => files.writeNew(at(path), text, 0o644);
  const make = (path: string) => files.makeDirectory(at(path));
  const text = async (path: string) => new TextDecoder().decode(await files.read(at(path)));
  const withModes = (name: string, act: () => Promise<void>) => check(name, act, 'modes');
  const withLinks = (name: string, act: () => Promise<void>) => check(name, act, 'links');

  check('list: every name, in no order', async () => {
    await write('b');
    await make('a');
    deepEqual((await files.list(root())).sort(), ['a', 'b']);
  });

  check('list: missing, or not a directory', async () => {
    await write('file');
    equal(await kindOf(files.list(at('nothing'))), 'missing');
    equal(await kindOf(files.list(at('file'))), 'wrongKind');
  });

  check('read: missing, below a file, a directory', async () => {
    await write('file');
    await make('directory');
    equal(await kindOf(files.read(at('nothing'))), 'missing');
    equal(await kindOf(files.read(at('file/below'))), refusals.noDirectory);
    equal(await kindOf(files.read(at('directory'))), 'wrongKind');
  });

  withLinks('read: never through a link', async () => {
    await write('file');
    await link(at('link'), at('file'));
    equal(await kindOf(files.read(at('link'))), 'wrongKind');
  });

  withLinks('replace: takes the place of a link, and leaves alone what it points to', async () => {
    await write('file', 'kept');
    await link(at('link'), at('file'));
    await files.replace(at('link'), 'shown', 0o644, { beside: root() });
    deepEqual([await text('file'), await text('link')], ['kept', 'shown']);
  });

  withLinks('in a directory of ours no link is followed on the way, by any operation', async () => {
    await make('victim');
    await write('victim/kept', 'precious');
    await make('victim/directory');
    await make('x.revisions');
    await link(at('x.revisions/link'), at('victim'));
    const ways = {
      list: () => files.list(at('x.revisions/link')),
      removable: () => files.removable(at('x.revisions/link'), ['kept']),
      read: () => files.read(at('x.revisions/link/kept')),
      writeNew: () => write('x.revisions/link/new'),
      makeDirectory: () => make('x.revisions/link/new'),
      setMode: () => files.setMode(at('x.revisions/link'), 0o777),
      stat: () => files.stat(at('x.revisions/link/kept')),
      rename: () => files.rename(at('x.revisions/link/kept'), at('x.revisions/mine')),
      'rename to': () => files.rename(at('victim/kept'), at('x.revisions/link/new')),
      removeFile: () => files.removeFile(at('x.revisions/link/kept')),
      removeDirectory: () => files.removeDirectory(at('x.revisions/link/directory')),
    };
    for (const [operation, act] of Object.entries(ways)) equal(await kindOf(act()), 'wrongKind', operation);
    deepEqual((await files.list(at('victim'))).sort(), ['directory', 'kept']);
    equal(await text('victim/kept'), 'precious');
  });

  withLinks('a link of ours is renamed and removed itself', async () => {
    await make('victim');
    await make('x.revisions');
    await link(at('x.revisions/link'), at('victim'));
    await files.rename(at('x.revisions/link'), at('x.revisions/moved'));
    equal((await files.stat(at('x.revisions/moved'))).kind, 'link');
    equal(await kindOf(files.removeDirectory(at('x.revisions/moved'))), refusals.noDirectory);
    await files.removeFile(at('x.revisions/moved'));
    deepEqual([await files.list(at('x.revisions')), await files.list(at('victim'))], [[], []]);
  });

  check('read: 16 MiB, and not a byte more', async () => {
    await write('most', 'x'.repeat(MAX_BYTES));
    await write('more', 'x'.repeat(MAX_BYTES + 1));
    equal((await files.read(at('most'))).length, MAX_BYTES);
    equal(await kindOf(files.read(at('more'))), 'tooLarge');
  });

  check('writeNew: what was written is read back, as UTF-8', async () => {
    await write('file', 'Zoë \u{1F4BA}\n');
    equal(await text('file'), 'Zoë \u{1F4BA}\n');
    equal((await files.stat(at('file'))).bytes, 10);
  });

  check('writeNew: an empty text', async () => {
    await write('file', '');
    equal(await text('file'), '');
  });

  check('writeNew: never over a file or a directory', async () => {
    await write('file', 'first');
    await make('directory');
    equal(await kindOf(write('file', 'second')), 'exists');
    equal(await kindOf(write('directory')), 'exists');
    equal(await text('file'), 'first');
  });

  withLinks('writeNew: never over a link', async () => {
    await link(at('link'), at('nothing'));
    equal(await kindOf(write('link')), 'exists');
  });

  check('writeNew: no directory for it', async () => {
    equal(await kindOf(write('nothing/file')), 'missing');
    await write('file');
    equal(await kindOf(write('file/below')), refusals.noDirectory);
  });

  withModes('writeNew: the mode asked for, whatever the umask', async () => {
    await files.writeNew(at('file'), 'x', 0o664);
    equal((await files.stat(at('file'))).mode, 0o664);
  });

  check('replace: makes a file, and shows another text in it', async () => {
    await files.replace(at('file'), 'first, and longer', 0o644, { beside: root() });
    await files.replace(at('file'), 'zweit€', 0o664, { beside: root() });
    equal(await text('file'), 'zweit€');
  });

  withModes('replace: the mode asked for', async () => {
    await files.replace(at('file'), 'x', 0o644, { beside: root() });
    await files.replace(at('file'), 'y', 0o664, { beside: root() });
    equal((await files.stat(at('file'))).mode, 0o664);
  });

  check('replace: leaves nothing beside the file', async () => {
    await files.replace(at('file'), 'x', 0o644, { beside: root() });
    await files.replace(at('file'), 'y', 0o644, { beside: root() });
    deepEqual(await files.list(root()), ['file']);
  });

  check('replace: another file each time, so that a reader keeps the one he opened', async () => {
    await write('file');
    const { inode } = await files.stat(at('file'));
    await files.replace(at('file'), 'y', 0o644, { beside: root() });
    notEqual((await files.stat(at('file'))).inode, inode);
  });

  check('replace: never a directory, and not without one around it', async () => {
    await make('directory');
    const onto = files.replace(at('directory'), 'x', 0o644, { beside: root() });
    equal(await kindOf(onto), refusals.otherKind);
    equal(await kindOf(files.replace(at('nothing/file'), 'x', 0o644, { beside: root() })), 'missing');
    deepEqual(await files.list(root()), ['directory']);
  });

  check('replace: nothing is left where the share was, and is not any more', async () => {
    equal(await kindOf(files.replace(at('file'), 'x', 0o644, { beside: at('folder') })), 'missing');
    deepEqual(await files.list(root()), []);
    await make('folder');
    await files.replace(at('file'), 'x', 0o644, { beside: at('folder') });
    equal(await text('file'), 'x');
  });

  check('replace: only what is expected to stand there, and nothing is left beside it', async () => {
    const shown = async (text: string, expected: string) =>
      await files.replace(at('file'), text, 0o644, { beside: root(), expected });
    deepEqual([await shown('x', '1:2:3'), await shown('first', 'missing')], [false, true]);
    const first = identityOf(await files.stat(at('file')));
    deepEqual(
      [await shown('y', 'missing'), await shown('second', first), await shown('z', first)],
      [false, true, false],
    );
    equal(await text('file'), 'second');
    deepEqual(await files.list(root()), ['file']);
  });

  check('makeDirectory: once', async () => {
    await make('directory');
    await write('file');
    equal(await kindOf(make('directory')), 'exists');
    equal(await kindOf(make('file')), 'exists');
    equal(await kindOf(make('nothing/directory')), 'missing');
  });

  withModes('makeDirectory obeys the umask, setMode does not', async () => {
    await make('directory');
    equal((await files.stat(at('directory'))).mode, 0o700);
    await files.setMode(at('directory'), 0o2775);
    equal((await files.stat(at('directory'))).mode, 0o2775);
    equal(await kindOf(files.setMode(at('nothing'), 0o700)), 'missing');
  });

  check('stat: kind, and links', async () => {
    await write('file');
    await make('directory');
    const { kind, bytes, links } = await files.stat(at('file'));
    deepEqual({ kind, bytes, links }, { kind: 'file', bytes: 1, links: 1 });
    equal((await files.stat(at('directory'))).kind, 'directory');
    equal(await kindOf(files.stat(at('nothing'))), 'missing');
  });

  withLinks('stat: a link itself', async () => {
    await link(at('link'), at('nothing'));
    equal((await files.stat(at('link'))).kind, 'link');
  });

  check('rename: a directory onto a free name, with all in it', async () => {
    await make('from');
    await write('from/file', 'kept');
    const { inode } = await files.stat(at('from'));
    await files.rename(at('from'), at('to'));
    equal(await text('to/file'), 'kept');
    equal((await files.stat(at('to'))).inode, inode);
    equal(await kindOf(files.stat(at('from'))), 'missing');
  });

  check('rename: a directory onto an empty one takes its place, or is refused', async () => {
    await make('from');
    await write('from/file');
    await make('to');
    const refusal = await nullOrKind(files.rename(at('from'), at('to')));
    equal(refusal, refusals.ontoEmpty);
    deepEqual(await files.list(at('to')), refusal === null ? ['file'] : []);
  });

  check('rename: a directory onto one that is not empty is refused, and both stay', async () => {
    await make('from');
    await write('from/file', 'mine');
    await make('to');
    await write('to/file', 'yours');
    equal(await kindOf(files.rename(at('from'), at('to'))), refusals.ontoFull);
    deepEqual([await text('from/file'), await text('to/file')], ['mine', 'yours']);
  });

  check(
    'rename: never a file onto a directory; a directory onto a file where it takes its place',
    async () => {
      await make('directory');
      await write('file');
      equal(await kindOf(files.rename(at('file'), at('directory'))), refusals.otherKind);
      equal(await nullOrKind(files.rename(at('directory'), at('file'))), refusals.ontoFile);
    },
  );

  check('rename: a file over a file', async () => {
    await write('from', 'new');
    await write('to', 'old');
    await files.rename(at('from'), at('to'));
    deepEqual([await files.list(root()), await text('to')], [['to'], 'new']);
  });

  check('rename: nothing to move, no directory to move it to, into itself', async () => {
    await make('directory');
    equal(await kindOf(files.rename(at('nothing'), at('to'))), 'missing');
    equal(await kindOf(files.rename(at('directory'), at('nothing/to'))), 'missing');
    equal(await kindOf(files.rename(at('directory'), at('directory/in'))), 'unsaid');
  });

  check('removeFile: a file, and nothing else', async () => {
    await write('file');
    await make('directory');
    await files.removeFile(at('file'));
    equal(await kindOf(files.removeFile(at('file'))), 'missing');
    equal(await kindOf(files.removeFile(at('directory'))), refusals.otherKind);
  });

  check('removeDirectory: an empty directory, and nothing else', async () => {
    await make('empty');
    await make('full');
    await write('full/file');
    await files.removeDirectory(at('empty'));
    equal(await kindOf(files.removeDirectory(at('empty'))), 'missing');
    equal(await kindOf(files.removeDirectory(at('full'))), 'notEmpty');
    equal(await kindOf(files.removeDirectory(at('full/file'))), refusals.noDirectory);
  });

  check('resolve: nothing there', async () => {
    equal(await kindOf(files.resolve(at('nothing'))), 'missing');
  });

  withLinks('resolve: every link followed, also a directory on the way', async () => {
    await make('real');
    await write('real/file');
    await link(at('way'), at('real'));
    await link(at('link'), 'way/file');
    equal(await files.resolve(at('link')), at('real/file'));
  });

  withLinks('resolve: links in a circle', async () => {
    await link(at('a'), at('b'));
    await link(at('b'), at('a'));
    equal(await kindOf(files.resolve(at('a'))), 'wrongKind');
  });

  check('volume: the type of the file system and its free bytes', async () => {
    await write('file');
    const { type, freeBytes } = await files.volume(root());
    ok(type >= 0);
    ok(freeBytes > 0);
    equal((await files.volume(at('file'))).type, type);
    equal(await kindOf(files.volume(at('nothing'))), 'missing');
  });

  check('a directory is stamped by the server as it is made', async () => {
    await make('first');
    const first = (await files.stat(at('first'))).modifiedMs;
    await make('second');
    ok((await files.stat(at('second'))).modifiedMs >= first);
  });

  check('one of many renames onto one name is done', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const one of names) await make(one).then(() => write(`${one}/file`, one));
    const kinds = await Promise.all(names.map((one) => kindOf(files.rename(at(one), at('to')))));
    equal(kinds.filter((kind) => kind === refusals.ontoFull).length, 4);
    match(kinds[names.indexOf(await text('to/file'))] ?? '', /not refused/);
  });
}
