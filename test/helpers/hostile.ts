import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import nodePath from 'node:path';
import { MAX_BYTES } from '../../src/licence/size.js';
import type { BESIDE, INSIDE } from '../../src/share/layout.js';

/** What a hostile user of the share plants there, and what must not change by that. */

/** The files of another user, outside the share: names, contents, rights and times. */
export class Witnesses {
  readonly root: string;
  private readonly before: string;

  constructor(root: string) {
    this.root = root;
    for (const directory of ['', 'private', 'private/deep', 'licence.json.revisions/000000000003'])
      fs.mkdirSync(nodePath.join(root, directory), { recursive: true });
    for (const file of [
      'key',
      'private/a',
      'private/deep/b',
      'private/licence.json',
      'private/events.ndjson',
    ])
      fs.writeFileSync(nodePath.join(root, file), `precious ${file}\n`);
    fs.writeFileSync(
      nodePath.join(root, 'licence.json.revisions/000000000003/licence.json'),
      'another table',
    );
    fs.writeFileSync(nodePath.join(root, 'empty'), '');
    for (const [path, mode] of [
      ['key', 0o600],
      ['empty', 0o600],
      ['private', 0o700],
    ] as const)
      fs.chmodSync(nodePath.join(root, path), mode);
    this.before = this.picture();
  }

  get file(): string {
    return nodePath.join(this.root, 'key');
  }

  get emptyFile(): string {
    return nodePath.join(this.root, 'empty');
  }

  get directory(): string {
    return nodePath.join(this.root, 'private');
  }

  get nothing(): string {
    return nodePath.join(this.root, 'nothing');
  }

  /** What has changed; empty where nothing has. */
  changes(): string[] {
    const [before, now] = [this.before.split('\n'), this.picture().split('\n')];
    return [
      ...before.filter((line) => !now.includes(line)).map((line) => `was: ${line}`),
      ...now.filter((line) => !before.includes(line)).map((line) => `is: ${line}`),
    ];
  }

  private picture(): string {
    const names = ['.', ...(fs.readdirSync(this.root, { recursive: true }) as string[])].sort();
    return names.map((name) => this.lineOf(name)).join('\n');
  }

  private lineOf(name: string): string {
    const path = nodePath.join(this.root, name);
    const stat = fs.lstatSync(path);
    const content = stat.isFile() ? JSON.stringify(fs.readFileSync(path, 'latin1')) : '';
    return `${name} ${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${stat.mtimeMs} ${content}`;
  }
}

type Plant = (path: string, witnesses: Witnesses) => void | Promise<void>;

