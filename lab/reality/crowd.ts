/** Plays a trace with real participants: rooms fill as in the simulator, and everybody leaves when a room is over. */
import { stream } from '../../src/workload/random.ts';
import { roomLife, type RoomStep } from '../../src/workload/room-life.ts';
import type { Trace, TraceRoom } from '../../src/workload/trace.ts';

/** Seconds since the beginning of the trace. */
export interface StoryClock {
  nowS(): number;
  /** Resolves at that second, or at once if it is over. */
  until(atS: number): Promise<void>;
}

export interface People {
  /** Resolves when that one is in. Rejects when it was refused. */
  join(room: string, identity: string): Promise<void>;
  /** Everybody leaves who is in that room. */
  leave(room: string): Promise<void>;
}

export interface PlayParts {
  readonly trace: Trace;
  readonly seed: number;
  readonly people: People;
  readonly clock: StoryClock;
  /** Told when the number of connected people of a room has changed. */
  onLoad(room: string, n: number): void;
}

export interface Played {
  /** Attempts to join that were refused; each was repeated. */
  readonly refused: readonly string[];
  /** People who had not come in when their room was over. */
  readonly neverIn: number;
}

export interface Script {
  readonly name: string;
  readonly room: TraceRoom;
  readonly steps: readonly RoomStep[];
}

interface Stage extends PlayParts {
  readonly refused: string[];
  neverIn: number;
}

/** Longer than a hurried client would wait, because an attempt is dear and the machine small. */
const tryAgainS = 3;

/** The lives of the rooms, as the simulator draws them: in the order of the trace, from the same stream. */
export function scriptsOf(trace: Trace, seed: number): readonly Script[] {
  const random = stream(seed, 'rooms');
  return trace.rooms.map((room, at) => ({ name: `r${at + 1}`, room, steps: roomLife(room, random) }));
}

/** Resolves when the last room is over. */
export async function play(parts: PlayParts): Promise<Played> {
  const stage: Stage = { ...parts, refused: [], neverIn: 0 };
  await Promise.all(scriptsOf(parts.trace, parts.seed).map(async (script) => await playRoom(stage, script)));
  return { refused: stage.refused, neverIn: stage.neverIn };
}

async function playRoom(stage: Stage, { name, room, steps }: Script): Promise<void> {
  const endS = room.startS + room.durationS;
  const joins: Promise<void>[] = [];
  let [wanted, inside] = [0, 0];
  const joined = (): void => {
    inside += 1;
    stage.onLoad(name, inside);
  };
  for (const { atS, n } of steps) {
    await stage.clock.until(room.startS + atS);
    for (; wanted < n; wanted += 1) {
      joins.push(joinUntil(stage, { room: name, identity: `${name}-p${wanted + 1}`, endS }, joined));
    }
  }
  await stage.clock.until(endS);
  await Promise.all(joins);
  await stage.people.leave(name);
  stage.onLoad(name, 0);
}

interface SeatWish {
  readonly room: string;
  readonly identity: string;
  readonly endS: number;
}

async function joinUntil(stage: Stage, seat: SeatWish, joined: () => void): Promise<void> {
  const { people, clock } = stage;
  while (clock.nowS() < seat.endS) {
    try {
      await people.join(seat.room, seat.identity);
      return joined();
    } catch (error) {
      stage.refused.push(`${seat.identity}: ${String(error)}`);
    }
    await clock.until(clock.nowS() + tryAgainS);
  }
  stage.neverIn += 1;
}
