/**
 * What the controller on the host and the agent in each guest say to each other: one JSON document per line, over TCP.
 */
export const CONTROL = { address: '10.98.0.1', port: 7411 };

/** Where everything of a run lies, on the host (in its own mount namespace) and, read-only, in the guests. */
export const PLACES = {
  app: '/mnt/app',
  node: '/mnt/node',
  /** The exported directory, as the server sees it; of a size of its own. */
  exported: '/mnt/exported',
  /** Where the guests mount it: as root, and as ana or ben of one group. */
  share: '/mnt/share',
  team: '/mnt/team',
} as const;

export const USERS = { group: 4200, ana: 4201, ben: 4202 } as const;
export type TeamUser = 'ana' | 'ben';

export interface StartOrder {
  readonly do: 'start';
  readonly run: number;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly gid: number;
  readonly cwd: string;
}

export type Order =
  | StartOrder
  | { readonly do: 'signal'; readonly run: number; readonly signal: NodeJS.Signals }
  | { readonly do: 'say'; readonly run: number; readonly text: string }
  | { readonly do: 'close'; readonly run: number }
  /** Whether the agent still obeys. */
  | { readonly do: 'answer'; readonly run: number };

export interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type Report =
  | { readonly tell: 'hello'; readonly number: number; readonly kernel: string; readonly wallMs: number }
  | { readonly tell: 'line'; readonly run: number; readonly line: string }
  | { readonly tell: 'complaint'; readonly run: number; readonly line: string }
  | { readonly tell: 'ended'; readonly run: number; readonly ending: Ending }
  | { readonly tell: 'answer'; readonly run: number };
