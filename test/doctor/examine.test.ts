import { describe, expect, test } from 'vitest';
import { type ExamineDeps, type ExamineOptions, examine } from '../../src/doctor/examine.js';
import { type Finding, isFit, type Report, worstFirst } from '../../src/doctor/findings.js';
import { findTarget, type LocalEnvironment } from '../../src/doctor/first-look.js';
import { SeatfileFault } from '../../src/licence/fault.js';
import { formatLicence } from '../../src/licence/text.js';
import { ShareError, type ShareFiles } from '../../src/share/files.js';
import { withTimeouts } from '../../src/share/op-timeouts.js';
import { HandClock, HostTime, type HostTimeOptions } from '../../src/testing/host-time.js';
import { seededDice } from '../helpers/dice.js';
import { failingAt } from '../helpers/faults.js';
import { clientOf } from '../helpers/memory-share.js';
import { bareLicence, Table } from '../helpers/table.js';
import { acme, signedBy } from '../helpers/vendor.js';
import { windowsDisk } from '../share/simulated/semantics.js';
import type { ServerOptions } from '../share/simulated/tree.js';

const FACE = '/share/licence.json';
const LEFT = `${FACE}.doctor-abcdef01-77-${'0'.repeat(32)}`;
const linux: LocalEnvironment = {
  home: { platform: 'linux', environment: {}, dropboxInfos: [] },
  mountinfo: () => '1 0 0:1 / / rw - ext4 /dev/sda rw\n2 1 0:2 / /share rw - cifs //srv/acme rw,cache=strict',
};

/** A place to examine, and how it is done there. */
class Clinic {
  readonly table: Table;
  readonly clock: HandClock;
  wrap: (files: ShareFiles) => ShareFiles = (files) => files;
  deps: Partial<ExamineDeps> = {};
  latencyMs = 2;

  constructor(options: ServerOptions & { readonly host?: HostTimeOptions } = {}) {
    this.table = new Table(options);
    this.clock = new HandClock(new HostTime(this.table.timeline, options.host));
    this.table.server.setMode('/share', 0o2770);
  }

  async examine(path = FACE, options: ExamineOptions = {}): Promise<Report> {
    const { table, clock } = this;
    const raw = this.wrap(clientOf(table.server, { latencyMs: () => this.latencyMs }).files);
    const files = withTimeouts(raw, clock, { answerMs: 10_000 });
    const deps: ExamineDeps = {
      ...{ files, clock, random: seededDice(1), host: 'pc-1', environment: linux },
      ...{ owner: { machine: 'abcdef01', pid: 5 }, isDead: () => false },
      ...this.deps,
    };
    return await table.timeline.run(findTarget(path, files).then((target) => examine(target, deps, options)));
  }

  /** What it finds of one check; there must be one finding. */
  async finding<C extends Finding['check']>(
    check: C,
    path?: string,
  ): Promise<Extract<Finding, { check: C }>> {
    const { findings } = await this.examine(path);
    const found = findings.filter((one) => one.check === check);
    expect(found, check).toHaveLength(1);
    return found[0] as Extract<Finding, { check: C }>;
  }
}

const severities = (report: Report) =>
  Object.fromEntries(worstFirst(report.findings).map(({ check, severity }) => [check, severity]));

describe('a share in order', () => {
  test('every check is ok, and nothing stays behind', async () => {
    const clinic = new Clinic();
    clinic.table.grow(3);
    const before = clinic.table.server.paths('/');
    const report = await clinic.examine();
    expect(report.unreachable).toBeNull();
    expect(new Set(Object.values(severities(report)))).toEqual(new Set(['ok']));
    expect(Object.keys(severities(report)).sort()).toEqual(
      [
        ...[
          'caseFolding',
          'cloudFolder',
          'directoryRename',
          'exclusiveCreate',
          'fileSystem',
          'freshness',
          'licence',
        ],
        ...['litter', 'pathLength', 'readBack', 'rights', 'roundTrips', 'space', 'stamps'],
      ].sort(),
    );
    expect(clinic.table.server.paths('/')).toEqual(before);
    expect(clinic.clock.elapsedMs()).toBeLessThan(5000); // init does this too
  });

  test('a Windows-shaped one too', async () => {
    const clinic = new Clinic({ semantics: windowsDisk });
    const report = await clinic.examine();
    expect(isFit(report.findings)).toBe(true);
    expect(report.findings).toContainEqual(
      expect.objectContaining({ check: 'directoryRename', severity: 'ok', ontoEmpty: 'refused' }),
    );
  });

  test('a directory is examined without a licence', async () => {
    const report = await new Clinic().examine('/share');
    expect(report.path).toBe('/share');
    expect(severities(report)).not.toHaveProperty('licence');
  });

  test('no licence there: said, and the directory is examined for a new one', async () => {
    const { findings, missing } = await new Clinic().examine('/share/new.json');
    expect(missing).toBe('no licence file in /share');
    expect(findings).toContainEqual(expect.objectContaining({ check: 'licence', state: 'none' }));
    expect(findings).toContainEqual(expect.objectContaining({ check: 'rights', severity: 'ok' }));
    expect((await new Clinic().examine()).missing).toBeNull();
  });
});

