import { Argument, type Command } from 'commander';
import { type Example, withExamples } from '../help.js';
import { SHELLS, type Shell, scriptFor } from '../shells.js';
import type { World } from '../world.js';

const EXAMPLES: readonly Example[] = [
  [
    'seatfile completion bash >~/.local/share/bash-completion/completions/seatfile',
    'for bash, from the next start on',
  ],
  ['seatfile completion zsh >~/.zfunc/_seatfile', 'for zsh: ~/.zfunc stands in fpath'],
  ['seatfile completion fish >~/.config/fish/completions/seatfile.fish', 'for fish'],
  ['seatfile completion powershell >>$PROFILE', 'for PowerShell'],
];

export function addCompletion(program: Command, world: World): void {
  withExamples(program.command('completion'), EXAMPLES)
    .summary('complete command lines in your shell')
    .description(
      'Prints a script that makes your shell complete commands, options, files, and the users, hosts, modules and ' +
        'seats of the licence file that the command line or SEATFILE names. A share that does not answer within a ' +
        'second is not waited for.',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action((shell: Shell) => world.out(scriptFor(shell)));
}
