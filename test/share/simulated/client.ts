import {
  type FileStat,
  type ReplaceTerms,
  ShareError,
  type ShareErrorKind,
  type ShareFiles,
} from '../../../src/share/files.js';
import type { Random } from '../../../src/share/random.js';
import type { Operation } from '../../helpers/port.js';
import type { Asker, OpenFile } from './asked-tree.js';
import { Remembered } from './remembered.js';
import type { ClientSemantics } from './semantics.js';
import type { SimServer, Way } from './server.js';
import type { DirectoryNode } from './tree.js';

/** How one host sees the server, and what befalls its requests; a simulator may change every field at any time. */
export interface SimClientState {
  /** No operation reaches the server: it hangs until mended, or fails so. @default null */
  cut: 'hangs' | ShareErrorKind | null;
  /** Nothing can be written: `full`, `readOnly`, `refused`. @default null */
  unwritable: ShareErrorKind | null;
  /** How long one operation takes, half of it before it is carried out. Milliseconds of true time. @default 0 */
  latencyMs: (operation: Operation) => number;
  /** How often a request is carried out and its reply lost. Of each request, from 0 to 1, as all rates. @default 0 */
  replyLossRate: number;
  /** How often a request is lost before it is carried out. @default 0 */
  requestLossRate: number;
  /** How often a change is carried out once more, up to `lateMs` later. @default 0 */
  duplicateRate: number;
  /** How often the caller is told `unsaid`, and a change is carried out up to `lateMs` later. @default 0 */
  lateRate: number;
  /** How often what does not fit on a full share leaves a file with a part of it. @default 0 */
  shortWriteRate: number;
  /** How often a write of a process that was killed meanwhile leaves a file with a part of it. @default 0 */
  tornWriteRate: number;
  /** How late a request can be. Milliseconds. @default 180_000 */
  lateMs: number;
  /** How long a client waits at the most before it asks again, where it does. Milliseconds. @default 60_000 */
  retransmitMs: number;
}

/** Where an answer comes from, or why there is none. */
export type From =
  | 'server'
  | 'cache'
  | 'replyCache' // asked again, and the server remembered what it had said
  | 'cut' // the host is cut off
  | 'unwritable' // nothing can be written
  | 'lost' // the request, or its reply
  | 'late' // it is still to come
  | 'down'; // the server is

/** Called as a caller is answered, with the paths as the caller gave them. */
export type OnAnswer = (
  operation: Operation,
  args: readonly unknown[],
  answer: 'done' | ShareErrorKind,
  from: From,
) => void;

export interface SimClientOptions {
  readonly server: SimServer;
  readonly semantics: ClientSemantics;
  readonly random: Pick<Random, 'fraction'>;
  /** The host: which processes share this client's caches, and which open files are its own. */
  readonly name: string;
  /** The wall clock there, for what the client stamps. @default the server's */
  readonly wallMs?: () => number;
  readonly state?: Partial<SimClientState>;
}

/** What an answer from memory takes: no loop of such answers goes on for ever at one instant. Milliseconds. */
const MEMORY_MS = 0.02;
/** A client that asks again waits at least so long; and after a restart of the server at most so long. Milliseconds. */
const SHORTEST_RETRANSMIT_MS = 1000;
const AFTER_RESTART_MS = 5000;

/** What takes room on a full share, and what changes anything at all. */
const growing: ReadonlySet<Operation> = new Set(['writeNew', 'replace', 'makeDirectory']);
const changing: ReadonlySet<Operation> = new Set([
  ...growing,
  'setMode',
  'rename',
  'removeFile',
  'removeDirectory',
]);

/** One host's kernel, as far as the share goes: its caches, its connection, and what becomes of its requests. */
export class SimClient {
  readonly server: SimServer;
  readonly semantics: ClientSemantics;
  readonly random: Pick<Random, 'fraction'>;
  readonly name: string;
  readonly state: SimClientState;
  readonly files: ShareFiles;
  readonly remembered: Remembered;
  readonly wallMs: () => number;
  /** Called as a caller is answered. */
  onAnswer: OnAnswer | undefined;
  private hanging: Request[] = [];