describe('a place that is none', () => {
  test('where a licence file would make a second table, nothing else is tried', async () => {
    const clinic = new Clinic();
    clinic.table.grow(2);
    const before = clinic.table.server.paths('/');
    const mounted = { ...linux, mountinfo: () => `1 0 0:1 / ${FACE} rw - ext4 /dev/sda rw` };
    for (const [path, environment] of [
      [FACE, mounted],
      [clinic.table.documentPath(2), linux],
      [clinic.table.paths.folder, linux],
    ] as const) {
      clinic.deps = { environment };
      const { findings } = await clinic.examine(path);
      expect(findings, path).toEqual([expect.objectContaining({ check: 'wrongPlace', severity: 'unfit' })]);
    }
    expect(clinic.table.server.paths('/')).toEqual(before);
  });

  test('a name that is too long for what lies beside it', async () => {
    const clinic = new Clinic();
    clinic.wrap = (files) => ({
      ...files,
      makeDirectory: (path) => {
        const cause = Object.assign(new Error('name too long'), { code: 'ENAMETOOLONG' });
        return Promise.reject(new ShareError('unsaid', 'make directory', path, cause));
      },
    });
    const { trouble, severity } = await clinic.finding('wrongPlace');
    expect([severity, trouble]).toEqual(['unfit', expect.stringMatching(/the name is too long/)]);
    expect(clinic.table.server.paths('/share')).toEqual([FACE]);
  });

  test('an empty mount point whose share is away, by /etc/fstab', async () => {
    const clinic = new Clinic();
    clinic.table.server.removeTree(FACE);
    clinic.deps = {
      environment: {
        ...linux,
        mountinfo: () => '1 0 0:1 / / rw - ext4 /dev/sda rw',
        fstab: () => '//srv/acme /share cifs x 0 0',
      },
    };
    for (const path of [FACE, '/share'])
      expect(await clinic.finding('notMounted', path)).toMatchObject({ severity: 'unfit', point: '/share' });
    clinic.deps = { environment: { ...linux, fstab: () => '//srv/acme /share cifs x 0 0' } };
    expect((await clinic.examine('/share')).findings.map(({ check }) => check)).not.toContain('notMounted');
  });

  test.each([
    [8, 'unfit'],
    [1000, 'warning'],
    [100_000, 'ok'],
  ])('%d file entries left: %s', async (freeFiles, severity) => {
    const clinic = new Clinic();
    clinic.table.server.disk = { type: 61267, freeBytes: 1e12, freeFiles };
    expect(await clinic.finding('space')).toMatchObject({ severity, freeFiles });
  });

  test('litter that an indexer drops into what was just made disturbs no check', async () => {
    const clinic = new Clinic();
    clinic.table.grow(1);
    const before = clinic.table.server.paths('/');
    clinic.wrap = (files) => ({
      ...files,
      makeDirectory: async (path) => {
        await files.makeDirectory(path);
        clinic.table.server.makeDirectory(`${path}/@eaDir`);
      },
    });
    const { findings } = await clinic.examine();
    expect(findings.filter(({ severity }) => severity === 'unfit')).toEqual([]);
    expect(clinic.table.server.paths('/')).toEqual(before);
  });
});

