/** The rooms of earlier looks: one whose bytes are as they were is the same object, which others recognise. */
import type { RoomPlacement } from '../core/readings.ts';
import { decodeRoom } from './node-decode.ts';

/** A room with the bytes that it was read from. */
interface Known {
  readonly placement: Buffer;
  readonly value: Buffer | undefined;
  readonly room: RoomPlacement;
  /** The same with the people who are in no record yet. */
  told: RoomPlacement;
}

export class RoomMemo {
  readonly #known = new Map<string, Known>();
  #told: readonly RoomPlacement[] = [];

  /** What these bytes say, one room for each of `placements`, in its order: some of all rooms, or all. */
  read(
    placements: readonly (readonly [name: string, placement: Buffer])[],
    records: readonly (Buffer | undefined)[],
  ): readonly RoomPlacement[] {
    return placements.map(([name, placement], at) => this.#knownOf(name, placement, records[at]).room);
  }

  /** Forgets all others. What was read of these has been. */
  keep(placements: ReadonlyMap<string, unknown>): void {
    if (this.#known.size === placements.size) return;
    for (const name of this.#known.keys()) if (!placements.has(name)) this.#known.delete(name);
  }

  /** The rooms with this many people in them where that is more than their records show; as they are where it is not. */
  withPeople(
    rooms: readonly RoomPlacement[],
    peopleIn: ReadonlyMap<string, number>,
  ): readonly RoomPlacement[] {
    const told = rooms.map((room) => this.#withPeople(room, peopleIn.get(room.room)));
    // The same list where nothing in it is new.
    if (told.length !== this.#told.length || told.some((room, at) => room !== this.#told[at])) {
      this.#told = told;
    }
    return this.#told;
  }

  #withPeople(room: RoomPlacement, people: number | undefined): RoomPlacement {
    const newcomers = people === undefined ? 0 : people - (room.participants ?? people);
    if (people === undefined || newcomers <= 0) return room;
    const known = this.#known.get(room.room);
    const { told } = known ?? {};
    if (told?.participants === people && told.newcomers === newcomers) return told;
    const anew: RoomPlacement = { ...room, participants: people, newcomers };
    if (known !== undefined) known.told = anew;
    return anew;
  }

  #knownOf(name: string, placement: Buffer, value: Buffer | undefined): Known {
    const known = this.#known.get(name);
    if (known !== undefined && isSame(known.placement, placement) && isSame(known.value, value)) return known;
    const record = value === undefined ? undefined : decodeRoom(value);
    const room: RoomPlacement = {
      room: name,
      nodeId: placement.toString('utf8'),
      participants: record?.participants,
      createdAtSeconds: record?.createdAtSeconds,
    };
    const anew: Known = { placement: copied(placement), value: copied(value), room, told: room };
    this.#known.set(name, anew);
    return anew;
  }
}

function isSame(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

/** What Redis answered lies in pieces of a size that nobody may hold on to for the sake of one record. */
function copied<T extends Buffer | undefined>(bytes: T): T;
function copied(bytes: Buffer | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes);
}