  constructor(options: SimClientOptions) {
    const { server, semantics, random, name } = options;
    this.server = server;
    this.semantics = semantics;
    this.random = random;
    this.name = name;
    this.wallMs = options.wallMs ?? (() => server.nowMs);
    this.state = { ...calm, ...options.state };
    this.remembered = new Remembered(semantics, random, () => server.timeline.nowMs);
    this.files = this.filesUnless(() => false);
  }

  /** The same for one process: what it asked and was not carried out yet is dropped when that says so. */
  filesUnless = (isDropped: () => boolean): ShareFiles => {
    const ask = <T>(
      operation: Operation,
      path: string,
      second = '',
      mode = 0,
      terms = anyTerms,
    ): Promise<T> =>
      new Promise<T>((resolve, reject) => {
        const answer = { resolve: resolve as (value: unknown) => void, reject };
        new Request(this, { operation, path, second, mode, terms }, isDropped, answer).begin();
      });
    return {
      list: (directory) => ask('list', directory),
      removable: (directory) => ask('list', directory),
      read: (file) => ask('read', file),
      writeNew: (file, text, mode) => ask('writeNew', file, text, mode),
      replace: (file, text, mode, terms) => ask('replace', file, text, mode, terms),
      makeDirectory: (directory) => ask('makeDirectory', directory),
      setMode: (path, mode) => ask('setMode', path, '', mode),
      stat: (path) => ask('stat', path),
      rename: (from, to) => ask('rename', from, to),
      removeFile: (file) => ask('removeFile', file),
      removeDirectory: (directory) => ask('removeDirectory', directory),
      resolve: (path) => ask('resolve', path),
      volume: (path) => ask('volume', path),
    };
  };

  /** Ends a cut: what hung is carried out now, or not. */
  mend = (): void => {
    this.state.cut = null;
    const waiting = this.hanging;
    this.hanging = [];
    for (const request of waiting) request.goOn();
  };

  hang(request: Request): void {
    this.hanging.push(request);
  }

  falls(rate: number): boolean {
    return rate > 0 && this.random.fraction() < rate;
  }

  /** The directory this host means by a path: by the handle it has, or by looking from the one above. */
  directory(path: string, operation: string): DirectoryNode {
    if (path === '' || path === '/') return this.server.top;
    const key = this.server.fold(path);
    const known = this.remembered.handle(key);
    if (known && known.links > 0) return known;
    if (known) this.remembered.moved(key);
    if (known && this.falls(this.semantics.tellsStale)) throw new ShareError('stale', operation, path);
    const found = this.lookUp(path, operation);
    this.remembered.sawHandle(key, found);
    return found;
  }

  private lookUp(path: string, operation: string): DirectoryNode {
    const slash = path.lastIndexOf('/');
    const above = this.directory(path.slice(0, slash), operation);
    const node = this.server.child(above, path.slice(slash + 1));
    if (node === undefined) throw new ShareError('missing', operation, path);
    if (node.kind === 'link') return this.server.findDirectory(path, operation);
    if (node.kind !== 'directory') throw this.server.noDirectory(path, operation);
    return node;
  }
}

const calm: SimClientState = {
  cut: null,
  unwritable: null,
  latencyMs: () => 0,
  replyLossRate: 0,
  requestLossRate: 0,
  duplicateRate: 0,
  lateRate: 0,
  shortWriteRate: 0,
  tornWriteRate: 0,
  lateMs: 180_000,
  retransmitMs: 60_000,
};

interface Asked {
  readonly operation: Operation;
  readonly path: string;
  /** Where to, or the text. */
  readonly second: string;
  readonly mode: number;
  /** When a replace may be carried out. */
  readonly terms: ReplaceTerms;
}

