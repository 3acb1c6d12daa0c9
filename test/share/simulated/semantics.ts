import type { ShareErrorKind } from '../../../src/share/files.js';

/**
 * How a file server and a client of it differ from a disk of one's own. The sections named are those of the project's
 * notes: "storage" on shared storage as documented, "netfs" on what was measured with real clients and servers. What no
 * note settles is set to the worse of the two, and says so.
 */
export type Semantics = ServerSemantics & ClientSemantics;

/** How often something is so, and for how long at the most; each time the dice decide both. */
export interface Sometimes {
  /** From 0 (never) to 1 (always). */
  readonly chance: number;
  /** Milliseconds of true time. */
  readonly forMs: number;
}

export interface ServerSemantics {
  /** Whether names that differ in case only are one name (storage 5, Case). Listings show them as they were made. */
  readonly foldsCase: boolean;
  /**
   * Removing a file that is open: its name goes at once, or at the last close. Until then a process that opens, makes,
   * renames or looks at it is refused, and its directory is not empty (storage 5, Delete: delete-pending).
   */
  readonly removesOpen: 'atOnce' | 'atLastClose';
  /**
   * Whose open files stop a rename of the file, of the directory around it, or over it: no host's; those of the host
   * that asks (Samba without `strict rename`); any host's (Windows, Samba with it). Storage 5, Directory rename, File
   * rename.
   */
  readonly openStops: 'nobody' | 'sameHost' | 'anybody';
  /** Whether a directory renamed onto an empty one takes its place (storage 4 Measured, storage 5 Directory rename). */
  readonly replacesEmpty: boolean;
  /** What a directory renamed onto one with something in it is told: Windows says access denied (storage 5). */
  readonly ontoFull: ShareErrorKind;
  /** What is told where a file is to go, or to be removed, and a directory stands (rig). */
  readonly otherKind: ShareErrorKind;
  /** Whether a directory renamed onto a file takes its place (seen in the rig). */
  readonly replacesFile: boolean;
  /**
   * What is told where a directory is meant and a file stands, on the way too: Node on Windows finds nothing (rig).
   */
  readonly noDirectory: ShareErrorKind;
  /** Stamps are whole multiples of this. Milliseconds; 0: as exact as the clock (netfs 2, mtime granularity). */
  readonly stampGrainMs: number;
}

export interface ClientSemantics {
  /** `stat` from what an earlier one said (storage 4 Attribute cache, storage 5 caches; netfs 2, B's stat). */
  readonly attributes: Sometimes;
  /** `list` from what an earlier one said (storage 5 DirectoryCacheLifetime; design 5 allows for 60 s). */
  readonly listing: Sometimes;
  /**
   * What was not there is still not there (storage 4 Name cache; netfs 2, polled as ENOENT; storage 5 FileNotFound).
   */
  readonly missing: Sometimes;
  /** A directory once found is used by its handle, wherever it is by now (storage 4 By-handle operation). */
  readonly handles: Sometimes;
  /**
   * A file once read is read again from memory although another stands there (netfs 2, read under a fresh lock, and
   * 2a). Each read begins the time anew: a process that polls more often than this keeps the old file.
   */
  readonly contents: Sometimes;
  /** For how long reading on and on can keep an old file: 55 s were seen (netfs 2, B's readFile). Milliseconds. */
  readonly contentsAtMostMs: number;
  /**
   * How often a host's own change in a directory makes it forget the listing and what was missing (netfs 2b, mkdir).
   */
  readonly ownChangeHeals: number;
  /** How often a listing from the server makes it forget what was missing there (netfs 2b, readdir). */
  readonly listingHeals: number;
  /** Whether making what this host remembers as existing is refused without asking (netfs 2, false EEXIST on cifs). */
  readonly trustsExisting: boolean;
  /** By handle into a directory that is removed: how often the caller is told `stale`; else it is looked up again. */
  readonly tellsStale: number;
  /** A file open here and removed here stays under another name until it is closed (storage 4 Silly rename). */
  readonly sillyRenames: boolean;
  /** How often reading what another host removes or replaces meanwhile ends `stale` (netfs 2, old fd: 116). */
  readonly staleWhileReading: number;
  /** What another host has just shown in a file's place is missing to this one, within this time (netfs 2b). */
  readonly blindAfterReplace: Sometimes;
  /** How often a replace of what was open or read within the last second is refused: 76 of 500 (netfs 2, EACCES). */
  readonly replaceRefused: number;
  /** How often a refused one has removed the old file, and how often one that is not removes it first (netfs 2, 2b). */
  readonly replaceUnlinks: number;
  /** A virus scanner on the writing host opens what was just written (storage 5 No share-delete, 10 J). */
  readonly scanner: Sometimes;
  /** Whether a written file bears the time of the host that wrote it (netfs 2, stamps). Needs the host's clock. */
  readonly stampsFiles: boolean;
  /** Asked again until there is an answer (NFS `hard`), or given up with `unsaid` (storage 4 hard / soft, 10 H). */
  readonly retransmits: boolean;
  /** How often the server still knows its answer when asked again; never after a restart (storage 4 Retransmission). */
  readonly replyCache: number;
  /** How long it takes at the most until the host gives up an answer, where it does. Milliseconds (storage 5, 10 I). */
  readonly givesUpMs: number;
}

