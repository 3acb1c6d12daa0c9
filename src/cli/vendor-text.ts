import type { IssuedList } from '../vendor/issued-list.js';
import type { KeyWarning } from '../vendor/key-files.js';
import type { Template } from '../vendor/template.js';
import { list as listed, octal } from './told.js';
import { printable } from './words.js';

/** What the vendor's commands say of keys, of the list of what was issued, and of an earlier licence. */

export function describeKeyWarning({ kind, path, mode }: KeyWarning): string {
  const what = `${printable(path)} (mode ${octal(mode)})`;
  switch (kind) {
    case 'group can write':
      return `${what}: users of its group can put another key in the place of yours; if there are any, chmod g-w it`;
    case 'others can write':
      return `${what}: every user of this computer can put another key in the place of yours; chmod go-w it`;
    case 'others can read':
      return `${what}: other users of this computer can read it; chmod 600 it, or move it to a disk that keeps rights`;
  }
}

/** What is odd about the list beside the key. Nothing of it stops an issue. */
export function* describeListTrouble(list: IssuedList, supersedes: readonly string[]): Generator<string> {
  const { damaged } = list;
  if (damaged.length > 0)
    yield `${printable(list.file)}: cannot read line ${listed(damaged.map(String))}; it is left as it is`;
  for (const id of supersedes.filter((one) => !list.ids.has(one)))
    yield `--supersedes ${id}: ${printable(list.file)} names no licence with this id; is it the right one?`;
}

/** Null: the vendor's own key vouches for the licence that stands as a template, or a file of terms does. */
export function describeTemplateDoubt({ earlier }: Template, file: string): string | null {
  const doubt = (found: string) =>
    `${printable(file)}: ${found}, so any person may have written it; check what it grants`;
  switch (earlier?.verdict) {
    case undefined:
    case 'valid':
      return null;
    case 'unsigned':
      return doubt('is not signed');
    case 'unknown key':
      return doubt('is signed with a key that is not given (--public-key gives an earlier one)');
  }
}
