import { type Command, Option } from 'commander';
import { changeSettings } from '../../core/desk.js';
import { readPolicy } from '../../core/entitlement.js';
import { SeatfileFault } from '../../core/fault.js';
import type { Level, Settings } from '../../core/licence.js';
import { ownLookMs } from '../../core/sightings.js';
import { fileOf, parseDuration, parseMonths } from '../arguments.js';
import type { Deps } from '../deps.js';
import { atDesk, type Desk } from '../table-on-share.js';
import { duration } from '../words.js';

interface SetOptions {
  readonly level?: Level;
  readonly checkInterval?: string;
  readonly keepJournal?: string;
}

export function addSet(program: Command, deps: Deps): void {
  program
    .command('set')
    .summary('change level, check interval, how long the journal is kept')
    .description(
      'Changes settings for everybody. Running instances follow at their next look; nobody loses a seat.',
    )
    .argument('[file]', 'the licence file; default: SEATFILE')
    .addOption(new Option('--level <level>', 'heartbeat or light').choices(['heartbeat', 'light']))
    .option('--check-interval <duration>', 'how often an instance beats, from 1s to 24h')
    .option('--keep-journal <months>', 'how long the journal is kept, from 1mo to 1200mo; at first 13mo')
    .action(async (file: string | undefined, options: SetOptions) => {
      const path = fileOf(file, deps);
      const settings = settingsOf(options);
      await atDesk(path, deps, (desk) => change(desk, settings, deps));
    });
}

function settingsOf(options: SetOptions): Settings {
  const { level, checkInterval, keepJournal } = options;
  if ([level, checkInterval, keepJournal].every((one) => one === undefined))
    throw new SeatfileFault('BAD_ARGUMENT', 'set: expected --level, --check-interval or --keep-journal');
  return {
    ...(level && { level }),
    ...(checkInterval !== undefined && {
      checkIntervalSeconds: parseDuration('--check-interval', checkInterval, 1, 86_400),
    }),
    ...(keepJournal !== undefined && { journalMonths: parseMonths('--keep-journal', keepJournal) }),
  };
}

async function change(desk: Desk, settings: Settings, deps: Deps): Promise<void> {
  const { face } = desk.store.place;
  const before = readPolicy(desk.licence, face);
  const { licence, published } = await desk.store.commit(
    (base) => ({ answer: null, draft: changeSettings(base, settings, desk.actor) }),
    desk.limits(),
  );
  const now = readPolicy(licence, face);
  const interval = now.level === 'light' ? '' : `, check interval ${duration(now.checkIntervalSeconds)}`;
  const waitMs = ownLookMs(before.level, before.checkIntervalSeconds);
  const follow = published
    ? `; running instances follow within ${duration(Math.ceil(waitMs / 1000))}`
    : ', as before';
  deps.out(`${now.level}${interval}${follow}.\n`);
  if (settings.journalMonths !== undefined)
    deps.out(`The journal is kept for ${settings.journalMonths} months.\n`);
  if (now.checkIntervalSeconds < 8 && now.level === 'heartbeat')
    deps.err('A check interval below 8 s is for demonstrations only.\n');
}
