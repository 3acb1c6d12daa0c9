import nodePath from 'node:path';
import { parseJson } from '../licence/json.js';
import { removeTree } from '../share/emptying.js';
import { nullIf, READ_AND_WRITE, ShareError, type ShareErrorKind, type ShareFiles } from '../share/files.js';
import { documentIn, MEETING, type StageOwner } from '../share/layout.js';
import type { Finding } from './findings.js';
import { type ExaminedSite, passOver } from './probes.js';
import { median } from './round-trips.js';

/**
 * How long it takes until another computer sees a change. Both sides ask, and both answer. Each side times its question
 * and the answer by its own monotonic clock; one way is half of that. No two clocks are compared.
 */
export interface PeerOptions {
  readonly owner: StageOwner;
  readonly isDead: (owner: StageOwner) => boolean;
  readonly host: string;
  /** Random, of this examination. */
  readonly id: string;
  /** How long to wait for the other to come, and then for each answer. Milliseconds. */
  readonly waitMs: number;
}

const ROUNDS = 5;
/** How often the directory is listed: often enough to measure, seldom enough for a server. Milliseconds. */
const POLL_MS = 50;
/** Caches that the design reckons with. Milliseconds. */
const CACHES_MS = 60_000;
/** What is older by the server's own stamps was left by an examination that was killed. Milliseconds. */
const ABANDONED_MS = 3_600_000;
const GONE: readonly ShareErrorKind[] = ['missing', 'stale'];
/** Gone, or put there by another user. */
const UNREAD: readonly ShareErrorKind[] = [...GONE, 'tooLarge', 'wrongKind'];

interface Peer extends StageOwner {
  readonly id: string;
  readonly host: string;
  readonly halvesMs: number[];
}

export async function measurePeer(site: ExaminedSite, options: PeerOptions): Promise<Finding> {
  const meeting = new Meeting(site, options);
  try {
    return await meeting.measure();
  } finally {
    await meeting.leave();
  }
}

class Meeting {
  private readonly site: ExaminedSite;
  private readonly options: PeerOptions;
  private readonly directory: string;
  private readonly peers = new Map<string, Peer>();
  private readonly answered = new Set<string>();
  private readonly startedMs: number;
  private asked = { round: 0, atMs: 0 };
  /** When something came that we waited for. */
  private progressMs: number;
  private pieces = 0;

  constructor(site: ExaminedSite, options: PeerOptions) {
    this.site = site;
    this.options = options;
    const base = nodePath.basename(site.directory).replace(/doctor-.*$/, MEETING);
    this.directory = nodePath.join(nodePath.dirname(site.directory), base);
    this.startedMs = site.clock.elapsedMs();
    this.progressMs = this.startedMs;
  }

  async measure(): Promise<Finding> {
    const { id, owner, host } = this.options;
    await this.publish(`hello-${id}`, JSON.stringify({ host, machine: owner.machine, pid: owner.pid }));
    for (;;) {
      const names = (await nullIf(this.site.files.list(this.directory), ...GONE)) ?? [];
      await this.meet(names);
      await this.answer(names);
      await this.ask(names);
      if (this.isOver(names)) return this.finding();
      await this.site.clock.sleep(POLL_MS);
    }
  }

  /** Removes what this examination made. The last one to leave removes the directory. */
  async leave(): Promise<void> {
    const { plainFiles } = this.site;
    const names = (await nullIf(plainFiles.list(this.directory), ...GONE).catch(() => null)) ?? [];
    const isAnyElse = names.some((one) => one.startsWith('hello-') && one !== `hello-${this.options.id}`);
    for (const name of names.filter((one) => this.isToGo(one, isAnyElse)))
      await removeTree(nodePath.join(this.directory, name), plainFiles).catch(() => undefined);
    await plainFiles.removeDirectory(this.directory).catch(() => undefined);
  }

  /**
   * Own files; unfinished files of a dead process; and, if no other examination is there, all that killed ones left.
   */
  private isToGo(name: string, isAnyElse: boolean): boolean {
    const { id, isDead } = this.options;
    const [kind = '', whose, , machine = '', pid] = name.split('-');
    if (name.endsWith(`-${id}`) || (kind !== 'pong' && whose === id)) return true;
    if (kind === 'new') return isDead({ machine, pid: Number(pid) });
    return !isAnyElse;
  }

