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
  /** The look at which it was last seen. */
  look: number;
}

export class RoomMemo {
  readonly #known = new Map<string, Known>();
  #look = 0;
  #told: readonly RoomPlacement[] = [];

  /** What these bytes say, one room for each of `placements`, in its order. */
  read(
    placements: ReadonlyMap<string, Buffer>,
    records: readonly (Buffer | undefined)[],
  ): readonly RoomPlacement[] {
    this.#look += 1;
    const rooms: RoomPlacement[] = [];
    for (const [name, placement] of placements) {
      const known = this.#knownOf(name, placement, records[rooms.length]);
      known.look = this.#look;
      rooms.push(known.room);
    }
    this.#forget(placements.size);
    return rooms;
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
    const anew: Known = { placement: copied(placement), value: copied(value), room, told: room, look: 0 };
    this.#known.set(name, anew);
    return anew;
  }

  #forget(present: number): void {
    if (this.#known.size === present) return;
    for (const [name, { look }] of this.#known) if (look !== this.#look) this.#known.delete(name);
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
