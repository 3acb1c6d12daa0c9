import { mkdir, writeFile } from 'node:fs/promises';
import nodePath from 'node:path';
import type { Line } from '../line.js';
import { chartText } from './chart.js';
import { deadSeatChart } from './dead-seat.js';
import { answersChart, heartbeatChart } from './measured.js';

/** Draws what was measured, and what follows from the rules, as SVG files in a directory. Gives their names. */
export async function draw(lines: readonly Line[], directory: string): Promise<string[]> {
  const charts = {
    'dead-seat': deadSeatChart(),
    answers: answersChart(lines),
    heartbeat: heartbeatChart(lines),
  };
  await mkdir(directory, { recursive: true });
  const drawn: string[] = [];
  for (const [name, chart] of Object.entries(charts)) {
    if (chart === null) continue;
    const file = nodePath.join(directory, `${name}.svg`);
    await writeFile(file, chartText(chart));
    drawn.push(file);
  }
  return drawn;
}