/** What a share does otherwise, and the one check that must find it. */
const lies: readonly (readonly [
  string,
  Finding['check'],
  (files: ShareFiles, clinic: Clinic) => Partial<ShareFiles>,
])[] = [
  [
    'renames a directory over one that is not empty',
    'directoryRename',
    (files, { table: { server } }) => ({
      rename: (from, to) => {
        if (server.isThere(to)) server.removeTree(to);
        return files.rename(from, to);
      },
    }),
  ],
  [
    'refuses a rename, and loses the target',
    'directoryRename',
    (files, { table: { server } }) => ({
      rename: (from, to) => {
        if (!server.isThere(to)) return files.rename(from, to);
        server.removeTree(to);
        return Promise.reject(new ShareError('notEmpty', 'rename', to));
      },
    }),
  ],
  [
    'refuses a rename, and loses the source',
    'directoryRename',
    (files, { table: { server } }) => ({
      rename: (from, to) => {
        if (!server.isThere(to)) return files.rename(from, to);
        server.removeTree(from);
        return Promise.reject(new ShareError('exists', 'rename', to));
      },
    }),
  ],
  [
    'creates a file over one that exists',
    'exclusiveCreate',
    (_files, { table: { server } }) => ({
      writeNew: async (file, text, mode) => server.scribble(file, text, mode),
    }),
  ],
  [
    'gives back less than was written',
    'readBack',
    (files) => ({ read: async (file) => (await files.read(file)).slice(0, 4096) }),
  ],
  [
    'has no fsync',
    'failed',
    () => ({ writeNew: (file) => Promise.reject(new ShareError('unsaid', 'write', file)) }),
  ],
  ['has no room', 'space', () => ({ volume: async () => ({ type: 0x6969, freeBytes: 4096 }) })],
];

test.each(lies)('a share that %s is unfit', async (_what, check, lie) => {
  const clinic = new Clinic();
  const before = clinic.table.server.paths('/');
  clinic.wrap = (files) => ({ ...files, ...lie(files, clinic) });
  const report = await clinic.examine();
  const bad = report.findings.filter(({ severity }) => severity === 'unfit').map((one) => one.check);
  expect(bad).toContain(check);
  expect(clinic.table.server.paths('/')).toEqual(before);
});

test('a listing that lags behind is told, with how long', async () => {
  const clinic = new Clinic();
  const old = new Map<string, { atMs: number; names: string[] }>();
  clinic.wrap = (files) => ({
    ...files,
    list: async (directory) => {
      const { nowMs } = clinic.table.timeline;
      const known = old.get(directory);
      if (known && nowMs - known.atMs < 400) return known.names;
      const names = await files.list(directory);
      old.set(directory, { atMs: nowMs, names });
      return names;
    },
  });
  const found = await clinic.finding('freshness');
  expect(found.severity).toBe('warning');
  expect(found.slowestMs).toBeGreaterThan(200);
  expect(found.slowestMs).toBeLessThan(600);
});

test("the server's clock an hour ahead: told, within what the round trip leaves open", async () => {
  const found = await new Clinic({ wallOffsetMs: 3_600_000 }).finding('stamps');
  expect(found).toMatchObject({ severity: 'note', by: 'server', isMoving: true, goesBack: false });
  expect(Math.abs(found.offsetMs - 3_600_000)).toBeLessThanOrEqual(found.uncertaintyMs);
  expect(found.uncertaintyMs).toBeLessThan(10);
});

test('stamps in whole seconds, and a directory whose time stands still', async () => {
  const clinic = new Clinic();
  clinic.wrap = (files) => ({
    ...files,
    stat: async (path) => {
      const stat = await files.stat(path);
      return { ...stat, modifiedMs: 1000 * Math.floor(stat.modifiedMs / 1000) };
    },
  });
  expect(await clinic.finding('stamps')).toMatchObject({
    severity: 'ok',
    granularityMs: 1000,
    isMoving: true,
  });
  clinic.wrap = (files) => ({
    ...files,
    stat: async (path) => ({ ...(await files.stat(path)), modifiedMs: 1e12 }),
  });
  expect(await clinic.finding('stamps')).toMatchObject({ severity: 'warning', isMoving: false });
});

test('a slow share is told', async () => {
  const clinic = new Clinic();
  clinic.wrap = (files) => ({
    ...files,
    rename: async (from, to) => {
      await clinic.clock.sleep(900);
      await files.rename(from, to);
    },
  });
  expect(await clinic.finding('roundTrips')).toMatchObject({ severity: 'warning', slowest: 'rename' });
});

