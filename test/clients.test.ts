import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** What customers copy from fixtures/clients. `.ci/other-languages.sh` runs it against real processes. */

const MOST_LINES = 79;
const COLUMNS = 120;

test.each(['seatfile_client.py', 'SeatfileClient.cs', 'SeatfileClient.java'])(
  '%s is short enough to be read before it is copied',
  (name) => {
    const text = readFileSync(new URL(`../fixtures/clients/${name}`, import.meta.url), 'utf8');
    const lines = text.replace(/\n$/, '').split(/\r?\n/);
    expect(lines.length).toBeLessThanOrEqual(MOST_LINES);
    expect(lines.filter((line) => line.length > COLUMNS)).toEqual([]);
  },
);
