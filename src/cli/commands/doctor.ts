import { type Command, Option } from 'commander';
import type { LicencePlace } from '../../api.js';
import { find } from '../../client/open-store.js';
import { examineDeps } from '../../client/system.js';
import { type Extra, examine } from '../../doctor/examine.js';
import type { Check, Report } from '../../doctor/findings.js';
import { findTarget, type Target } from '../../doctor/first-look.js';
import { measurePeer } from '../../doctor/peer.js';
import { SeatfileFault } from '../../licence/fault.js';
import type { Clock } from '../../share/clock.js';
import { toFault } from '../../share/deadline.js';
import type { ShareFiles } from '../../share/files.js';
import { whyNotOpened } from '../../store/locate.js';
import { parseDuration } from '../arguments.js';
import { waitingReporter } from '../asking.js';
import { coloursFor } from '../colour.js';
import { jsonOption } from '../common-options.js';
import { describeReport, reportDocument, verdictOf } from '../doctor-text.js';
import { hammerCheck, runHammerWorker } from '../hammer-workers.js';
import { type Example, withExamples } from '../help.js';
import { type Interruption, unlessStopped } from '../interruption.js';
import { type PlaceOptions, placeOf, withPlace } from '../place-option.js';
import { type KeyOptions, trustFor, withPublicKey } from '../public-key-option.js';
import { EXIT, jsonText } from '../words.js';
import type { World } from '../world.js';

interface DoctorOptions extends KeyOptions, PlaceOptions {
  readonly hammer?: string;
  readonly hammerWorker?: string;
  readonly peer?: boolean;
  readonly wait: string;
  readonly json?: boolean;
}

const EXAMPLES: readonly Example[] = [
  ['seatfile doctor //fileserver/acme', 'whether the folder can hold a licence'],
  ['seatfile doctor //fileserver/acme/licence.json --hammer 60s', 'tries it under load, too'],
  ['seatfile doctor //fileserver/acme --peer', 'on two PCs at once: how soon one sees what the other writes'],
];

export function addDoctor(program: Command, world: World): void {
  withPlace(withPublicKey(withExamples(program.command('doctor'), EXAMPLES)))
    .summary('test whether a share can safely hold a licence')
    .description(
      'Tests whether this folder can safely hold a licence, and reports problems. ' +
        'Writes only in a directory of its own beside the licence, and removes it. ' +
        'Exit status: 0 fit, 1 unfit, 3 no licence file there, 6 out of reach.',
    )
    .argument('[file]', 'the licence file, or a directory for one; default: SEATFILE')
    .option('--peer', 'measure how soon another PC sees changes (run this on both PCs at the same time)')
    .option('--wait <duration>', 'how long --peer waits for the other PC', '2m')
    .option('--hammer <duration>', 'stress test: 4 processes commit to a temporary licence for this long')
    .addOption(new Option('--hammer-worker <number>').hideHelp())
    .addOption(jsonOption())
    .action(async (file: string | undefined, options: DoctorOptions) => {
      await doctor(placeOf(file, options, world), options, world);
    });
}

const STATUS = { fit: EXIT.done, unfit: EXIT.failed, missing: EXIT.licence, unreachable: EXIT.share };

async function doctor(place: LicencePlace, options: DoctorOptions, world: World): Promise<void> {
  const seconds = options.hammer === undefined ? null : parseDuration('--hammer', options.hammer, 1, 3600);
  const waitMs = 1000 * parseDuration('--wait', options.wait, 1, 86_400);
  if (options.hammerWorker !== undefined && seconds !== null && typeof place === 'string')
    return await runHammerWorker(place, Number(options.hammerWorker), seconds, world);
  const { publicKey } = options;
  const extras = { seconds, waitMs: options.peer ? waitMs : null, ...(publicKey && { publicKey }) };
  const report = await unlessStopped(world, (interruption) => examined(place, extras, interruption, world));
  world.out(
    options.json ? `${jsonText(reportDocument(report), 2)}\n` : describeReport(report, coloursFor(world)),
  );
  world.setStatus(STATUS[verdictOf(report)]);
}

interface Extras extends KeyOptions {
  /** How long to hammer; null: not at all. */
  readonly seconds: number | null;
  /** How long to wait for the other PC; null: no other PC is expected. */
  readonly waitMs: number | null;
}

/** How long one operation may take: a share that is slower than this is of no use for seats. Milliseconds. */
const ANSWER_MS = 10_000;

async function examined(
  place: LicencePlace,
  extras: Extras,
  { signal, unless }: Interruption,
  world: World,
): Promise<Report> {
  const system = world.system();
  const about = examineDeps(system, ANSWER_MS, waitingReporter(world));
  const trust = await unless(trustFor(extras, world));
  const path = typeof place === 'string' ? place : (await unless(find(place, system, { trust }))).licenceFile;
  const target = await unless(found(path, about.files));
  if (!('licenceFile' in target)) return target;
  const checks: Extra[] = [];
  const { waitMs, seconds } = extras;
  const steps = tellSteps(extras, system.clock, world);
  if (waitMs !== null)
    checks.push({
      check: 'peer',
      run: (site) => measurePeer(site, { ...about, id: system.random.id(), waitMs }),
    });
  if (seconds !== null) checks.push(hammerCheck(seconds, world, signal));
  return await examine(
    target,
    { ...about, trust },
    {
      extras: checks,
      signal,
      onCheck: steps.begin,
    },
  ).finally(steps.end);
}

/** The place, or the report that nothing is there, or that the share does not answer. */
async function found(path: string, files: ShareFiles): Promise<Target | Report> {
  return await findTarget(path, files).catch((error: unknown) => {
    const fault = whyNotOpened(toFault(error));
    if (!(fault instanceof SeatfileFault)) throw fault;
    const { code, message } = fault;
    const nothing = { path, findings: [], missing: null, unreachable: null, shareTimeMs: null };
    if (code === 'LICENCE_MISSING') return { ...nothing, missing: message };
    if (code !== 'SHARE_UNREACHABLE') throw fault;
    return { ...nothing, unreachable: { during: 'place' as const, message } };
  });
}

/** One line for what takes long, and for a check after a second without one. Milliseconds. */
const QUIET_MS = 1000;

function tellSteps({ seconds, waitMs }: Extras, clock: Clock, world: World) {
  const long: Partial<Record<Check | 'cleanUp', readonly [text: string, mostMs: number]>> = {
    peer: ['Waiting for seatfile doctor --peer on another PC, then measuring', waitMs ?? 0],
    hammer: ['Hammering with 4 processes', 1000 * (seconds ?? 0)],
    ...(seconds !== null && { cleanUp: ['Removing what the hammer left', Number.POSITIVE_INFINITY] }),
  };
  let saidMs = clock.elapsedMs();
  let end = (): void => undefined;
  const begin = (check: Check | 'cleanUp'): void => {
    end();
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const isDue = clock.elapsedMs() - saidMs >= QUIET_MS;
    if (!isDue && !long[check]) return;
    saidMs = clock.elapsedMs();
    const [text, mostMs] = long[check] ?? [`Checking ${check}`, Number.POSITIVE_INFINITY];
    world.waitLine.show(text, { mostMs, over });
  };
  return { begin, end: () => end() };
}
