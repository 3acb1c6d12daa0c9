/**
 * A story: lines of commands, and what came of each after `->`. Comments and blank lines stay as they are.
 *
 * ```text
 * # Two places, T = 80 s.
 * ada sits M1                     -> seated in s1, 1 of 2
 * wait 200s                       -> 150 s: bob evicts ada from s1 of M1
 *                                 -> 150 s: ada is told lost (evicted by bob@pc-bob)
 * ```
 */
export type Line =
  | { readonly kind: 'prose'; readonly text: string }
  | { readonly kind: 'command'; readonly text: string; readonly outcomes: readonly string[] };

const ARROW = '->';
const COLUMN = 32;

export function parseStory(text: string): Line[] {
  const lines: Line[] = [];
  for (const raw of text.trimEnd().split('\n')) {
    const [command = '', outcome] = raw.startsWith('#') ? [raw] : splitAtArrow(raw);
    const last = lines.at(-1);
    if (command === '' && outcome !== undefined && last?.kind === 'command')
      lines[lines.length - 1] = { ...last, outcomes: [...last.outcomes, outcome] };
    else if (command === '' || command.startsWith('#')) lines.push({ kind: 'prose', text: raw });
    else lines.push({ kind: 'command', text: command, outcomes: outcome === undefined ? [] : [outcome] });
  }
  return lines;
}

function splitAtArrow(raw: string): [string, string?] {
  const at = raw.indexOf(ARROW);
  return at < 0 ? [raw.trim()] : [raw.slice(0, at).trim(), raw.slice(at + ARROW.length).trim()];
}

export function formatStory(lines: readonly Line[]): string {
  const texts = lines.map((line) => (line.kind === 'prose' ? line.text : formatCommand(line)));
  return `${texts.join('\n')}\n`;
}

const formatCommand = ({ text, outcomes }: { text: string; outcomes: readonly string[] }): string =>
  outcomes.length === 0
    ? text
    : outcomes
        .map((outcome, index) => `${(index === 0 ? text : '').padEnd(COLUMN - 1)} ${ARROW} ${outcome}`)
        .join('\n');

/** Plays every command and puts what came of it in the place of what was recorded. */
export async function playStory(
  lines: readonly Line[],
  play: (command: string) => Promise<readonly string[]>,
): Promise<Line[]> {
  const played: Line[] = [];
  for (const line of lines)
    played.push(line.kind === 'prose' ? line : { ...line, outcomes: await play(line.text) });
  return played;
}
