/**
 * The way from one level to the next, from scenario and seed alone. A crowd is who is there; it never changes, each step
 * gives the next one. A level only ever adds people at the end and takes them from the end, so that the people of a level
 * are among those of every higher one, and going up and back down ends where it began.
 */
import { exponential, pick, type Random, stream } from '../workload/random.ts';
import { identityOf, roomName } from './plan-names.ts';
import { type ProbeSeats, probeSeats } from './plan-probes.ts';
import { traceChange } from './plan-trace.ts';
import type { LevelChange, PlannedPerson, PlannedRoom, PlannedStep } from './plan.ts';
import { roleAt, roomsAt, sizeOf, type WantedRoom } from './scenario-levels.ts';
import type { Role, Scenario, Workload } from './scenario.ts';

export interface CrowdRoom {
  readonly room: PlannedRoom;
  /** By seat. */
  readonly people: readonly PlannedPerson[];
  /** How many people each seat has had: who comes again has a new name. */
  readonly given: readonly number[];
}

/** Who is there. */
export interface Crowd {
  /** Counted from 1. Each has rooms and people of its own. */
  readonly repetition: number;
  /** Another one for a run that goes on after its coordinator was lost, so that no name comes twice. */
  readonly epoch: number;
  readonly level: number;
  readonly rooms: readonly CrowdRoom[];
  /** How often the room of an index was made. */
  readonly made: readonly number[];
  /** Changes and times of churn so far, each of which draws its own numbers. */
  readonly changes: number;
  readonly churns: number;
}

/** Leaving is cheap, so it goes faster than joining. */
export const leavesPerJoin = 4;

/** Nobody is there. */
export function emptyCrowd(repetition: number, epoch = 0): Crowd {
  return { repetition, epoch, level: 0, rooms: [], made: [], changes: 0, churns: 0 };
}

/** Everybody, room by room. */
export function peopleOf(crowd: Crowd): readonly PlannedPerson[] {
  return crowd.rooms.flatMap(({ people }) => people);
}

/**
 * What it takes to get to a level, and who is there then. Of a trace the change is the whole of it: its rooms begin and
 * end while it lasts, and nobody is left.
 */
export function changeLevel(
  scenario: Scenario,
  crowd: Crowd,
  to: number,
): { readonly change: LevelChange; readonly crowd: Crowd } {
  const { workload } = scenario;
  const next = { ...crowd, level: to, changes: crowd.changes + 1 };
  if (workload.kind === 'Trace') {
    return { change: traceChange({ ...scenario, workload }, crowd, to), crowd: { ...next, level: 0 } };
  }
  const builder = new Builder(scenario, crowd, probeSeats(scenario));
  const wanted = roomsAt(workload, to);
  const rooms = wanted.map((room) => builder.fill(room, crowd.rooms[room.index]));
  for (const room of crowd.rooms.slice(wanted.length)) builder.close(room);
  const change = {
    from: crowd.level,
    to,
    rooms: builder.newRooms,
    steps: builder.steps(stream(scenario.seed, `joins/${crowd.repetition}/${crowd.epoch}/${crowd.changes}`)),
  };
  const made = Array.from(
    { length: Math.max(crowd.made.length, wanted.length) },
    (_, index) => (crowd.made[index] ?? 0) + (builder.newRooms.some((room) => room.index === index) ? 1 : 0),
  );
  return { change, crowd: { ...next, rooms, made } };
}

/** Collects who comes and who goes. */
class Builder {
  readonly newRooms: PlannedRoom[] = [];
  readonly #joins: PlannedPerson[] = [];
  readonly #leaves: string[] = [];
  readonly #scenario: Scenario;
  readonly #crowd: Crowd;
  readonly #probes: ProbeSeats;

  constructor(scenario: Scenario, crowd: Crowd, probes: ProbeSeats) {
    this.#scenario = scenario;
    this.#crowd = crowd;
    this.#probes = probes;
  }

