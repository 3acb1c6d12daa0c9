import { mkdtemp, rm } from 'node:fs/promises';
import nodePath from 'node:path';
import { acme } from '../../helpers/vendor.js';
import { Verifications } from '../../helpers/verifications.js';
import { alone, beside, type Figure, ownMost } from '../line.js';
import { type Row, runsOf } from '../row.js';
import { type Beat, Holder } from './heartbeat.js';

const PLACES = 10;

/** What a signature costs a heartbeat: nothing, because a process verifies the same text once. */
export const signed: Row = {
  name: 'signed',
  measure: async (setting) => {
    const directory = await mkdtemp(nodePath.join(setting.directory, 'signed-'));
    const verifications = new Verifications();
    const holders: Holder[] = [];
    try {
      const [ours, theirs] = [await Holder.sit(directory, PLACES, acme), await Holder.sit(directory, PLACES)];
      holders.push(ours, theirs);
      for (const holder of holders) await holder.beat(); // warm
      const runs = await runsOf<string, Beat>(setting, {
        signed: () => ours.beat(),
        unsigned: () => theirs.beat(),
      });
      const sides = { ours: runs['signed'] ?? [], theirs: runs['unsigned'] ?? [], peer: 'unsigned' };
      const line = (figure: Figure<Beat>) =>
        beside('signed', sides, { ...figure, what: `a heartbeat of a signed licence: ${figure.what}` });
      const { count } = verifications;
      return [
        alone('signed', [count], {
          what: 'verifications of a process, from its start on',
          of: (all) => all,
          bound: ownMost(1),
        }),
        line({ what: 'operations', of: (beat) => beat.operations }),
        line({ what: 'CPU', unit: 'ms', of: (beat) => beat.cpuMs }),
      ];
    } finally {
      verifications.stop();
      for (const holder of holders) await holder.leave();
      await rm(directory, { recursive: true, force: true });
    }
  },
};
