import type { Profile } from './plan.js';

/** A change of one expression, or statement, of the shipped source. */
export interface Edit {
  /** src/... */
  readonly file: string;
  /** A top-level function, constant or class of the file; or `Class.member`. */
  readonly within: string;
  /** Whole tokens, exactly once in there. Whitespace, comments and trailing commas do not count. */
  readonly find: string;
  readonly replace: string;
}

/** Where a promise is written: a rule by its number, a step of a commit by its number, or a part by its name. */
type BugPromise =
  | `rule ${number}`
  | `commit step ${number}`
  | 'read'
  | 'deadline'
  | 'garbage collection'
  | 'loss'
  | 'restore'
  | 'removal'
  | 'release';

/** A mistake that could have been made, planted to see whether the simulation notices. */
export interface Bug extends Edit {
  /** Kebab-case. */
  readonly name: string;
  /** What the code did, and does now. */
  readonly what: string;
  /** The rule of the table, the step of a commit, or the part of the share protocol that it belongs to. */
  readonly promise: BugPromise;
  /** What goes wrong with it. */
  readonly breaks: string;
  /** Planted on every landing too, not only every night. @default false */
  readonly isSampled?: boolean;
  /** The kind of office in which it shows soonest. @default all kinds, as they come */
  readonly profile?: Profile;
  /** Second guards, that have to fall too: one alone would hold. @default none */
  readonly also?: readonly Edit[];
}

const publisher = 'src/store/publish.ts';
const knownNumbers = 'src/store/known-numbers.ts';
const forks = 'src/store/forks.ts';
const commits = 'src/store/commit.ts';
const garbage = 'src/store/garbage.ts';
const compaction = 'src/store/compact.ts';
const turns = 'src/store/turns.ts';
const lockFiles = 'src/store/lock-files.ts';
const sightings = 'src/rules/liveness.ts';
const beatRule = 'src/rules/beat.ts';
const evictRule = 'src/rules/evict.ts';
const requestRule = 'src/rules/request.ts';
const timing = 'src/rules/timing.ts';
const places = 'src/rules/seats.ts';
const looks = 'src/client/poll-findings.ts';
const agenda = 'src/client/agenda.ts';
const tableHere = 'src/client/table-view.ts';
const vigil = 'src/client/peer-observer.ts';
const line = 'src/rules/queue.ts';
const giveBackRule = 'src/rules/give-back.ts';

const lostChange = 'an acknowledged change is in the table';
const appliedOnce = 'a change is applied once';
const plainFault = 'a fault other than COMMIT_UNKNOWN says that nothing was changed';
const neverOver = 'rule 9: no more than max users hold at once';
const liveUser = 'rule 4: a live user that can beat is not evicted';
const light = 'rule 10: Light is never swept';
const inOrder = 'rule 8: first come, first served, and no seat is free while an instance waits';
const inJournal = 'what happened in a revision is in the journal, once, before the revision goes';

/** The second guard of rule 10: the level is checked at commit, whatever the observer saw. */
const lightAtCommit: Edit = {
  file: evictRule,
  within: 'evict',
  find: "record.level !== 'heartbeat'",
  replace: 'false',
};

/** The guard before the change's id falls: an unanswered attempt is begun again, whatever is on the share. */
const triedAgainUnseen: readonly Edit[] = [
  {
    file: publisher,
    within: 'Publisher.renameUntilDecided',
    find: 'isDoubtful = true',
    replace: "throw new Error('again')",
  },
  {
    file: commits,
    within: 'CommitAttempts.attemptIn',
    find: 'await this.revisions.publish(stage, committed, text, deadline)',
    replace: `await this.revisions
.publish(stage, committed, text, deadline)
.catch((error) => (error.message === 'again' ? 'unknown' : Promise.reject(error)))`,
  },
];
/** A range is compacted from any own commit, where the code wants one at least 16 above it. */
const foldedFromAnywhere: Edit = {
  file: compaction,
  within: 'Compaction.eventsOf',
  find: 'one >= range.last + NEWER',
  replace: 'one >= range.last',
};

