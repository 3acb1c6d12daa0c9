/** Every story of test/stories, played here: one line of JSON for each. */
import { readdirSync, readFileSync } from 'node:fs';
import nodePath from 'node:path';
import { formatStory, parseStory, playStory } from '../../../stories/script.js';
import { storyPlayer } from '../../../stories/stage.js';
import { sayNow } from './said.js';

const { directory } = JSON.parse(process.argv[2] ?? '') as { directory: string };
for (const name of readdirSync(directory).filter((one) => one.endsWith('.story'))) {
  const recorded = readFileSync(nodePath.join(directory, name), 'utf8');
  const played = formatStory(await playStory(parseStory(recorded), storyPlayer()));
  sayNow(JSON.stringify({ name, isTold: played === recorded }));
}
process.exit(0); // what instances were waiting for is waited for no longer
