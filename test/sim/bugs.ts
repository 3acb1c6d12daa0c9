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
const lock = 'src/store/lock.ts';
const lockFiles = 'src/store/lock-files.ts';
const sightings = 'src/rules/liveness.ts';
const beatRule = 'src/rules/beat.ts';
const evictRule = 'src/rules/evict.ts';
const requestRule = 'src/rules/request.ts';
const timing = 'src/rules/timing.ts';
const places = 'src/rules/seats.ts';
const beats = 'src/client/heartbeat.ts';
const heart = 'src/client/beat-loop.ts';
const tableHere = 'src/client/table-view.ts';
const vigil = 'src/client/peer-observer.ts';
const rollcall = 'src/rules/roll-call.ts';
const line = 'src/rules/queue.ts';
const answers = 'src/rules/on-demand.ts';

const lostChange = 'an acknowledged change is in the table';
const appliedOnce = 'a change is applied once';
const plainFault = 'a fault other than COMMIT_UNKNOWN says that nothing was changed';
const neverOver = 'rule 9: no more than max users hold at once';
const liveUser = 'rule 4: a live user who can beat is not evicted';
const deadUser = 'rule 4: a dead user is gone within 2 T and one commit';
const light = 'rule 10: Light is never swept';
const inOrder = 'rule 8: first come, first served, and no place is free while somebody waits';
const learns = 'a removed holder learns it at his next look, and stays removed';
const inJournal = 'what happened in a revision is in the journal, once, before the revision goes';

/** The second guard of rule 10: at commit, whatever was seen. */
const lightAtCommit: Edit = {
  file: evictRule,
  within: 'evict',
  find: "record.level !== 'heartbeat'",
  replace: 'false',
};

/** What stands before the change's id: an attempt without an answer is not decided by what is there, but begun again. */
const triedAgainUnseen: readonly Edit[] = [
  {
    file: publisher,
    within: 'Publisher.renameUntilDecided',
    find: 'isDoubtful = true',
    replace: "throw new Error('again')",
  },
  {
    file: commits,
    within: 'CommitAttempts.attempt',
    find: 'await this.revisions.publish(stage, next, text, limits)',
    replace: `await this.revisions
.publish(stage, next, text, limits)
.catch((error) => (error.message === 'again' ? 'unknown' : Promise.reject(error)))`,
  },
];
/** A range is folded from an own commit at least 16 above it. */
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
    what: 'All attempts of a change carry one id, and an outcome that is unknown is looked for; now each attempt has an id of its own, and what got no answer is tried again.',
    breaks: appliedOnce,
    file: commits,
    within: 'CommitAttempts.attempt',
    find: 'await this.stageFor(limits)',
    replace: '(Object.assign(this, { changeId: this.context.dice.id() }), await this.stageFor(limits))',
    also: triedAgainUnseen,
  },
  {
    name: 'stage-emptied-while-undecided',
    promise: 'commit step 7',
    profile: 'network',
    what: 'While the outcome of a rename is unknown the stage is kept; now what is in it is deleted, which by an old handle is the published document.',
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
    what: 'Who finds the commit of another under his number has lost; now he moves that away and renames again.',
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
    what: "A revision is published by one rename of a directory onto a free number; now by a file renamed over the number's document.",
    breaks: lostChange,
    file: publisher,
    within: 'Publisher.publish',
    find: 'const placed = await this.renameUntilDecided(stage, entry, limits);',
    replace: `const number = this.latest.reader.pathOf(entry.number);
    const { files, place } = this.context;
    await files.makeDirectory(number).catch(() => undefined);
    await files.replace(documentIn(number), entry.text, place.fileMode, place.folder);
    const placed: string = 'placed';`,
  },
  {
    name: 'failed-means-not-done',
    promise: 'commit step 7',
    isSampled: true,
    profile: 'storm',
    what: 'A rename that failed without an answer is decided by what is there; now it counts as not done, and is told so.',
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
    what: 'After the rename the folder is listed again, because the number may have been cleared away below the top; now a placed revision counts.',
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
    what: 'A commit counts if its change is among the recent ones of the top; now if its own number still reads as ours.',
    breaks: lostChange,
    file: publisher,
    within: 'Publisher.confirm',
    find: 'kind.includes(document, entry.changeId)',
    replace: "(await this.ownerOf(entry)) === 'ours'",
  },
  {
    name: 'number-of-another-is-ours',
    promise: 'commit step 7',
    profile: 'storm',
    what: 'Who finds the commit of another under his number has lost and begins again; now he is told that his change is made.',
    breaks: lostChange,
    file: publisher,
    within: 'Publisher.publish',
    find: "(await this.stages.discard(stage.path)) ? 'conflict' : 'unknown'",
    replace: "'published'",
  },
  {
    name: 'recent-too-short',
    promise: 'commit step 8',
    profile: 'nap',
    what: 'A revision names the last 256 changes; now the last 4, so that who comes back to the second listing late does not find his own.',
    breaks: appliedOnce,
    file: 'src/licence/document.ts',
    within: 'MAX_RECENT',
    find: '256',
    replace: '4',
  },
  {
    name: 'newest-number-older-base',
    promise: 'commit step 2',
    what: 'A revision is numbered one above the base it was computed from; now one above whatever is newest at that moment.',
    breaks: lostChange,
    file: commits,
    within: 'CommitAttempts.next',
    find: 'nextRevision(licence,',
    replace:
      'nextRevision({ ...licence, revision: Math.max((await this.revisions.register.numbers())?.at(-1) ?? 0, licence.revision) },',
  },
];

