/** What the columns of a trace hold, and what they may not. */
import { TraceError } from './trace-error.ts';
import type { TraceRoom } from './trace.ts';

export interface TraceRow {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

interface Column {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

const daySeconds = 86_400;
const startS: Column = { name: 'start_s', min: 0, max: 3660 * daySeconds };
const durationS: Column = { name: 'duration_s', min: 1, max: 366 * daySeconds };
const participants: Column = { name: 'participants', min: 1, max: 100_000 };
const publishers: Column = { name: 'publishers', min: 0, max: 100_000 };
const wanted = [startS, durationS, participants, publishers];

/** The header stays where it is; rows whose names have line breaks are beyond it. */
const sortCommand = '(head -n 1 FILE; tail -n +2 FILE | sort -t, -k1,1n) > SORTED';

/** The columns of one file, as its header names them. */
export class TraceColumns {
  static readonly header = wanted.map(({ name }) => name).join(',');
  readonly #count: number;
  readonly #nameIndex: number;

  /** @param header the first row. @throws TraceError when it does not begin with the columns of a trace. */
  constructor(header: TraceRow) {
    const names = header.fields.map((field) => field.trim());
    wanted.forEach(({ name }, index) => {
      const found = names[index];
      if (found === name) return;
      const what = found === undefined ? 'no such column' : shown(found);
      throw complaint(header, name, `found ${what}, wanted the header ${TraceColumns.header}`);
    });
    this.#count = names.length;
    this.#nameIndex = names.indexOf('name', wanted.length);
  }

  /** @throws TraceError when a field is not what its column wants, or the row comes before the last one. */
  room(row: TraceRow, previous: TraceRoom | undefined): TraceRoom {
    const { fields } = row;
    if (fields.length !== this.#count) {
      const place = { file: row.file, line: row.line };
      throw new TraceError(`found ${fields.length} fields, wanted ${this.#count} as in the header`, place);
    }
    const name = this.#nameIndex < 0 ? '' : (fields[this.#nameIndex] ?? '');
    const room: TraceRoom = {
      startS: whole(row, 0, startS),
      durationS: whole(row, 1, durationS),
      participants: whole(row, 2, participants),
      publishers: whole(row, 3, publishers),
      name: name === '' ? undefined : name,
    };
    checkTogether(row, room, previous);
    return room;
  }
}

function checkTogether(row: TraceRow, room: TraceRoom, previous: TraceRoom | undefined): void {
  if (room.publishers > room.participants) {
    const limit = `at most the row's ${room.participants} participants`;
    throw complaint(row, publishers.name, `found ${room.publishers}, wanted ${limit}`);
  }
  if (previous === undefined || previous.startS <= room.startS) return;
  const remedy = `wanted rows in the order of start_s; sort them, for example with "${sortCommand}"`;
  throw complaint(row, startS.name, `found ${room.startS} after ${previous.startS}, ${remedy}`);
}

function whole(row: TraceRow, index: number, column: Column): number {
  const text = row.fields[index] ?? '';
  const value = /^\s*\+?\d{1,15}\s*$/.test(text) ? Number(text) : Number.NaN;
  if (value >= column.min && value <= column.max) return value;
  const range = `wanted a whole number from ${column.min} to ${column.max}`;
  throw complaint(row, column.name, `found ${text.trim() === '' ? 'nothing' : shown(text)}, ${range}`);
}

function complaint(row: TraceRow, column: string, text: string): TraceError {
  return new TraceError(text, { file: row.file, line: row.line, column });
}

/** As JSON, so that control characters stay visible and cannot reach a terminal; cut, for it may be anything. */
function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