describe('rights', () => {
  test.each([
    [0o1777, 'unfit', { isSticky: true }],
    [0o2770, 'ok', { others: 'group' }],
    [0o777, 'ok', { others: 'everybody' }],
    [0o770, 'warning', { others: 'group', keepsGroup: false }],
    [0o755, 'warning', { others: 'nobody' }],
  ] as const)('of mode %o on NFS', async (mode, severity, more) => {
    const clinic = new Clinic();
    clinic.table.server.setMode('/share', mode);
    clinic.table.server.disk = { type: 0x6969, freeBytes: 1e12 };
    clinic.deps = { environment: null };
    expect(await clinic.finding('rights')).toMatchObject({ severity, ...more });
  });

  test.each(['refused', 'readOnly', 'full'] as const)('%s: unfit for this user', async (unwritable) => {
    const clinic = new Clinic();
    clinic.table.grow(1);
    clinic.wrap = () => clientOf(clinic.table.server, { unwritable }).files;
    const found = await clinic.finding('rights');
    expect(found).toMatchObject({ severity: 'unfit', where: null, refused: { kind: unwritable } });
  });

  test('not even to list: one reason, which names the right', async () => {
    const clinic = new Clinic();
    const refuse = (path: string) => Promise.reject(new ShareError('refused', 'list', path));
    clinic.wrap = (files) => ({ ...files, list: refuse, makeDirectory: refuse });
    const { findings } = await clinic.examine('/share');
    const bad = findings.filter(({ severity }) => severity === 'unfit');
    expect(bad).toMatchObject([{ check: 'rights', refused: { kind: 'refused' } }]);
  });

  test('in the folder alone: everything is tried there', async () => {
    const clinic = new Clinic();
    clinic.table.grow(1);
    const before = clinic.table.server.paths('/');
    clinic.wrap = (files) => ({
      ...files,
      makeDirectory: (path) =>
        path.startsWith(clinic.table.paths.folder)
          ? files.makeDirectory(path)
          : Promise.reject(new ShareError('refused', 'make directory', path)),
    });
    const report = await clinic.examine();
    expect(isFit(report.findings)).toBe(true);
    expect(report.findings).toContainEqual(
      expect.objectContaining({ check: 'rights', where: 'folder', refused: null }),
    );
    expect(report.findings).toContainEqual(
      expect.objectContaining({ check: 'directoryRename', severity: 'ok' }),
    );
    expect(clinic.table.server.paths('/')).toEqual(before);
  });

  test('beside the licence, but not in its folder: unfit', async () => {
    const clinic = new Clinic();
    clinic.table.grow(1);
    clinic.wrap = (files) => ({
      ...files,
      makeDirectory: (path) =>
        path.startsWith(clinic.table.paths.folder)
          ? Promise.reject(new ShareError('refused', 'make directory', path))
          : files.makeDirectory(path),
    });
    expect(await clinic.finding('rights')).toMatchObject({ severity: 'unfit' });
  });

  test('a share that refuses chmod is no worse', async () => {
    const clinic = new Clinic();
    clinic.wrap = (files) => ({
      ...files,
      setMode: (path) => Promise.reject(new ShareError('refused', 'set', path)),
    });
    expect((await clinic.finding('rights')).severity).toBe('note');
  });
});

