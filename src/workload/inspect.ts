/** What a trace is like, before anything is simulated with it. */
import type { Trace, TraceRoom } from './trace.ts';

export interface Spread {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export interface TraceFacts {
  readonly name: string;
  readonly rooms: number;
  /** From 0 to the end of the last room. */
  readonly days: number;
  readonly participants: Spread;
  readonly durationMinutes: Spread;
  readonly participantMinutesPerRoom: number;
  readonly twoPeopleShare: number;
  readonly under15MinutesShare: number;
  /** Rooms that have a name. */
  readonly namedShare: number;
  /** Different names; each of them may recur. */
  readonly names: number;
  readonly arrivalsPerMinute: { readonly mean: number; readonly max: number };
  /** Rooms that begin less than three minutes from a full hour; a tenth if starts were spread evenly. */
  readonly fullHourShare: number;
  readonly peakRooms: number;
  readonly peakParticipants: number;
  readonly meanParticipants: number;
  readonly peakToMean: number;
  readonly capacity: number;
  /** The largest room relative to a node's capacity. */
  readonly largestRoomShare: number;
  /** Rooms that alone exceed 90 % of a node. */
  readonly roomsAboveNode: number;
  /** The integral of max(1, ceil(load / (0.7 · capacity))), in hours; everybody counts from the room's first moment. */
  readonly boundNodeHours: number;
  /** The largest value under that integral. */
  readonly boundPeakNodes: number;
}

/** @param options.capacity participants that one node carries. @throws RangeError when the trace has no room. */
export function inspectTrace(trace: Trace, { capacity }: { readonly capacity: number }): TraceFacts {
  const { rooms } = trace;
  if (rooms.length === 0) throw new RangeError('a trace without rooms has no facts');
  const participants = spread(rooms.map((room) => room.participants));
  const flow = flowOf(rooms, capacity);
  const share = (holds: (room: TraceRoom) => boolean) => rooms.filter(holds).length / rooms.length;
  return {
    name: trace.name,
    rooms: rooms.length,
    days: flow.endS / 86_400,
    participants,
    durationMinutes: spread(rooms.map(({ durationS }) => durationS / 60)),
    participantMinutesPerRoom: flow.participantS / 60 / rooms.length,
    twoPeopleShare: share((room) => room.participants === 2),
    under15MinutesShare: share(({ durationS }) => durationS < 900),
    namedShare: share(({ name }) => name !== undefined),
    names: new Set(rooms.flatMap(({ name }) => name ?? [])).size,
    arrivalsPerMinute: arrivals(rooms),
    fullHourShare: share(({ startS }) => Math.abs(((startS + 1800) % 3600) - 1800) < 180),
    peakRooms: flow.peakRooms,
    peakParticipants: flow.peak,
    meanParticipants: flow.participantS / flow.endS,
    peakToMean: (flow.peak * flow.endS) / flow.participantS,
    capacity,
    largestRoomShare: participants.max / capacity,
    roomsAboveNode: rooms.filter((room) => room.participants > 0.9 * capacity).length,
    boundNodeHours: flow.boundS / 3600,
    boundPeakNodes: boundNodes(flow.peak, capacity),
  };
}

function spread(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  // Nearest rank: a value that occurs, also in small traces.
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  return { mean, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

function arrivals(rooms: readonly TraceRoom[]): TraceFacts['arrivalsPerMinute'] {
  const first = rooms[0]?.startS ?? 0;
  const last = rooms.at(-1)?.startS ?? 0;
  let max = 0;
  let minute = -1;
  let count = 0;
  for (const { startS } of rooms) {
    const now = Math.floor(startS / 60);
    count = now === minute ? count + 1 : 1;
    minute = now;
    max = Math.max(max, count);
  }
  return { mean: rooms.length / Math.max(1, (last - first) / 60), max };
}

interface Flow {
  readonly endS: number;
  readonly participantS: number;
  readonly boundS: number;
  readonly peak: number;
  readonly peakRooms: number;
}

/** More than any room may have; with it an end and a size fit into one exact number, which sorts fast. */
const sizeBase = 2 ** 17;

function flowOf(rooms: readonly TraceRoom[], capacity: number): Flow {
  const ends = Float64Array.from(
    rooms,
    ({ startS, durationS, participants }) => (startS + durationS) * sizeBase + participants,
  ).sort();
  const flow = { endS: 0, participantS: 0, boundS: 0, peak: 0, peakRooms: 0 };
  let load = 0;
  let begun = 0;
  const advance = (toS: number): void => {
    const spanS = toS - flow.endS;
    flow.participantS += load * spanS;
    flow.boundS += boundNodes(load, capacity) * spanS;
    flow.endS = toS;
  };
  ends.forEach((end, ended) => {
    const endS = Math.floor(end / sizeBase);
    for (let room = rooms[begun]; room !== undefined && room.startS < endS; room = rooms[begun]) {
      advance(room.startS);
      load += room.participants;
      begun += 1;
      flow.peak = Math.max(flow.peak, load);
      flow.peakRooms = Math.max(flow.peakRooms, begun - ended);
    }
    advance(endS);
    load -= end % sizeBase;
  });
  return flow;
}

function boundNodes(load: number, capacity: number): number {
  return Math.max(1, Math.ceil(load / (0.7 * capacity)));
}

/** The facts as lines for people, each with its unit. */
export function formatFacts(facts: TraceFacts): string {
  const rows: readonly (readonly [string, string])[] = [
    ['Trace', facts.name],
    [
      'Rooms',
      `${facts.rooms} in ${fixed(facts.days, 1)} days, ${percent(facts.namedShare)} with one of ${count(facts.names, 'name')}`,
    ],
    ['Participants of a room', spreadText(facts.participants, 0)],
    ['Length in minutes', spreadText(facts.durationMinutes, 1)],
    ['Rooms of two', percent(facts.twoPeopleShare)],
    ['Rooms under 15 min', percent(facts.under15MinutesShare)],
    ['Participant-minutes', `${fixed(facts.participantMinutesPerRoom, 0)} a room`],
    [
      'Arrivals',
      `${fixed(facts.arrivalsPerMinute.mean, 1)} a minute, at most ${facts.arrivalsPerMinute.max}`,
    ],
    ['Around the full hour', `${percent(facts.fullHourShare)} of the starts (10 % if spread evenly)`],
    ['Peak', `${facts.peakParticipants} participants, ${count(facts.peakRooms, 'room')} at once`],
    [
      'Peak over mean',
      `${fixed(facts.peakToMean, 1)} (mean ${fixed(facts.meanParticipants, 0)} participants)`,
    ],
    [
      'Largest room',
      `${percent(facts.largestRoomShare)} of a node of ${facts.capacity}, ${count(facts.roomsAboveNode, 'room')} above 90 %`,
    ],
    [
      'Least node-hours',
      `${fixed(facts.boundNodeHours, 0)} at 70 % of capacity, at most ${count(facts.boundPeakNodes, 'node')} at once`,
    ],
  ];
  return rows.map(([label, value]) => `${label.padEnd(24)}${value}\n`).join('');
}

function spreadText({ mean, p50, p90, p99, max }: Spread, digits: number): string {
  const [half, most, nearlyAll, all] = [p50, p90, p99, max].map((value) => fixed(value, digits));
  return `mean ${fixed(mean, 1)}, p50 ${half}, p90 ${most}, p99 ${nearlyAll}, max ${all}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function fixed(value: number, digits: number): string {
  return value.toFixed(digits);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