const DEEP = `{"format":"seatfile/1","x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;

function sparse(path: string, bytes: number): void {
  fs.writeFileSync(path, '{');
  fs.truncateSync(path, bytes);
}

/** A document, or what should hold one, depending on what is expected under that name. */
function around(path: string, fill: (file: string) => void): void {
  fs.mkdirSync(path);
  fill(nodePath.join(path, 'licence.json'));
  fill(nodePath.join(path, 'events.ndjson'));
}

const isRoot = process.getuid?.() === 0;
const isWindows = process.platform === 'win32';

const links: Readonly<Record<string, Plant>> = {
  'a link to a file': (path, { file }) => fs.symlinkSync(file, path),
  'a link to an empty file': (path, { emptyFile }) => fs.symlinkSync(emptyFile, path),
  'a link to a directory': (path, { directory }) => fs.symlinkSync(directory, path),
  "a link to another table's folder": (path, { root }) =>
    fs.symlinkSync(nodePath.join(root, 'licence.json.revisions'), path),
  'a link to nothing': (path, { nothing }) => fs.symlinkSync(nothing, path),
  'a link to itself': (path) => fs.symlinkSync(path, path),
  'a directory with links in it': (path, { file, directory }) => {
    fs.mkdirSync(path);
    fs.symlinkSync(file, nodePath.join(path, 'licence.json'));
    fs.symlinkSync(directory, nodePath.join(path, 'events.ndjson'));
    fs.symlinkSync(directory, nodePath.join(path, '000000000000'));
  },
  'a hard link': (path, { file }) => fs.linkSync(file, path),
  'a directory with hard links in it': (path, { file }) => around(path, (inner) => fs.linkSync(file, inner)),
};

const pipes: Readonly<Record<string, Plant>> = {
  'a pipe': (path) => void execFileSync('mkfifo', [path]),
  'a directory with pipes in it': (path) => around(path, (inner) => void execFileSync('mkfifo', [inner])),
  'a socket': socketAt,
};

const devices: Readonly<Record<string, Plant>> = {
  'a device without end': (path) => void execFileSync('mknod', [path, 'c', '1', '5']),
  'a directory with devices in it': (path) =>
    around(path, (inner) => void execFileSync('mknod', [inner, 'c', '1', '5'])),
};

const garbage: Readonly<Record<string, Plant>> = {
  'an empty file': (path) => fs.writeFileSync(path, ''),
  'a file of garbage': (path) => fs.writeFileSync(path, '\u0000garbage'),
  'an empty directory': (path) => void fs.mkdirSync(path),
  'a directory of directories': (path) => {
    fs.mkdirSync(nodePath.join(path, 'licence.json/licence.json/a/b/c/d/e/f'), { recursive: true });
    fs.mkdirSync(nodePath.join(path, 'events.ndjson'));
  },
  'a huge file': (path) => sparse(path, 4 * 1024 * MAX_BYTES),
  'a directory with huge files in it': (path) => around(path, (inner) => sparse(inner, MAX_BYTES + 1)),
  'a deep document': (path) => fs.writeFileSync(path, DEEP),
  'a directory with deep documents in it': (path) => around(path, (inner) => fs.writeFileSync(inner, DEEP)),
  'an unreadable file': (path) => fs.writeFileSync(path, 'x', { mode: 0 }),
  'an unreadable directory': (path) => {
    around(path, (inner) => fs.writeFileSync(inner, 'x', { mode: 0 }));
    fs.chmodSync(path, 0);
  },
};

/** Every kind of thing that this computer and this user can make. */
export const KINDS: Readonly<Record<string, Plant>> = {
  ...garbage,
  ...(isWindows ? {} : { ...links, ...pipes }),
  ...(isRoot ? devices : {}),
};

/** Removes what is there, whatever it is, and plants another thing. */
export async function plant(kind: string, path: string, witnesses: Witnesses): Promise<void> {
  fs.rmSync(path, { recursive: true, force: true });
  await KINDS[kind]?.(path, witnesses);
}

/** The name of a socket must be short, so it is made beside the witnesses; the listener leaves it behind. */
async function socketAt(path: string, { root }: Witnesses): Promise<void> {
  const short = nodePath.join(root, '..', 's');
  const server = net.createServer().listen(short);
  await once(server, 'listening');
  fs.renameSync(short, path);
  server.close();
  await once(server, 'close');
}

const HEX = '0123456789abcdef0123456789abcdef';

/** An owner that is dead for every observer, and another name of a kind for each random number. */
export interface Naming {
  readonly top: number;
  readonly lineage: string;
  readonly machine: string;
  readonly hex: (n: number) => string;
}

const numbered = (number: number) => String(number).padStart(12, '0');
const DEAD_PID = 4_194_000;
const stage = ({ machine, hex }: Naming, n: number) => `stage-${machine}-${DEAD_PID}-${hex(n)}`;
const examination = ({ machine, hex }: Naming, n: number) =>
  n % 3 === 0 ? 'doctor-peer' : `doctor-${machine}-${DEAD_PID}-${hex(n)}`;

/** A name of each kind, for every kind that the product makes: a new kind does not compile without one here. */
const inside: Readonly<Record<keyof typeof INSIDE, (naming: Naming, n: number) => string>> = {
  number: ({ top }, n) => numbered([0, 1, top, top + 1, top + 2, top + 40, top + 5000][n % 7] ?? 0),
  stage,
  clearing: ({ hex }, n) => `clearing-${hex(n)}`,
  restored: ({ lineage, hex }, n) => `restored-${n % 2 === 0 ? lineage : hex(n)}`,
  damaged: ({ hex }, n) => `damaged-${numbered(n)}-${hex(n)}`,
  examination,
  lock: () => 'lock',
  journal: () => 'journal',
};
const beside: Readonly<Record<keyof typeof BESIDE, (naming: Naming, n: number) => string>> = {
  folder: () => 'revisions',
  stage,
  examination,
  refused: () => 'refused',
  showing: ({ hex }, n) => (n % 2 === 0 ? `show-${hex(n)}` : `show-${hex(n)}.${n}`),
};

const SEGMENT = '000000000000-000000000007';

/** Where in a table something can be planted: what it is called, and its path for the n-th of its kind. */
export interface Spot {
  readonly name: string;
  /** Whether the table cannot go on before it is taken away again. */
  readonly isVital: boolean;
  readonly pathOf: (licenceFile: string, naming: Naming, n: number) => string;
}

export const SPOTS: readonly Spot[] = [
  { name: 'the licence file', isVital: true, pathOf: (licenceFile) => licenceFile },
  ...Object.entries(beside).map(
    ([name, nameOf]): Spot => ({
      name: `${name} beside it`,
      isVital: name === 'folder',
      pathOf: (licenceFile, naming, n) => `${licenceFile}.${nameOf(naming, n)}`,
    }),
  ),
  ...Object.entries(inside).map(
    ([name, nameOf]): Spot => ({
      name: `${name} in the folder`,
      isVital: name === 'number' || name === 'restored',
      pathOf: (licenceFile, naming, n) => `${licenceFile}.revisions/${nameOf(naming, n)}`,
    }),
  ),
  {
    name: 'a segment of the journal',
    isVital: false,
    pathOf: (licenceFile) => `${licenceFile}.revisions/journal/${SEGMENT}`,
  },
  {
    name: 'the file of a segment',
    isVital: false,
    pathOf: (licenceFile) => `${licenceFile}.revisions/journal/${SEGMENT}/events.ndjson`,
  },
  {
    name: 'the document of a revision',
    isVital: true,
    pathOf: (licenceFile, { top }, n) =>
      `${licenceFile}.revisions/${numbered(n % 2 === 0 ? top : Math.max(0, top - 3))}/licence.json`,
  },
  {
    name: 'the document of an agreed state',
    isVital: false,
    pathOf: (licenceFile, { lineage }) => `${licenceFile}.revisions/restored-${lineage}/licence.json`,
  },
  {
    name: 'in the lock',
    isVital: false,
    pathOf: (licenceFile) => `${licenceFile}.revisions/lock/litter`,
  },
  {
    name: 'where two examinations meet',
    isVital: false,
    pathOf: (licenceFile, { hex }, n) =>
      `${licenceFile}.doctor-peer/${['hello', 'ping', 'new'][n % 3]}-${hex(n)}`,
  },
];

/** Names that other processes cannot foretell: they differ at every call. */
export const fixedNaming = (top: number, lineage: string): Naming => ({
  ...{ top, lineage, machine: 'abcdef01' },
  hex: (n) => HEX.slice(n % 16) + HEX.slice(0, n % 16),
});