const publishing: readonly Bug[] = [
  {
    name: 'new-id-for-every-attempt',
    promise: 'commit step 3',
    profile: 'storm',
    what:
      'All attempts of a change carry one id, and the fate of an unanswered attempt is looked up. ' +
      'With the bug each attempt has an id of its own, and an unanswered attempt is repeated.',
    breaks: appliedOnce,
    file: commits,
    within: 'CommitAttempts.attemptIn',
    find: 'await this.stageFor(turn, deadline)',
    replace:
      '(Object.assign(this, { changeId: this.context.random.id() }), await this.stageFor(turn, deadline))',
    also: triedAgainUnseen,
  },
  {
    name: 'stage-emptied-while-undecided',
    promise: 'commit step 7',
    profile: 'network',
    what:
      'A writer keeps its stage while the outcome of the rename is unknown. ' +
      'With the bug it deletes what is in the stage, which by an old handle is the published document.',
    breaks: 'nothing that is true is ever deleted',
    file: publisher,
    within: 'Publisher.renameUntilDecided',
    find: 'isDoubtful = true',
    replace: 'await files.removeFile(documentIn(stage.path)).catch(() => undefined)',
  },
  {
    name: 'number-taken-by-force',
    promise: 'commit step 7',
    profile: 'storm',
    what:
      'A writer that finds another commit under its number has lost. ' +
      'With the bug it moves that commit away and renames again.',
    breaks: lostChange,
    file: publisher,
    within: 'Publisher.renameUntilDecided',
    find: "if (found === 'taken' || found === 'stageGone') return found;",
    replace: `if (found === 'stageGone') return found;
      if (found === 'taken') await this.stages.discard(this.latest.reader.pathOf(entry.number));`,
  },
  {
    name: 'document-renamed-over',
    promise: 'commit step 6',
    isSampled: true,
    what:
      'A revision is published by one rename of a directory onto a free number. ' +
      "With the bug a file is renamed over the number's document.",
    breaks: lostChange,
    file: publisher,
    within: 'Publisher.publish',
    find: 'const placed = await this.renameUntilDecided(stage, entry, deadline);',
    replace: `const number = this.latest.reader.pathOf(entry.number);
    const { files, paths } = this.context;
    await files.makeDirectory(number).catch(() => undefined);
    await files.replace(documentIn(number), entry.text, paths.fileMode, { beside: paths.folder });
    const placed: string = 'placed';`,
  },
  {
    name: 'failed-means-not-done',
    promise: 'commit step 7',
    isSampled: true,
    profile: 'storm',
    what:
      'What is on the share decides about a rename that failed without an answer. ' +
      'With the bug such a rename counts as not done, and the caller is told so.',
    breaks: plainFault,
    file: publisher,
    within: 'Publisher.renameUntilDecided',
    find: 'isDoubtful = true',
    replace: 'throw toFault(failure)',
  },
  {
    name: 'no-second-listing',
    promise: 'commit step 8',
    profile: 'nap',
    what:
      'The writer lists the folder again after the rename, because its number may have been removed ' +
      'below the latest revision. ' +
      'With the bug a placed revision counts.',
    breaks: lostChange,
    file: publisher,
    within: 'Publisher.publish',
    find: 'known.expectAtLeast(entry.number)',
    replace: "return 'published'",
  },
  {
    name: 'confirmed-under-its-own-number',
    promise: 'commit step 8',
    isSampled: true,
    profile: 'nap',
    what:
      'A commit counts if `recent` of the latest revision holds its change. ' +
      'With the bug it counts if its own number still reads as its own.',
    breaks: lostChange,
    file: publisher,
    within: 'Publisher.confirm',
    find: 'kind.includes(document, entry.changeId)',
    replace: "(await this.ownerOf(entry)) === 'ours'",
  },
  {
    name: 'recent-too-short',
    promise: 'commit step 8',
    profile: 'nap',
    what:
      'A revision names the last 256 changes. ' +
      'With the bug it names the last 4, so that a writer that comes late to the second listing ' +
      'does not find its own change.',
    breaks: appliedOnce,
    file: 'src/licence/document.ts',
    within: 'MAX_RECENT',
    find: '256',
    replace: '4',
  },
  {
    name: 'newest-number-older-base',
    promise: 'commit step 2',
    what:
      'A revision is numbered one above the base it was computed from. ' +
      'With the bug it is numbered one above the number that is highest at that moment.',
    breaks: lostChange,
    file: commits,
    within: 'CommitAttempts.next',
    find: 'nextRevision(licence,',
    replace:
      'nextRevision({ ...licence, revision: ' +
      'Math.max((await this.revisions.register.numbers())?.at(-1) ?? 0, licence.revision) },',
  },
  {
    name: 'declined-and-published',
    promise: 'commit step 4',
    isSampled: true,
    what:
      'A change that declines publishes nothing. With the bug it publishes a revision that changes nothing, ' +
      'and the caller is told that none was made.',
    breaks: plainFault,
    file: commits,
    within: 'CommitAttempts.prepared',
    find: 'return { committed: { answer, licence, policy, published: false, shareTimeMs, base }, text: null };',
    replace: `{
      const { next, text } = await this.next(licence, { licence, events: [] }, shareTimeMs);
      return { committed: { answer, licence: next, policy, published: false, shareTimeMs, base }, text };
    }`,
  },
];

