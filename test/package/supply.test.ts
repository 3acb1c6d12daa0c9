import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** What a buyer of software asks of a package: what is inside, under which licences, from which commit. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const PATIENCE_MS = 180_000;
const lock = JSON.parse(await readFile(nodePath.join(root, 'package-lock.json'), 'utf8'));
const inside = ['chokidar', 'proper-lockfile', 'readdirp', 'retry', 'write-file-atomic', 'zod'];

/** `npm pack` under an umask: with node -e PACK UMASK. */
const PACK = `process.umask(Number(process.argv[1]));
require('node:child_process').execSync('npm pack --silent', { stdio: 'ignore' });`;

/** What a clone has not. */
const isOfClone = (path: string) => !/[\\/](?:node_modules|dist|\.git|[^\\/]*\.tgz)$/.test(path);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(nodePath.join(tmpdir(), 'seatfile-supply-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A copy of this clone as `git clone` makes it under an umask. */
async function cloneInto(tree: string, umask: number): Promise<void> {
  await cp(root, tree, { recursive: true, filter: (from) => isOfClone(from.slice(root.length - 1)) });
  const below = await readdir(tree, { recursive: true, withFileTypes: true });
  const files = below.filter((one) => one.isFile()).map((one) => nodePath.join(one.parentPath, one.name));
  for (const file of files) await chmod(file, (file.endsWith('seatfile.js') ? 0o777 : 0o666) & ~umask);
  await symlink(nodePath.join(root, 'node_modules'), nodePath.join(tree, 'node_modules'), 'junction');
}

/** The digest of the tarball that a clone in a folder of this name makes. */
async function packedIn(name: string, umask: number): Promise<string> {
  const tree = nodePath.join(folder, name);
  await cloneInto(tree, umask);
  await run(process.execPath, ['-e', PACK, String(umask)], { cwd: tree });
  const tarball = (await readdir(tree)).find((entry) => entry.endsWith('.tgz')) ?? 'no tarball';
  return createHash('sha256')
    .update(await readFile(nodePath.join(tree, tarball)))
    .digest('hex');
}

const built = async (name: string) => await readFile(nodePath.join(root, 'dist', name), 'utf8');

interface Locked {
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

describe('what a buyer asks for', { timeout: PATIENCE_MS }, () => {
  test('two builds of one commit, in other folders and under other umasks, are the same to the byte', async () => {
    const one = await packedIn('here', 0o022);
    expect(await packedIn('a-folder-with-a-longer-name', 0o077)).toBe(one);
  });

  test('nothing that a customer installs runs a script then', async () => {
    const installed = Object.entries<Locked>(lock.packages).filter(([, { dev }]) => dev !== true);
    const paths = installed.map(([path]) => path);
    expect(paths).toEqual(expect.arrayContaining(['', 'node_modules/commander', 'node_modules/readdirp']));
    expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
    const { scripts } = JSON.parse(await readFile(nodePath.join(root, 'package.json'), 'utf8'));
    const installers = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare'];
    expect(installers.filter((name) => name in scripts)).toEqual([]);
    const native = paths.filter((path) => existsSync(nodePath.join(root, path, 'binding.gyp'))); // npm would build it
    expect(native).toEqual([]);
  });

  test('the bill of materials names what is bundled and what is installed, and nothing else', async () => {
    const bill = JSON.parse(await built('sbom.cdx.json'));
    const found = bill.components.map(({ name, version }: { name: string; version: string }) => [
      name,
      version,
    ]);
    const expected = [...inside, 'commander'].sort();
    const versions = expected.map((name) => [name, lock.packages[`node_modules/${name}`].version]);
    expect(found.sort()).toEqual(versions);
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'seatfile' } } });
  });

  test('the bill of materials has nothing of the moment in it, nor of the machine', async () => {
    const bill = JSON.parse(await built('sbom.cdx.json'));
    expect(Object.keys(bill)).not.toContain('serialNumber');
    expect(Object.keys(bill.metadata)).toEqual(['component']);
  });

  test.each(inside)('the licence of %s is in the package, whole', async (name) => {
    const own = nodePath.join(root, 'node_modules', name);
    const file = (await readdir(own)).find((entry) => /^licen[cs]e/i.test(entry)) ?? 'no licence';
    const text = (await readFile(nodePath.join(own, file), 'utf8')).replaceAll('\r\n', '\n').trim();
    expect(await built('LICENCES.txt')).toContain(text);
  });
});
