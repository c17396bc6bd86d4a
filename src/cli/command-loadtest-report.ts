import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { ReportResult } from '../loadtest/report.ts';
import { isOfFileSystem, UsageError, writeTrouble } from './cli-error.ts';
import { handle, type Shell } from './command.ts';
import { readNamedRecord } from './loadtest-record.ts';
import { answer, type CommonOptions } from './output.ts';

interface ReportOptions extends CommonOptions {
  readonly out?: string;
}

export function addLoadtestReport(parent: Command, shell: Shell): void {
  const command = parent
    .command('report')
    .summary('Make the report of a load test again from its record.')
    .description(
      'Makes the HTML page and the JSON result of a load test again from its record, which holds all that was ' +
        'measured. The same record gives the same files. A record that was cut short gives a report that says so.',
    )
    .argument(
      '<record>',
      'The record (record.jsonl, compressed with gzip or not), or the folder that holds it.',
    )
    .option('--out <folder>', 'Write report.html and result.json here. By default beside the record.');
  handle<ReportOptions>(shell, command, (options, [record = '']) => report(shell, options, record));
}

async function report({ io }: Shell, options: ReportOptions, name: string): Promise<void> {
  const { writeReport } = await import('../loadtest/report.ts');
  const { path, records, cut } = await readNamedRecord(name);
  const folder = options.out ?? dirname(path);
  const written = await writeReport(records, folder).catch((error: unknown) => {
    if (!isOfFileSystem(error)) throw error;
    throw new UsageError(
      `cannot write to ${folder}, ${writeTrouble(error)}: name another folder with --out.`,
      {
        cause: error,
      },
    );
  });
  if (cut) await io.err.write('kubectl-openvidu: the last line of the record was cut off and is left out.\n');
  await answer(io, options, written.result, (result) => reportText(result, [written.html, written.json]));
}

function reportText({ headline, meaning }: ReportResult, files: readonly string[]): string {
  return [headline, '', ...meaning, '', ...files.map((file) => `wrote ${file}`)].join('\n');
}
