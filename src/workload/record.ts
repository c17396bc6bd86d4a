/** Turns what is seen of a running fleet, again and again, into a trace. */
import { createHmac } from 'node:crypto';
import type { Trace, TraceRoom } from './trace.ts';

export interface SeenRoom {
  /** Belongs to this very room and never comes back: the server's own id, or the name with the time of creation. */
  readonly id: string;
  readonly name: string;
  /** `undefined` when it could not be read just now. */
  readonly participants: number | undefined;
  /** `undefined` when nobody counts them; if it stays so, everybody counts as one. */
  readonly publishers: number | undefined;
  /** When the room was made, on the clock of `Observation.atS`; `undefined` if it is not known. */
  readonly createdAtS: number | undefined;
}

/** All rooms that exist at one moment. If they could not be read, there is no observation. */
export interface Observation {
  /** Seconds on any clock that runs evenly. */
  readonly atS: number;
  readonly rooms: readonly SeenRoom[];
}

export interface RecorderOptions {
  /** What the trace calls a room; the name as it is where left out. */
  readonly rename?: (name: string) => string | undefined;
  /** A room that is missing for no longer than this has not ended. */
  readonly missingGraceS?: number;
}

interface Known {
  readonly name: string;
  readonly startS: number;
  readonly lastSeenS: number;
  /** First moment at which it was missing since. */
  readonly missingS: number | undefined;
  readonly participants: number;
  readonly publishers: number | undefined;
}

const defaultMissingGraceS = 15;
/** Over a longer gap between two looks nobody can say when a room ended; it counts to the last look that saw it. */
const longestGuessedGapS = 120;

/**
 * Remembers of each room its begin, its end and the most people seen in it. Rooms that nobody was ever seen in are left
 * out. A room that was there before the recording began counts from the recording's begin.
 */
export class Recorder {
  readonly #rename: (name: string) => string | undefined;
  readonly #missingGraceS: number;
  readonly #live = new Map<string, Known>();
  readonly #ended: TraceRoom[] = [];
  #originS: number | undefined;
  #latestS = 0;

  constructor(options: RecorderOptions = {}) {
    this.#rename = options.rename ?? ((name) => name);
    this.#missingGraceS = options.missingGraceS ?? defaultMissingGraceS;
  }

  get liveRooms(): number {
    return this.#live.size;
  }

  /** Ended ones and live ones. */
  get roomsSoFar(): number {
    return this.#ended.length + [...this.#live.values()].filter(wasUsed).length;
  }

  /** One that is not later than the one before is passed over. */
  observe(observation: Observation): void {
    const { atS, rooms } = observation;
    this.#originS ??= atS;
    if (this.#live.size > 0 && atS <= this.#latestS) return;
    this.#latestS = atS;
    const seen = new Set<string>();
    for (const room of rooms) {
      seen.add(room.id);
      this.#live.set(room.id, sighting(room, this.#live.get(room.id), { atS, originS: this.#originS }));
    }
    for (const [id, known] of this.#live) if (!seen.has(id)) this.#missing(id, known, atS);
  }

  /** The trace so far, sorted; rooms that are still live end with the latest observation. */
  trace(name: string): Trace {
    const live = [...this.#live.values()].filter(wasUsed).map((known) => this.#close(known));
    const rooms = [...this.#ended, ...live].sort((a, b) => a.startS - b.startS || a.durationS - b.durationS);
    return { name, rooms };
  }

  #missing(id: string, known: Known, atS: number): void {
    const missingS = known.missingS ?? atS;
    if (atS - missingS < this.#missingGraceS && atS - known.lastSeenS <= longestGuessedGapS) {
      this.#live.set(id, { ...known, missingS });
      return;
    }
    this.#live.delete(id);
    if (wasUsed(known)) this.#ended.push(this.#close({ ...known, missingS }));
  }

  #close(known: Known): TraceRoom {
    const originS = this.#originS ?? 0;
    const startS = Math.max(0, Math.round(known.startS - originS));
    return {
      startS,
      durationS: Math.max(1, Math.round(endOf(known) - originS) - startS),
      participants: known.participants,
      publishers: Math.min(known.publishers ?? known.participants, known.participants),
      name: this.#rename(known.name),
    };
  }
}

function sighting(
  room: SeenRoom,
  known: Known | undefined,
  { atS, originS }: { readonly atS: number; readonly originS: number },
): Known {
  const createdS = Math.min(room.createdAtS ?? atS, atS);
  return {
    name: room.name,
    startS: known?.startS ?? Math.max(createdS, originS),
    lastSeenS: atS,
    missingS: undefined,
    participants: Math.max(room.participants ?? 0, known?.participants ?? 0),
    publishers: most(room.publishers, known?.publishers),
  };
}

function most(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function endOf({ lastSeenS, missingS }: Known): number {
  if (missingS === undefined || missingS - lastSeenS > longestGuessedGapS) return lastSeenS;
  return (lastSeenS + missingS) / 2;
}

function wasUsed(known: Known): boolean {
  return known.participants > 0;
}

/** Names that still show what recurs, and tell nobody who has no key what it was. */
export function pseudonyms(key: string): (name: string) => string {
  return (name) => createHmac('sha256', key).update(name).digest('hex').slice(0, 12);
}