  fill({ index, shape }: WantedRoom, present: CrowdRoom | undefined): CrowdRoom {
    const { room, people, given } = present ?? this.#open(index, shape.name);
    const size = sizeOf(shape.roles);
    const kept = people.slice(0, size);
    const joining = Array.from({ length: size - kept.length }, (_, at) => {
      const seat = kept.length + at;
      const identity = identityOf(room.name, seat, given[seat] ?? 0);
      const probe = this.#probes.has(index, seat);
      return personOf(identity, room.name, { role: roleAt(shape.roles, seat), probe });
    });
    this.#joins.push(...joining);
    this.#leave(people.slice(size));
    const seats = Math.max(given.length, size);
    return {
      room,
      people: [...kept, ...joining],
      given: Array.from(
        { length: seats },
        (_, seat) => (given[seat] ?? 0) + (seat >= kept.length && seat < size ? 1 : 0),
      ),
    };
  }

  close({ people }: CrowdRoom): void {
    this.#leave(people);
  }

  #open(index: number, shape: string): CrowdRoom {
    const room = { index, name: roomName(this.#crowd, index, this.#crowd.made[index] ?? 0), shape };
    this.newRooms.push(room);
    return { room, people: [], given: [] };
  }

  #leave(people: readonly PlannedPerson[]): void {
    this.#leaves.push(...people.map(({ identity }) => identity));
  }

  /** Open loop: the n-th comes in the n-th slot, at a moment in it that the seed says. */
  steps(random: Random): readonly PlannedStep[] {
    const slotMs = 1000 / this.#scenario.load.joinsPerSecond;
    const leaveMs = slotMs / leavesPerJoin;
    const leaves = this.#leaves
      .toReversed()
      .map((identity, at): PlannedStep => ({ kind: 'Leave', atMs: Math.floor(at * leaveMs), identity }));
    const beginMs = Math.ceil(leaves.length * leaveMs);
    const joins = this.#joins.map(
      (person, at): PlannedStep => ({
        kind: 'Join',
        atMs: beginMs + Math.floor((at + random()) * slotMs),
        person,
      }),
    );
    return [...leaves, ...joins];
  }
}

export function personOf(
  identity: string,
  room: string,
  { role, probe }: { readonly role: Role; readonly probe: boolean },
): PlannedPerson {
  const { name, sendsVideo, sendsAudio, receives } = role;
  return { identity, room, role: name, sendsVideo, sendsAudio, receives, probe };
}

/**
 * Who leaves and is followed by somebody new at once while windows are measured, over the next so many milliseconds.
 * Everybody stays an exponential time, whatever came before; probes and those who must be there stay on.
 */
export function churn(
  scenario: Scenario,
  crowd: Crowd,
  forMs: number,
): { readonly steps: readonly PlannedStep[]; readonly crowd: Crowd } {
  const { load, workload, seed } = scenario;
  const seats = movableSeats(workload, crowd);
  if (load.churn === undefined || seats.length === 0) return { steps: [], crowd };
  const random = stream(seed, `churn/${crowd.repetition}/${crowd.epoch}/${crowd.churns}`);
  const meanGapMs = load.churn.meanStayMs / seats.length;
  const rooms = crowd.rooms.map(({ room, people, given }) => ({
    room,
    people: [...people],
    given: [...given],
  }));
  const steps: PlannedStep[] = [];
  for (let atMs = exponential(random, meanGapMs); atMs < forMs; atMs += exponential(random, meanGapMs)) {
    const [roomAt, seat] = pick(random, seats);
    const room = rooms[roomAt];
    const leaving = room?.people[seat];
    if (room === undefined || leaving === undefined) continue;
    const person = { ...leaving, identity: identityOf(room.room.name, seat, room.given[seat] ?? 0) };
    room.people[seat] = person;
    room.given[seat] = (room.given[seat] ?? 0) + 1;
    const whole = Math.floor(atMs);
    steps.push(
      { kind: 'Leave', atMs: whole, identity: leaving.identity },
      { kind: 'Join', atMs: whole, person },
    );
  }
  return { steps, crowd: { ...crowd, rooms, churns: crowd.churns + 1 } };
}

type Seat = readonly [room: number, seat: number];

function movableSeats(workload: Workload, crowd: Crowd): readonly Seat[] {
  const first = workload.kind === 'OneRoom' ? sizeOf(workload.fixed) : 0;
  return crowd.rooms.flatMap(({ people }, room) =>
    people.flatMap(({ probe }, seat): readonly Seat[] => (probe || seat < first ? [] : [[room, seat]])),
  );
}