const never: Sometimes = { chance: 0, forMs: 0 };

/** A disk of one's own; what processes of one host see of each other. */
export const local: Semantics = {
  foldsCase: false,
  removesOpen: 'atOnce',
  openStops: 'nobody',
  replacesEmpty: true,
  ontoFull: 'notEmpty',
  otherKind: 'wrongKind',
  replacesFile: false,
  noDirectory: 'wrongKind',
  stampGrainMs: 0,
  attributes: never,
  listing: never,
  missing: never,
  handles: never,
  contents: never,
  contentsAtMostMs: 0,
  ownChangeHeals: 1,
  listingHeals: 1,
  trustsExisting: false,
  tellsStale: 0,
  sillyRenames: false,
  staleWhileReading: 0,
  blindAfterReplace: never,
  replaceRefused: 0,
  replaceUnlinks: 0,
  scanner: never,
  stampsFiles: false,
  retransmits: false,
  replyCache: 0,
  givesUpMs: 1000,
};

/** Linux client with default options (`hard`, `lookupcache=all`, acdirmax 60 s), any NFS server. */
export const nfs: Semantics = {
  ...local,
  stampGrainMs: 1,
  attributes: { chance: 1, forMs: 60_000 },
  listing: { chance: 0.25, forMs: 60_000 }, // measured fresh each time; the tick of a v3 server's clock makes it older
  missing: { chance: 1, forMs: 60_000 },
  handles: { chance: 1, forMs: 60_000 },
  ownChangeHeals: 0.9,
  tellsStale: 0.3,
  sillyRenames: true,
  staleWhileReading: 0.5, // v3 tells, v4.2 reads on
  blindAfterReplace: { chance: 0.5, forMs: 20 },
  retransmits: true,
  replyCache: 0.5,
  givesUpMs: 60_000, // set by a mount that does not wait: `soft`, or a mishap that gives up
};

/** Linux client with default options (`cache=strict`, `actimeo=1`, `closetimeo=1`), Samba without `strict rename`. */
export const smb: Semantics = {
  ...local,
  foldsCase: true,
  removesOpen: 'atLastClose',
  openStops: 'sameHost',
  attributes: { chance: 1, forMs: 1000 },
  listing: { chance: 0.25, forMs: 30_000 }, // cached directory handles; measured fresh each time
  missing: { chance: 1, forMs: 1000 },
  contents: { chance: 0.92, forMs: 1000 }, // 11 of 12
  contentsAtMostMs: 60_000,
  trustsExisting: true,
  blindAfterReplace: { chance: 0.05, forMs: 20 },
  replaceRefused: 0.15,
  replaceUnlinks: 0.3, // how often is not measured, only that it happens
  scanner: { chance: 0.02, forMs: 5000 },
  stampsFiles: true,
  givesUpMs: 30_000,
};

/** A disk of one's own under Windows: what is open is in the way, and no directory is renamed onto another. */
export const windowsDisk: Semantics = {
  ...local,
  foldsCase: true,
  removesOpen: 'atLastClose',
  openStops: 'anybody',
  replacesEmpty: false,
  ontoFull: 'refused',
  otherKind: 'refused',
  replacesFile: true,
  noDirectory: 'missing',
};

/** Windows client and server; nothing of it was measured, all is as documented. */
export const windows: Semantics = {
  ...windowsDisk,
  attributes: { chance: 1, forMs: 10_000 },
  listing: { chance: 0.25, forMs: 10_000 }, // leases keep it coherent where the server grants them
  missing: { chance: 1, forMs: 5000 },
  listingHeals: 0, // not established
  scanner: { chance: 0.05, forMs: 5000 },
  givesUpMs: 30_000,
};