describe('what the other users may do with what lies there', () => {
  const inFolder = (path: string) => (table: Table) => `${table.paths.folder}${path}`;
  const top = '/000000000002';

  const opened = (mode: number) => {
    const clinic = new Clinic();
    const { table } = clinic;
    table.grow(2);
    table.server.makeDirectory(`${table.paths.folder}/journal`);
    table.server.setMode('/share', mode);
    for (const path of table.server.paths('/share').filter((one) => one !== '/share')) {
      const isFile = table.server.stat(path).kind === 'file';
      table.server.setMode(path, isFile ? mode & 0o666 : mode);
    }
    clinic.deps = { environment: { ...linux, mountinfo: () => '1 0 0:1 / / rw - ext4 /dev/sda rw' } };
    return clinic;
  };

  test.each([0o2777, 0o2770, 0o777, 0o755])('as the directory around it, mode %o: ok', async (mode) => {
    expect(await opened(mode).finding('othersRights')).toMatchObject({
      severity: 'ok',
      lacking: [],
      closed: [],
    });
  });

  test.each([
    ['the folder', inFolder(''), 0o2777, 0o2755],
    ['the folder, for its group', inFolder(''), 0o2770, 0o2750],
    ['the folder, without its group bit', inFolder(''), 0o2777, 0o777],
    ['the folder, sticky', inFolder(''), 0o2777, 0o3777],
    ['the newest revision', inFolder(top), 0o2777, 0o2755],
    ['its document', inFolder(`${top}/licence.json`), 0o2777, 0o640],
    ['the journal', inFolder('/journal'), 0o2777, 0o2755],
  ] as const)('%s less open: a warning that names it', async (_, pathOf, around, mode) => {
    const clinic = opened(around);
    const path = pathOf(clinic.table);
    clinic.table.server.setMode(path, mode);
    const { severity, lacking } = await clinic.finding('othersRights');
    expect([severity, lacking.map((one) => one.path)]).toEqual(['warning', [path]]);
  });

  test('a document that is not writable for others is in order: it is never written again', async () => {
    const clinic = opened(0o2777);
    clinic.table.server.setMode(clinic.table.documentPath(2), 0o444);
    expect((await clinic.finding('othersRights')).severity).toBe('ok');
  });

  test('a licence file that only its owner reads matters as long as a table has to begin from it', async () => {
    const begun = opened(0o2777);
    begun.table.server.setMode(FACE, 0o600);
    expect((await begun.finding('othersRights')).severity).toBe('ok');
    const fresh = opened(0o2777);
    fresh.table.server.removeTree(fresh.table.paths.folder);
    fresh.table.server.setMode(FACE, 0o600);
    expect(await fresh.finding('othersRights')).toMatchObject({
      severity: 'warning',
      lacking: [{ path: FACE }],
    });
  });

  test('on SMB, where the client makes the bits up, nothing is told of them', async () => {
    const clinic = opened(0o2777);
    clinic.table.server.setMode(clinic.table.paths.folder, 0o700);
    clinic.deps = { environment: linux };
    expect((await clinic.examine()).findings.map(({ check }) => check)).not.toContain('othersRights');
  });
});

describe('where it lies', () => {
  const at = (line: string): LocalEnvironment => ({
    ...linux,
    mountinfo: () => `2 1 0:2 / /share rw - ${line}`,
  });

  test.each([
    ['nfs4 srv:/acme rw,hard,vers=4.2', 'ok'],
    ['nfs srv:/acme rw,soft,timeo=30', 'warning'],
    ['cifs //srv/acme rw,cache=loose', 'warning'],
    ['ext4 /dev/sda rw', 'note'],
    ['fuse.sshfs ada@srv:/acme rw', 'warning'],
    ['fuse.rclone remote:acme rw', 'unfit'],
    ['novelfs x rw', 'note'],
  ])('%s: %s', async (line, severity) => {
    const clinic = new Clinic();
    clinic.deps = { environment: at(line) };
    expect((await clinic.finding('fileSystem')).severity).toBe(severity);
  });

  test('a folder that a client synchronises, by a mark far above', async () => {
    const clinic = new Clinic();
    clinic.table.server.makeDirectory('/.dropbox.cache');
    const { findings } = await clinic.examine();
    expect(findings).toContainEqual({
      check: 'cloudFolder',
      severity: 'unfit',
      folder: { service: 'Dropbox', marker: '.dropbox.cache' },
    });
  });

  test('conflicting copies', async () => {
    const clinic = new Clinic();
    const copies = [
      "licence (ada's conflicted copy 2026-11-21).json",
      'licence-pc-1.json',
      'licence (1).json',
    ];
    for (const name of [...copies, 'licence.old.json', 'licence-2025.json'])
      clinic.table.server.writeNew(`/share/${name}`, '{}', 0o644);
    const { names, severity } = await clinic.finding('litter');
    expect([severity, [...names].sort()]).toEqual(['warning', [...copies].sort()]);
  });

  test('a mapped drive is named by its name on the network', async () => {
    const clinic = new Clinic({ semantics: windowsDisk });
    const unc = '\\\\srv\\acme';
    clinic.table.server.makeDirectory(`/${unc}`);
    const files: ShareFiles = {
      ...clientOf(clinic.table.server).files,
      resolve: async () => unc,
    };
    expect(await findTarget('/z:', files).catch(() => null)).toBeNull(); // no drive on this system: nothing resolves so
    clinic.deps = { environment: null };
    const target = { licenceFile: FACE, around: '/share', isLicence: true, drive: 'Z:' };
    const { clock, table } = clinic;
    const deps: ExamineDeps = {
      ...{ files: clientOf(table.server).files, clock, random: seededDice(1), host: 'pc', environment: null },
      ...{ owner: { machine: 'abcdef01', pid: 5 }, isDead: () => false },
    };
    const { findings } = await table.timeline.run(examine(target, deps));
    expect(findings).toContainEqual({ check: 'mappedDrive', severity: 'note', drive: 'Z:', unc: FACE });
  });
});

