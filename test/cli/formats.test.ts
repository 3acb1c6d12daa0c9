import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LicenceStatus, SeatStatus } from '../../src/api.js';
import { coloursFor } from '../../src/cli/colour.js';
import { csvCell, csvOf } from '../../src/cli/status-csv.js';
import { hostWordOf, lmstatOf, wordOf } from '../../src/cli/status-lmstat.js';
import { prometheusOf } from '../../src/cli/status-prometheus.js';
import { rulesInForce } from '../../src/cli/status-table.js';
import { timesFor } from '../../src/cli/times.js';

/** `status --format`: what other programs read. */

const seat = (facts: Partial<SeatStatus>): SeatStatus => ({
  ...{
    seat: 'be8fe085f1285fe4',
    module: 'CAD',
    user: 'ada',
    host: 'pc-1',
    pid: 4711,
    application: 'Acme CAD',
  },
  ...{ note: null, level: 'heartbeat', unconfirmed: false, state: 'alive', isDead: false, freesAt: null },
  ...{ sinceAt: '2026-11-21T09:05:12.000Z', lastBeatSecondsAgo: 4, untilAt: null },
  ...facts,
});

const view = (seats: readonly SeatStatus[], more: Partial<LicenceStatus> = {}): LicenceStatus => ({
  ...{ schemaVersion: 1, file: '//fileserver/acme/licence.json', revision: 7 },
  ...{ shareTime: '2026-11-21T09:30:00.000Z', shareTimeFrom: 'server', restored: null, movedTo: null },
  licence: {
    ...{ id: 'acme', customer: 'Acme', key: null, signature: 'none', level: 'heartbeat' },
    ...{ checkIntervalSeconds: 300, notBefore: null, expiresAt: '2027-01-01T00:00:00.000Z', endsSoon: false },
  },
  ...{ refusedFile: null, renewal: null, excess: [], waiting: [], reservations: [], bans: [], kept: null },
  modules: [
    { module: 'CAD', maxUsers: 10, overdraft: 1, reserved: 0, inUse: seats.length, free: 1, waiting: 0 },
  ],
  ...{ faceShows: null, displayCopy: 'ours', elsewhere: null, putOver: null, shareRoundTripMs: 12 },
  seats,
  ...more,
});

/** Names as a hostile user would choose them. */
const names = [
  'ada',
  'ada lovelace',
  'ACME\\ada',
  'Zoë',
  '山田',
  '',
  '"; rm -rf /',
  '(v1) (x/1 2), start',
  'a\nb',
  '\u202eevil',
  '\ud800',
  '=cmd|x',
  '..',
  'pc_1.',
  ' ',
];
const anyName = fc.oneof(fc.constantFrom(...names), fc.string({ unit: 'binary', maxLength: 20 }));

const rule = (...parts: readonly string[]): RegExp => new RegExp(parts.join(''));

