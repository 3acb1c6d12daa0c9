import type { Chart, Series } from './chart.js';

/** The longest time until a dead user's seat is free again. Seconds, by the number of users. */
interface Rule {
  readonly name: string;
  readonly seconds: (users: number) => number;
  readonly isOurs: boolean;
}

const MINUTE_S = 60;
const USERS = [10, 100, 1000, 10_000];

/** Ours: rules 1, 4 and 7 of src/rules/README.md. Where the holder was on the same computer it is seconds at most. */
const OURS: readonly Rule[] = [
  {
    name: 'seatfile, standard interval: 2 T, T = 30 s a user',
    seconds: (users) => 2 * 30 * users,
    isOurs: true,
  },
  { name: 'seatfile, an interval of 60 s: 2 T', seconds: () => 2 * 60, isOurs: true },
  { name: 'seatfile, on demand in 10 s: A + 2 s', seconds: () => 12, isOurs: true },
];

const flat = (name: string, seconds: number): Rule => ({ name, seconds: () => seconds, isOurs: false });

/**
 * What others publish of their defaults: the worst case of a client that died with its computer. Licence Protector: up
 * to 5, 10, 30, 100 and 1,000 minutes with 5, 10, 30, 100 and 1,000 users.
 */
const PUBLISHED: readonly Rule[] = [
  { name: 'Licence Protector: 1 min a user', seconds: (users) => MINUTE_S * users, isOurs: false },
  flat('keygate: 30 min', 30 * MINUTE_S),
  flat('Keygen: 12 min', 12 * MINUTE_S),
  flat('Palisade 6: 10 min', 10 * MINUTE_S),
  flat('LM-X, Sentinel RMS, NI: 5 min', 5 * MINUTE_S),
  flat('Raynet: 90 s', 90),
  flat('Keygen Relay: 75 s', 75),
];

const seriesOf = ({ name, seconds, isOurs }: Rule): Series => ({
  name,
  isOurs,
  points: USERS.map((users) => [users, seconds(users)]),
});

export const deadSeatChart = (): Chart => ({
  title: 'A computer dies: time until its seat is free again, at most',
  x: { label: 'users', ticks: USERS.map((at) => ({ at, word: at.toLocaleString('en') })) },
  y: {
    label: 'time',
    ticks: [
      { at: 10, word: '10 s' },
      { at: 60, word: '1 min' },
      { at: 600, word: '10 min' },
      { at: 3600, word: '1 h' },
      { at: 36_000, word: '10 h' },
      { at: 604_800, word: '7 d' },
    ],
  },
  series: [...OURS, ...PUBLISHED].map(seriesOf),
});