  private async meet(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const id = /^hello-([0-9a-f]{32})$/.exec(name)?.[1];
      if (!id || id === this.options.id || this.peers.has(id)) continue;
      const peer = await this.read(id);
      if (peer === null || (await this.isGone(name, peer))) continue;
      this.peers.set(id, peer);
      this.progressMs = this.site.clock.elapsedMs();
    }
  }

  private async read(id: string): Promise<Peer | null> {
    const bytes = await nullIf(this.site.files.read(documentIn(this.at(`hello-${id}`))), ...UNREAD);
    if (bytes === null) return null;
    try {
      const said = parseJson(new TextDecoder().decode(bytes), '') as Record<string, unknown>;
      const { host, machine, pid } = said;
      if (typeof host !== 'string' || typeof machine !== 'string' || typeof pid !== 'number') return null;
      return { id, host: host.slice(0, 256), machine, pid, halvesMs: [] };
    } catch {
      return null;
    }
  }

  /** Left by one that was killed: cleared away, and not waited for. */
  private async isGone(name: string, peer: Peer): Promise<boolean> {
    const { files } = this.site;
    const [theirs, ours] = [
      await nullIf(files.stat(this.at(name)), ...GONE),
      await nullIf(files.stat(this.at(`hello-${this.options.id}`)), ...GONE),
    ];
    if (theirs === null || ours === null) return theirs === null;
    if (!this.options.isDead(peer) && ours.modifiedMs - theirs.modifiedMs < ABANDONED_MS) return false;
    await removeTree(this.at(name), files);
    return true;
  }

  /** What the others ask is read, as a revision would be, and answered once. */
  private async answer(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const [kind, id = '', round] = name.split('-');
      if (kind !== 'ping' || !this.peers.has(id) || this.answered.has(name)) continue;
      if ((await nullIf(this.site.files.read(documentIn(this.at(name))), ...UNREAD)) === null) continue;
      this.answered.add(name);
      await this.publish(`pong-${id}-${round}-${this.options.id}`, 'pong');
    }
  }

  private async ask(names: readonly string[]): Promise<void> {
    if (this.peers.size === 0) return;
    const { id } = this.options;
    const { round, atMs } = this.asked;
    const nowMs = this.site.clock.elapsedMs();
    const answers = names.filter((name) => name.startsWith(`pong-${id}-${round}-`));
    if (round > 0 && answers.length === 0) return;
    for (const name of answers) this.peers.get(name.split('-')[3] ?? '')?.halvesMs.push((nowMs - atMs) / 2);
    if (round > ROUNDS) return;
    this.progressMs = nowMs;
    const next = round + 1;
    this.asked = { round: next, atMs: this.site.clock.elapsedMs() };
    await this.publish(next > ROUNDS ? `done-${id}` : `ping-${id}-${next}`, 'ping');
  }

  /** When all that came have what they wanted, or went; or when nothing moves any more. */
  private isOver(names: readonly string[]): boolean {
    const waitedMs = this.site.clock.elapsedMs() - this.progressMs;
    if (waitedMs >= this.options.waitMs) return true;
    if (this.peers.size === 0) return false;
    const there = new Set(names);
    const isLeft = (id: string) => !there.has(`hello-${id}`);
    const ids = [...this.peers.keys()];
    if (ids.every(isLeft)) return true;
    return this.asked.round > ROUNDS && ids.every((id) => isLeft(id) || there.has(`done-${id}`));
  }

  private finding(): Finding {
    const waitedMs = Math.round(this.site.clock.elapsedMs() - this.startedMs);
    const [best] = [...this.peers.values()].sort((a, b) => b.halvesMs.length - a.halvesMs.length);
    const none = { check: 'peer', severity: 'warning', waitedMs, rounds: 0, medianMs: 0, maxMs: 0 } as const;
    if (best === undefined) return { ...none, host: null, isSameComputer: false };
    const isSameComputer = best.machine === this.options.owner.machine && best.host === this.options.host;
    if (best.halvesMs.length === 0) return { ...none, host: best.host, isSameComputer };
    const maxMs = Math.round(Math.max(...best.halvesMs));
    return {
      ...{ check: 'peer', severity: isSameComputer ? 'note' : maxMs > CACHES_MS ? 'warning' : 'ok' },
      ...{ host: best.host, isSameComputer, waitedMs, rounds: best.halvesMs.length },
      ...{ medianMs: Math.round(median(best.halvesMs)), maxMs },
    };
  }

  private at(name: string): string {
    return nodePath.join(this.directory, name);
  }

  /** As a revision is: whole in a directory of its own, then renamed to its name. */
  private async publish(name: string, text: string): Promise<void> {
    const { files, modes } = this.site;
    await this.makeMeetingPlace(files);
    const { id, owner } = this.options;
    const stage = this.at(`new-${id}-${++this.pieces}-${owner.machine}-${owner.pid}`);
    await files.makeDirectory(stage);
    await files.setMode(stage, modes.directory).catch(passOver);
    await files.writeNew(documentIn(stage), text, modes.file || READ_AND_WRITE);
    await files.rename(stage, this.at(name));
  }

  private async makeMeetingPlace(files: ShareFiles): Promise<void> {
    try {
      await files.makeDirectory(this.directory);
      await files.setMode(this.directory, this.site.modes.directory).catch(passOver);
    } catch (error) {
      if (!(error instanceof ShareError && error.kind === 'exists')) throw error;
    }
  }
}
