import { SeatfileFault } from '../licence/fault.js';
import { decodeText } from '../licence/text.js';
import { toFault } from '../share/deadline.js';
import { ShareError, type ShareFiles } from '../share/files.js';
import { wholePath } from '../share/paths.js';

/** A file that an option names, on the vendor's own computer. */
export interface GivenFile {
  /** Resolved. */
  readonly file: string;
  readonly text: string;
}

/**
 * @param option names it in every fault
 * @throws SeatfileFault BAD_ARGUMENT where there is no such file to read, LICENCE_INVALID where it is no text, SHARE_*
 */
export async function readGiven(option: string, path: string, files: ShareFiles): Promise<GivenFile> {
  try {
    const file = await files.resolve(wholePath(path)); // links of the vendor's own are followed
    return { file, text: decodeText(await files.read(file), file) };
  } catch (error) {
    if (!(error instanceof ShareError && Object.hasOwn(NO_FILE, error.kind))) throw toFault(error);
    const found = NO_FILE[error.kind as keyof typeof NO_FILE];
    throw new SeatfileFault('BAD_ARGUMENT', `${option} ${path}: ${found}`, { cause: error });
  }
}

const NO_FILE = {
  missing: 'expected a file, found none; check the path',
  wrongKind: 'expected a file, found a directory, a pipe or the like; check the path',
  refused: 'this user has no right to read it; run the command as the user that it belongs to',
} as const;