interface Answer {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** How far it got. */
type Stage = 'unsent' | 'sent' | 'carriedOut' | 'answered';

/** One request, from the caller through the client and the network to the server, and back. */
class Request implements Asker {
  private readonly client: SimClient;
  private readonly asked: Asked;
  private readonly isDropped: () => boolean;
  private readonly answer: Answer;
  private stage: Stage = 'unsent';
  /** Whether it is still on the way it was first sent. */
  private isFresh = true;
  private halfMs = 0;
  private callOff: (() => void) | null = null;
  /** The outcome, at the server or on the way. */
  private value: unknown;
  private error: ShareError | null = null;
  private from: From = 'server';
  /** In which life of the server it was carried out. */
  private restarts = 0;
  private opened: OpenFile | null = null;
  /** What is left to do at the server as the request ends. */
  private unfinished: (() => void) | null = null;
  /** The directories meant when it was first sent: sent again, it means the same. */
  private handles: { readonly path: string; readonly node: DirectoryNode }[] | null = null;

  constructor(client: SimClient, asked: Asked, isDropped: () => boolean, answer: Answer) {
    this.client = client;
    this.asked = asked;
    this.isDropped = isDropped;
    this.answer = answer;
  }

  // --- as the server sees it ----------------------------------------------------------------------------------------

  get host(): string {
    return this.client.name;
  }

  get semantics(): ClientSemantics {
    return this.client.semantics;
  }

  get random(): Pick<Random, 'fraction'> {
    return this.client.random;
  }

  wallMs(): number {
    return this.client.wallMs();
  }

  handleOf(path: string, operation: string): DirectoryNode | null {
    if (this.semantics.handles.chance === 0) return null;
    this.handles ??= [];
    for (const meant of this.handles) {
      if (meant.path !== path) continue;
      if (meant.node.links === 0) throw new ShareError('stale', operation, path);
      return meant.node;
    }
    const node = this.client.directory(path, operation);
    this.handles.push({ path, node });
    return node;
  }

  // --- from the caller to the server --------------------------------------------------------------------------------

  begin(): void {
    const { cut } = this.client.state;
    if (cut === 'hangs') this.client.hang(this);
    else if (cut !== null) this.refuse(cut, 'cut');
    else if (this.isKnown()) this.after(MEMORY_MS, this.settle);
    else this.send();
  }

  private send(): void {
    const { state, server } = this.client;
    this.halfMs = state.latencyMs(this.asked.operation) / 2;
    this.stage = 'sent';
    if (this.halfMs > 0) server.onItsWay.add(this);
    this.after(this.halfMs, this.arrive);
  }

  /** Whether it is answered without asking the server. */
  private isKnown(): boolean {
    const { remembered, server } = this.client;
    if (remembered.isEmpty) return false;
    const path = server.fold(this.asked.path);
    const { operation } = this.asked;
    const value = valueIn(remembered, operation, path);
    const kind = value === null ? this.refusalInMemory(operation, path) : null;
    if (value === null && kind === null) return false;
    this.value = value;
    this.error = kind && new ShareError(kind, operation, this.asked.path);
    this.from = 'cache';
    return true;
  }

  private refusalInMemory(operation: Operation, path: string): ShareErrorKind | null {
    const { remembered } = this.client;
    if (operation === 'replace') return null;
    const isMade = operation === 'makeDirectory' || operation === 'writeNew';
    if (isMade) return this.semantics.trustsExisting && remembered.stat(path) !== null ? 'exists' : null;
    return remembered.isMissing(path) ? 'missing' : null;
  }

  private arrive(): void {
    const { client } = this;
    const { state, server } = client;
    if (state.cut !== null) this.meetCut(state.cut);
    else if (server.isDown) this.meetDown();
    else if (this.stage === 'sent' && this.isDropped()) this.drop();
    else if (client.falls(state.requestLossRate)) this.lose();
    else if (this.stage === 'sent' && client.falls(state.lateRate)) this.postpone();
    else this.serve();
  }

  private serve(): void {
    const { client } = this;
    const { state, server } = client;
    this.carryOut();
    if (changing.has(this.asked.operation) && client.falls(state.duplicateRate)) this.duplicate();
    if (client.falls(state.replyLossRate)) {
      this.lose();
      return;
    }
    if (this.halfMs > 0) server.onItsWay.add(this);
    this.after(this.halfMs, this.arriveBack);
  }

  private arriveBack(): void {
    const { cut } = this.client.state;
    if (cut === 'hangs') this.hang();
    else if (cut !== null) this.refuse(cut, 'cut');
    else this.settle();
  }

