/** Traces as text. Every complaint is one sentence that says where, what was found and what is wanted. */
import { TraceColumns, type TraceRow } from './trace-columns.ts';
import { TraceError } from './trace-error.ts';
import type { Trace, TraceRoom } from './trace.ts';

/** A longer one is no row: somebody forgot to close a quote, or the file is no trace. */
const maxRowChars = 65_536;
const maxRooms = 5_000_000;

/** Takes a trace in pieces of any size, so that a file need not fit into one string. */
export class TraceParser {
  readonly #file: string;
  readonly #rooms: TraceRoom[] = [];
  #columns: TraceColumns | undefined;
  /** What is left of a row whose end has not come yet. */
  #rest = '';
  /** Whether `#rest` ends within quotes. Each piece is looked at once, however many lines a name has. */
  #isOpen = false;
  /** Line on which `#rest` began. */
  #line = 1;
  #begun = false;

  /** @param file what to call it in complaints. */
  constructor(file: string) {
    this.#file = file;
  }

  get roomsSoFar(): number {
    return this.#rooms.length;
  }

  /** @throws TraceError */
  push(text: string): void {
    const fresh = this.#begun ? text : withoutByteOrderMark(text);
    if (text !== '') this.#begun = true;
    const lines = fresh.split('\n');
    const last = lines.pop() ?? '';
    for (const line of lines) this.#endOfLine(line);
    this.#rest += last;
    this.#isOpen = this.#isOpenAfter(last);
    this.#checkLength();
  }

  /** The rooms, all of them. @throws TraceError */
  end(): readonly TraceRoom[] {
    if (this.#isOpen) {
      throw this.#error('found a quote that is never closed, wanted a closing quote');
    }
    this.#row(this.#rest);
    if (this.#columns === undefined) {
      throw this.#error('found the end of the file, wanted the header ' + TraceColumns.header);
    }
    if (this.#rooms.length === 0) {
      throw this.#error('found the end of the file, wanted at least one room');
    }
    return this.#rooms;
  }

  #endOfLine(line: string): void {
    const row = this.#rest + line;
    this.#isOpen = this.#isOpenAfter(line);
    if (this.#isOpen) {
      this.#rest = row + '\n';
      this.#checkLength();
      return;
    }
    this.#row(row);
    this.#line += 1 + (this.#rest === '' ? 0 : lineBreaks(row));
    this.#rest = '';
  }

  #isOpenAfter(piece: string): boolean {
    return this.#isOpen !== hasOpenQuote(piece);
  }

  #checkLength(): void {
    if (this.#rest.length <= maxRowChars) return;
    throw this.#error(`found more than ${maxRowChars} characters, wanted one row of a trace`);
  }

  #row(text: string): void {
    const row = text.endsWith('\r') ? text.slice(0, -1) : text;
    if (row.trim() === '') return;
    const at: TraceRow = { file: this.#file, line: this.#line, fields: fieldsOf(row) };
    if (this.#columns === undefined) {
      this.#columns = new TraceColumns(at);
      return;
    }
    if (this.#rooms.length === maxRooms) {
      throw this.#error(`found more than ${maxRooms} rooms, wanted a trace cut into parts`);
    }
    this.#rooms.push(this.#columns.room(at, this.#rooms.at(-1)));
  }

  #error(complaint: string): TraceError {
    return new TraceError(complaint, { file: this.#file, line: this.#line });
  }
}

/** @throws TraceError */
export function parseTrace(text: string, name: string): Trace {
  const parser = new TraceParser(name);
  parser.push(text);
  return { name, rooms: parser.end() };
}

/** The text that `parseTrace` reads back to the same rooms; the column `name` is there if any room has one. */
export function formatTrace(trace: Trace): string {
  return [...formatRows(trace)].join('');
}

/** The same in rows, each with its line break. */
export function* formatRows(trace: Trace): Generator<string> {
  const named = trace.rooms.some(({ name }) => name !== undefined);
  yield `${TraceColumns.header}${named ? ',name' : ''}\n`;
  for (const { startS, durationS, participants, publishers, name } of trace.rooms) {
    const numbers = `${startS},${durationS},${participants},${publishers}`;
    yield named ? `${numbers},${quoted(name ?? '')}\n` : `${numbers}\n`;
  }
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function hasOpenQuote(row: string): boolean {
  let open = false;
  for (let at = row.indexOf('"'); at >= 0; at = row.indexOf('"', at + 1)) open = !open;
  return open;
}

function lineBreaks(row: string): number {
  return row.split('\n').length - 1;
}

function fieldsOf(row: string): readonly string[] {
  if (!row.includes('"')) return row.split(',');
  const fields: string[] = [];
  for (let at = 0; at <= row.length; ) {
    const end = endOfField(row, at);
    fields.push(unquoted(row.slice(at, end)));
    at = end + 1;
  }
  return fields;
}

function endOfField(row: string, from: number): number {
  let quotedNow = false;
  for (let at = from; at < row.length; at += 1) {
    if (row[at] === '"') quotedNow = !quotedNow;
    if (row[at] === ',' && !quotedNow) return at;
  }
  return row.length;
}

function unquoted(field: string): string {
  const bare = field.trim();
  if (!bare.startsWith('"') || !bare.endsWith('"') || bare.length < 2) return field;
  return bare.slice(1, -1).replaceAll('""', '"');
}
