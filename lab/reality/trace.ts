/** The rooms that are played on a real cluster and in the simulator: a rise, a wall, a fall, and one long room. */
import {
  lognormal,
  poisson,
  type Random,
  stream,
  uniform,
  weighted,
  wholeBetween,
} from '../../src/workload/random.ts';
import type { Trace, TraceRoom } from '../../src/workload/trace.ts';

export interface RealityTraceOptions {
  readonly seed: number;
  /** The whole story, to the end of its last room. It is told in 24 parts, whatever its length. */
  readonly minutes: number;
}

const parts = 24;
/** Nobody comes after this part, so that the fleet can be seen to shrink. */
const quietFrom = 20;
const wallAt = 11;
const wallRooms = 6;
/** A room that is shorter is over before its people have joined. */
const leastS = 8;

const sizes: readonly (readonly [size: number, weight: number])[] = [
  [1, 10],
  [2, 35],
  [3, 25],
  [4, 15],
  [5, 10],
  [6, 5],
];

/** Equal options give equal rooms: about 70 of one to six people, with about 40 people at the peak. */
export function realityTrace({ seed, minutes }: RealityTraceOptions): Trace {
  const partS = (minutes * 60) / parts;
  const rooms = [
    longRoom(partS),
    ...arrivals(stream(seed, 'arrivals'), partS),
    ...wall(stream(seed, 'wall'), partS),
  ];
  return { name: `reality-${seed}`, rooms: rooms.toSorted((one, other) => one.startS - other.startS) };
}

function longRoom(partS: number): TraceRoom {
  return roomOf({ startS: 2 * partS, durationS: 20 * partS, participants: 3 });
}

function arrivals(random: Random, partS: number): readonly TraceRoom[] {
  return Array.from({ length: quietFrom }, (_, part) => part).flatMap((part) =>
    Array.from({ length: poisson(random, roomsInPart(part)) }, () => {
      const startS = uniform(random, part, part + 1) * partS;
      return aRoom(random, startS, partS);
    }),
  );
}

/** Up to four a part, and down again. */
function roomsInPart(part: number): number {
  if (part < 9) return 0.8 + (3.2 * part) / 9;
  if (part < 14) return 4;
  return 4 - (3.5 * (part - 13)) / (quietFrom - 13);
}

/** As when lessons begin: within a few seconds. */
function wall(random: Random, partS: number): readonly TraceRoom[] {
  return Array.from({ length: wallRooms }, () =>
    aRoom(random, wallAt * partS + wholeBetween(random, 0, 5), partS),
  );
}

function aRoom(random: Random, startS: number, partS: number): TraceRoom {
  const durationS = Math.min(lognormal(random, 1.9, 0.5), 6) * partS;
  const endS = Math.min(startS + durationS, parts * partS);
  return roomOf({ startS, durationS: endS - startS, participants: weighted(random, sizes) });
}

function roomOf(room: Pick<TraceRoom, 'startS' | 'durationS' | 'participants'>): TraceRoom {
  return {
    startS: Math.floor(room.startS),
    durationS: Math.max(leastS, Math.floor(room.durationS)),
    participants: room.participants,
    publishers: 0,
    name: undefined,
  };
}