const looking: readonly Bug[] = [
  {
    name: 'empty-listing-is-an-empty-table',
    promise: 'read',
    profile: 'storm',
    what: 'A folder without a number is a stale listing or damage. With the bug it is a table without seats.',
    breaks: 'no user loses a seat but by release, removal or eviction',
    file: 'src/store/latest.ts',
    within: 'LatestReader.readListed',
    find: "if (number < 0) return trouble('empty', lost(paths, 'holds no revision'));",
    replace: `if (number < 0) {
        const { kind } = this.reader;
        const { licenceFile } = paths;
        const shown = await kind.parse(kind.decode(await files.read(licenceFile), licenceFile), licenceFile);
        const document = { ...shown, licence: { ...(shown as { licence: object }).licence, instances: [] } };
        return { document, isBelow: false, startedMs, endedMs: clock.elapsedMs() };
      }`,
  },
  {
    name: 'trouble-believed-at-once',
    promise: 'read',
    isSampled: true,
    what:
      'An impossible listing or document is read again past the lifetime of the caches. ' +
      'With the bug one reading is enough to call the table lost or damaged.',
    breaks: 'a healthy table is not called lost',
    file: 'src/store/trouble.ts',
    within: 'TroubleMemory.isBelieved',
    find: 'waitedMs >= this.cachesMs && this.last.readings >= READINGS_TO_BELIEVE',
    replace: 'this.last.readings >= 1',
  },
  {
    name: 'lock-stale-by-the-wall-clock',
    promise: 'commit step 0',
    isSampled: true,
    what:
      'A lock is stale after the waiting process has seen it unchanged for 10 s. ' +
      'With the bug it is stale when its stamp is 10 s old by the wall clock of that process.',
    breaks: 'the lock of a writer at work is left to it, whatever the clocks say',
    file: lockFiles,
    within: 'LockFiles.mtimeOf',
    find: 'nowMs - this.foreign.sinceMs >= this.stealMs',
    replace: 'clock.wallMs() - modifiedMs >= this.stealMs',
  },
  {
    name: 'lock-waited-for',
    promise: 'commit step 0',
    what:
      'A writer passes by the lock of a dead process when nothing moves, and steals it after a while. ' +
      'With the bug it waits until the lock is given back.',
    breaks: 'a dead writer blocks no other',
    file: turns,
    within: 'Turns.wait',
    find: 'await this.breakThrough(progress.patienceMs, seen)',
    replace: "await Promise.resolve<Unlock | null | 'waits'>('waits')",
    also: [
      {
        file: lockFiles,
        within: 'LockFiles.mtimeOf',
        find: 'nowMs - this.foreign.sinceMs >= this.stealMs',
        replace: 'false',
      },
    ],
  },
];

