/** Which seats are those of probes: chosen by the seed, in the rooms that are there first and stay longest. */
import { pick, stream } from '../workload/random.ts';
import { highestLevel, lowestLevel, roleAt, roomsAt, sizeOf } from './scenario-levels.ts';
import type { RoleCount, Scenario } from './scenario.ts';

/** By room and seat; both count from 0. */
export interface ProbeSeats {
  has(room: number, seat: number): boolean;
}

const none: ProbeSeats = { has: () => false };

/** Those of rooms that stay; a trace has others, which are chosen with its rooms. */
export function probeSeats(scenario: Scenario): ProbeSeats {
  const { workload, clients } = scenario;
  if (clients.probes === 0) return none;
  switch (workload.kind) {
    case 'Rooms':
      return inRooms(scenario);
    case 'OneRoom':
      return inOneRoom(scenario, sizeOf(workload.fixed));
    case 'Trace':
      return none;
  }
}

/** One in each of the first rooms, so that the lowest level has one; more where rooms are fewer than probes. */
function inRooms({ seed, workload, load, clients }: Scenario): ProbeSeats {
  if (workload.kind !== 'Rooms') return none;
  const rooms = roomsAt(workload, Math.min(clients.probes, highestLevel(load)));
  const chosen = rooms.map(({ index, shape }) => {
    const share = Math.floor(clients.probes / rooms.length) + (index < clients.probes % rooms.length ? 1 : 0);
    return some(receivingSeats(shape.roles), share, stream(seed, `probes/${index}`));
  });
  return { has: (room, seat) => chosen[room]?.has(seat) ?? false };
}

function inOneRoom({ seed, load, clients }: Scenario, fixed: number): ProbeSeats {
  const least = Math.max(clients.probes, lowestLevel(load));
  const seats = Array.from({ length: Math.min(least, highestLevel(load)) }, (_, at) => fixed + at);
  const chosen = some(seats, clients.probes, stream(seed, 'probes'));
  return { has: (room, seat) => room === 0 && chosen.has(seat) };
}

function receivingSeats(roles: readonly RoleCount[]): readonly number[] {
  return Array.from({ length: sizeOf(roles) }, (_, seat) => seat).filter((seat) => {
    const { receives } = roleAt(roles, seat);
    return receives.audio || receives.tiles > 0;
  });
}

function some(from: readonly number[], count: number, random: () => number): ReadonlySet<number> {
  const left = new Set(from);
  const chosen = new Set<number>();
  while (chosen.size < count && left.size > 0) {
    const seat = pick(random, [...left]);
    left.delete(seat);
    chosen.add(seat);
  }
  return chosen;
}
