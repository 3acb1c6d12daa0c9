import { writeFileSync } from 'node:fs';
import { licenceJsonSchema } from '../licence/schema.js';

/** Build step: writes what is generated, not written by hand, into the folder given. */
const [schemaFile] = process.argv.slice(2);
if (schemaFile) writeFileSync(schemaFile, `${JSON.stringify(licenceJsonSchema(), null, 2)}\n`);