  // --- mishaps ------------------------------------------------------------------------------------------------------

  /** The host was cut off meanwhile: just before it arrived, or just after. */
  private meetCut(cut: 'hangs' | ShareErrorKind): void {
    const { client } = this;
    const isThrough = this.isFresh && this.stage === 'sent' && !client.server.isDown && client.falls(0.5);
    if (isThrough) this.carryOutUnlessDropped();
    if (this.stage === 'answered') return;
    if (cut === 'hangs') this.hang();
    else this.refuse(cut, 'cut');
  }

  private carryOutUnlessDropped(): void {
    if (this.isDropped()) this.drop();
    else this.carryOut();
  }

  private hang(): void {
    this.isFresh = false;
    this.client.server.onItsWay.delete(this);
    this.client.hang(this);
  }

  /** The cut is mended: the connection has lived through it, or not. */
  goOn(): void {
    if (this.stage === 'unsent') this.begin();
    else if (this.client.falls(0.5)) this.stage === 'sent' ? this.arrive() : this.settle();
    else if (this.semantics.retransmits) this.arrive();
    else this.refuse('unsaid', 'lost');
  }

  private meetDown(): void {
    const { server } = this.client;
    this.isFresh = false;
    server.onItsWay.delete(this);
    const downMs = Math.max(0, server.downUntilMs - server.timeline.nowMs);
    if (!this.semantics.retransmits) this.giveUp('down');
    else this.after(downMs + this.random.fraction() * AFTER_RESTART_MS, this.arrive);
  }

  /** The server is restarted while this is on its way. */
  interrupt(): void {
    const { client } = this;
    this.callOff?.();
    const isThrough = this.stage === 'sent' && client.state.cut === null && client.falls(0.5);
    if (isThrough) this.carryOutUnlessDropped();
    if (this.stage === 'answered') return;
    if (client.falls(0.5)) this.unfinished = null;
    this.close(); // the server forgets which files are open
    this.meetDown();
  }

  /** The request or its reply is lost. */
  private lose(): void {
    const { server, state } = this.client;
    this.isFresh = false;
    server.onItsWay.delete(this);
    const shortestMs = Math.min(SHORTEST_RETRANSMIT_MS, state.retransmitMs);
    if (!this.semantics.retransmits) this.giveUp('lost');
    else this.after(shortestMs + this.random.fraction() * (state.retransmitMs - shortestMs), this.arrive);
  }

  /** The caller is told so at once, or after a while. */
  private giveUp(from: From): void {
    const waitMs = this.client.falls(0.5) ? 0 : this.random.fraction() * this.semantics.givesUpMs;
    this.after(waitMs, () => this.refuse('unsaid', from));
  }

  private drop(): void {
    const { server, state } = this.client;
    server.onItsWay.delete(this);
    this.stage = 'answered';
    if (this.client.falls(state.tornWriteRate)) this.leavePart();
  }

  /** A file with a part of what was to be written, as a process leaves it that is killed or finds no room. */
  private leavePart(): void {
    const { server, random } = this.client;
    const { operation, path, second, mode, terms } = this.asked;
    const part = second.slice(0, Math.floor(random.fraction() * second.length));
    try {
      if (operation === 'writeNew') server.perform(this, () => server.create(path, part, mode)).close();
      if (operation === 'replace')
        server.perform(this, () => server.beginReplace(path, part, mode, terms.beside));
    } catch (error) {
      if (!(error instanceof ShareError)) throw error; // nothing could be made there either
    }
  }

  /** The caller gives it up, and it is carried out late. */
  private postpone(): void {
    this.client.server.onItsWay.delete(this);
    if (changing.has(this.asked.operation)) this.schedule('late', this.lateAct());
    this.giveUp('late');
  }

  private duplicate(): void {
    const { operation, path, mode } = this.asked;
    if (operation === 'replace') return; // its temporary file is not there any more
    const { server } = this.client;
    const act = operation === 'writeNew' ? () => server.create(path, '', mode).close() : () => this.act();
    this.schedule('duplicate', act);
  }