describe('the licence there', () => {
  test('how much lies there, and how far behind licence.json is', async () => {
    const clinic = new Clinic();
    clinic.table.grow(7);
    clinic.table.server.makeDirectory(`${clinic.table.paths.folder}/stage-abcdef01-9-${'0'.repeat(32)}`);
    clinic.table.server.makeDirectory(`${clinic.table.paths.folder}/clearing-${'0'.repeat(32)}`);
    expect(await clinic.finding('licence')).toMatchObject({
      ...{
        state: 'inOrder',
        revision: 7,
        revisions: 8,
        stages: 1,
        clearing: 1,
        others: 0,
        face: 'ours',
        faceBehind: 7,
      },
    });
  });

  test.each([
    ['garbled', 'damaged', (table: Table) => table.server.scribble(table.documentPath(3), '{"format"')],
    [
      'another number',
      'damaged',
      (table: Table) =>
        table.server.scribble(table.documentPath(3), table.server.readText(table.documentPath(2))),
    ],
    [
      'an empty folder',
      'damaged',
      (table: Table) =>
        table.numbers().forEach((number) => void table.server.removeTree(table.numberPath(number))),
    ],
    [
      'too large',
      'damaged',
      (table: Table) => table.server.scribble(table.documentPath(3), 'x'.repeat(2 ** 24 + 1)),
    ],
    [
      'nested deep',
      'damaged',
      (table: Table) => table.server.scribble(table.documentPath(3), '['.repeat(99)),
    ],
    ['no document', 'damaged', (table: Table) => table.server.removeFile(table.documentPath(3))],
    [
      'behind its face',
      'damaged',
      (table: Table) => {
        table.server.scribble(FACE, table.server.readText(table.documentPath(3)));
        table.server.removeTree(table.numberPath(3));
      },
    ],
    [
      'a face of revision 3 without a folder',
      'noFolder',
      (table: Table) => {
        table.server.scribble(FACE, table.server.readText(table.documentPath(3)));
        table.server.removeTree(table.paths.folder);
      },
    ],
  ] as const)('%s: %s, and nothing is touched', async (_what, state, happen) => {
    const clinic = new Clinic();
    clinic.table.grow(3);
    happen(clinic.table);
    const before = clinic.table.server.paths('/');
    expect(await clinic.finding('licence')).toMatchObject({ state, severity: 'unfit' });
    expect(clinic.table.server.paths('/')).toEqual(before);
  });

  test.each([
    ['a successor', { licenceId: 'acme-1' }, '2027-01-01T00:00:00Z'],
    ['one that supersedes it', { licenceId: 'full', supersedes: ['acme-1'] }, '2027-01-01T00:00:00Z'],
    ['another licence', { licenceId: 'other' }, null],
  ])('a signed licence over licence.json, %s', async (_, changes, putOverIssuedAt) => {
    const clinic = new Clinic();
    const { table } = clinic;
    table.grow(2);
    const entitlement = signedBy(acme, { issuedAt: '2027-01-01T00:00:00Z', ...changes });
    const dropped = { ...bareLicence(), lineage: 'issued', entitlement };
    table.server.scribble(FACE, formatLicence(dropped, 'pretty'));
    const found = { severity: 'warning', face: 'foreign', putOverIssuedAt };
    expect(await clinic.finding('licence')).toMatchObject(found);
  });

  test('a licence.json that was not refreshed is a warning after 10 s; one with a second name at once', async () => {
    const clinic = new Clinic();
    const { table } = clinic;
    table.grow(2);
    expect(await clinic.finding('licence')).toMatchObject({
      severity: 'ok',
      isFaceLate: false,
      faceBehind: 2,
    });
    await table.timeline.advance(10_001);
    expect(await clinic.finding('licence')).toMatchObject({ severity: 'warning', isFaceLate: true });
    table.server.hardLink('/share/backup.json', FACE);
    expect(await clinic.finding('licence')).toMatchObject({ severity: 'warning', face: 'linked' });
  });

  test.each([
    ['garbage', 'garbage'],
    ['too large', 'x'.repeat(2 ** 24 + 1)],
  ])('a licence file that is %s, before any table', async (_, text) => {
    const clinic = new Clinic();
    clinic.table.server.scribble(FACE, text);
    expect(await clinic.finding('licence')).toMatchObject({ state: 'damaged', severity: 'unfit' });
  });
});

