import type { Profile } from './plan.js';

/** A change of one line of the shipped source. */
interface Edit {
  /** src/... */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** A mistake that could have been made, planted to see whether the simulation notices. */
export interface Bug extends Edit {
  /** Kebab-case. */
  readonly name: string;
  /** What the line did, and does now. */
  readonly what: string;
  /** The promise that it must break. */
  readonly breaks: string;
  /** The kind of office in which it shows soonest. @default all kinds, as they come */
  readonly profile?: Profile;
  /** Second guards, that have to fall too: one alone would hold. @default none */
  readonly also?: readonly Edit[];
}

const revisions = 'src/store/revisions.ts';
const store = 'src/store/store.ts';
const clearing = 'src/store/garbage.ts';
const folding = 'src/store/compact.ts';
const lock = 'src/store/lock.ts';
const sightings = 'src/rules/liveness.ts';
const seats = 'src/rules/claim.ts';
const beatRule = 'src/rules/beat.ts';
const evictRule = 'src/rules/evict.ts';
const requestRule = 'src/rules/request.ts';
const records = 'src/rules/records.ts';
const timing = 'src/rules/timing.ts';
const places = 'src/rules/seats.ts';
const desk = 'src/rules/admin.ts';
const instance = 'src/client/client.ts';
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
const answered = 'every wait has a deadline';

/** The second guard of rule 10: at commit, whatever was seen. */
const lightAtCommit: Edit = {
  file: evictRule,
  find: "if (!record || record.beat !== beat || record.level !== 'heartbeat') return [];",
  replace: 'if (!record || record.beat !== beat) return [];',
};

/** What stands before the change's id: an attempt without an answer is not decided by what is there, but begun again. */
const triedAgainUnseen: readonly Edit[] = [
  {
    file: revisions,
    find: 'if (isUnsaid(failure)) isDoubtful = true;',
    replace: "if (isUnsaid(failure)) throw new Error('again');",
  },
  {
    file: store,
    find: 'const fate = await this.revisions.publish(stage, next, text, trial.changeId, limits);',
    replace: `const fate = await this.revisions
      .publish(stage, next, text, trial.changeId, limits)
      .catch((error) => (error.message === 'again' ? 'doubtful' : Promise.reject(error)));`,
  },
];
/** A range is folded from an own commit at least 16 above it. */
const foldedFromAnywhere: Edit = {
  file: folding,
  find: '(one) => one >= range.last + NEWER)',
  replace: '(one) => one >= range.last)',
};

const publishing: readonly Bug[] = [
  {
    name: 'new-id-for-every-attempt',
    profile: 'storm',
    what: 'All attempts of a change carry one id, and an outcome that is unknown is looked for; now each attempt has an id of its own, and what got no answer is tried again.',
    breaks: appliedOnce,
    file: store,
    find: 'const stage = await this.stageFor(limits);',
    replace: `Object.assign(trial, { changeId: this.dice.id() });
    const stage = await this.stageFor(limits);`,
    also: triedAgainUnseen,
  },
  {
    name: 'stage-emptied-while-undecided',
    profile: 'network',
    what: 'While the outcome of a rename is unknown the stage is kept; now what is in it is deleted, which by an old handle is the published document.',
    breaks: 'nothing that is true is ever deleted',
    file: revisions,
    find: 'if (isUnsaid(failure)) isDoubtful = true;',
    replace: 'if (isUnsaid(failure)) await removeTree(stage.path, this.files).catch(() => undefined);',
  },
  {
    name: 'number-taken-by-force',
    profile: 'storm',
    what: 'Who finds the commit of another under his number has lost; now he moves that away and renames again.',
    breaks: lostChange,
    file: revisions,
    find: "if (found === 'anothers' || found === 'stageGone') return found;",
    replace: `if (found === 'stageGone') return found;
      if (found === 'anothers') await this.discard(this.numberPath(next.revision));`,
  },
  {
    name: 'document-renamed-over',
    what: "A revision is published by one rename of a directory onto a free number; now by a file renamed over the number's document.",
    breaks: lostChange,
    file: revisions,
    find: 'const placed = await this.renameUntilDecided(stage, next, limits);',
    replace: `const number = this.numberPath(next.revision);
    await this.files.makeDirectory(number).catch(() => undefined);
    await this.files.replace(documentIn(number), text, this.place.fileMode);
    const placed: string = 'placed';`,
  },
  {
    name: 'failed-means-not-done',
    profile: 'storm',
    what: 'A rename that failed without an answer is decided by what is there; now it counts as not done, and is told so.',
    breaks: plainFault,
    file: revisions,
    find: 'if (isUnsaid(failure)) isDoubtful = true;',
    replace: 'if (isUnsaid(failure)) throw toFault(failure);',
  },
  {
    name: 'no-second-listing',
    profile: 'nap',
    what: 'After the rename the folder is listed again, because the number may have been cleared away below the top; now a placed revision counts.',
    breaks: lostChange,
    file: revisions,
    find: "if (placed === 'placed') this.expectAtLeast(next.revision); // a listing that ends below it is a stale one",
    replace: "if (placed === 'placed') return 'ours';",
  },
  {
    name: 'confirmed-under-its-own-number',
    profile: 'nap',
    what: 'A commit counts if its change is among the recent ones of the top; now if its own number still reads as ours.',
    breaks: lostChange,
    file: revisions,
    find: "if (top.licence.recent.includes(changeId)) return 'ours';",
    replace: "if ((await this.readNumber(next.revision))?.commit === next.commit) return 'ours';",
  },
  {
    name: 'number-of-another-is-ours',
    profile: 'storm',
    what: 'Who finds the commit of another under his number has lost and begins again; now he is told that his change is made.',
    breaks: lostChange,
    file: revisions,
    find: "if (placed === 'anothers') return (await this.discard(stage.path)) ? 'lost' : 'doubtful';",
    replace: "if (placed === 'anothers') return 'ours';",
  },
  {
    name: 'recent-too-short',
    profile: 'nap',
    what: 'A revision names the last 256 changes; now the last 4, so that who comes back to the second listing late does not find his own.',
    breaks: appliedOnce,
    file: 'src/licence/document.ts',
    find: 'export const MAX_RECENT = 256;',
    replace: 'export const MAX_RECENT = 4;',
  },
  {
    name: 'newest-number-older-base',
    what: 'A revision is numbered one above the base it was computed from; now one above whatever is newest at that moment.',
    breaks: lostChange,
    file: store,
    find: 'const next = nextRevision(licence, draft, {',
    replace: `const newest = (await this.revisions.numbers())?.at(-1) ?? 0;
    const next = nextRevision({ ...licence, revision: Math.max(newest, licence.revision) }, draft, {`,
  },
];

const looking: readonly Bug[] = [
  {
    name: 'empty-listing-is-an-empty-table',
    profile: 'storm',
    what: 'A folder that shows no number is a stale listing or damage; now it is a table in which nobody sits.',
    breaks: 'nobody loses his seat but by release, removal or eviction',
    file: revisions,
    find: "if (number === undefined) return trouble('empty', this.lost('holds no revision'));",
    replace: `if (number === undefined) {
        const { face } = this.place;
        const shown = parseLicence(decodeText(await this.files.read(face), face), face);
        return { licence: { ...shown, instances: [] }, startedMs, endedMs: this.clock.elapsedMs() };
      }`,
  },
  {
    name: 'older-listing-believed',
    profile: 'storm',
    what: 'A listing that ends below a revision seen before proves nothing until the server has decided; now it is believed.',
    breaks: plainFault,
    file: revisions,
    find: 'return isFar || number < this.placed;',
    replace: 'return isFar && number < 0;',
    also: [
      {
        file: revisions,
        find: "return licence.revision < this.highestSeen ? 'doubtful' : null;",
        replace: 'return null;',
      },
    ],
  },
  {
    name: 'trouble-believed-at-once',
    what: 'What cannot be is looked for past the lifetime of the caches; now one look is enough to call the table lost or damaged.',
    breaks: 'a healthy table is not called lost',
    file: revisions,
    find: 'return waitedMs >= this.options.cachesMs && this.met.looks >= LOOKS_TO_BELIEVE;',
    replace: 'return this.met.looks >= 1;',
  },
  {
    name: 'silence-waited-out',
    profile: 'outage',
    what: 'A share operation without an answer is given up at its deadline; now it is waited for.',
    breaks: answered,
    file: 'src/share/op-timeouts.ts',
    find: 'return !signal.aborted;',
    replace: 'return false;',
  },
  {
    name: 'lock-stale-by-the-wall-clock',
    what: 'A lock is stale that we have seen stand still for 10 s; now one that is 10 s old by our clock on the wall.',
    breaks: 'the lock of a writer at work is left to him, whatever the clocks say',
    file: lock,
    find: 'return nowMs - foreign.firstSeenMs >= stealMs ? new Date(0)',
    replace: 'return clock.wallMs() - modifiedMs >= stealMs ? new Date(0)',
  },
  {
    name: 'lock-waited-for',
    what: 'The lock of a dead process is gone past when nothing moves, and stolen after a while; now it is waited for until its holder gives it back.',
    breaks: 'nobody is blocked by a dead writer',
    file: lock,
    find: 'return await this.breakThrough(progress.patienceMs);',
    replace: 'void 0;',
    also: [
      {
        file: lock,
        find: "else if (attempt === 'held' && (await this.isOutlived(progress.patienceMs))) return this.passOver();",
        replace: '',
      },
      {
        file: lock,
        find: 'return nowMs - foreign.firstSeenMs >= stealMs ? new Date(0) : new Date(8.64e15);',
        replace: 'return new Date(8.64e15);',
      },
    ],
  },
];

const clearingAway: readonly Bug[] = [
  {
    name: 'top-cleared-too',
    what: 'The 16 newest revisions are left alone, and those of a range that is not folded; now whatever is of a finished range goes, the top too.',
    breaks: 'a healthy table is not called lost',
    file: clearing,
    find: '.slice(0, -NEWER)',
    replace: '',
    also: [
      {
        file: clearing,
        find: '.filter((number) => nowMs - this.revisions.supersededSinceMs(number) >= this.options.supersededMs);',
        replace: ';',
      },
      foldedFromAnywhere,
    ],
  },
  {
    name: 'cleared-before-folded',
    what: 'Revisions go when their segment is there, or would be empty; now also when there was no time to read them, or the share refused it.',
    breaks: inJournal,
    file: folding,
    find: "if (outcome === 'done') chosen.push(...numbers);",
    replace: "if (outcome !== 'kept') chosen.push(...numbers);",
  },
  {
    name: 'folded-from-the-top',
    what: 'A segment is folded from revisions that 16 newer ones stand above; now from all that are superseded.',
    breaks: inJournal,
    ...foldedFromAnywhere,
    also: [{ file: clearing, find: '.slice(0, -NEWER)', replace: '.slice(0, -1)' }],
  },
  {
    name: 'void-folded',
    profile: 'nap',
    what: 'A segment covers the chain of parents; now whatever has a number in its range, the void ones too.',
    breaks: inJournal,
    file: folding,
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
    what: 'A segment is put if absent; now the one that is there is moved away first.',
    breaks: inJournal,
    file: folding,
    find: 'const isPlaced = await this.files.rename(stage.path, target).then(',
    replace: `await this.revisions.discard(target);
    const isPlaced = await this.files.rename(stage.path, target).then(`,
    also: [
      {
        file: folding,
        find: 'const outcome = there',
        replace: 'const outcome = there?.problem',
      },
    ],
  },
  {
    name: 'folded-twice',
    what: 'A range begins where the one before it ends; now it takes the last number of that with it.',
    breaks: inJournal,
    file: folding,
    find: '.filter(({ revision }) => isIn(range, revision))',
    replace: '.filter(({ revision }) => isIn(range, revision) || revision === range.first - 1)',
    also: [
      {
        file: folding,
        find: 'walkDown(from, range.first, ground)',
        replace: 'walkDown(from, range.first - 1, ground)',
      },
    ],
  },
];

const sight: readonly Bug[] = [
  {
    name: 'gaps-counted-in-full',
    profile: 'sleepers',
    what: 'The time between two looks counts for at most two look periods; now all of it counts, also what we slept through.',
    breaks: 'rule 3: whoever wakes first does not evict the fellow sleepers',
    file: sightings,
    find: 'const sight = { identity: record.beat, startedMs, endedMs, longestGapMs: COUNTED_POLLS * periodMs };',
    replace: 'const sight = { identity: record.beat, startedMs, endedMs, longestGapMs: 1e12 * periodMs };',
  },
  {
    name: 'dead-at-one-interval',
    what: 'A peer is dead after 1.75 T of silence; now after 1 T.',
    breaks: liveUser,
    file: timing,
    find: 'const DEAD_INTERVALS = 1.75;',
    replace: 'const DEAD_INTERVALS = 1;',
  },
  {
    name: 'dead-before-belief-ends',
    what: 'A peer is dead after 1.75 T of silence, when its belief is over; now after 1.25 T.',
    breaks: neverOver,
    file: timing,
    find: 'const DEAD_INTERVALS = 1.75;',
    replace: 'const DEAD_INTERVALS = 1.25;',
  },
  {
    name: 'beat-not-checked-at-commit',
    profile: 'edge',
    what: 'A verdict holds for the beat it was found at, and is declined if that has moved; now it goes with whatever beat the newest revision has.',
    breaks: liveUser,
    file: sightings,
    find: 'return seen && seen.identity === record.beat ? [',
    replace: 'return seen ? [',
  },
  {
    name: 'judged-by-the-setting',
    profile: 'desk',
    what: "A peer is judged by the interval its own record promises; now by the file's, which it may not have seen yet.",
    breaks: liveUser,
    file: sightings,
    find: '? [judgeOne(record, seen, evidence)]',
    replace:
      '? [judgeOne({ ...record, ...(licence.settings as Pick<InstanceRecord, "checkIntervalSeconds">) }, seen, evidence)]',
  },
  {
    name: 'light-dies-of-silence',
    profile: 'light',
    what: 'Silence is only counted of who promised a heartbeat, and checked again at commit; now it is counted of everybody.',
    breaks: light,
    file: sightings,
    find: "(record) => record.id !== observer.id && record.level === 'heartbeat',",
    replace: '(record) => record.id !== observer.id,',
    also: [lightAtCommit],
  },
  {
    name: 'light-dies-with-its-process',
    profile: 'light',
    what: 'A peer whose process is gone is put out if it promised a heartbeat; now Light too.',
    breaks: light,
    file: vigil,
    find: "record.level === 'heartbeat' && holdsMore(record) && isGone(record)",
    replace: 'holdsMore(record) && isGone(record)',
    also: [lightAtCommit],
  },
  {
    name: 'light-sweeps',
    profile: 'light',
    what: 'An instance without a heartbeat never sweeps; now it puts out whose process is gone on its own computer.',
    breaks: 'rule 10: Light never sweeps',
    file: beats,
    find: 'const verdicts = isLight ? [] : table.verdicts(top.licence, startedMs);',
    replace: 'const verdicts = table.verdicts(top.licence, startedMs);',
  },
  {
    name: 'sums-not-cut-back',
    profile: 'outage',
    what: 'After a failed or slow commit of our own every sum is cut back to T; now it stands.',
    breaks: 'rule 4b: after an outage nobody is blamed for more than T of it',
    file: vigil,
    find: 'if (this.lastSeen) this.sightings = cutBack(this.sightings, this.lastSeen);',
    replace: '',
  },
  {
    name: 'evicts-without-proof',
    profile: 'outage',
    what: 'Who evicts has written himself shortly before, and beats early to be sure of it; now nobody has to show that he could write.',
    breaks: 'rule 4a: a peer is only blamed for silence in which it could have spoken',
    file: sightings,
    find: 'if (proven)',
    replace: 'if (proven || true)',
    also: [
      {
        file: vigil,
        find: 'return { beatEarly: beatEarly && !this.isTroubled, lookAgainMs };',
        replace: 'return { beatEarly: beatEarly && false, lookAgainMs };',
      },
    ],
  },
  {
    name: 'declined-eviction-published',
    what: 'An eviction that finds nobody to put out any more publishes nothing; now a revision like the one before.',
    breaks: 'a declined change raises no revision',
    file: evictRule,
    find: 'return takeAway(context, takings);',
    replace: 'return takeAway(context, takings) ?? { licence: context.licence, events: [] };',
  },
  {
    name: 'looks-by-the-wall-clock',
    profile: 'office',
    what: 'Silence is added up on the monotonic clock; now on the wall clock, and stands still while that is set back.',
    breaks: deadUser,
    file: tableHere,
    find: 'this.vigil.saw(top, identity.id, this.lookPeriod);',
    replace: `const atMs = this.deps.clock.wallMs();
    this.vigil.saw({ ...top, startedMs: atMs, endedMs: atMs }, identity.id, this.lookPeriod);`,
  },
  {
    name: 'dead-by-share-time',
    what: "Share time evicts nobody; now who has not beaten for 2 T by the server's clock is as good as gone.",
    breaks: liveUser,
    file: tableHere,
    find: 'const isGone = (record: InstanceRecord) => record.id !== identity.id && identity.isGone(record);',
    replace: `const nowAt = Date.parse(licence.committedAt ?? '');
    const isGone = (record: InstanceRecord) =>
      record.id !== identity.id &&
      (identity.isGone(record) || nowAt - Date.parse(record.beatAt) >= 2000 * record.checkIntervalSeconds);`,
  },
  {
    name: 'newcomer-goes-by-share-time',
    what: "A newcomer drops whose process is provably gone; now also whose beat is overdue by the server's clock.",
    breaks: liveUser,
    file: seats,
    find: '? request.isGone(record) || isOfOlderBoot(record, request)',
    replace: '? context.nowMs - fromIso(record.beatAt) >= 1125 * record.checkIntervalSeconds',
  },
  {
    name: 'newcomer-drops-light',
    profile: 'light',
    what: 'Of Light a newcomer drops only what is his own; now everybody whose process is gone on his computer.',
    breaks: light,
    file: seats,
    find: ': isOwnGone(context, record, request);',
    replace: ': request.isGone(record);',
  },
  {
    name: 'pid-of-any-machine',
    what: 'A process is gone if its pid is free on its own machine; now whatever machine it was on.',
    breaks: liveUser,
    file: 'src/client/identity.ts',
    find: 'record.machine.pids === pids &&',
    replace: '',
  },
  {
    name: 'no-early-beat',
    profile: 'calendar',
    what: 'At 1.55 T an observer without a recent commit beats early, to have one at 1.75 T; now it waits for its own beat.',
    breaks: deadUser,
    file: beats,
    find: 'if (beatEarly) heart.beatSoon();',
    replace: '',
  },
];

const asking: readonly Bug[] = [
  {
    name: 'newcomer-does-not-ask',
    profile: 'monday',
    what: 'A newcomer puts out who did not answer its roll call; now whoever is silent for 2 T, unasked.',
    breaks: liveUser,
    file: requestRule,
    find: 'const swept = evict(context, { verdicts: asker.unanswered(licence), actor });',
    replace: `const silent = licence.instances.filter(
      (record) => record.id !== asker.id && asker.silence(record) >= 2000 * record.checkIntervalSeconds,
    );
    const verdicts = silent.map(({ id, beat }) => ({
      ...{ instance: id, beat, reason: 'evicted' as const, words: 'did not answer the roll call' },
    }));
    const swept = evict(context, { verdicts, actor });`,
  },
  {
    name: 'asks-and-does-not-wait',
    profile: 'monday',
    what: 'A roll call stands for T/4 before who has not answered is out; now his time is over at once.',
    breaks: liveUser,
    file: timing,
    find: 'const WAIT_INTERVALS = 1 / 4;',
    replace: 'const WAIT_INTERVALS = 0;',
  },
  {
    name: 'waits-by-share-time',
    profile: 'monday',
    what: "The wait is a newcomer's own, on its monotonic clock; now it is over when the roll call is T/4 old by the server's.",
    breaks: liveUser,
    file: rollcall,
    find: 'if (isOverdue(record, known))',
    replace: `const askedAt = context.licence.rollCall?.names.find((name) => name.instance === record.id)?.at ?? '';
    const sinceMs = watching.nowMs - (silence(record) + fromIso(record.beatAt) - fromIso(askedAt));
    const byInterval = Unchanged.after(null, { identity: record.beat, startedMs: sinceMs });
    if (isOverdue(record, { ...known, byInterval }))`,
  },
  {
    name: 'waits-in-its-sleep',
    profile: 'monday',
    what: 'A gap between its commits begins the wait anew; now it counts, also what the asker slept through.',
    breaks: 'rule 5b: who wakes first does not evict the fellow sleepers',
    file: 'src/client/called.ts',
    find: 'return Math.max(elapsedMs(this.last, since), elapsedMs(since, now));',
    replace: 'return Math.min(0, elapsedMs(since, now));',
  },
  {
    name: 'roll-call-not-answered',
    profile: 'monday',
    what: 'Who finds his name in a roll call beats at once; now he beats when it is time.',
    breaks: liveUser,
    file: beats,
    find: 'if (isCalled(licence, identity.id)) heart.beatSoon();',
    replace: '',
  },
  {
    name: 'roll-call-takes-light',
    profile: 'light',
    what: 'Only who promised a heartbeat is asked, and put out; now Light too, which answers nobody.',
    breaks: light,
    file: rollcall,
    find: "record.level === 'heartbeat' && record.seats.some((seat) => seat.untilAt === null);",
    replace: 'record.seats.some((seat) => seat.untilAt === null);',
    also: [lightAtCommit],
  },
  {
    name: 'asked-too-early-out-too-early',
    profile: 'monday',
    what: 'Who does not answer is out if he is silent for 2 T; now after 1.5 T.',
    breaks: liveUser,
    file: timing,
    find: 'deadAfterMs(record) + CALLED_INTERVALS * intervalMs(record);',
    replace: 'deadAfterMs(record) - CALLED_INTERVALS * intervalMs(record);',
    also: [
      {
        file: rollcall,
        find: 'silence(record) >= deadAfterMs(record);',
        replace: 'silence(record) >= deadAfterMs(record) / 2;',
      },
    ],
  },
  {
    name: 'refused-and-gone',
    profile: 'monday',
    what: 'Who was refused asks on behind the answer, for whoever comes next; now only while somebody waits.',
    breaks: deadUser,
    file: instance,
    find: 'void this.asking.askOn(module);',
    replace: '',
  },
  {
    name: 'jumps-of-the-server-age-everybody',
    profile: 'monday',
    what: "An asker that has seen the server's clock jump ahead does not count the jump; now it does.",
    breaks: neverOver,
    file: 'src/client/called.ts',
    find: 'return Math.min(shareTimeMs, this.first.ms + elapsedMs(this.first.at, now));',
    replace: 'return shareTimeMs + 0 * elapsedMs(this.first.at, now);',
  },
  {
    name: 'future-beats-protect',
    profile: 'monday',
    what: "Silence is also what the asker has seen itself; now only the age by the server's clock, which may have been set back.",
    breaks: deadUser,
    file: rollcall,
    find: ': Math.max(nowMs - fromIso(record.beatAt), unchangedMs);',
    replace: ': nowMs - fromIso(record.beatAt);',
    also: [{ file: rollcall, find: '? unchangedMs', replace: '? 0 * unchangedMs' }],
  },
];

const believing: readonly Bug[] = [
  {
    name: 'believes-two-intervals',
    profile: 'sleepers',
    what: 'Belief lasts 1.5 T, less than the others wait; now 2 T.',
    breaks: neverOver,
    file: timing,
    find: 'const VALID_INTERVALS = 1.5;',
    replace: 'const VALID_INTERVALS = 2;',
  },
  {
    name: 'believes-by-one-clock',
    profile: 'sleepers',
    what: 'Of three clocks the one that saw most counts; now the monotonic one alone, which may pause in sleep.',
    breaks: neverOver,
    file: 'src/licence/time.ts',
    find: 'Math.max(now.elapsedMs - since.elapsedMs, now.wallMs - since.wallMs, now.uptimeMs - since.uptimeMs);',
    replace: 'now.elapsedMs - since.elapsedMs;',
  },
  {
    name: 'belief-from-the-end',
    profile: 'nap',
    what: 'Belief counts from the start of a confirmed commit; now from its end, however long that took.',
    breaks: neverOver,
    file: tableHere,
    find: 'return { done, since };',
    replace: 'return { done, since: instantOf(this.deps.clock) };',
  },
  {
    name: 'look-revives-belief',
    profile: 'sleepers',
    what: 'A look can only end belief; now one that shows us in the table is as good as a beat.',
    breaks: neverOver,
    file: beats,
    find: 'if (!hold || held) return;',
    replace: `const now = { elapsedMs: clock.elapsedMs(), wallMs: clock.wallMs(), uptimeMs: clock.uptimeMs() };
    if (mine) holds.confirm(mine, now);
    if (!hold || held) return;`,
  },
  {
    name: 'looks-past-itself',
    profile: 'desk',
    what: 'A look tells what became of our own seat; now only the next beat does.',
    breaks: learns,
    file: beats,
    find: 'for (const module of holds.modules) this.checkOwn(module, seen);',
    replace: '',
  },
  {
    name: 'failed-beat-waits-its-turn',
    profile: 'outage',
    what: 'A failed beat is tried again after T/16 or 5 s; now after T.',
    breaks: liveUser,
    file: heart,
    find: 'this.beatDueMs = startedMs + this.retryMs; // stands if this one fails',
    replace: 'this.beatDueMs = startedMs + this.deps.table.intervalMs;',
    also: [
      {
        file: heart,
        find: 'if (this.isBeating) this.beatSoon(this.retryMs); // the first success should not wait for T',
        replace: '',
      },
    ],
  },
  {
    name: 'jitter-the-wrong-way',
    what: 'A beat is due after T less some jitter; now after T and up to as much again.',
    breaks: liveUser,
    file: heart,
    find: '? since.elapsedMs + table.intervalMs * (1 - dice.fraction() * JITTER_INTERVALS)',
    replace: '? since.elapsedMs + table.intervalMs * (1 + dice.fraction())',
  },
];

const table: readonly Bug[] = [
  {
    name: 'one-too-many',
    what: 'A place is free while fewer than max users are taken; now also when all of them are.',
    breaks: neverOver,
    file: places,
    find: 'return inUse + ahead < limitOf(',
    replace: 'return inUse + ahead <= limitOf(',
  },
  {
    name: 'only-the-first-module-counts',
    what: 'Every seat of a record counts in its module; now only the first.',
    breaks: neverOver,
    file: places,
    find: 'for (const seat of record.seats) this.note(',
    replace: 'for (const seat of record.seats.slice(0, 1)) this.note(',
  },
  {
    name: 'other-modules-count-too',
    what: 'A seat counts in its own module; now in every one.',
    breaks: 'nobody is refused while a place is free',
    file: places,
    find: 'return this.indexed().get(module);',
    replace: `const all = [...this.indexed().values()];
    const byInstance: Map<string, Taken> = this.indexed().get(module)?.byInstance ?? new Map();
    const ids = new Set(all.flatMap((one) => [...one.ids]));
    return { ids, byInstance, byUser: new Map(all.flatMap((one) => [...one.byUser])) };`,
  },
  {
    name: 'same-name-same-user',
    profile: 'office',
    what: 'Under user@host names must agree, and the machine; now the names are enough, which anyone can type.',
    breaks: neverOver,
    file: places,
    find: "case 'user@host':",
    replace: `case 'user@host':
      return JSON.stringify([folded(user), folded(host)]);`,
  },
  {
    name: 'removed-comes-back',
    profile: 'desk',
    what: 'Who was removed by an administrator does not put his record back; now he does, like one who was evicted.',
    breaks: learns,
    file: beatRule,
    find: 'if (isOut || !table.policy.modules.has(module)) return',
    replace: 'if (!table.policy.modules.has(module)) return',
  },
  {
    name: 'back-whoever-sits-there',
    profile: 'desk',
    what: 'Who was put out comes back only if a place is free; now always.',
    breaks: neverOver,
    file: beatRule,
    find: 'const place = table.places.placeFor(who, { module, preferred: id, ahead });',
    replace: 'const place: string | null = id;',
  },
  {
    name: 'evicted-for-good',
    profile: 'outage',
    what: 'Who was evicted in his sleep is back in his seat if a place is free; now he has lost it.',
    breaks: 'nobody loses his seat while a place is free',
    file: beatRule,
    find: 'const isOut = tombstone && isFinal(tombstone.reason);',
    replace: 'const isOut = tombstone !== null;',
  },
  {
    name: 'release-takes-all',
    what: 'A release frees one module; now the whole record goes, though others are held.',
    breaks: 'nobody loses his seat but by release, removal or eviction',
    file: line,
    find: 'const leaving = record ? seatsIn(record, modules) : [];',
    replace: 'const leaving = record?.seats ?? [];',
  },
  {
    name: 'released-only-here',
    what: 'A release takes the seat out of the table; now the process only forgets it, and the record waits to be swept.',
    breaks: 'a released seat is free when release() has returned',
    file: 'src/client/release.ts',
    find: 'const release = () => (modules.length > 0 ? this.commitRelease(modules, limits) : Promise.resolve());',
    replace: 'const release = () => Promise.resolve();',
  },
  {
    name: 'hold-never-dropped',
    what: 'With its last handle a hold goes; now it stays, and its beats keep the seat of nobody alive.',
    breaks: 'a released seat is free when release() has returned',
    file: 'src/client/held-seats.ts',
    find: 'return isLast && this.byModule.delete(seat.module) ? [seat.module] : [];',
    replace: 'return isLast ? [seat.module] : [];',
  },
  {
    name: 'late-seat-kept',
    profile: 'storm',
    what: 'A seat that comes after its caller was told that the share did not answer is given back; now it is held for nobody.',
    breaks: 'a seat that nobody was given is free again',
    file: 'src/client/open-licence.ts',
    find: 'void this.noted(asked.then((late) => this.giveBack(late))).catch(() => undefined);',
    replace: 'void asked.catch(() => undefined);',
  },
  {
    name: 'removed-without-a-tombstone',
    profile: 'desk',
    what: 'A removal leaves a tombstone; now none, and the holder takes it for a lost record and puts it back.',
    breaks: learns,
    file: desk,
    find: 'const after = takeAway(context, takings);',
    replace: `const taken = takeAway(context, takings);
    const after = taken && { ...taken, licence: { ...taken.licence, gone: context.licence.gone } };`,
  },
  {
    name: 'setting-empties-the-table',
    profile: 'desk',
    what: 'A change of settings leaves the seats as they are; now everybody has to sit down again.',
    breaks: 'nobody loses his seat but by release, removal or eviction',
    file: desk,
    find: 'licence: { ...licence, settings }',
    replace: 'licence: { ...licence, settings, instances: [] }',
  },
];

const losing: readonly Bug[] = [
  {
    name: 'rebuilt-in-place-of-accepted',
    profile: 'losses',
    what: 'What is there after the loss of fewer than 16 revisions is taken; now whoever has seen more rebuilds the table from memory.',
    breaks: 'lost revisions cost no living user a seat',
    file: revisions,
    find: 'const isFar = number <= this.highestSeen - LOST_BELOW && this.taken !== this.highestSeen;',
    replace: 'const isFar = number < this.highestSeen && this.taken !== this.highestSeen;',
    also: [
      {
        file: revisions,
        find: 'const loss = this.lossIn(licence);',
        replace: `const loss = this.lossIn(licence);
      if (loss === 'certain') return trouble('behind', this.lost('goes on from an older state'));`,
      },
    ],
  },
  {
    name: 'ghosts-kept',
    profile: 'losses',
    what: 'A record that a lost revision no longer held goes, if it has not beaten since; now it stays for two check intervals.',
    breaks: 'what was given back in lost revisions is free again as soon as anybody who saw it commits',
    file: 'src/rules/recall.ts',
    find: 'const isGhost = (record: InstanceRecord) => !ids.has(record.id) && fromIso(record.beatAt) <= endedMs;',
    replace:
      'const isGhost = (record: InstanceRecord) => !ids.has(record.id) && fromIso(record.beatAt) < endedMs - 1e12;',
  },
  {
    name: 'valid-before-a-beat-is-confirmed',
    profile: 'losses',
    what: 'What surely lacks our own change may lack our seat, so it is not valid before a beat is confirmed; now it is.',
    breaks: neverOver,
    file: beats,
    find: "if (top.loss === 'certain') for (const module of holds.modules) holds.doubt(module);",
    replace: '',
  },
];

const restoring: readonly Bug[] = [
  {
    name: 'seated-in-the-quarter',
    profile: 'restored',
    what: 'For T/4 after a restore nobody new is seated, whoever may be missing in it; now at once.',
    breaks: neverOver,
    file: instance,
    find: "if (closedMs > 0 && outcome.kind === 'seated'",
    replace: "if (closedMs < 0 && outcome.kind === 'seated'",
  },
  {
    name: 'lost-tombstones-forgotten',
    profile: 'restored',
    what: 'Who remembers a tombstone of the lost revisions puts it in again; now it is forgotten, and who was removed sits there.',
    breaks: learns,
    file: 'src/rules/recall.ts',
    find: 'if (!restored || restored.lineage !== memory.lineage) return table;',
    replace: 'if (!restored || restored.lineage !== memory.lineage || table.revision > 0) return table;',
  },
  {
    name: 'beats-counted-from-the-table',
    profile: 'restored',
    what: 'A beat is above every one its holder tried to write; now one above that in the table, which may have been lost and seen.',
    breaks: liveUser,
    file: records,
    find: 'if (mine) return { ...mine, beat: Math.max(mine.beat, beat) };',
    replace: 'if (mine) return { ...mine, beat: mine.beat + 0 * beat };',
  },
  {
    name: 'folds-remembered-over-a-loss',
    profile: 'restored',
    what: 'With a lost table everything is forgotten that was folded; now segments that went with the folder are held to be there.',
    breaks: inJournal,
    file: folding,
    find: 'if (this.latest && !isOffspring(licence, this.latest)) this.forgetAll();',
    replace: '',
  },
  {
    name: 'restored-event-hashed-as-it-stands',
    profile: 'restored',
    what: 'The event of a restore is hashed with its keys in order; now as it stands, and the chain of events breaks after it.',
    breaks: inJournal,
    file: 'src/rules/restore.ts',
    find: 'lastEventHash: hashOf(event),',
    replace: "lastEventHash: hashOf({ ...event, kind: 'lost' }),",
  },
  {
    name: 'restored-at-the-next-number',
    profile: 'restored',
    what: 'A restored revision gets the next multiple of 1,000 at least 500 above all; now the next number.',
    breaks: 'no late writer of the old lineage can reach above a restored revision',
    file: 'src/rules/restore.ts',
    find: 'Math.ceil((highestKnown + LEAST_ABOVE) / ROUND) * ROUND;',
    replace: 'highestKnown + 1;',
  },
  {
    name: 'empty-mount-is-a-loss',
    profile: 'restored',
    what: 'Where both folder and licence file are missing the share is out of reach; now the table counts as lost, and is rebuilt there.',
    breaks: 'where the share was nothing is written while it is away',
    file: revisions,
    find: "if (isFaceThere) return this.lost('is gone');",
    replace: "if (isFaceThere || folder) return this.lost('is gone');",
    also: [
      {
        file: 'src/store/rebuild.ts',
        find: 'if (numbers === null && !isFaceOurs) return null;',
        replace: '',
      },
    ],
  },
  {
    name: 'never-heals',
    profile: 'restored',
    what: 'Who holds a seat heals a lost table; now nobody does.',
    breaks: 'a lost table is whole again soon while somebody lives who has seen it',
    file: store,
    find: 'if (!this.healer || this.memory === null) throw error;',
    replace: 'if (this.healer !== "nobody" || this.memory === null) throw error;',
  },
];

const onDemand: readonly Bug[] = [
  {
    name: 'promised-and-looks-as-ever',
    profile: 'demand',
    what: 'Who has promised to answer looks four times in that time; now as often as without.',
    breaks: liveUser,
    file: timing,
    find: 'return answersWithin === null ? periodMs : Math.min(periodMs, (answersWithin * 1000) / POLLS_PER_ANSWER);',
    replace: 'return answersWithin === null ? periodMs : Math.max(periodMs, 1 / POLLS_PER_ANSWER);',
  },
  {
    name: 'believes-past-its-promise',
    profile: 'demand',
    what: 'Belief lasts for 6/7 of what was promised after a look; now for twice as long as that.',
    breaks: neverOver,
    file: timing,
    find: 'const VALID_PART = 6 / 7;',
    replace: 'const VALID_PART = 12 / 7;',
  },
  {
    name: 'looks-that-show-the-call-count',
    profile: 'demand',
    what: 'A look that shows us called does not prolong our belief; now it does.',
    breaks: neverOver,
    file: 'src/client/heartbeat.ts',
    find: 'if (isCalled(licence, identity.id)) return; // planNext answers',
    replace: '',
  },
  {
    name: 'counts-what-it-slept-through',
    profile: 'demand',
    what: 'A gap between the commits of who calls begins the wait anew; now what he slept through counts.',
    breaks: liveUser,
    file: answers,
    find: 'answerMsOf(record) / POLLS_PER_ANSWER;',
    replace: 'answerMsOf(record) * 1000 * POLLS_PER_ANSWER;',
  },
  {
    name: 'promised-by-the-settings',
    profile: 'demand',
    what: 'A record is judged by what it has promised itself; now by what the settings ask of everybody.',
    breaks: liveUser,
    file: answers,
    find: 'if (policy.answerWithinSeconds === null || record.answersWithin === null) return false;',
    replace: 'if (policy.answerWithinSeconds === null) return false;',
    also: [
      {
        file: answers,
        find: 'record.answersWithin === null ? Number.POSITIVE_INFINITY : 1000 * record.answersWithin;',
        replace: 'record.level === "light" ? Number.POSITIVE_INFINITY : 1000 * (record.answersWithin ?? 20);',
      },
    ],
  },
  {
    name: 'out-before-its-time',
    profile: 'demand',
    what: 'Who has promised is out when his time is over; now when half of it is.',
    breaks: liveUser,
    file: answers,
    find: 'nowMs - known.byAnswer.sinceMs >= answerMs &&',
    replace: 'nowMs - known.byAnswer.sinceMs >= answerMs / 2 &&',
  },
];

const waitingInLine: readonly Bug[] = [
  {
    name: 'newcomer-passes-the-line',
    profile: 'queue',
    what: 'A free place belongs to whoever waits; now to whoever asks first.',
    breaks: inOrder,
    file: places,
    find: 'return inUse + ahead < limitOf(',
    replace: 'return inUse + 0 * ahead < limitOf(',
    also: [
      {
        file: 'src/client/table-view.ts',
        find: 'const served = isClosed ? passed : andThen(context, passed, seatWaiters);',
        replace: 'const served = isClosed || nowMs > 0 ? passed : andThen(context, passed, seatWaiters);',
      },
    ],
  },
  {
    name: 'freed-and-left-free',
    profile: 'queue',
    what: 'The commit that frees a place seats the first who waits; now he has to see it himself.',
    breaks: inOrder,
    file: 'src/client/table-view.ts',
    find: 'const served = isClosed ? passed : andThen(context, passed, seatWaiters);',
    replace: 'const served = isClosed || nowMs > 0 ? passed : andThen(context, passed, seatWaiters);',
  },
  {
    name: 'last-come-first-served',
    profile: 'queue',
    what: 'Who comes stands at the end of the line; now at its head.',
    breaks: inOrder,
    file: 'src/rules/offers.ts',
    find: 'for (const waiter of licence.waiting) {',
    replace: 'for (const waiter of licence.waiting.toReversed()) {',
  },
  {
    name: 'given-for-good',
    profile: 'queue',
    what: 'A place that was given and not taken goes to the next after 60 s; now it stays.',
    breaks: inOrder,
    file: timing,
    find: 'const OFFER_MS = 60_000;',
    replace: 'const OFFER_MS = 1e12;',
  },
  {
    name: 'passed-over-at-once',
    profile: 'queue',
    what: 'Who was given a place has 60 s to take it; now 3 s.',
    breaks: inOrder,
    file: timing,
    find: 'const OFFER_MS = 60_000;',
    replace: 'const OFFER_MS = 3000;',
  },
  {
    name: 'beats-what-it-was-given-away',
    profile: 'queue',
    what: 'A beat leaves alone what its record was given meanwhile; now it writes only what it knows.',
    breaks: 'nothing that the table holds vanishes',
    file: beatRule,
    find: 'return [...kept, ...(mine?.seats.filter(isOther) ?? [])];',
    replace: 'return kept;',
  },
  {
    name: 'leaves-and-stays-in-the-line',
    profile: 'queue',
    what: 'Who gives up leaves the line, and what he was given; now only what he holds.',
    breaks: inOrder,
    file: line,
    find: 'const left = leaveLine(licence, instanceId, modules);',
    replace: 'const left = licence;',
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
