import { mkdir, writeFile } from 'node:fs/promises';
import nodePath from 'node:path';
import type { InstanceRecord } from '../../src/licence/document.js';
import { sealUnsigned } from '../../src/licence/entitlement.js';
import { firstLicence } from '../../src/licence/revision.js';
import { sign } from '../../src/licence/signature.js';
import { formatLicence } from '../../src/licence/text.js';

import type { TestVendor } from '../helpers/vendor.js';

export const MODULE = 'CAD';

/**
 * A licence of so many places on a disk, all of them taken by users of other computers but one. Nothing tells that they
 * are dead but the silence that is yet to come.
 */
export async function crowdedTable(directory: string, places: number, vendor?: TestVendor): Promise<string> {
  const own = nodePath.join(directory, `places-${places}${vendor ? '-signed' : ''}`);
  await mkdir(own);
  const file = nodePath.join(own, 'licence.json');
  const at = new Date().toISOString();
  const modules = [{ module: MODULE, maxUsers: places }];
  const granted = { licenceId: 'bench', issuedAt: at, modules };
  const sealed = vendor ? sign(JSON.stringify(granted), vendor.privateKey) : sealUnsigned(granted);
  const first = firstLicence(sealed, {}, { lineage: 'bench', commit: 'first' });
  const instances = Array.from({ length: places - 1 }, (_, n) => record(n, at, 30 * places));
  await writeFile(file, formatLicence({ ...first, instances }, 'pretty'));
  return file;
}

function record(n: number, at: string, intervalS: number): InstanceRecord {
  const id = n.toString(16).padStart(32, '0');
  return {
    id,
    user: `user-${n}`,
    host: `pc-${n}`,
    machine: { pids: id, host: id, installation: id },
    pid: 1000 + n,
    processStart: '12345',
    application: 'Acme CAD 5.2',
    note: null,
    level: 'heartbeat',
    joinedAt: at,
    beat: 1,
    beatAt: at,
    checkIntervalSeconds: intervalS,
    graceSeconds: 0,
    answersWithin: null,
    seats: [{ id: `5ea7${id.slice(4)}`, module: MODULE, sinceAt: at, untilAt: null }],
  };
}
