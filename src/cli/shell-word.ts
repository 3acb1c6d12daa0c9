import { printable } from './words.js';

/** A word as it can be typed into a shell of this system: quoted where that is needed, and never more than a word. */
export function shellWord(text: string, platform: NodeJS.Platform = process.platform): string {
  const shown = printable(text);
  if (platform === 'win32') return /^[\w.:\\/@+-]+$/.test(shown) ? shown : `"${shown.replaceAll('"', '')}"`;
  return /^[\w.:/@%+=,-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
