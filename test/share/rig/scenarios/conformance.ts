import { PLACES } from '../link.js';
import { type Hosts, must, type Scenario } from '../rig.js';

interface Checked {
  readonly name: string;
  readonly need: 'modes' | 'links' | null;
  readonly failure: string | null;
}

/** What a mount does not offer must fail, and is told: nothing passes by being left out. */
export const conformance: Scenario<Hosts> = {
  name: 'conformance',
  play: async ({ mount, guests: [guest], say }) => {
    const directory = `${PLACES.share}/conformance`;
    await guest.shell(`rm -rf ${directory} && mkdir ${directory}`);
    const one = guest.program('conform', { directory });
    const { status } = await one.ended;
    must(status === 0, `the suite ended with ${status}: ${one.complaints.join(' ')}`);
    const checked = one.lines.map((line) => JSON.parse(line) as Checked);
    const isOffered = ({ need }: Checked) =>
      need === null || (need === 'modes' ? mount.keepsModes : mount.hasLinks);
    const failed = checked.filter((check) => isOffered(check) && check.failure !== null);
    const absent = checked.filter((check) => !isOffered(check));
    for (const { name, failure } of failed) say(`FAILED ${name}: ${failure}`);
    for (const { name, need } of absent) say(`no ${need} here: ${name}`);
    must(failed.length === 0, `${failed.length} of ${checked.length} checks failed`);
    const odd = absent.filter(({ failure }) => failure === null).map(({ name }) => name);
    must(odd.length === 0, `offered after all: ${odd.join('; ')}`);
    await guest.shell(`rm -rf ${directory}`);
    return { checks: checked.length - absent.length, 'not offered': absent.length };
  },
};
