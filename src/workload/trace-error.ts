/** Where in a trace something is wrong. */
export interface TracePlace {
  readonly file: string;
  /** Counted from 1; `undefined` when it is about the file as a whole. */
  readonly line?: number;
  readonly column?: string;
}

/** A trace cannot be used; the message is one sentence that says where, what was found and what is wanted. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
  readonly place: TracePlace;

  constructor(complaint: string, place: TracePlace) {
    const line = place.line === undefined ? '' : `line ${place.line}`;
    const column = place.column === undefined ? '' : `, column ${place.column}`;
    super([place.file, line + column, `${complaint}.`].filter((part) => part !== '').join(': '));
    this.place = place;
  }
}
