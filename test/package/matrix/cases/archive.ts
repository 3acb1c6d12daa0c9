import { cpSync, mkdirSync, rmSync } from 'node:fs';
import nodePath from 'node:path';
import { fetched, nodeOf, projectWith } from '../place.js';
import type { Case } from '../row.js';
import { playSeat } from '../visit.js';

/**
 * An application packed as Electron packs it. Electron cannot be fetched from npm: so hooks of Node read the modules
 * from the archive. The package must hold no file that a system has to load from the disk itself.
 */
export const archive: Case = {
  name: '@electron/asar 4, Node 24',
  play: async (place, label) => {
    const [node, project] = [await nodeOf(place, '24'), await projectWith(place, label)];
    const tools = await fetched(place, `${label}-asar`, ['@electron/asar@4']);
    const asar = nodePath.join(tools, 'node_modules/@electron/asar');
    const packed = nodePath.join(tools, 'app.asar');
    const content = nodePath.join(tools, 'content');
    mkdirSync(content);
    cpSync(nodePath.join(project, 'node_modules'), nodePath.join(content, 'node_modules'), {
      recursive: true,
      filter: (path) => nodePath.basename(path) !== '.bin', // links out of the folder
    });
    for (const name of ['seat.mjs', 'seat.cjs'])
      cpSync(nodePath.join(project, name), nodePath.join(content, name));
    const { createPackage, listPackage } = await import(nodePath.join(asar, 'lib/asar.js'));
    await createPackage(content, packed);
    const native = listPackage(packed).filter((file: string) => /\.(node|so|dll|dylib)$/.test(file));
    if (native.length > 0) throw new Error(`expected no native file, found ${native.join(', ')}`);
    rmSync(content, { recursive: true }); // the archive is the only copy
    await playFrom(packed, { node, project, asar });
    return 'as modules and as CommonJS; no native file';
  },
};

interface Reader {
  readonly node: string;
  readonly project: string;
  readonly asar: string;
}

async function playFrom(packed: string, { node, project, asar }: Reader): Promise<void> {
  const start = nodePath.join(nodePath.dirname(packed), 'from-archive.mjs');
  cpSync(nodePath.join(project, 'from-archive.mjs'), start);
  for (const program of ['seat.mjs', 'seat.cjs'])
    await playSeat(project, node, [start, asar, packed, program]);
}
