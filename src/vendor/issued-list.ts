import nodePath from 'node:path';
import type { Entitlement, ModuleGrant } from '../licence/entitlement.js';
import { SeatfileFault } from '../licence/fault.js';
import { decodeText } from '../licence/text.js';
import type { Append } from '../share/append.js';
import { toFault } from '../share/deadline.js';
import { nullIf, ShareError, type ShareFiles } from '../share/files.js';

/**
 * The list of all licences that a key has signed: `issued.ndjson` beside the key, one JSON object in each line. It is
 * only ever added to. README.md says why a licence has its line before it has its file.
 */

const LIST = 'issued.ndjson';
const OWN_FILE = 0o600;

/** What the list says of one licence. */
export interface IssuedLine {
  readonly id: string;
  readonly key: string | null;
  readonly customer: string | null;
  readonly modules: readonly ModuleGrant[];
  readonly issuedAt: string;
  readonly notBefore: string | null;
  readonly expiresAt: string | null;
  readonly evaluation: boolean;
  readonly supersedes: readonly string[];
  /** Of the entitlement, as `formerEntitlements` has it. */
  readonly hash: string;
  /** The key that signed it. */
  readonly keyId: string;
  /** `user@host`. */
  readonly by: string;
}

export interface IssuedList {
  readonly file: string;
  /** Every licence that it names. */
  readonly ids: ReadonlySet<string>;
  /** Lines that are none of ours, from 1: cut off by a full disk or a killed process, or edited. */
  readonly damaged: readonly number[];
  /** The last line has its end: the next one may follow. */
  readonly isWhole: boolean;
}

export interface ListDeps {
  readonly files: ShareFiles;
  readonly append: Append;
}

export const lineOf = (
  granted: Entitlement,
  signed: Pick<IssuedLine, 'hash' | 'keyId' | 'by'>,
): IssuedLine => ({
  id: granted.licenceId,
  key: granted.licenceKey ?? null,
  customer: granted.customer ?? null,
  modules: granted.modules,
  issuedAt: granted.issuedAt,
  notBefore: granted.notBefore ?? null,
  expiresAt: granted.expiresAt ?? null,
  evaluation: granted.evaluation ?? false,
  supersedes: granted.supersedes ?? [],
  ...signed,
});

/** The list beside a key. There is none before the first licence. @throws SeatfileFault SHARE_*, LICENCE_INVALID */
export async function readIssued(keyFile: string, files: ShareFiles): Promise<IssuedList> {
  const file = nodePath.join(nodePath.dirname(keyFile), LIST);
  const text = await textOf(file, files);
  const lines = text.split('\n');
  const read = lines.map(idIn);
  return {
    file,
    ids: new Set(read.flatMap((id) => id ?? [])),
    damaged: read.flatMap((id, index) => (id === null && lines[index]?.trim() !== '' ? [index + 1] : [])),
    isWhole: text === '' || text.endsWith('\n'),
  };
}

async function textOf(file: string, files: ShareFiles): Promise<string> {
  try {
    const bytes = await nullIf(files.read(file), 'missing');
    return bytes === null ? '' : decodeText(bytes, file);
  } catch (error) {
    throw listFault(error, file);
  }
}

/** The licence that a line names; null: it is no line of ours. */
function idIn(line: string): string | null {
  try {
    const value = JSON.parse(line) as Partial<IssuedLine> | null;
    return typeof value?.id === 'string' && typeof value.issuedAt === 'string' ? value.id : null;
  } catch {
    return null;
  }
}

/**
 * Adds a line, and looks whether it is there. A line before it that was cut off is ended first, and stays as it is.
 * @throws SeatfileFault SHARE_*: the line may be there, or a part of it
 */
export async function addIssued(list: IssuedList, line: IssuedLine, deps: ListDeps): Promise<void> {
  const text = `${JSON.stringify(line)}\n`;
  await deps.append(list.file, list.isWhole ? text : `\n${text}`, OWN_FILE).catch((error: unknown) => {
    throw listFault(error, list.file);
  });
  if (!(await textOf(list.file, deps.files)).includes(text))
    throw new SeatfileFault(
      'SHARE_UNFIT',
      `${list.file}: expected the line that was just written, found it covered by another; ` +
        'keep the keys on a disk of this computer',
    );
}

function listFault(error: unknown, file: string): unknown {
  if (!(error instanceof ShareError)) return error;
  const fault = (code: 'SHARE_UNFIT' | 'SHARE_REFUSED', text: string) =>
    new SeatfileFault(code, `${file}: ${text}`, { cause: error });
  switch (error.kind) {
    case 'wrongKind':
      return fault('SHARE_UNFIT', 'expected a file of its own, found a link or something else; move it away');
    case 'tooLarge':
      return fault(
        'SHARE_UNFIT',
        'larger than 16 MiB; rename it, like issued-2026.ndjson, and a new one begins',
      );
    case 'refused':
    case 'readOnly':
      return fault(
        'SHARE_REFUSED',
        'cannot be read and written, and no licence is issued without its line there; ' +
          'give this user the right, or use the key in a folder of its own',
      );
    default:
      return toFault(error);
  }
}
