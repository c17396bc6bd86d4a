/**
 * A trace: the rooms of a time past, or of an imagined one, in the order in which they began. Read from CSV with the
 * header `start_s,duration_s,participants,publishers`; further columns may follow, `name` is one that is understood.
 */

export interface TraceRoom {
  /** Seconds since the beginning of the trace. */
  readonly startS: number;
  readonly durationS: number;
  /** Everybody who takes part in it, at its largest. */
  readonly participants: number;
  readonly publishers: number;
  /** The same for rooms that recur, such as a weekly meeting; `undefined` when nothing is known. */
  readonly name: string | undefined;
}

export interface Trace {
  readonly name: string;
  /** Sorted by `startS`. */
  readonly rooms: readonly TraceRoom[];
}
