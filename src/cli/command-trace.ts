import type { Command } from 'commander';
import { addTraceGenerate } from './command-trace-generate.ts';
import { addTraceInspect } from './command-trace-inspect.ts';
import { addTraceRecord } from './command-trace-record.ts';
import type { Shell } from './command.ts';

export function addTrace(program: Command, shell: Shell): void {
  const command = program
    .command('trace')
    .summary('Generate, inspect and record traces of rooms.')
    .description(
      'Generates, inspects and records traces: the rooms of a time past or of an imagined one, as CSV, which ' +
        '"simulate" and "backtest" play.',
    );
  addTraceGenerate(command, shell);
  addTraceInspect(command, shell);
  addTraceRecord(command, shell);
}
