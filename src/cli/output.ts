/** The two forms of every answer: text for people, one JSON document for programs. */
import type { Io } from './io.ts';

export type Format = 'text' | 'json';

/** What all commands understand. */
export interface CommonOptions {
  readonly output: Format;
  readonly verbose?: boolean;
}

/** Prints the answer once: the value itself as JSON, or what `text` makes of it. */
export async function answer<T>(
  io: Io,
  options: CommonOptions,
  value: T,
  text: (value: T) => string,
): Promise<void> {
  const body = options.output === 'json' ? jsonOf(io, value) : text(value);
  await io.out.write(body.endsWith('\n') ? body : `${body}\n`);
}

/** Indented for a person at a terminal, one line for a program. */
function jsonOf(io: Io, value: unknown): string {
  return JSON.stringify(value, null, io.out.isTerminal ? 2 : undefined);
}

export type Align = 'left' | 'right';

export interface Column {
  readonly title: string;
  readonly align?: Align;
}

/** A table in the manner of kubectl: upper-case titles, three spaces between columns, nothing after the last one. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const titles = columns.map(({ title }) => title.toUpperCase());
  const lines = [titles, ...rows];
  const widths = columns.map((_, at) =>
    lines.reduce((most, line) => Math.max(most, (line[at] ?? '').length), 0),
  );
  const cell = (line: readonly string[], at: number): string => {
    const text = line[at] ?? '';
    const width = widths[at] ?? 0;
    return columns[at]?.align === 'right' ? text.padStart(width) : text.padEnd(width);
  };
  return lines
    .map((line) =>
      columns
        .map((_, at) => cell(line, at))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

/** A share as people read it: `12.3 %`. */
export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}
