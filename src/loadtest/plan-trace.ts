/** A trace as a plan: its rooms begin, fill and end at their times, a share of them or each several times over. */
import { roomLife } from '../workload/room-life.ts';
import { pick, stream } from '../workload/random.ts';
import { identityOf, roomName } from './plan-names.ts';
import type { LevelChange, PlannedPerson, PlannedRoom, PlannedStep } from './plan.ts';
import type { Scenario, TraceRoom, Workload } from './scenario.ts';

export type TraceWorkload = Extract<Workload, { readonly kind: 'Trace' }>;
export type TraceScenario = Scenario & { readonly workload: TraceWorkload };

/** A room of the trace that takes part. */
export interface PlayedRoom {
  /** Row of the trace, counted from 0; the second copies of the rows follow after all of them, and so on. */
  readonly index: number;
  readonly row: TraceRoom;
  /** A room takes part from this level on, in percent. */
  readonly from: number;
}

/**
 * The rooms of a level in the order in which they begin. Each row of the trace has a number of its own between 0 and 100,
 * so that a higher level keeps the rooms of a lower one; above 100 percent, rows take part again.
 */
export function playedRooms({ seed, workload }: TraceScenario, percent: number): readonly PlayedRoom[] {
  const { rooms } = workload;
  const played: PlayedRoom[] = [];
  for (let copy = 0; copy * 100 < percent; copy += 1) {
    const random = stream(seed, `rows/${copy}`);
    rooms.forEach((row, at) => {
      const from = (copy + random()) * 100;
      if (from < percent) played.push({ index: copy * rooms.length + at, row, from });
    });
  }
  return played.toSorted((a, b) => a.row.startSeconds - b.row.startSeconds || a.index - b.index);
}

/** How long it takes to play the trace, whatever the level. */
export function traceLengthMs({ rooms, timeScale }: TraceWorkload): number {
  const endSeconds = rooms.reduce((end, room) => Math.max(end, room.startSeconds + room.durationSeconds), 0);
  return Math.ceil((endSeconds * 1000) / timeScale);
}

interface Names {
  readonly repetition: number;
  readonly epoch: number;
  readonly level: number;
  readonly changes: number;
}

/** The whole trace at a level. */
export function traceChange(scenario: TraceScenario, names: Names, to: number): LevelChange {
  const played = playedRooms(scenario, to);
  const probes = probeRooms(scenario, played);
  const rooms: PlannedRoom[] = [];
  const steps: PlannedStep[] = [];
  for (const room of played) {
    const planned = { index: room.index, name: roomName(names, room.index, names.changes), shape: 'trace' };
    rooms.push(planned);
    steps.push(...stepsOf(scenario, room, { name: planned.name, hasProbe: probes.has(room.index) }));
  }
  // Sorting keeps the order of what is at the same time: a room's people in the order of their seats.
  return { from: names.level, to, rooms, steps: steps.toSorted((a, b) => a.atMs - b.atMs) };
}

function stepsOf(
  { seed, workload, media }: TraceScenario,
  { index, row }: PlayedRoom,
  { name, hasProbe }: { readonly name: string; readonly hasProbe: boolean },
): readonly PlannedStep[] {
  const { startSeconds: startS, durationSeconds: durationS, participants, publishers } = row;
  const life = roomLife(
    { startS, durationS, participants, publishers, name: undefined },
    stream(seed, `life/${index}`),
  );
  const atMs = (seconds: number): number => Math.floor(((startS + seconds) * 1000) / workload.timeScale);
  const probeSeat = hasProbe ? pick(stream(seed, `probe/${index}`), seatsOf(participants)) : -1;
  const people = seatsOf(participants).map((seat): PlannedPerson => {
    const sends = seat < publishers;
    return {
      identity: identityOf(name, seat, 0),
      room: name,
      role: sends ? 'publisher' : 'viewer',
      sendsVideo: sends && media.video !== undefined,
      sendsAudio: sends && media.audio !== undefined,
      receives: workload.receives,
      probe: seat === probeSeat,
    };
  });
  const joins = life.flatMap(({ atS, n }, at) =>
    people
      .slice(life[at - 1]?.n ?? 0, n)
      .map((person): PlannedStep => ({ kind: 'Join', atMs: atMs(atS), person })),
  );
  const leaves = people.map(
    ({ identity }): PlannedStep => ({ kind: 'Leave', atMs: atMs(durationS), identity }),
  );
  return [...joins, ...leaves];
}

function seatsOf(participants: number): readonly number[] {
  return Array.from({ length: participants }, (_, seat) => seat);
}

/** Spread over the length of the trace; of each part of it the room that already takes part at the lowest level. */
function probeRooms(
  { clients, workload }: TraceScenario,
  played: readonly PlayedRoom[],
): ReadonlySet<number> {
  const partSeconds = (traceLengthMs(workload) * workload.timeScale) / 1000 / Math.max(1, clients.probes);
  const first = new Map<number, PlayedRoom>();
  for (const room of played) {
    const part = Math.min(clients.probes - 1, Math.floor(room.row.startSeconds / partSeconds));
    const best = first.get(part);
    if (part >= 0 && (best === undefined || room.from < best.from)) first.set(part, room);
  }
  return new Set([...first.values()].map(({ index }) => index));
}