  /** What comes late of it: all, or of a file's many requests those that were still to come. */
  private lateAct(): () => void {
    const { server, random } = this.client;
    const { operation, path, second, mode, terms } = this.asked;
    if (operation === 'writeNew' && random.fraction() < 0.5) {
      const file = this.tried(() => server.create(path, '', mode));
      file?.close();
      return () => file && server.fill(file.node, second);
    }
    if (operation === 'writeNew') return () => server.create(path, '', mode).close();
    if (operation === 'replace')
      return (
        (random.fraction() < 0.5 &&
          this.tried(() => server.beginReplace(path, second, mode, terms.beside))) ||
        nothing
      );
    this.tried(() => this.mean());
    return () => this.act();
  }

  /** Notes the directories that are meant. */
  private mean(): void {
    const { operation, path, second } = this.asked;
    for (const one of operation === 'rename' ? [path, second] : [path])
      this.handleOf(one.slice(0, one.lastIndexOf('/')), operation);
  }

  private tried<T>(act: () => T): T | null {
    try {
      return this.client.server.perform(this, act);
    } catch (error) {
      if (error instanceof ShareError) return null;
      throw error;
    }
  }

  /** Carried out by the server up to minutes later, if it is up then; no client is told. */
  private schedule(way: 'late' | 'duplicate', act: () => void): void {
    const { server, state, random } = this.client;
    server.timeline.at(server.timeline.nowMs + random.fraction() * state.lateMs, () => {
      if (server.isDown) return;
      this.tellDone(
        errorOf(() => server.perform(this, act)),
        way,
      );
    });
  }

  // --- at the server ------------------------------------------------------------------------------------------------

  private carryOut(): void {
    const isAgain = this.stage === 'carriedOut';
    if (isAgain && this.isAnswerKnown()) return;
    this.close();
    this.stage = 'carriedOut';
    this.from = 'server';
    this.restarts = this.client.server.restarts;
    this.error = this.refusedWrite() ?? (isAgain ? this.actAgain() : this.tryAct());
    this.tellDone(this.error, isAgain ? 'again' : 'asked');
    this.note();
  }

  /** Asked again: whether the server remembers what it answered. */
  private isAnswerKnown(): boolean {
    if (this.restarts !== this.client.server.restarts) return false;
    if (!this.client.falls(this.semantics.replyCache)) return false;
    this.from = 'replyCache';
    return true;
  }

  private refusedWrite(): ShareError | null {
    const { unwritable, shortWriteRate } = this.client.state;
    if (unwritable === null) return null;
    const { operation, path } = this.asked;
    if (!(unwritable === 'full' ? growing : changing).has(operation)) return null;
    if (unwritable === 'full' && this.client.falls(shortWriteRate)) this.leavePart();
    this.from = 'unwritable';
    return new ShareError(unwritable, operation, path);
  }

  /** Exclusive creation knows its own; the rename of a replace finds its temporary file gone. */
  private actAgain(): ShareError | null {
    const { operation, path } = this.asked;
    if (this.error === null && operation === 'writeNew') return null;
    if (this.error === null && operation === 'replace') return new ShareError('missing', operation, path);
    return this.tryAct();
  }

  private tryAct(): ShareError | null {
    return errorOf(() => this.client.server.perform(this, () => this.act()));
  }

  private act(): void {
    const { server } = this.client;
    const { operation, path, second, mode, terms } = this.asked;
    switch (operation) {
      case 'list':
      case 'removable':
        this.value = server.list(path);
        break;
      case 'read':
        this.opened = server.openForReading(path);
        break;
      case 'writeNew':
        this.opened = server.create(path, second, mode);
        break;
      case 'replace':
        this.replaced(server.replace(path, second, mode, terms));
        break;
      case 'makeDirectory':
        server.makeDirectory(path);
        break;
      case 'setMode':
        server.setMode(path, mode);
        break;
      case 'stat':
        this.value = server.stat(path);
        break;
      case 'rename':
        server.rename(path, second);
        break;
      case 'removeFile':
        server.removeFile(path);
        break;
      case 'removeDirectory':
        server.removeDirectory(path);
        break;
      case 'resolve':
        this.value = server.resolve(path);
        break;
      case 'volume':
        this.value = server.volume(path);
        break;
    }
  }