const clearingAway: readonly Bug[] = [
  {
    name: 'top-cleared-too',
    promise: 'garbage collection',
    what:
      'Garbage collection leaves the 16 newest revisions alone, and those whose range is not compacted. ' +
      'With the bug all revisions of a finished range go, the latest too.',
    breaks: 'a healthy table is not called lost',
    file: garbage,
    within: 'GarbageCollector.oldRevisions',
    find: '.slice(0, -NEWER)',
    replace: '',
    also: [
      {
        file: garbage,
        within: 'GarbageCollector.oldRevisions',
        find: 'nowMs - this.register.supersededAtMs(number) >= this.options.supersededMs',
        replace: 'true',
      },
      foldedFromAnywhere,
    ],
  },
  {
    name: 'folded-from-the-top',
    promise: 'garbage collection',
    isSampled: true,
    what:
      'A segment is made of revisions below at least 16 newer ones. ' +
      'With the bug it is made of all superseded revisions.',
    breaks: inJournal,
    ...foldedFromAnywhere,
    also: [
      {
        file: garbage,
        within: 'GarbageCollector.oldRevisions',
        find: '.slice(0, -NEWER)',
        replace: '.slice(0, -1)',
      },
    ],
  },
  {
    name: 'void-folded',
    promise: 'garbage collection',
    profile: 'nap',
    what: 'A segment covers the chain of parents. With the bug it covers every number of its range, the void ones too.',
    breaks: inJournal,
    file: compaction,
    within: 'Compaction.eventsOf',
    find: 'const walk = walkDown(from, range.first, ground);',
    replace: `const { known } = this;
    const walk = (function* () {
      const there = present.filter((one) => isIn(range, one)).toReversed();
      for (const one of there) if (!known.has(one)) yield one;
      return there.flatMap((one) => [known.get(one)].filter((it) => typeof it === 'object'));
    })();`,
  },
  {
    name: 'segment-renamed-over',
    promise: 'garbage collection',
    what: 'A segment is published only if it is absent. With the bug the segment that is there is moved away first.',
    breaks: inJournal,
    file: 'src/store/segment-writer.ts',
    within: 'SegmentWriter.publish',
    find: 'this.files.rename(stage.path, target)',
    replace: 'this.stages.discard(target).then(() => this.files.rename(stage.path, target))',
    also: [
      {
        file: compaction,
        within: 'Compaction.settle',
        find: 'const outcome = there ?',
        replace: 'const outcome = there?.problem ?',
      },
    ],
  },
];

const sight: readonly Bug[] = [
  {
    name: 'gaps-counted-in-full',
    promise: 'rule 3',
    isSampled: true,
    profile: 'sleepers',
    what:
      'The time between two polls counts for at most two poll periods. ' +
      'With the bug all of it counts, also what the observer slept through.',
    breaks: 'rule 3: the instance that wakes first does not evict the peers that slept with it',
    file: sightings,
    within: 'addPoll',
    find: 'COUNTED_POLLS * periodMs',
    replace: '1e12 * periodMs',
  },
  {
    name: 'dead-before-belief-ends',
    promise: 'rule 4',
    what:
      'A peer is dead after 1.75 T of silence, when its seat is no longer valid. ' +
      'With the bug it is dead after 1.25 T.',
    breaks: neverOver,
    file: timing,
    within: 'DEAD_INTERVALS',
    find: '1.75',
    replace: '1.25',
  },
  {
    name: 'beat-not-checked-at-commit',
    promise: 'rule 4',
    isSampled: true,
    profile: 'edge',
    what:
      'A verdict names the beat it was found at, and is declined if that beat has moved. ' +
      'With the bug it holds for any beat of the latest revision.',
    breaks: liveUser,
    file: sightings,
    within: 'judge',
    find: 'seen?.identity !== record.beat',
    replace: 'seen === undefined',
  },
  {
    name: 'judged-by-the-setting',
    promise: 'rule 4',
    profile: 'desk',
    what:
      'A peer is judged by the interval that its own record promises. ' +
      "With the bug it is judged by the file's, which the peer may not have read yet.",
    breaks: liveUser,
    file: sightings,
    within: 'judge',
    find: 'judgeOne(record, seen, evidence)',
    replace: 'judgeOne({ ...record, ...licence.settings }, seen, evidence)',
  },
  {
    name: 'light-dies-of-silence',
    promise: 'rule 10',
    isSampled: true,
    profile: 'light',
    what:
      'Silence is counted only of heartbeat records, and the level is checked again at commit. ' +
      'With the bug it is counted of every record.',
    breaks: light,
    file: sightings,
    within: 'addPoll',
    find: "record.id !== observer.id && record.level === 'heartbeat'",
    replace: 'record.id !== observer.id',
    also: [lightAtCommit],
  },
  {
    name: 'sums-not-cut-back',
    promise: 'rule 4',
    isSampled: true,
    profile: 'outage',
    what:
      'After a failed or slow commit the observer caps every observed silence at T. ' +
      'With the bug the silences stand.',
    breaks: 'rule 4b: after an outage no peer is blamed for more than T of it',
    file: vigil,
    within: 'PeerObserver.committed',
    find: 'capSilence(this.observations, this.lastSeen)',
    replace: 'this.observations',
  },
  {
    name: 'looks-by-the-wall-clock',
    promise: 'rule 3',
    profile: 'edge',
    what:
      'Observed silence is measured on the monotonic clock. ' +
      'With the bug it is measured on the wall clock, and grows when that is set ahead.',
    breaks: liveUser,
    file: tableHere,
    within: 'Table.note',
    find: 'this.peerObserver.saw(top, identity.id, this.pollPeriodMs);',
    replace: `const atMs = this.context.clock.wallMs();
    this.peerObserver.saw({ ...top, startedMs: atMs, endedMs: atMs }, identity.id, this.pollPeriodMs);`,
  },
  {
    name: 'dead-by-share-time',
    promise: 'rule 5',
    what:
      'Share time alone evicts no instance. ' +
      "With the bug an instance without a beat for 2 T by the server's clock counts as gone.",
    breaks: liveUser,
    file: tableHere,
    within: 'Table.verdicts',
    find: 'identity.isGone(record)',
    replace: `(identity.isGone(record) ||
 Date.parse(licence.committedAt ?? '') - Date.parse(record.beatAt) >= 2000 * record.checkIntervalSeconds)`,
  },
  {
    name: 'pid-of-any-machine',
    promise: 'rule 5',
    what: 'A process is gone if its pid is free on its own machine. With the bug the machine does not matter.',
    breaks: liveUser,
    file: 'src/client/identity.ts',
    within: 'Identity.isGone',
    find: 'record.machine.pids === pids',
    replace: 'true',
  },
];

