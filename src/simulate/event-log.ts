/** The log of a simulation as JSON Lines: written while it runs, read back to compute its figures anew. */
import { never } from '../base/assert.ts';
import type { SimEvent } from './events.ts';

/** Text is handed on in pieces of about this size. */
const pieceLength = 65_536;

/** Turns events into lines and hands these on in large pieces. Call `end` for the last one. */
export class EventLog {
  readonly #write: (text: string) => void;
  #text = '';

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  take(event: SimEvent): void {
    this.#text += `${eventLine(event)}\n`;
    if (this.#text.length >= pieceLength) this.end();
  }

  end(): void {
    if (this.#text !== '') this.#write(this.#text);
    this.#text = '';
  }
}

/** One event as a line, without its end. Ids are of letters, digits and signs that JSON leaves alone. */
export function eventLine(event: SimEvent): string {
  const head = `{"t":${event.t},"e":"${event.e}"`;
  switch (event.e) {
    case 'launch':
    case 'ready':
    case 'cordon':
    case 'uncordon':
      return `${head},"node":"${event.node}"}`;
    case 'remove':
      return `${head},"node":"${event.node}","cut":${event.cut}${event.lost === true ? ',"lost":true' : ''}}`;
    case 'room':
      return `${head},"room":${JSON.stringify(event.room)},"node":"${event.node}"}`;
    case 'load':
      return `${head},"room":${JSON.stringify(event.room)},"n":${event.n}}`;
    case 'end':
      return `${head},"room":${JSON.stringify(event.room)}}`;
    default:
      return never(event);
  }
}

/** A line that is no event. The message says which line, and what was expected. */
export class EventLogError extends Error {
  override readonly name = 'EventLogError';
}

/** Reads lines back. Empty ones are skipped. @throws EventLogError at the first that is no event. */
export function* readEventLog(lines: Iterable<string>): Generator<SimEvent> {
  let number = 0;
  for (const line of lines) {
    number += 1;
    if (line.trim() === '') continue;
    const event = eventOf(jsonOf(line));
    if (event === undefined)
      throw new EventLogError(`line ${number} is no event of a simulation: ${line.slice(0, 80)}`);
    yield event;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function jsonOf(line: string): Fields {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Fields) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

type Reader = (t: number, fields: Fields) => SimEvent | undefined;

const readers: Readonly<Record<SimEvent['e'], Reader>> = {
  launch: nodeEvent('launch'),
  ready: nodeEvent('ready'),
  cordon: nodeEvent('cordon'),
  uncordon: nodeEvent('uncordon'),
  remove: (t, { node, cut, lost }) =>
    isId(node) && isCount(cut)
      ? { t, e: 'remove', node, cut, ...(lost === true ? { lost } : {}) }
      : undefined,
  room: (t, { room, node }) => (isId(room) && isId(node) ? { t, e: 'room', room, node } : undefined),
  load: (t, { room, n }) => (isId(room) && isCount(n) ? { t, e: 'load', room, n } : undefined),
  end: (t, { room }) => (isId(room) ? { t, e: 'end', room } : undefined),
};

function nodeEvent(e: 'launch' | 'ready' | 'cordon' | 'uncordon'): Reader {
  return (t, { node }) => (isId(node) ? { t, e, node } : undefined);
}

function eventOf(fields: Fields): SimEvent | undefined {
  const { t, e } = fields;
  return isCount(t) && isKind(e) ? readers[e](t, fields) : undefined;
}

function isKind(value: unknown): value is SimEvent['e'] {
  return typeof value === 'string' && Object.hasOwn(readers, value);
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
