import type { Command } from 'commander';
import type { MetaRecord, RunRecord } from '../loadtest/record.ts';
import { NegativeAnswerError, UsageError } from './cli-error.ts';
import { handle, type Shell } from './command.ts';
import { runAndAnswer } from './command-loadtest-run.ts';
import { addLoadOptions, type LoadOptions } from './loadtest-options.ts';

interface ReplayOptions extends Omit<LoadOptions, 'url'> {
  readonly url?: string;
}

export function addLoadtestReplay(parent: Command, shell: Shell): void {
  const command = parent
    .command('replay')
    .summary('Repeat a recorded run to the same plan.')
    .description(
      'Runs the scenario of a record again with its seed, so that the same people join and leave the same rooms in the ' +
        'same order. Refuses when this version would plan it differently.',
    )
    .argument('<record>', 'The record.jsonl of a run, or its folder.');
  addLoadOptions(command, 'that of the record');
  handle<ReplayOptions>(shell, command, async (options, [path = '']) => {
    const { readNamedRecord } = await import('./loadtest-record.ts');
    const meta = metaIn(path, (await readNamedRecord(path)).records);
    const { planDigest } = await import('../loadtest/plan-digest.ts');
    if (options.seed !== undefined || options.probes !== undefined) {
      throw new UsageError('a replay has the plan of its record: leave --seed and --probes out.');
    }
    if (planDigest(meta.scenario) !== meta.planDigest) {
      throw new NegativeAnswerError(
        'this version plans the scenario differently than the one that made the record: use that version.',
      );
    }
    const { url, workers } = meta.target;
    return await runAndAnswer(shell, { workers, ...options, url: options.url ?? url }, meta.scenario);
  });
}

function metaIn(path: string, records: readonly RunRecord[]): MetaRecord {
  const meta = records.find((record) => record.kind === 'meta');
  if (meta !== undefined) return meta;
  throw new UsageError(`${path} does not say what was run: name the record.jsonl of a run that had begun.`);
}