const looking: readonly Bug[] = [
  {
    name: 'empty-listing-is-an-empty-table',
    promise: 'read',
    profile: 'storm',
    what: 'A folder that shows no number is a stale listing or damage; now it is a table in which nobody sits.',
    breaks: 'nobody loses his seat but by release, removal or eviction',
    file: 'src/store/latest.ts',
    within: 'LatestReader.readListed',
    find: "if (number === undefined) return trouble('empty', lost(place, 'holds no revision'));",
    replace: `if (number === undefined) {
        const { kind } = this.reader;
        const shown = kind.parse(kind.decode(await files.read(place.face), place.face), place.face);
        const document = { ...shown, licence: { ...shown.licence, instances: [] } };
        return { document, isBelow: false, startedMs, endedMs: clock.elapsedMs() };
      }`,
  },
  {
    name: 'older-listing-believed',
    promise: 'read',
    profile: 'storm',
    what: 'A listing that ends below a revision seen before proves nothing until the server has decided; now it is believed.',
    breaks: plainFault,
    file: knownNumbers,
    within: 'KnownNumbers.isBehind',
    find: 'isFar || number < this.placed',
    replace: 'isFar && number < 0',
    also: [
      {
        file: forks,
        within: 'ForkDetector.lossIn',
        find: "isBelow ? 'doubtful' : null",
        replace: 'null',
      },
    ],
  },
  {
    name: 'trouble-believed-at-once',
    promise: 'read',
    isSampled: true,
    what: 'What cannot be is looked for past the lifetime of the caches; now one look is enough to call the table lost or damaged.',
    breaks: 'a healthy table is not called lost',
    file: 'src/store/trouble.ts',
    within: 'TroubleMemory.isBelieved',
    find: 'waitedMs >= this.cachesMs && this.met.readings >= READINGS_TO_BELIEVE',
    replace: 'this.met.readings >= 1',
  },
  {
    name: 'lock-stale-by-the-wall-clock',
    promise: 'commit step 0',
    isSampled: true,
    what: 'A lock is stale that we have seen stand still for 10 s; now one that is 10 s old by our clock on the wall.',
    breaks: 'the lock of a writer at work is left to him, whatever the clocks say',
    file: lockFiles,
    within: 'LockFiles.mtimeOf',
    find: 'nowMs - this.foreign.sinceMs >= this.stealMs',
    replace: 'clock.wallMs() - modifiedMs >= this.stealMs',
  },
  {
    name: 'lock-waited-for',
    promise: 'commit step 0',
    what: 'The lock of a dead process is gone past when nothing moves, and stolen after a while; now it is waited for until its holder gives it back.',
    breaks: 'nobody is blocked by a dead writer',
    file: lock,
    within: 'PoliteLock.acquire',
    find: 'return await this.breakThrough(progress.patienceMs);',
    replace: 'void 0;',
    also: [
      {
        file: lock,
        within: 'PoliteLock.acquire',
        find: "attempt === 'held' && (await this.isOutlived(progress.patienceMs))",
        replace: 'false',
      },
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
    what: 'The 16 newest revisions are left alone, and those of a range that is not folded; now whatever is of a finished range goes, the top too.',
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
    what: 'A segment is folded from revisions that 16 newer ones stand above; now from all that are superseded.',
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
    what: 'A segment covers the chain of parents; now whatever has a number in its range, the void ones too.',
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
    what: 'A segment is put if absent; now the one that is there is moved away first.',
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
    what: 'The time between two looks counts for at most two look periods; now all of it counts, also what we slept through.',
    breaks: 'rule 3: whoever wakes first does not evict the fellow sleepers',
    file: sightings,
    within: 'look',
    find: 'COUNTED_POLLS * periodMs',
    replace: '1e12 * periodMs',
  },
  {
    name: 'dead-before-belief-ends',
    promise: 'rule 4',
    what: 'A peer is dead after 1.75 T of silence, when its belief is over; now after 1.25 T.',
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
    what: 'A verdict holds for the beat it was found at, and is declined if that has moved; now it goes with whatever beat the newest revision has.',
    breaks: liveUser,
    file: sightings,
    within: 'judge',
    find: 'seen && seen.identity === record.beat',
    replace: 'seen',
  },
  {
    name: 'judged-by-the-setting',
    promise: 'rule 4',
    profile: 'desk',
    what: "A peer is judged by the interval its own record promises; now by the file's, which it may not have seen yet.",
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
    what: 'Silence is only counted of who promised a heartbeat, and checked again at commit; now it is counted of everybody.',
    breaks: light,
    file: sightings,
    within: 'look',
    find: "record.id !== observer.id && record.level === 'heartbeat'",
    replace: 'record.id !== observer.id',
    also: [lightAtCommit],
  },
  {
    name: 'light-sweeps',
    promise: 'rule 10',
    profile: 'light',
    what: 'An instance without a heartbeat never sweeps; now it puts out whose process is gone on its own computer.',
    breaks: 'rule 10: Light never sweeps',
    file: beats,
    within: 'Beats.look',
    find: 'isLight ? [] : table.verdicts(top.licence, startedMs)',
    replace: 'table.verdicts(top.licence, startedMs)',
  },
  {
    name: 'sums-not-cut-back',
    promise: 'rule 4',
    isSampled: true,
    profile: 'outage',
    what: 'After a failed or slow commit of our own every sum is cut back to T; now it stands.',
    breaks: 'rule 4b: after an outage nobody is blamed for more than T of it',
    file: vigil,
    within: 'Vigil.committed',
    find: 'cutBack(this.sightings, this.lastSeen)',
    replace: 'this.sightings',
  },
  {
    name: 'evicts-without-proof',
    promise: 'rule 4',
    profile: 'outage',
    what: 'Who evicts has written himself shortly before, and beats early to be sure of it; now nobody has to show that he could write.',
    breaks: 'rule 4a: a peer is only blamed for silence in which it could have spoken',
    file: sightings,
    within: 'judgeOne',
    find: 'if (proven)',
    replace: 'if (true)',
    also: [
      {
        file: vigil,
        within: 'Vigil.next',
        find: 'beatEarly: beatEarly && !this.isTroubled',
        replace: 'beatEarly: false',
      },
    ],
  },
  {
    name: 'declined-eviction-published',
    promise: 'commit step 4',
    isSampled: true,
    what: 'An eviction that finds nobody to put out any more publishes nothing; now a revision like the one before.',
    breaks: 'a declined change raises no revision',
    file: evictRule,
    within: 'evict',
    find: 'takeAway(context, takings)',
    replace: 'takeAway(context, takings) ?? { licence: context.licence, events: [] }',
  },
  {
    name: 'looks-by-the-wall-clock',
    promise: 'rule 3',
    profile: 'office',
    what: 'Silence is added up on the monotonic clock; now on the wall clock, and stands still while that is set back.',
    breaks: deadUser,
    file: tableHere,
    within: 'Table.saw',
    find: 'this.vigil.saw(top, identity.id, this.lookPeriod);',
    replace: `const atMs = this.deps.clock.wallMs();
    this.vigil.saw({ ...top, startedMs: atMs, endedMs: atMs }, identity.id, this.lookPeriod);`,
  },
  {
    name: 'dead-by-share-time',
    promise: 'rule 5',
    what: "Share time evicts nobody; now who has not beaten for 2 T by the server's clock is as good as gone.",
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
    what: 'A process is gone if its pid is free on its own machine; now whatever machine it was on.',
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
    what: 'A newcomer puts out who did not answer its roll call; now whoever is silent for 2 T, unasked.',
    breaks: liveUser,
    file: requestRule,
    within: 'ask',
    find: 'asker.unanswered(licence)',
    replace: `licence.instances
.filter((record) => record.id !== asker.id && asker.silence(record) >= 2000 * record.checkIntervalSeconds)
.map(({ id, beat }) => ({ instance: id, beat, reason: 'evicted', words: 'did not answer the roll call' }))`,
  },
  {
    name: 'asks-and-does-not-wait',
    promise: 'rule 5',
    profile: 'monday',
    what: 'A roll call stands for T/4 before who has not answered is out; now his time is over at once.',
    breaks: liveUser,
    file: timing,
    within: 'WAIT_INTERVALS',
    find: '1 / 4',
    replace: '0',
  },
  {
    name: 'waits-by-share-time',
    promise: 'rule 5',
    profile: 'monday',
    what: "The wait is a newcomer's own, on its monotonic clock; now it is over when the roll call is T/4 old by the server's.",
    breaks: liveUser,
    file: rollcall,
    within: 'unanswered',
    find: 'if (isOverdue(record, known))',
    replace: `const askedAt = context.licence.rollCall?.names.find((name) => name.instance === record.id)?.at ?? '';
    const sinceMs = watching.nowMs - (silence(record) + fromIso(record.beatAt) - fromIso(askedAt));
    const byInterval = Unchanged.after(null, { identity: record.beat, startedMs: sinceMs });
    if (isOverdue(record, { ...known, byInterval }))`,
  },
  {
    name: 'waits-in-its-sleep',
    promise: 'rule 5',
    profile: 'monday',
    what: 'A gap between its commits begins the wait anew; now it counts, also what the asker slept through.',
    breaks: 'rule 5b: who wakes first does not evict the fellow sleepers',
    file: 'src/client/called.ts',
    within: 'RollCall.gapMs',
    find: 'Math.max(elapsedMs(this.last, since), elapsedMs(since, now))',
    replace: 'Math.min(0, elapsedMs(since, now))',
  },
];

const believing: readonly Bug[] = [
  {
    name: 'believes-two-intervals',
    promise: 'rule 9',
    profile: 'sleepers',
    what: 'Belief lasts 1.5 T, less than the others wait; now 2 T.',
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
    what: 'Of three clocks the one that saw most counts; now the monotonic one alone, which may pause in sleep.',
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
    what: 'Belief counts from the start of a confirmed commit; now from its end, however long that took.',
    breaks: neverOver,
    file: tableHere,
    within: 'Table.commitAside',
    find: '{ done, since }',
    replace: '{ done, since: instantOf(this.deps.clock) }',
  },
  {
    name: 'look-revives-belief',
    promise: 'rule 9',
    isSampled: true,
    profile: 'sleepers',
    what: 'A look can only end belief; now one that shows us in the table is as good as a beat.',
    breaks: neverOver,
    file: beats,
    within: 'Beats.checkOwn',
    find: 'if (!hold || held) return;',
    replace: `const now = { elapsedMs: clock.elapsedMs(), wallMs: clock.wallMs(), uptimeMs: clock.uptimeMs() };
    if (mine) holds.confirm(mine, now);
    if (!hold || held) return;`,
  },
  {
    name: 'failed-beat-waits-its-turn',
    promise: 'rule 2',
    profile: 'outage',
    what: 'A failed beat is tried again after T/16 or 5 s; now after T.',
    breaks: liveUser,
    file: heart,
    within: 'Heart.beatBegins',
    find: 'beatBegan(this.schedule, startedMs, this.retryMs)',
    replace: 'beatBegan(this.schedule, startedMs, this.pace.intervalMs)',
    also: [
      {
        file: heart,
        within: 'Heart.beatAgain',
        find: 'if (this.isBeating) this.beatSoon(this.retryMs);',
        replace: '',
      },
    ],
  },
  {
    name: 'jitter-the-wrong-way',
    promise: 'rule 2',
    what: 'A beat is due after T less some jitter; now after T and up to as much again.',
    breaks: liveUser,
    file: 'src/client/schedule.ts',
    within: 'beatConfirmed',
    find: '(1 - jitter * JITTER_INTERVALS)',
    replace: '(1 + jitter)',
  },
];

const table: readonly Bug[] = [
  {
    name: 'one-too-many',
    promise: 'rule 9',
    isSampled: true,
    what: 'A place is free while fewer than max users are taken; now also when all of them are.',
    breaks: neverOver,
    file: places,
    within: 'Places.placeFor',
    find: 'inUse + ahead < limitOf',
    replace: 'inUse + ahead <= limitOf',
  },
  {
    name: 'same-name-same-user',
    promise: 'rule 6',
    profile: 'office',
    what: 'Under user@host names must agree, and the machine; now the names are enough, which anyone can type.',
    breaks: neverOver,
    file: places,
    within: 'userKey',
    find: "case 'user@host':",
    replace: `case 'user@host':
      return JSON.stringify([folded(user), folded(host)]);`,
  },
  {
    name: 'removed-comes-back',
    promise: 'removal',
    isSampled: true,
    profile: 'desk',
    what: 'Who was removed by an administrator does not put his record back; now he does, like one who was evicted.',
    breaks: learns,
    file: beatRule,
    within: 'fateOf',
    find: 'isOut || !table.policy.modules.has(module)',
    replace: '!table.policy.modules.has(module)',
  },
  {
    name: 'back-whoever-sits-there',
    promise: 'rule 9',
    profile: 'desk',
    what: 'Who was put out comes back only if a place is free; now always.',
    breaks: neverOver,
    file: beatRule,
    within: 'fateOf',
    find: 'table.places.placeFor(who, { module, preferred: id, ahead })',
    replace: 'id',
  },
  {
    name: 'late-seat-kept',
    promise: 'release',
    isSampled: true,
    profile: 'storm',
    what: 'A seat that comes after its caller was told that the share did not answer is given back; now it is held for nobody.',
    breaks: 'a seat that nobody was given is free again',
    file: 'src/client/open-licence.ts',
    within: 'OpenLicence.ask',
    find: 'this.noted(asked.then((late) => this.giveBack(late)))',
    replace: 'asked',
  },
];

const losing: readonly Bug[] = [
  {
    name: 'rebuilt-in-place-of-accepted',
    promise: 'loss',
    isSampled: true,
    profile: 'losses',
    what: 'What is there after the loss of fewer than 16 revisions is taken; now whoever has seen more rebuilds the table from memory.',
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
    name: 'ghosts-kept',
    promise: 'loss',
    isSampled: true,
    profile: 'losses',
    what: 'A record that a lost revision no longer held goes, if it has not beaten since; now it stays for two check intervals.',
    breaks: 'what was given back in lost revisions is free again as soon as anybody who saw it commits',
    file: 'src/rules/recall.ts',
    within: 'withoutGhosts',
    find: 'fromIso(record.beatAt) <= endedMs',
    replace: 'fromIso(record.beatAt) < endedMs - 1e12',
  },
  {
    name: 'valid-before-a-beat-is-confirmed',
    promise: 'loss',
    isSampled: true,
    profile: 'losses',
    what: 'What surely lacks our own change may lack our seat, so it is not valid before a beat is confirmed; now it is.',
    breaks: neverOver,
    file: beats,
    within: 'Beats.forgotten',
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
    what: 'A restored revision gets the next multiple of 1,000 at least 500 above all; now the next number.',
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
    what: 'Where both folder and licence file are missing the share is out of reach; now the table counts as lost, and is rebuilt there.',
    breaks: 'where the share was nothing is written while it is away',
    file: 'src/store/trouble.ts',
    within: 'folderGone',
    find: 'if (isFaceThere)',
    replace: 'if (isFaceThere || folder)',
    also: [
      {
        file: 'src/store/rebuild.ts',
        within: 'Rebuilder.remains',
        find: 'numbers === null && !isFaceOurs',
        replace: 'false',
      },
    ],
  },
  {
    name: 'never-heals',
    promise: 'restore',
    profile: 'restored',
    what: 'Who holds a seat heals a lost table; now nobody does.',
    breaks: 'a lost table is whole again soon while somebody lives who has seen it',
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
    what: 'Who has promised to answer looks four times in that time; now as often as without.',
    breaks: liveUser,
    file: timing,
    within: 'ownLookMs',
    find: 'answersWithin === null ? periodMs : Math.min(periodMs, (answersWithin * 1000) / POLLS_PER_ANSWER)',
    replace: 'answersWithin === null ? periodMs : Math.max(periodMs, 1 / POLLS_PER_ANSWER)',
  },
  {
    name: 'believes-past-its-promise',
    promise: 'rule 7',
    profile: 'demand',
    what: 'Belief lasts for 6/7 of what was promised after a look; now for twice as long as that.',
    breaks: neverOver,
    file: timing,
    within: 'VALID_PART',
    find: '6 / 7',
    replace: '12 / 7',
  },
  {
    name: 'looks-that-show-the-call-count',
    promise: 'rule 7',
    profile: 'demand',
    what: 'A look that shows us called does not prolong our belief; now it does.',
    breaks: neverOver,
    file: 'src/client/heartbeat.ts',
    within: 'Beats.attend',
    find: 'isCalled(licence, identity.id)',
    replace: 'false',
  },
  {
    name: 'counts-what-it-slept-through',
    promise: 'rule 7',
    profile: 'demand',
    what: 'A gap between the commits of who calls begins the wait anew; now what he slept through counts.',
    breaks: liveUser,
    file: answers,
    within: 'answerGapMs',
    find: 'answerMsOf(record) / POLLS_PER_ANSWER;',
    replace: 'answerMsOf(record) * 1000 * POLLS_PER_ANSWER;',
  },
  {
    name: 'promised-by-the-settings',
    promise: 'rule 7',
    profile: 'demand',
    what: 'A record is judged by what it has promised itself; now by what the settings ask of everybody.',
    breaks: liveUser,
    file: answers,
    within: 'isOnDemand',
    find: 'record.answersWithin === null',
    replace: 'false',
    also: [
      {
        file: answers,
        within: 'answerMsOf',
        find: 'record.answersWithin === null ? Number.POSITIVE_INFINITY : 1000 * record.answersWithin;',
        replace: 'record.level === "light" ? Number.POSITIVE_INFINITY : 1000 * (record.answersWithin ?? 20);',
      },
    ],
  },
  {
    name: 'out-before-its-time',
    promise: 'rule 7',
    profile: 'demand',
    what: 'Who has promised is out when his time is over; now when half of it is.',
    breaks: liveUser,
    file: answers,
    within: 'isBroken',
    find: 'nowMs - known.byAnswer.sinceMs >= answerMs',
    replace: 'nowMs - known.byAnswer.sinceMs >= answerMs / 2',
  },
];

const waitingInLine: readonly Bug[] = [
  {
    name: 'newcomer-passes-the-line',
    promise: 'rule 8',
    isSampled: true,
    profile: 'queue',
    what: 'A free place belongs to whoever waits; now to whoever asks first.',
    breaks: inOrder,
    file: places,
    within: 'Places.placeFor',
    find: 'inUse + ahead < limitOf',
    replace: 'inUse < limitOf',
    also: [
      {
        file: 'src/client/table-view.ts',
        within: 'Table.served',
        find: 'andThen(context, passed, seatWaiters)',
        replace: 'passed',
      },
    ],
  },
  {
    name: 'freed-and-left-free',
    promise: 'rule 8',
    profile: 'queue',
    what: 'The commit that frees a place seats the first who waits; now he has to see it himself.',
    breaks: inOrder,
    file: 'src/client/table-view.ts',
    within: 'Table.served',
    find: 'andThen(context, passed, seatWaiters)',
    replace: 'passed',
  },
  {
    name: 'last-come-first-served',
    promise: 'rule 8',
    profile: 'queue',
    what: 'Who comes stands at the end of the line; now at its head.',
    breaks: inOrder,
    file: 'src/rules/offers.ts',
    within: 'seatWaiters',
    find: 'of licence.waiting',
    replace: 'of licence.waiting.toReversed()',
  },
  {
    name: 'given-for-good',
    promise: 'rule 8',
    isSampled: true,
    profile: 'queue',
    what: 'A place that was given and not taken goes to the next after 60 s; now it stays.',
    breaks: inOrder,
    file: timing,
    within: 'OFFER_MS',
    find: '60_000',
    replace: '1e12',
  },
  {
    name: 'beats-what-it-was-given-away',
    promise: 'rule 8',
    profile: 'queue',
    what: 'A beat leaves alone what its record was given meanwhile; now it writes only what it knows.',
    breaks: 'nothing that the table holds vanishes',
    file: beatRule,
    within: 'seatsAfter',
    find: '[...kept, ...(mine?.seats.filter(isOther) ?? [])]',
    replace: 'kept',
  },
  {
    name: 'leaves-and-stays-in-the-line',
    promise: 'rule 8',
    profile: 'queue',
    what: 'Who gives up leaves the line, and what he was given; now only what he holds.',
    breaks: inOrder,
    file: line,
    within: 'release',
    find: 'leaveLine(licence, instanceId, modules)',
    replace: 'licence',
  },
];

/** In the order of the design: the share, the looks, the roll call, the beliefs, the table. */
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
