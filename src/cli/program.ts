/** The whole command line as data: what `--help` shows and the reference page is made from. */
import { Command, Option } from 'commander';
import { version } from '../operator/version.ts';
import { addBacktest } from './command-backtest.ts';
import { addCordon, addUncordon } from './command-cordon.ts';
import { addDrain } from './command-drain.ts';
import { addExplain } from './command-explain.ts';
import { addLoadtest } from './command-loadtest.ts';
import { addProfile } from './command-profile.ts';
import { addProtect, addUnprotect } from './command-protect.ts';
import { addReceipts } from './command-receipts.ts';
import { addSimulate } from './command-simulate.ts';
import { addStatus } from './command-status.ts';
import { addTrace } from './command-trace.ts';
import { addWhatIf } from './command-what-if.ts';
import { pathOf, type Shell, usageErrorOf } from './command.ts';
import { objectName } from './values.ts';

type Add = (program: Command, shell: Shell) => void;

/** In the order of the help text, under its headings. */
const commands: readonly (readonly [heading: string, adds: readonly Add[]])[] = [
  ['A fleet:', [addStatus, addReceipts, addExplain, addWhatIf, addProfile]],
  ['One Media Node:', [addCordon, addUncordon, addDrain, addProtect, addUnprotect]],
  ['Policies, without a cluster:', [addSimulate, addBacktest, addTrace]],
  ['Load tests:', [addLoadtest]],
];

/** Ready to parse. Wrong usage is thrown as a UsageError; nothing ends the process. */
export function buildProgram(shell: Shell): Command {
  const program = new Command('kubectl-openvidu')
    .description(
      'Looks after fleets of OpenVidu and LiveKit Media Nodes, and tries scaling policies before they are used.',
    )
    .version(version, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Show this help.')
    .helpCommand('help [command]', 'Show the help of a command.')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showSuggestionAfterError(true);
  for (const option of commonOptions()) program.addOption(option);
  for (const [heading, adds] of commands) {
    program.commandsGroup(heading);
    for (const add of adds) add(program, shell);
  }
  tame(program, shell);
  return program;
}

function commonOptions(): readonly Option[] {
  const name = (flags: string, says: string): Option => new Option(flags, says).argParser(objectName);
  return [
    name('-n, --namespace <name>', 'Namespace of the cluster. By default that of the kubeconfig.'),
    name('--cluster <name>', 'The OpenViduCluster. By default the only one in the namespace.'),
    new Option('--context <name>', 'Context of the kubeconfig to use.'),
    new Option('--kubeconfig <file>', 'The kubeconfig to use. By default as kubectl finds it.'),
    new Option('-o, --output <format>', 'Print text for people or one JSON document.')
      .choices(['text', 'json'])
      .default('text'),
    new Option('--verbose', 'Show the stack of an error (also with OVM_VERBOSE=1).'),
  ];
}

/** Commander shall print help and nothing else, and shall leave ending the process to us. */
function tame(command: Command, shell: Shell): void {
  command.configureOutput({
    writeOut: (text) => void shell.io.out.write(text),
    writeErr: () => undefined,
    getOutHelpWidth: () => Math.min(shell.io.out.columns, 110),
  });
  command.exitOverride((error) => {
    throw usageErrorOf(error, pathOf(command)) ?? error;
  });
  for (const child of command.commands) tame(child, shell);
}
