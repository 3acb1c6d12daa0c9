import { EPOCH_MS, type Timeline } from '../../src/testing/timeline.js';
import type { Operation } from '../helpers/port.js';
import { FOLDER, type Host, type ShareModel } from '../helpers/world.js';
import { SimClient } from '../share/simulated/client.js';
import { local, nfs, type Semantics, smb, windows } from '../share/simulated/semantics.js';
import { SimServer, type Way } from '../share/simulated/server.js';
import { Chance } from './chance.js';
import type { Office } from './office.js';
import type { Plan } from './plan.js';
import { shortPath } from './trace.js';

const kinds: Readonly<Record<Plan['semantics'], Semantics>> = {
  ...{ local, nfs, smb, windows },
  freshNfs: { ...nfs, listing: { chance: 0, forMs: 0 } },
  freshSmb: { ...smb, listing: { chance: 0, forMs: 0 } },
  // Within what the safety argument allows (A4), and beyond what was measured: changes of one's own refresh little.
  worstNfs: { ...nfs, listing: { chance: 0.8, forMs: 60_000 }, ownChangeHeals: 0.3, listingHeals: 0.5 },
};
const NUMBER = new RegExp(`^${FOLDER}/(\\d{12})$`);
const SEGMENT = new RegExp(`^${FOLDER}/journal/(\\d{12})-(\\d{12})(/events\\.ndjson)?$`);
/** A client that lost a reply asks again within this. Milliseconds. */
export const RETRANSMIT_MS = 60_000;
/** How long a request may be under way when the network is at its worst. Milliseconds. */
const LATE_MS = 180_000;

/** The share of an office: the server, each computer's view of it, and what the truth hears of it. */
export class SimShare implements ShareModel {
  readonly server: SimServer;
  private readonly semantics: Semantics;
  private readonly office: Office;
  private readonly plan: Plan;
  private readonly clients = new Map<string, SimClient>();

  constructor(plan: Plan, office: Office, timeline: Timeline) {
    this.plan = plan;
    this.office = office;
    this.semantics = kinds[plan.semantics];
    this.server = new SimServer(timeline, { semantics: this.semantics });
    this.server.onDone = (operation, args, host, outcome, way) =>
      this.note(operation, args, host, outcome, way);
  }

  clientFor = (host: string): SimClient => {
    const client = new SimClient({
      server: this.server,
      semantics: this.semantics,
      random: new Chance(`client ${this.plan.seed} ${host}`),
      name: host,
      wallMs: () => this.office.hostNamed(host)?.time.wallMs() ?? EPOCH_MS,
      state: { shortWriteRate: 0.5, tornWriteRate: 0.5, lateMs: LATE_MS, retransmitMs: RETRANSMIT_MS },
    });
    this.clients.set(host, client);
    return client;
  };

  restart(downMs: number): void {
    this.server.restart(downMs);
  }

  /** From now on so many of a computer's requests and replies are lost, late, or come twice. */
  setLossy(host: Host, rate: number): void {
    const state = this.clients.get(host.name)?.state;
    if (!state) return;
    state.replyLossRate = rate;
    state.requestLossRate = rate / 2;
    state.duplicateRate = this.semantics.retransmits ? rate : 0; // a session carries out no request twice
    state.lateRate = rate;
  }

  /** A folder that is put back whole comes with its revision in it. */
  private firstIn(path: string): string {
    const name = path === FOLDER ? this.server.list(FOLDER).find((one) => /^\d{12}$/.test(one)) : undefined;
    return name === undefined || Number(name) === 0 ? path : `${FOLDER}/${name}`;
  }

  private note(
    operation: Operation,
    args: readonly unknown[],
    host: string,
    outcome: string,
    way: Way,
  ): void {
    const path = String(args[0]);
    if (way !== 'asked' && this.office.trace.isKept)
      this.office.trace.note(host, `${operation} ${shortPath(path)}, ${way}: ${outcome}`);
    if (operation === 'removeFile' && outcome === 'done')
      this.office.truth.fileRemoved((document) => this.server.isThere(document));
    if (outcome === 'done' && operation === 'replace') this.noteSegment(path);
    if (operation !== 'rename' || outcome !== 'done') return;
    this.noteSegment(String(args[1]));
    this.noteSegment(path);
    const away = NUMBER.exec(path);
    const number = NUMBER.exec(this.firstIn(String(args[1])));
    if (away) this.office.truth.cleared(Number(away[1]));
    if (!number) return;
    const document = `${number[0]}/licence.json`;
    if (!this.server.isThere(document)) return; // an empty directory, by a handle that has moved: not a revision
    const text = this.server.readText(document);
    this.office.truth.published(
      Number(number[1]),
      text,
      this.office.renamers.get(path) ?? { who: host, key: host, commit: 0 },
    );
  }

  private noteSegment(path: string): void {
    const [, first, last, file = '/events.ndjson'] = SEGMENT.exec(path) ?? [];
    if (first === undefined || last === undefined) return;
    const { ledger, revision } = this.office.truth;
    const events = `${FOLDER}/journal/${first}-${last}${file}`;
    const text = this.server.isThere(events) ? this.server.readText(events) : null;
    // An empty directory, by a handle that has moved, is no file of the journal.
    if (text !== null || ledger.segments.has(`${first}-${last}`))
      ledger.segment(`${first}-${last}`, text, revision);
  }
}

/** How old what a client of this kind believes of the share may be. Milliseconds. */
export function cachesMsOf(plan: Plan): number {
  const { attributes, listing, missing, handles } = kinds[plan.semantics];
  return Math.max(
    ...[attributes, listing, missing, handles].map(({ chance, forMs }) => (chance > 0 ? forMs : 0)),
  );
}