  private replaced(done: boolean | (() => void)): void {
    this.value = done !== false;
    if (typeof done === 'function') this.unfinished = done;
  }

  /** What this host learns of it, and what it forgets. */
  private note(): void {
    const { operation } = this.asked;
    const { remembered, server } = this.client;
    const path = server.fold(this.asked.path);
    if (changing.has(operation)) this.noteChange(path);
    else if (this.error?.kind === 'missing') remembered.sawMissing(path);
    if (this.error) return;
    if (operation === 'list') remembered.sawNames(path, this.value as string[]);
    else if (operation === 'stat') remembered.sawStat(path, this.value as FileStat);
    else if (operation === 'read' && this.opened) remembered.sawContent(path, this.opened.node.bytes);
  }

  private noteChange(path: string): void {
    const { operation, second } = this.asked;
    const { remembered, server } = this.client;
    const isMove = operation === 'rename';
    const isGone = isMove || operation === 'removeFile' || operation === 'removeDirectory';
    remembered.changed(path);
    if (isMove) remembered.changed(server.fold(second));
    if (!isGone || this.error) return;
    if (operation !== 'removeFile') remembered.moved(path);
    if (isMove) remembered.moved(server.fold(second));
    remembered.sawMissing(path);
  }

  // --- and back -----------------------------------------------------------------------------------------------------

  private refuse(kind: ShareErrorKind, from: From): void {
    const { operation, path } = this.asked;
    const { remembered, server } = this.client;
    this.error = new ShareError(kind, operation, path);
    this.from = from;
    if (changing.has(operation)) remembered.changed(server.fold(path));
    this.settle();
  }

  private settle(): void {
    this.client.server.onItsWay.delete(this);
    this.stage = 'answered';
    if (this.opened && this.asked.operation === 'read') this.finishReading(this.opened);
    this.error = this.close() ?? this.error;
    const { operation } = this.asked;
    this.client.onAnswer?.(operation, argsOf(this.asked), this.error?.kind ?? 'done', this.from);
    if (this.error) this.answer.reject(this.error);
    else this.answer.resolve(this.value);
  }

  /** What it has read, unless another host has removed it meanwhile. */
  private finishReading({ node }: OpenFile): void {
    const isStale = node.links === 0 && this.client.falls(this.semantics.staleWhileReading);
    if (isStale && !this.error) this.error = new ShareError('stale', 'read', this.asked.path);
    this.value = node.bytes;
  }

  /** Closes what is open, and does what is left to do; that may be refused. */
  private close(): ShareError | null {
    this.opened?.close();
    this.opened = null;
    const finish = this.unfinished;
    this.unfinished = null;
    return finish && errorOf(() => this.client.server.perform(this, finish));
  }

  private tellDone(error: ShareError | null, way: Way): void {
    const { server, name } = this.client;
    const { operation } = this.asked;
    server.onDone?.(operation, argsOf(this.asked), name, error?.kind ?? 'done', way);
  }

  private after(ms: number, act: () => void): void {
    const { timeline } = this.client.server;
    if (ms > 0) this.callOff = timeline.at(timeline.nowMs + ms, () => act.call(this));
    else act.call(this);
  }
}

const nothing = (): void => undefined;
/** Of every other operation. */
const anyTerms: ReplaceTerms = { beside: '' };

function valueIn(remembered: Remembered, operation: Operation, path: string): unknown {
  if (operation === 'list') return remembered.names(path)?.slice() ?? null;
  if (operation === 'stat') return remembered.stat(path);
  return operation === 'read' ? remembered.content(path) : null;
}

function errorOf(act: () => void): ShareError | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof ShareError) return error;
    throw error;
  }
}

/** As the port's method was called. */
function argsOf({ operation, path, second, mode, terms }: Asked): readonly unknown[] {
  if (operation === 'rename') return [path, second];
  if (operation === 'writeNew') return [path, second, mode];
  if (operation === 'replace') return [path, second, mode, terms];
  return operation === 'setMode' ? [path, mode] : [path];
}