const asking: readonly Bug[] = [
  {
    name: 'newcomer-does-not-ask',
    promise: 'rule 5',
    isSampled: true,
    profile: 'monday',
    what:
      'A newcomer evicts the instances that did not answer its roll call. ' +
      'With the bug it evicts, unasked, all that are silent for 2 T.',
    breaks: liveUser,
    file: requestRule,
    within: 'callRollFor',
    find: 'requester.unanswered(licence)',
    replace: `licence.instances
.filter((record) => record.id !== requester.id && requester.silence(record) >= 2000 * record.checkIntervalSeconds)
.map(({ id, beat }) => ({ instance: id, beat, reason: 'evicted', words: 'did not answer the roll call' }))`,
  },
  {
    name: 'asks-and-does-not-wait',
    promise: 'rule 5',
    profile: 'monday',
    what:
      'A roll call stands for T/4 before an instance that has not answered is evicted. ' +
      'With the bug that time is over at once.',
    breaks: liveUser,
    file: timing,
    within: 'WAIT_INTERVALS',
    find: '1 / 4',
    replace: '0',
  },
];

const believing: readonly Bug[] = [
  {
    name: 'believes-two-intervals',
    promise: 'rule 9',
    profile: 'sleepers',
    what: 'A seat is valid for 1.5 T, less than the observers wait. With the bug it is valid for 2 T.',
    breaks: neverOver,
    file: timing,
    within: 'VALID_INTERVALS',
    find: '1.5',
    replace: '2',
  },
  {
    name: 'believes-by-one-clock',
    promise: 'rule 9',
    isSampled: true,
    profile: 'sleepers',
    what:
      'Of three clocks the one that shows most counts. ' +
      'With the bug the monotonic clock alone counts, which may pause in sleep.',
    breaks: neverOver,
    file: 'src/licence/time.ts',
    within: 'elapsedMs',
    find: 'Math.max(now.elapsedMs - since.elapsedMs, now.wallMs - since.wallMs, now.uptimeMs - since.uptimeMs);',
    replace: 'now.elapsedMs - since.elapsedMs;',
  },
  {
    name: 'belief-from-the-end',
    promise: 'rule 9',
    isSampled: true,
    profile: 'nap',
    what:
      'Validity counts from the start of a confirmed commit. ' +
      'With the bug it counts from the end, however long the commit took.',
    breaks: neverOver,
    file: tableHere,
    within: 'Table.commit',
    find: "kind: 'made', done, since,",
    replace: "kind: 'made', done, since: instantOf(clock),",
  },
  {
    name: 'look-revives-belief',
    promise: 'rule 9',
    isSampled: true,
    profile: 'sleepers',
    what:
      'A poll can only end validity. ' +
      'With the bug a poll that shows the own seat in the table is as good as a beat.',
    breaks: neverOver,
    file: looks,
    within: 'PollFindings.ownSeats',
    find: 'const found = this.told(mine);',
    replace: `const found = this.told(mine);
    const at = this.context.clock;
    const now = { elapsedMs: at.elapsedMs(), wallMs: at.wallMs(), uptimeMs: at.uptimeMs() };
    if (mine) holds.confirm(mine, now);`,
  },
  {
    name: 'suspended-is-lost',
    promise: 'rule 9',
    profile: 'outage',
    what: 'A seat whose validity ends is suspended, and the share decides. With the bug it is lost at once.',
    breaks: 'a seat that no instance took is not lost',
    file: 'src/client/held-seats.ts',
    within: 'Holds.tell',
    find: 'for (const seat of handles) if (seat.told !== state) tellOne(seat, state, forMs);',
    replace: `if (state === 'suspended')
        this.lose(hold.seat.module, { reason: 'evicted', by: null, words: null, at: null });
      else for (const seat of handles) if (seat.told !== state) tellOne(seat, state, forMs);`,
  },
  {
    name: 'failed-beat-waits-its-turn',
    promise: 'rule 2',
    profile: 'outage',
    what: 'A failed beat is tried again after T/16 or 5 s. With the bug it is tried again after T.',
    breaks: liveUser,
    file: agenda,
    within: 'Agenda.beatBegins',
    find: 'beatBegan(this.schedule, startedMs, this.retryMs)',
    replace: 'beatBegan(this.schedule, startedMs, this.table.intervalMs)',
    also: [
      {
        file: agenda,
        within: 'Agenda.commitFailed',
        find: 'if (this.isBeating) this.want(beatBy(NOTHING_DUE, this.context.clock.elapsedMs() + this.retryMs));',
        replace: '',
      },
    ],
  },
];