describe('whatever happens', () => {
  test('a share that fails at any step is told, and the directory is removed', async () => {
    for (let step = 1, failed = true; failed; step++) {
      const clinic = new Clinic();
      clinic.latencyMs = 0;
      const before = clinic.table.server.paths('/');
      let share = { failed: false };
      clinic.wrap = (files) => {
        const failing = failingAt(step, files, { kind: 'loseReply', error: 'unsaid' });
        share = failing;
        return failing.files;
      };
      const report = await clinic.examine().catch((fault: unknown) => fault);
      if (report instanceof Error) expect(report, `step ${step}`).toBeInstanceOf(ShareError); // before any report
      const left = clinic.table.server.paths('/').filter((path) => !before.includes(path));
      const told =
        report instanceof Error ? [] : (report as Report).findings.map(({ check }) => check as string);
      if (!told.includes('cleanUp')) expect(left, `step ${step}`).toEqual([]);
      failed = share.failed;
    }
  });

  test('a share that falls silent ends it within twenty seconds, with how far it got', async () => {
    const clinic = new Clinic();
    clinic.table.grow(1);
    let n = 0;
    clinic.wrap = (files) => ({
      ...files,
      rename: (from, to) => (++n === 5 ? new Promise(() => undefined) : files.rename(from, to)),
    });
    const report = await clinic.examine();
    expect(report.unreachable).toMatchObject({ during: 'directoryRename' });
    expect(report.findings.map(({ check }) => check)).toContain('readBack');
    expect(report.findings.at(-1)?.check).toBe('cleanUp');
    expect(clinic.clock.elapsedMs()).toBeLessThan(21_000);
  });

  test('given up by whoever asked: the directory is removed', async () => {
    const clinic = new Clinic();
    const before = clinic.table.server.paths('/');
    const stop = new AbortController();
    const onCheck = (check: string) => {
      if (check === 'freshness') stop.abort();
    };
    await expect(clinic.examine(FACE, { signal: stop.signal, onCheck })).rejects.toBeInstanceOf(
      SeatfileFault,
    );
    expect(clinic.table.server.paths('/')).toEqual(before);
  });

  test('the directory of one that was killed is cleared away when its process is dead, or after a day', async () => {
    for (const [ageMs, isDead, cleared] of [
      [0, true, 1],
      [0, false, 0],
      [86_500_000, false, 1],
    ] as const) {
      const clinic = new Clinic();
      clinic.table.server.makeDirectory(LEFT);
      clinic.table.server.writeNew(`${LEFT}/written`, 'x', 0o644);
      await clinic.table.timeline.advance(ageMs);
      clinic.deps = { isDead: ({ pid }) => isDead && pid === 77 };
      expect(await clinic.finding('leftOvers')).toMatchObject({ severity: 'note', cleared });
      expect(clinic.table.server.isThere(LEFT)).toBe(cleared === 0);
    }
  });

  test('no such directory: missing, with the question whether the share is connected; nothing is made', async () => {
    const clinic = new Clinic();
    await expect(clinic.examine('/gone/licence.json')).rejects.toMatchObject({
      code: 'LICENCE_MISSING',
      message: expect.stringMatching(/expected a directory, found none/),
    });
  });
});
