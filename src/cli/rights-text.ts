import type { Refusal } from '../doctor/findings.js';
import { SET_GROUP } from '../share/files.js';
import { list, type Of, octal, type Told, tell, type Words } from './told.js';
import { printable } from './words.js';

/** The rights of this user, and of the others. */
export const RIGHTS_WORDS = {
  rights: describeRights,
  othersRights: describeOthers,
} satisfies Partial<Words>;

const whyRefused = (kind: string): string =>
  kind === 'full' ? 'no space' : kind === 'readOnly' ? 'read-only' : 'refused';

const describeRefused = ({ operation, path, kind }: Refusal): Told =>
  tell(
    `${operation} ${printable(path)}: ${whyRefused(kind)}`,
    'This user cannot take a seat here. status may still work.',
    kind === 'full'
      ? 'Free space or file entries (inodes), or raise the quota.'
      : 'Grant the right to read, create, rename and delete in the folder (Windows: Modify).',
  );

function describeRights(finding: Of<'rights'>): Told {
  const { refused, mode } = finding;
  if (refused) return describeRefused(refused);
  if (finding.isSticky)
    return tell(
      `the directory is sticky (mode ${octal(mode)})`,
      "Users cannot delete each other's files: no user could remove what another one left.",
      `Use another directory, without the sticky bit, or: chmod -t ${quoted(finding.around)}`,
    );
  if (finding.where === 'folder')
    return tell(
      'this user may write only in the folder of revisions',
      'Seats work. licence.json is refreshed by users that may write beside it.',
    );
  const around = quoted(finding.around);
  if (finding.others === 'nobody')
    return tell(
      `only its owner may write there (mode ${octal(mode)})`,
      'Other users cannot take a seat.',
      `For everybody: ${opened(finding, 'ugo', 'chmod 2777')}. ` +
        `For one group: ${opened(finding, 'ug', 'chgrp GROUP', 'chmod 2770')}`,
    );
  if (finding.others === 'group' && !finding.keepsGroup)
    return tell(
      `the group may write, but new directories get their maker's own group (mode ${octal(mode)})`,
      'Users with another main group cannot remove what others left.',
      `Set the group bit: chmod g+s ${around}`,
    );
  const also = finding.keepsModes ? '' : '; the share sets rights by itself';
  return tell(
    `this user can create, list, rename and delete files; ${WRITERS[finding.others]} (mode ${octal(mode)})${also}`,
    'This user can take seats. To check another user, run doctor as that user.',
  );
}
const WRITERS = {
  everybody: 'everybody can write there',
  group: 'the group can write there',
  unknown: 'the server decides which other users can write there',
} as const;

/** What opens a place to others, with the licence that is there by then: it keeps the rights that it was made with. */
function opened(
  { around, licence }: Pick<Of<'rights'>, 'around' | 'licence'>,
  whose: string,
  ...commands: readonly string[]
): string {
  const first = commands.map((command) => `${command} ${quoted(around)}`);
  if (licence === null) return first.join(' && ');
  const folder = `${licence}.revisions`;
  const paths = `${quoted(licence)} ${quoted(folder)}`;
  const group = commands
    .filter((command) => command.startsWith('chgrp'))
    .map((command) => `${command.replace('chgrp', 'chgrp -R')} ${paths}`);
  return [
    ...first,
    ...group,
    `chmod -R ${whose}+rwX ${paths}`,
    `find ${quoted(folder)} -type d -exec chmod g+s {} +`,
  ].join(' && ');
}

/** A path as a shell takes it. */
const quoted = (path: string): string => `'${printable(path).replaceAll("'", `'\\''`)}'`;

function describeOthers({ lacking, closed, mode, group, face, folder }: Of<'othersRights'>): Told {
  if (lacking.length + closed.length === 0)
    return tell(
      'what lies there is as open to other users as the directory around it',
      'By its modes and groups.',
    );
  const entries = lacking.map(
    (one) => `${one.path} (mode ${octal(one.mode)}${one.isOtherGroup ? ', another group' : ''})`,
  );
  const found = [
    ...(lacking.length > 0
      ? [`less open to other users than the directory around it: ${list(entries)}`]
      : []),
    ...(closed.length > 0 ? [`no way for other users through ${list(closed)}`] : []),
  ].join('; ');
  const whose = (mode & 0o003) === 0o003 ? 'ugo' : 'ug';
  const both = [face, folder].filter((path) => path === folder || lacking.some((one) => one.path === face));
  const there = lacking.some((one) => one.path.startsWith(folder)) ? both : [face];
  const paths = there.map(quoted).join(' ');
  const commands = [
    ...(lacking.some((one) => one.isOtherGroup) && group !== null ? [`chgrp -R ${group} ${paths}`] : []),
    ...(lacking.length > 0 ? [`chmod -R ${whose}+rwX ${paths}`] : []),
    ...(lacking.length > 0 && there.includes(folder)
      ? [`find ${quoted(folder)} -type d -exec chmod ${(mode & SET_GROUP) === 0 ? '-t' : 'g+s,-t'} {} +`]
      : []),
    ...closed.map((path) => `chmod ${whose === 'ugo' ? 'a' : 'g'}+x ${quoted(path)}`),
  ];
  return tell(
    found,
    'Other users may not be able to take a seat, to read the table, or to remove what others left ' +
      '(with an access list, the group bits are its mask).',
    `Type: ${commands.join(' && ')}`,
  );
}