const table: readonly Bug[] = [
  {
    name: 'one-too-many',
    promise: 'rule 9',
    isSampled: true,
    what:
      'A seat is free while fewer than max users are taken. ' +
      'With the bug one is also free when all of them are taken.',
    breaks: neverOver,
    file: places,
    within: 'SeatIndex.seatIdFor',
    find: 'lacking <= 0',
    replace: 'lacking <= 1',
  },
  {
    name: 'same-name-same-user',
    promise: 'rule 6',
    profile: 'office',
    what:
      'Under user@host two records are one user if names and machine agree. ' +
      'With the bug the names are enough, which any person can type.',
    breaks: neverOver,
    file: places,
    within: 'userKey',
    find: "case 'user@host':",
    replace: `case 'user@host':
      return \`\${lengthAnd(foldedName(user))} \${foldedName(host)}\`;`,
  },
  {
    name: 'back-whoever-sits-there',
    promise: 'rule 9',
    profile: 'desk',
    what: 'An evicted holder comes back only if a seat is free. With the bug it always comes back.',
    breaks: neverOver,
    file: beatRule,
    within: 'outcomeOf',
    find: 'table.seatIndex.seatIdFor(who, { module, preferred: id, ahead })',
    replace: 'id',
  },
  {
    name: 'late-seat-kept',
    promise: 'release',
    isSampled: true,
    profile: 'storm',
    what:
      'A seat that comes after its caller was told that the share did not answer is given back. ' +
      'With the bug it is held for no caller.',
    breaks: 'a seat without a holder is free again',
    file: 'src/client/open-licence.ts',
    within: 'OpenLicence.ask',
    find: 'this.claims.noted(asked.then((late) => this.giveBack(late)))',
    replace: 'asked',
  },
];

const losing: readonly Bug[] = [
  {
    name: 'rebuilt-in-place-of-accepted',
    promise: 'loss',
    isSampled: true,
    profile: 'losses',
    what:
      'After the loss of fewer than 16 revisions the rest is accepted. ' +
      'With the bug an instance that has seen more rebuilds the table from memory.',
    breaks: 'lost revisions cost no living user a seat',
    file: knownNumbers,
    within: 'KnownNumbers.isBehind',
    find: 'number <= this.highestSeen - LOST_BELOW',
    replace: 'number < this.highestSeen',
    also: [
      {
        file: forks,
        within: 'ForkDetector.refuse',
        find: 'this.lineage = licence.lineage;',
        replace: `if (this.lossIn(licence, false) === 'certain')
      return new SeatfileFault('TABLE_LOST', 'goes on from an older state');
    this.lineage = licence.lineage;`,
      },
    ],
  },
  {
    name: 'valid-before-a-beat-is-confirmed',
    promise: 'loss',
    isSampled: true,
    profile: 'losses',
    what:
      'A table that surely lacks the own change may lack the own seat, ' +
      'so the seat is not valid before a beat is confirmed. ' +
      'With the bug it is valid.',
    breaks: neverOver,
    file: looks,
    within: 'PollFindings.lacking',
    find: "if (top.loss === 'certain') for (const module of holds.modules) holds.doubt(module);",
    replace: '',
  },
];

