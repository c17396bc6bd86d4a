/** The frame around every command: its options in one type, its exit code, its mistakes in one sentence. */
import type { Command, CommanderError } from 'commander';
import { type ExitCode, UsageError } from './cli-error.ts';
import type { Io } from './io.ts';
import type { CommonOptions } from './output.ts';

/** Where the commands of one run leave how they ended. */
export interface Outcome {
  code: ExitCode;
}

/** What the functions that add commands are given. */
export interface Shell {
  readonly io: Io;
  readonly outcome: Outcome;
}

/** Carries out a command. Options are those of the command and the common ones; arguments come in their order. */
export type Handler<O extends CommonOptions> = (
  options: O,
  args: readonly string[],
) => Promise<ExitCode | void>;

/** Ties a command to what it does. Options are read at run time only, so `O` is a promise of the definition. */
export function handle<O extends CommonOptions>(shell: Shell, command: Command, handler: Handler<O>): void {
  command.action(async () => {
    shell.outcome.code = (await handler(command.optsWithGlobals<O>(), command.args)) ?? 0;
  });
}

/** What commander found wrong, as our own error; `undefined` when it has only shown a help text. */
export function usageErrorOf(error: CommanderError, path: string): UsageError | undefined {
  if (error.exitCode === 0) return undefined;
  const help = `see "${path} --help"`;
  // A command that only holds others was given none; commander would show the help text as an error.
  if (error.code === 'commander.help')
    return new UsageError(`a command is missing or unknown: ${help} for the list.`);
  const text = error.message
    .replace(/^error: /, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const [, what = text, hint = ''] = /^(.*?)[.]?(?: ?(\(Did you mean .*\)))?$/.exec(text) ?? [];
  const suggestion = hint.replace(/^\(Did you mean (.*)\?\)$/, 'did you mean $1, or ');
  return new UsageError(`${joined(what)}: ${suggestion}${help}.`, { cause: error });
}

/** Commander adds what is allowed as a second sentence; an error of ours has one. */
function joined(text: string): string {
  return lowerFirst(text).replaceAll(/\. ([A-Z])/g, (_, first: string) => `, ${first.toLowerCase()}`);
}

function lowerFirst(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}

/** The words that lead to a command, such as `kubectl-openvidu trace inspect`. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