describe('lmstat', () => {
  /** The rules of programs that read lmstat, as they are written there. */
  const PARSERS: Readonly<Record<string, { readonly user: RegExp; readonly feature: RegExp }>> = {
    // github.com/mjtrangoni/flexlm_exporter, collector/regexp.go; [:print:] of Go is that of ASCII
    flexlm_exporter: {
      user: rule(
        String.raw`^\s+(?<user>[\w\x20-\x7e]+) [\w\-.]+ [\x20-\x7e]+ (?<ver>\(v[\w.]+\)) \([\w\-.]+\/\d+ \d+\), start `,
        String.raw`(?<since>\w+ \d+\/\d+ \d+:\d+)(,\s(?<licenses>\d+)\s\w+|)(\s+\(linger:\s\d+\s\/\s\d+\))?`,
        String.raw`(,\s+PID:\s+\d+\s?)?$`,
      ),
      feature: rule(
        String.raw`^Users of (?<name>.*):\s+\(Total of (?<issued>\d+) \w+ issued;\s+`,
        String.raw`Total of (?<used>\d+) \w+ in use\)$`,
      ),
    },
    // github.com/omnivector-solutions/license-manager, lm-agent/lm_agent/parsing/flexlm.py (DATA_LINE, USAGE_LINE_1)
    lm_agent: {
      user: rule(
        String.raw`^\s+(?<user>\S+) (?<user_host>[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*) (?<tty>\S+) `,
        String.raw`\((?<version>[^() ]+)\) \((?<license_host>[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*)\/(?<license_port>\d+) `,
        String.raw`(?<license_pid>\d+)\), start (?<weekday>\S+) (?<date>\d+\/\d+) (?<time>\d+:\d+), `,
        String.raw`(?<tokens>\d+) licenses$`,
      ),
      feature: rule(
        String.raw`^Users of (?<feature>[A-Za-z0-9\-_:]+): {2}\(Total of (?<total>\d+) licenses issued; {2}`,
        String.raw`Total of (?<used>\d+) licenses in use\)$`,
      ),
    },
  };
  const OF_SERVER = {
    // flexlm_exporter, as above
    server: /^(?<fqdn>[\w.-]+): license server (?<status>\w+)(?<master>\s\(MASTER\))? (?<version>v[\d.]+)$/,
    vendor: /^\s+(?<vendor>\w+): (?<status>UP|DOWN) (?<version>v[\d.]+)$/,
    servers: /^License server status: (?<servers>[\w,.@-]+)/,
  };

  test.each(Object.entries(PARSERS))('%s reads it', (_, { user, feature }) => {
    const lines = lmstatOf(view([seat({}), seat({ seat: 'other', user: 'bob' })]), '0.1.0', true).split('\n');
    expect(lines.filter((line) => feature.test(line))).toHaveLength(1);
    const users = lines.flatMap((line) => user.exec(line)?.groups?.['user'] ?? []);
    expect(users).toEqual(['ada', 'bob']);
  });

  test('the server and its daemon are up', () => {
    const lines = lmstatOf(view([]), '0.1.0-rc.1', true).split('\n');
    for (const rule of Object.values(OF_SERVER))
      expect(lines.filter((line) => rule.test(line))).toHaveLength(1);
    expect(lines).toContain('fileserver: license server UP v0.1.0');
  });

  test('whatever names are like, each is one word, and each seat is one line that every reader understands', () => {
    fc.assert(
      fc.property(anyName, anyName, (user, host) => {
        expect(wordOf(user || 'x')).toMatch(/^[!-~]+$/);
        expect(hostWordOf(host)).toMatch(/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/);
        const lines = lmstatOf(view([seat({ user: user || 'x', host })]), '0.1.0', true).split('\n');
        for (const rules of Object.values(PARSERS))
          expect(lines.filter((line) => rules.user.test(line))).toHaveLength(1);
      }),
    );
  });

  test('one user that has two windows is one licence in use, and a user in the queue is queued', () => {
    const waiting = [
      {
        ...{ place: 1, module: 'CAD', user: 'cyd', host: 'pc-9', isReserved: false },
        sinceAt: '2026-11-21T09:05:12.000Z',
      },
    ];
    const text = lmstatOf(view([seat({}), seat({ pid: 4712 })], { waiting }), '0.1.0', true);
    expect(text.match(/, start Sat 11\/21 9:05, 1 licenses$/gm)).toHaveLength(1);
    // flexlm_exporter, the rule for queued users
    const queued = rule(
      String.raw`^\s+(?<user>[\w\x20-\x7e]+) [\w\-.]+ [\x20-\x7e]+ [0-9.]+ (?<ver>\(v[\w.]+\)) `,
      String.raw`\([\w\-.]+\/\d+ \d+\)\s+queued for (?<licenses>\d+) license[s]?$`,
    );
    expect(text.split('\n').filter((line) => queued.test(line))).toHaveLength(1);
  });
});

test('lmstat lists what counts: a seat that is removed gently, and not one that was removed', () => {
  const state = 'leaving';
  const seats = [seat({ state }), seat({ state, seat: 'other', user: 'bob', pid: null, sinceAt: null })];
  const text = lmstatOf(view(seats), '0.1.0', true);
  expect(text.match(/^ {4}\S+ .*, start .*$/gm)).toEqual([expect.stringMatching(/^ {4}ada pc-1 /)]);
});