const restoring: readonly Bug[] = [
  {
    name: 'restored-at-the-next-number',
    promise: 'restore',
    isSampled: true,
    profile: 'restored',
    what:
      'A restored revision gets the next multiple of 1,000 that is at least 500 above all known numbers. ' +
      'With the bug it gets the next number.',
    breaks: 'no late writer of the old lineage can reach above a restored revision',
    file: 'src/rules/restore.ts',
    within: 'restoredNumber',
    find: 'Math.ceil((highestKnown + LEAST_ABOVE) / ROUND) * ROUND;',
    replace: 'highestKnown + 1;',
  },
  {
    name: 'empty-mount-is-a-loss',
    promise: 'restore',
    profile: 'restored',
    what:
      'Where folder and licence file are both missing, the share is out of reach. ' +
      'With the bug the table counts as lost, and is rebuilt there.',
    breaks: 'where the share was nothing is written while it is away',
    file: 'src/store/trouble.ts',
    within: 'folderGone',
    find: 'if (isLicenceFileThere)',
    replace: 'if (isLicenceFileThere || folder)',
    also: [
      {
        file: 'src/store/rebuild.ts',
        within: 'Rebuilder.remains',
        find: 'numbers === null && !isDisplayCopyOurs',
        replace: 'false',
      },
    ],
  },
  {
    name: 'never-heals',
    promise: 'restore',
    profile: 'restored',
    what: 'A holder rebuilds a lost table. With the bug no instance does.',
    breaks: 'a lost table is whole again soon while an instance lives that has seen it',
    file: 'src/store/recovery.ts',
    within: 'Recovery.run',
    find: '!rebuildActor || memory.newest === null',
    replace: 'true',
  },
];

const onDemand: readonly Bug[] = [
  {
    name: 'promised-and-looks-as-ever',
    promise: 'rule 7',
    isSampled: true,
    profile: 'demand',
    what: 'A holder with an answer deadline polls four times within it. With the bug it polls as often as without one.',
    breaks: liveUser,
    file: timing,
    within: 'ownPollMs',
    find: 'answersWithin === null ? periodMs : Math.min(periodMs, (answersWithin * 1000) / POLLS_PER_ANSWER)',
    replace: 'answersWithin === null ? periodMs : Math.max(periodMs, 1 / POLLS_PER_ANSWER)',
  },
  {
    name: 'looks-that-show-the-call-count',
    promise: 'rule 7',
    profile: 'demand',
    what: 'A poll that shows a roll call for the own record does not prolong validity. With the bug it does.',
    breaks: neverOver,
    file: looks,
    within: 'PollFindings.attend',
    find: 'isCalled(licence, identity.id)',
    replace: 'false',
  },
];

const waitingInLine: readonly Bug[] = [
  {
    name: 'served-by-none',
    promise: 'rule 8',
    isSampled: true,
    profile: 'queue',
    what:
      'A commit that frees a seat offers it to the first waiter, and a waiter counts those before it only. ' +
      'With the bug no commit offers, and a waiter counts itself too.',
    breaks: 'rule 8: no seat is free while an instance waits',
    file: line,
    within: 'Queues.ahead',
    find: 'place - 1',
    replace: 'place',
    also: [
      {
        file: tableHere,
        within: 'Table.served',
        find: 'andThen(context, passed, offerToWaiters)',
        replace: 'passed',
      },
    ],
  },
  {
    name: 'leaves-and-stays-in-the-line',
    promise: 'rule 8',
    profile: 'queue',
    what: 'A waiter that gives up leaves the queue and an offered seat. With the bug it gives back only what it holds.',
    breaks: inOrder,
    file: giveBackRule,
    within: 'giveBack',
    find: 'dequeue(licence, instanceId, modules)',
    replace: 'licence',
  },
];

/** In this order: loss and restore, the share, observed silence, roll calls, validity, the table, the queue. */
export const bugs: readonly Bug[] = [
  ...losing,
  ...restoring,
  ...publishing,
  ...looking,
  ...clearingAway,
  ...sight,
  ...asking,
  ...onDemand,
  ...believing,
  ...table,
  ...waitingInLine,
];
