import { type Command, Option } from 'commander';
import { isoFromMs } from '../base/iso-time.ts';
import type { Explanation } from '../core/explain.ts';
import type { JournalEntry } from '../reconcile/journal.ts';
import type { Replay } from '../reconcile/replay.ts';
import { type ExitCode, NegativeAnswerError } from './cli-error.ts';
import { handle, type Shell } from './command.ts';
import { addJournalOptions } from './journal-options.ts';
import type { JournalOptions } from './journal-source.ts';
import { answer } from './output.ts';
import { instant, wholeNumber } from './values.ts';

interface ExplainOptions extends JournalOptions {
  readonly at?: number;
  readonly last?: number;
  readonly replay?: boolean;
}

interface Explained {
  readonly seq: number;
  readonly time: string;
  /** The last time that the same was decided. */
  readonly lastTime: string;
  /** How many passes decided the same. */
  readonly count: number;
  readonly explanation: Explanation;
}

/** What deciding again on the recorded inputs showed. */
interface Replayed {
  readonly decisions: number;
  readonly different: readonly (Replay & { readonly seq: number; readonly time: string })[];
}

interface ExplainAnswer {
  readonly cluster: string;
  readonly decisions: readonly Explained[];
  readonly replay?: Replayed;
}

export function addExplain(program: Command, shell: Shell): void {
  const command = program
    .command('explain')
    .summary('Say why the fleet has the size it has.')
    .description(
      'Says why the fleet has the size it has, which nodes take rooms, and what would change that; from the ' +
        "operator's journal of decisions. --replay decides everything again and compares.",
    );
  addJournalOptions(command)
    .addOption(
      new Option('--at <time>', 'The decision that held at this instant, such as 2026-03-01T12:00:00Z.')
        .argParser(instant)
        .conflicts('last'),
    )
    .option('--last <number>', 'So many of the last decisions, oldest first.', wholeNumber(1, 2000))
    .option('--replay', 'Decide again on the recorded inputs; exit code 1 if anything differs.');
  handle<ExplainOptions>(shell, command, (options) => explainCommand(shell, options));
}

async function explainCommand({ io }: Shell, options: ExplainOptions): Promise<ExitCode> {
  const { journalOf } = await import('./journal-source.ts');
  const { explain } = await import('../core/explain.ts');
  const { explanationText } = await import('../core/explain-text.ts');
  const { header, entries } = await journalOf(io, options);
  const decisions = chosen(entries, options).map((entry) => ({
    ...whenOf(entry),
    explanation: explain(entry.input, entry.decision),
  }));
  const replayed = options.replay === true ? await replayAll(entries) : undefined;
  const value: ExplainAnswer = {
    cluster: header.cluster,
    decisions,
    ...(replayed === undefined ? {} : { replay: replayed }),
  };
  await answer(io, options, value, () => textOf(value, explanationText));
  return replayed !== undefined && replayed.different.length > 0 ? 1 : 0;
}

function whenOf(entry: JournalEntry): Omit<Explained, 'explanation'> {
  const { seq, count, input, lastWallMs } = entry;
  return { seq, time: isoFromMs(input.wallMs), lastTime: isoFromMs(lastWallMs), count };
}

function chosen(entries: readonly JournalEntry[], { at, last }: ExplainOptions): readonly JournalEntry[] {
  if (at === undefined) return entries.slice(-(last ?? 1));
  const held = entries.findLast(({ input }) => input.wallMs <= at);
  if (held !== undefined) return [held];
  const first = isoFromMs(entries[0]?.input.wallMs ?? 0);
  throw new NegativeAnswerError(`the journal begins at ${first}: give a later --at.`);
}

async function replayAll(entries: readonly JournalEntry[]): Promise<Replayed> {
  const { replay } = await import('../reconcile/replay.ts');
  const different = entries.flatMap((entry) => {
    const result = replay(entry);
    return result.identical ? [] : [{ seq: entry.seq, time: isoFromMs(entry.input.wallMs), ...result }];
  });
  return { decisions: entries.length, different };
}

function textOf(value: ExplainAnswer, explanationText: (explanation: Explanation) => string): string {
  const parts = value.decisions.map((one) => `${headOf(one)}\n${explanationText(one.explanation)}`);
  return [...parts, ...(value.replay === undefined ? [] : [replayText(value.replay)])].join('\n');
}

function headOf({ seq, lastTime, count }: Explained): string {
  const repeated = count > 1 ? `, decided ${count} times, last at ${lastTime}` : '';
  return `Decision ${seq}${repeated}`;
}

function replayText({ decisions, different }: Replayed): string {
  if (different.length === 0) return `Decided again on ${decisions} recorded inputs: all identical.`;
  const [first] = different;
  const difference = first?.differences[0];
  const place =
    difference === undefined
      ? ''
      : `, at ${difference.path}: recorded ${difference.recorded}, now ${difference.replayed}`;
  return `Decided again on ${decisions} recorded inputs: ${different.length} differ, first decision ${first?.seq ?? 0}${place}.`;
}