describe('CSV', () => {
  const RECORD = /^(?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*\r\n$/;

  test('a header, and a line for each seat', () => {
    expect(csvOf(view([seat({ note: 'desk 4, "left"' })]))).toBe(
      'module,user,host,state,sinceAt,lastBeatSecondsAgo,freesAt,untilAt,seat,pid,application,note\r\n' +
        '"CAD","ada","pc-1","alive","2026-11-21T09:05:12.000Z",4,,,"be8fe085f1285fe4",4711,"Acme CAD",' +
        '"desk 4, ""left"""\r\n',
    );
  });

  test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '\uFF1D1'])(
    'a spreadsheet runs no formula that stands for a name: %j',
    (name) => {
      const cell = csvCell(name).replace(/^"|"$/g, '');
      expect(cell).toMatch(/^'/);
    },
  );

  test.each(['a;=b', 'a; =b', 'a;"=b', 'a;;+1', ';-1', 'a;\uFF1D1', '=1;=2'])(
    'nor does one that ends cells at semicolons: %j',
    (user) => {
      const line = csvOf(view([seat({ user })])).split('\r\n')[1] ?? '';
      for (const cell of line.split(';')) expect(cell).not.toMatch(/^[\s"]*[=+\-@\uFF1D]/);
      expect(line).toMatch(/[;"]'/);
    },
  );

  test('whatever names are like, a seat is one line of twelve cells', () => {
    fc.assert(
      fc.property(anyName, anyName, (user, note) => {
        const lines = csvOf(view([seat({ user, note })])).split(/(?<=\r\n)/);
        expect(lines).toHaveLength(2);
        expect(lines[1]).toMatch(RECORD);
        expect(lines[1]?.replace(/"(?:[^"]|"")*"/g, '').split(',')).toHaveLength(12);
        expect(csvCell(user)).not.toMatch(/(?:^|;)[\s"]*[=+\-@]/);
      }),
    );
  });
});

describe('Prometheus', () => {
  const LABEL = '[a-z_]+="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
  const LINE = new RegExp(
    `^(?:# (?:HELP|TYPE) seatfile_[a-z_]+ .+|seatfile_[a-z_]+\\{${LABEL}(?:,${LABEL})*\\} -?\\d+(?:\\.\\d+)?)$`,
  );
  const linesOf = (text: string) => text.split('\n').slice(0, -1);

  test('each line is of its grammar, each metric is told once, and says what it is', () => {
    const lines = linesOf(prometheusOf(view([seat({})]), new Map([['CAD', 3]])));
    for (const line of lines) expect(line).toMatch(LINE);
    const types = lines.filter((line) => line.startsWith('# TYPE ')).map((line) => line.split(' ')[2]);
    expect(new Set(types).size).toBe(types.length);
    expect(lines).toEqual(
      expect.arrayContaining([
        'seatfile_seats_in_use{licence="acme",module="CAD"} 1',
        'seatfile_seats_max{licence="acme",module="CAD"} 11',
        'seatfile_users_waiting{licence="acme",module="CAD"} 0',
        'seatfile_refusals_last_day{licence="acme",module="CAD"} 3',
        'seatfile_holders{licence="acme",module="CAD",state="alive"} 1',
        'seatfile_licence_expires_timestamp_seconds{licence="acme"} 1798761600',
        'seatfile_share_round_trip_seconds{licence="acme"} 0.012',
      ]),
    );
  });

  test('what is not known is not told', () => {
    const { licence } = view([]);
    const none = view([], { licence: { ...licence, expiresAt: null }, shareRoundTripMs: null });
    expect(prometheusOf(none, null)).not.toMatch(/expires|round_trip|refusals/);
  });

  test('whatever names are like, a label ends where it should', () => {
    fc.assert(
      fc.property(anyName, (customer) => {
        const { licence } = view([]);
        const named = view([], { licence: { ...licence, customer } });
        for (const line of linesOf(prometheusOf(named, null))) expect(line).toMatch(LINE);
      }),
    );
  });
});

test('status shows people the first fifty bans and reservations, and how many there are besides', () => {
  const bans = Array.from({ length: 60 }, (_, n) => ({
    ...{ user: `user${n}`, untilAt: null, by: null, words: null, sinceAt: null },
  }));
  const reservations = Array.from({ length: 51 }, (_, n) => ({ module: 'CAD', user: `user${n}` }));
  const showing = {
    ...{ times: timesFor({ utc: true }, '2026-11-21T09:30:00.000Z'), width: null, isTerminal: false },
    colours: coloursFor({ screen: () => null, environment: {} }),
  };
  const lines = rulesInForce(view([], { bans, reservations }), showing).split('\n');
  expect(lines.slice(49, 52)).toEqual([
    'Reserved: a seat of CAD for user49.',
    'Reserved: ... and 1 more: status --json has all.',
    'Banned: user0, until lifted.',
  ]);
  expect(lines.slice(-2)).toEqual(['Banned: ... and 10 more: status --json has all.', '']);
  expect(rulesInForce(view([], { bans: bans.slice(10) }), showing)).not.toContain('more');
});
