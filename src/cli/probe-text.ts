import { bytes, MOVE, ms, type Of, type Told, tell, type Words } from './told.js';

/** What the share did when it was tried. */
export const PROBE_WORDS = {
  exclusiveCreate: (finding) =>
    finding.severity === 'ok'
      ? tell('a file that exists is not created again', 'Two processes cannot create the same file.')
      : tell(
          'a file that exists was created again',
          'What one process writes, another one overwrites.',
          MOVE,
        ),
  readBack: (finding) =>
    finding.isWhole
      ? tell(
          `${bytes(finding.bytes)} written, synced and read back whole under a new path`,
          'A revision is read as it was written.',
        )
      : tell(
          `${bytes(finding.bytes)} written and synced did not read back whole under a new path`,
          'The table would be garbled or lost.',
          MOVE,
        ),
  directoryRename: describeRename,
  freshness: (finding) =>
    finding.late === 0
      ? tell('a listing shows at once what this PC has made and removed', 'A poll sees the latest revision.')
      : tell(
          `${finding.late} of ${2 * finding.rounds} changes of this PC were not in the next listing ` +
            `(up to ${ms(finding.slowestMs)} late)`,
          'Seats are safe, but commits are slow: they try revision numbers that are taken already.',
          'Mount without caching of directories (cifs: actimeo=0 or cache=none; NFS: lookupcache=positive).',
        ),
  stamps: describeStamps,
  caseFolding: (finding) =>
    tell(
      finding.isFolded ? 'file names are not case-sensitive' : 'file names are case-sensitive',
      'Both are fine: all names of seatfile are lower-case.',
    ),
  roundTrips: (finding) => {
    const worst = finding.operations.map((one) => `${one.operation} ${one.medianMs}/${one.maxMs}`).join(', ');
    const isSlow = finding.severity !== 'ok';
    return tell(
      `round trips, median/longest in ms: ${worst}`,
      isSlow
        ? 'Every commit is a dozen of these: taking a seat takes long.'
        : 'A commit is a dozen of these.',
      isSlow
        ? `Find out why ${finding.slowest} takes ${ms(finding.slowestMedianMs)} (line, virus scanner, server load).`
        : null,
    );
  },
} satisfies Partial<Words>;

function describeRename({ isRefused, isWhole, ontoEmpty }: Of<'directoryRename'>): Told {
  if (!isRefused)
    return tell(
      'a directory was renamed onto one that is not empty',
      'Two PCs could publish the same revision: the same seat is granted twice, and the table is lost.',
      MOVE,
    );
  if (!isWhole)
    return tell(
      'the server refused to rename a directory onto one that is not empty, but damaged one of them',
      'A refused commit would destroy the table.',
      MOVE,
    );
  return tell(
    'the server never lets two PCs take the same revision ' +
      `(a directory is renamed only onto a free name; onto an empty one: ${ontoEmpty})`,
    'So no seat is granted twice.',
  );
}

function describeStamps(finding: Of<'stamps'>): Told {
  const { offsetMs, uncertaintyMs, granularityMs, by } = finding;
  const apart = `${ms(Math.abs(offsetMs))} ${offsetMs < 0 ? 'behind' : 'ahead of'} this PC`;
  const limit = granularityMs === 1 ? ' or finer' : granularityMs === 1000 ? ' or coarser' : '';
  const found = `server clock: ${apart} (+/- ${ms(uncertaintyMs)}), file times exact to ${granularityMs} ms${limit}`;
  if (finding.goesBack)
    return tell(
      'the file times of the share go back, or are zero',
      'Times in status and the last day of a licence cannot be trusted.',
      'Set the clock of the file server.',
    );
  if (!finding.isMoving)
    return tell(
      'the time of a directory does not change when its content changes',
      'A PC may see an old listing for up to a minute. Seats stay safe, but waits are longer.',
      'Mount without caching of directories.',
    );
  if (by === 'client')
    return tell(
      found,
      'This file system uses the clock of each PC. Times in status differ, but no seat depends on them.',
      'Keep the clocks of the PCs together (NTP).',
    );
  if (finding.severity === 'note')
    return tell(
      found,
      "No user loses a seat by it: no two clocks are ever compared. Times in status are the server's.",
      'Correct the clock that is wrong.',
    );
  return tell(found, 'No seat depends on it.');
}
