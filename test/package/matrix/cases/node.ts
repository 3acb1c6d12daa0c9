import nodePath from 'node:path';
import { commandIn, nodeOf, projectWith, root, run } from '../place.js';
import type { Case } from '../row.js';
import { expectUsers, playSeat, seatsShown } from '../visit.js';

/** The ways to take the package in with Node itself. */

/** The library as a module, and the commands, both by this Node. */
export const nodeVersion = (version: string): Case => ({
  name: version,
  play: async (place, name) => {
    const [node, project] = [await nodeOf(place, version), await projectWith(place, name)];
    await playSeat(project, node, ['seat.mjs']);
    const licence = nodePath.join(project, 'office.json');
    await run(node, [commandIn(project), 'init', licence, '--module', 'CAD=2'], project);
    const words = ['run', licence, '--module', 'CAD', '--', node, '-p', 'process.env.SEATFILE_SEAT'];
    const seat = await run(node, [commandIn(project), ...words], project);
    if (!/^[0-9a-f]{32}$/.test(seat.trim())) throw new Error(`run: expected a seat, got ${seat}`);
    expectUsers(await seatsShown(project, node), []);
    return (await run(node, ['--version'], project)).trim();
  },
});

/** A program of the folder `programs`, by the lowest Node that is promised. */
export const program = (name: string, version: string): Case => ({
  name: `${name}, Node ${version}`,
  play: async (place, label) => {
    const [node, project] = [await nodeOf(place, version), await projectWith(place, label)];
    await playSeat(project, node, [name]);
    return '';
  },
});

const testEnvironment = (project: string) => ({
  MATRIX_LICENCE: nodePath.join(project, 'licence.json'),
  MATRIX_COMMAND: commandIn(project),
});

/** A test runner of npm, which runs a test that takes a seat. */
export const runner = (what: string, version: string, node: string, words: readonly string[]): Case => ({
  name: `${what} ${version}, Node ${node}`,
  play: async (place, label) => {
    const [by, project] = [
      await nodeOf(place, node),
      await projectWith(place, label, [`${what}@${version}`]),
    ];
    await run(by, words, project, testEnvironment(project));
    expectUsers(await seatsShown(project), []);
    return '';
  },
});

/** `seatfile/testing` with Jest and its fake timers. */
export const jestTesting: Case = {
  name: 'seatfile/testing',
  play: async ({ tarball }) => {
    await run(process.execPath, ['test/package/jest/main.mjs', tarball], root);
    return '';
  },
};
