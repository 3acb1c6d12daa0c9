// Writes what a buyer of software asks for, beside what is shipped: node .ci/supply-chain.mjs, after the bundle.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BUNDLED, BUNDLED_IN_CJS } from './bundled-packages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const inside = [...BUNDLED, ...BUNDLED_IN_CJS].sort();

/** All packages of package-lock.json, as npm tells them. `npm` is a script on Windows. */
function billOfNpm() {
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const options = { cwd: root, encoding: 'utf8', shell: process.platform === 'win32', maxBuffer: 1 << 26 };
  return JSON.parse(execFileSync('npm', words, options));
}

const manifestOf = (name) => JSON.parse(readFileSync(`${root}node_modules/${name}/package.json`, 'utf8'));

/** What a customer gets: what npm installs beside the package, and what is bundled. Tools may have other versions. */
function isShipped({ name, version, properties }) {
  const isTool = properties.some((one) => one.name === 'cdx:npm:package:development');
  return !isTool || (inside.includes(name) && manifestOf(name).version === version);
}

/** Nothing of the moment, the folder or the machine is in it: two builds of one commit make one file. */
function writeBill() {
  const { $schema, bomFormat, specVersion, version, metadata, components, dependencies } = billOfNpm();
  const kept = components.filter(isShipped);
  const missing = inside.filter((name) => !kept.some((one) => one.name === name));
  if (missing.length > 0) throw new Error(`sbom: expected ${missing.join(', ')} in package-lock.json`);
  const own = { ...metadata.component, name: manifest.name };
  const refs = new Set([own, ...kept].map((one) => one['bom-ref']));
  const bill = {
    ...{ $schema, bomFormat, specVersion, version, metadata: { component: own } },
    components: kept.map((one) => ({ ...one, scope: 'required', properties: [] })),
    dependencies: dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) })),
  };
  writeFileSync(`${root}dist/sbom.cdx.json`, `${JSON.stringify(bill, null, 2)}\n`);
}

function licenceOf(name) {
  const folder = `${root}node_modules/${name}`;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name}: expected a licence file in its package, found none`);
  const { version, license } = manifestOf(name);
  const text = readFileSync(`${folder}/${file}`, 'utf8').replaceAll('\r\n', '\n').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}

const HEAD = `${manifest.name} is under the licence in the file LICENSE. The files in this folder hold parts of:\n`;
const LINE = `\n${'-'.repeat(80)}\n\n`;

writeBill();
writeFileSync(`${root}dist/LICENCES.txt`, [HEAD, ...inside.map(licenceOf)].join(LINE));
