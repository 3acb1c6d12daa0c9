import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatStory, parseStory, playStory } from './script.js';
import { storyPlayer } from './stage.js';

/** UPDATE_STORIES=1 writes down what came of every command; read the difference before you keep it. */
const isUpdating = process.env['UPDATE_STORIES'] === '1';
const here = new URL('./', import.meta.url);
const stories = readdirSync(here).filter((name) => name.endsWith('.story'));

test.each(stories)('%s', async (name) => {
  const recorded = readFileSync(new URL(name, here), 'utf8');
  const played = formatStory(await playStory(parseStory(recorded), storyPlayer()));
  if (isUpdating) writeFileSync(new URL(name, here), played);
  else expect(played).toBe(recorded);
});

describe('the script', () => {
  const script = ['# prose -> stays', '', 'ada sits M1                     -> seated', 'wait 1s'];

  test('is written back as it was read', () => {
    const text = `${script.join('\n')}\n`;
    expect(formatStory(parseStory(text))).toBe(text);
  });

  test('has every outcome on a line of its own', () => {
    const lines = parseStory('wait 1s -> one\n        -> two\n');
    expect(lines).toEqual([{ kind: 'command', text: 'wait 1s', outcomes: ['one', 'two'] }]);
    expect(parseStory(formatStory(lines))).toEqual(lines);
  });

  test('a command nobody knows is no story', async () => {
    await expect(storyPlayer()('ada flies')).rejects.toThrow('no such command in stories: ada flies');
  });
});
