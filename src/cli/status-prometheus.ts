import type { LicenceStatus } from '../api.js';
import { fromIso } from '../licence/time.js';
import { printable } from './words.js';

/** The status in the text format of Prometheus, for the textfile collector of its node exporter. */

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly { readonly labels: Labels; readonly value: number }[];
}

/** Refusals of the last 24 h, by module; null where the journal could not be read. */
export type Refusals = ReadonlyMap<string, number> | null;

const STATES = ['alive', 'silent', 'gone', 'unknown', 'unmonitored', 'borrowed', 'leaving'] as const;

export function prometheusOf(view: LicenceStatus, refusals: Refusals): string {
  return metricsOf(view, refusals)
    .filter(({ samples }) => samples.length > 0)
    .map(textOf)
    .join('');
}

function metricsOf(view: LicenceStatus, refusals: Refusals): Metric[] {
  const { id, customer, expiresAt } = view.licence;
  const licence = { licence: id };
  const byModule = (of: (one: LicenceStatus['modules'][number]) => number | undefined) =>
    view.modules.flatMap((one) => {
      const value = of(one);
      return value === undefined ? [] : [{ labels: { ...licence, module: one.module }, value }];
    });
  const gauge = (name: string, help: string, samples: Metric['samples']): Metric => ({
    name: `seatfile_${name}`,
    help,
    samples,
  });
  const one = (value: number | null) => (value === null ? [] : [{ labels: licence, value }]);
  return [
    gauge('licence_info', 'The licence, always 1.', [
      { labels: { ...licence, customer: customer ?? '', level: view.licence.level }, value: 1 },
    ]),
    gauge(
      'seats_in_use',
      'Seats in use.',
      byModule(({ inUse }) => inUse),
    ),
    gauge(
      'seats_max',
      'Max users, with the overdraft.',
      byModule((m) => m.maxUsers + m.overdraft),
    ),
    gauge(
      'seats_free',
      'Seats that are free.',
      byModule(({ free }) => free),
    ),
    gauge(
      'seats_reserved',
      'Seats that are reserved.',
      byModule(({ reserved }) => reserved),
    ),
    gauge(
      'users_waiting',
      'Users in the queue.',
      byModule(({ waiting }) => waiting),
    ),
    gauge('refusals_last_day', 'Requests that were refused in the last 24 hours.', [
      ...(refusals === null ? [] : byModule(({ module }) => refusals.get(module) ?? 0)),
    ]),
    gauge('holders', 'Instances that hold a seat, by their state.', holdersOf(view, licence)),
    gauge(
      'licence_expires_timestamp_seconds',
      'When the licence ends.',
      one(expiresAt === null ? null : fromIso(expiresAt) / 1000),
    ),
    gauge(
      'share_round_trip_seconds',
      'How long the share took to make and remove a directory.',
      one(view.shareRoundTripMs === null ? null : view.shareRoundTripMs / 1000),
    ),
    gauge('share_clock', 'Whether the clock of the file server could be read.', [
      { labels: licence, value: view.shareTimeFrom === 'server' ? 1 : 0 },
    ]),
  ];
}

function holdersOf({ modules, seats }: LicenceStatus, licence: Labels): Metric['samples'] {
  const counts = new Map<string, number>();
  for (const { module, state } of seats) {
    const key = `${module} ${state}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return modules.flatMap(({ module }) =>
    STATES.map((state) => ({
      labels: { ...licence, module, state },
      value: counts.get(`${module} ${state}`) ?? 0,
    })),
  );
}

function textOf({ name, help, samples }: Metric): string {
  const lines = samples.map(({ labels, value }) => `${name}{${labelsOf(labels)}} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

const labelsOf = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');

/** Line breaks are escaped as control characters are. */
const escaped = (value: string): string => printable(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
