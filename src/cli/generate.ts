import { readFileSync, writeFileSync } from 'node:fs';
import { licenceJsonSchema } from '../licence/schema.js';
import { manPage } from './man-page.js';
import { buildProgram } from './program.js';
import type { World } from './world.js';

/** Build step: writes what is generated, not written by hand, into the files given. */
const [schemaFile, manFile] = process.argv.slice(2);
if (schemaFile) writeFileSync(schemaFile, `${JSON.stringify(licenceJsonSchema(), null, 2)}\n`);
if (manFile) {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  const nowhere = { version } as World; // the definitions ask nothing of it
  writeFileSync(manFile, manPage(await buildProgram(nowhere, null), version));
}
