import type { World } from './world.js';

/** Colour, where it tells something: never alone, always beside a word. */

type Paint = (text: string) => string;

export type Colours = Readonly<Record<'red' | 'yellow' | 'dim' | 'bold', Paint>>;

const code =
  (on: number, off: number): Paint =>
  (text) =>
    text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`;

const COLOURS: Colours = { red: code(31, 39), yellow: code(33, 39), dim: code(2, 22), bold: code(1, 22) };

const same: Paint = (text) => text;

const NO_COLOURS: Colours = { red: same, yellow: same, dim: same, bold: same };

/** None where stdout is no terminal, or a dumb one, or the user wants none: https://no-color.org */
export const coloursFor = ({ screen, environment }: Pick<World, 'screen' | 'environment'>): Colours =>
  screen() === null || isUnwanted(environment) ? NO_COLOURS : COLOURS;

/** The same for stderr. */
export const noticeColoursFor = ({
  noticeColumns,
  environment,
}: Pick<World, 'noticeColumns' | 'environment'>): Colours =>
  noticeColumns() === null || isUnwanted(environment) ? NO_COLOURS : COLOURS;

const isUnwanted = (environment: World['environment']): boolean =>
  Boolean(environment['NO_COLOR']) || environment['TERM'] === 'dumb';
