/** The reference of the command line, from the same definitions that `--help` shows. */
import type { Argument, Command, Option } from 'commander';
import { silentIo } from '../src/cli/io.ts';
import { buildProgram } from '../src/cli/program.ts';

type Table = (heads: readonly string[], rows: readonly (readonly string[])[]) => readonly string[];

/** The body of the page; `table` draws a table in Markdown. */
export function commandPages(table: Table): readonly string[] {
  const program = buildProgram({ io: silentIo, outcome: { code: 0 } });
  return [
    '`kubectl-openvidu` looks after fleets of Media Nodes and tries scaling policies. From a checkout it is',
    '`./bin/kubectl-openvidu`, after any target of `make` has installed the packages. With a link to that file on your',
    '`PATH`, `kubectl openvidu` is the same.',
    '',
    '```sh',
    'ln -s "$PWD/bin/kubectl-openvidu" ~/.local/bin/',
    '```',
    '',
    'An answer goes to the standard output: text, or with `-o json` exactly one JSON document. Progress and errors go to',
    'the standard error; an error is one sentence that says what to do.',
    '',
    ...table(
      ['Exit code', 'Meaning'],
      [
        ['0', 'Done, or the answer is yes.'],
        [
          '1',
          'The answer is no, or it could not be done: no such node, a wait that timed out, no connection.',
        ],
        ['2', 'What was typed, or a file that was named, cannot be used.'],
        ['130, 143', 'Stopped by Ctrl-C or SIGTERM. No half-written file stays behind.'],
      ],
    ),
    '',
    '## Rights in the cluster',
    '',
    'Commands about a fleet use the rights of the kubeconfig, in the namespace of the fleet unless it says otherwise:',
    '',
    ...table(
      ['Commands', 'Rights'],
      [
        ['all of them but `profile`, and those with `--journal` or `--redis-url`', 'list `openviduclusters`'],
        ['`status`', 'list `pods`'],
        ['`cordon`, `uncordon`, `drain`, `protect`, `unprotect`', 'get, list and patch `pods`'],
        ['`receipts`, `drain --wait`', 'get `configmaps`'],
        ['`profile list`, `profile show`', 'list `openviducapacityprofiles`'],
        ['`profile approve`', 'list and patch `openviducapacityprofiles`'],
        [
          '`explain`, `what-if`',
          'list `pods` in all namespaces (in one with `--operator-namespace`), get `leases` and `pods/proxy` in that of the operator; none with `--journal`',
        ],
        [
          '`trace record`',
          'get the `secrets` that `spec.redis` and `spec.server` name; none with `--redis-url`',
        ],
      ],
    ),
    '',
    '## Options of every command',
    '',
    'They may stand before or after the command.',
    '',
    ...optionsTable(table, program),
    ...leaves(program).flatMap((command) => section(table, command)),
  ];
}

/** Commands that do something, in the order of the help text. */
function leaves(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => (child.commands.length > 0 ? leaves(child) : [child]));
}

function section(table: Table, command: Command): readonly string[] {
  const args = command.registeredArguments;
  return [
    '',
    `## ${titleOf(command)}`,
    '',
    ...prose(command.description()),
    '',
    '```text',
    usageOf(command),
    '```',
    ...(args.length === 0 && command.options.length === 0 ? [] : ['', ...optionsTable(table, command)]),
  ];
}

function titleOf(command: Command): string {
  const above = command.parent;
  return above === null || above.parent === null ? command.name() : `${titleOf(above)} ${command.name()}`;
}

function usageOf(command: Command): string {
  const words = command.registeredArguments.map((argument) => `<${argument.name()}>`);
  const must = command.options.filter(({ mandatory }) => mandatory).map(({ flags }) => flags);
  const may = command.options.some(({ mandatory }) => !mandatory) ? ['[options]'] : [];
  return ['kubectl-openvidu', titleOf(command), ...words, ...must, ...may].join(' ');
}

/** A list within a description keeps its lines. */
function prose(text: string): readonly string[] {
  const [words = '', ...lists] = text.split('\n\n');
  return [words, ...lists.flatMap((list) => ['', '```text', list, '```'])];
}

function optionsTable(table: Table, command: Command): readonly string[] {
  const rows = [...command.registeredArguments.map(argumentRow), ...command.options.map(optionRow)];
  return table(['Option', 'Default', 'What it does'], rows);
}

function argumentRow(argument: Argument): readonly string[] {
  return [`\`<${argument.name()}>\``, '', argument.description];
}

function optionRow(option: Option): readonly string[] {
  const { flags, argChoices, description, mandatory } = option;
  const choices =
    argChoices === undefined ? '' : ` One of ${argChoices.map((one) => `\`${one}\``).join(', ')}.`;
  return [`\`${flags}\``, mandatory ? 'must be given' : defaultOf(option), `${description}${choices}`];
}

function defaultOf({ defaultValue, negate, defaultValueDescription }: Option): string {
  const value: unknown = defaultValueDescription ?? defaultValue;
  if (value === undefined || negate) return '';
  return `\`${Array.isArray(value) ? value.join(',') : plain(value)}\``;
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
