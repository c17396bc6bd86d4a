import type { Command } from 'commander';
import type { Comparison, ComparedRun, Refusal } from '../loadtest/compare.ts';
import { type ExitCode, NegativeAnswerError } from './cli-error.ts';
import { handle, type Shell } from './command.ts';
import { readNamedRecord } from './loadtest-record.ts';
import { answer, type CommonOptions, textTable } from './output.ts';

interface CompareOptions extends CommonOptions {
  readonly force?: boolean;
}

export function addLoadtestCompare(parent: Command, shell: Shell): void {
  const command = parent
    .command('compare')
    .summary('Compare the capacities that two load tests found.')
    .description(
      'Compares two searches: the ratio of their capacities, with an interval from their repetitions. Runs that ' +
        'differ in anything that a capacity depends on are refused, with each difference named. Exit code 1 means ' +
        'that the second run carries less, or that the runs were refused.',
    )
    .argument('<first>', 'Record of the run to compare with, or its folder.')
    .argument('<second>', 'Record of the run to judge, or its folder.')
    .option('--force', 'Compare unlike runs all the same; the differences are shown.');
  handle<CompareOptions>(shell, command, (options, [first = '', second = '']) =>
    compare(shell, options, [first, second]),
  );
}

async function compare(
  { io }: Shell,
  options: CompareOptions,
  [first, second]: readonly [string, string],
): Promise<ExitCode> {
  const { compareRuns } = await import('../loadtest/compare.ts');
  const [one, other] = [await readNamedRecord(first), await readNamedRecord(second)];
  const comparison = compareRuns(one.records, other.records, { force: options.force === true });
  if (comparison.kind === 'Refused' && options.output === 'text')
    throw new NegativeAnswerError(comparison.sentence);
  await answer(io, options, comparison, comparisonText);
  return comparison.kind === 'Refused' || comparison.verdict === 'Worse' ? 1 : 0;
}

function comparisonText(comparison: Comparison | Refusal): string {
  if (comparison.kind === 'Refused') return comparison.sentence;
  const { sentence, one, other, differences } = comparison;
  const columns = [{ title: '' }, { title: 'first' }, { title: 'second' }];
  const row = (what: string, read: (run: ComparedRun) => string) => [what, read(one), read(other)];
  const runs = textTable(columns, [
    row('run', ({ runId }) => runId),
    row('begun', ({ startedAt }) => startedAt),
    row('capacity', ({ result }) => `${number(result.capacity)} ${result.unit}`),
    row('95 %', ({ result }) => `${number(result.lower95)} to ${number(result.upper95)}`),
    row('repetitions', ({ result }) => result.repetitions.map(number).join(', ')),
    row('bound by', ({ result }) => `${result.bindingSlo ?? 'nothing'} (${result.bindingLimit})`),
  ]);
  const unlike = differences.map(({ what, one: a, other: b }) => [what, a, b]);
  const warning =
    unlike.length === 0 ? '' : `\n\nunlike runs, compared because of --force:\n${textTable(columns, unlike)}`;
  return `${sentence}\n\n${runs}${warning}`;
}

function number(value: number): string {
  return String(Number(value.toFixed(1)));
}
