/** The people of the demo: rooms with real participants who come in through the front, and what became of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';
import { Participants } from './participants.ts';

export interface CrowdRoom {
  readonly name: string;
  /** The Media Node that hosts it. */
  readonly host: string | undefined;
  /** Address through which each participant signals; `undefined` when it could not be told apart. */
  readonly fronts: readonly (string | undefined)[];
  readonly members: readonly string[];
  readonly endedAtMs: number | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface CrowdTally {
  readonly rooms: number;
  readonly participants: number;
  readonly joinsFailed: readonly string[];
  /** Disconnects that the participant did not wish. */
  readonly cut: readonly string[];
  readonly reconnects: number;
}

/** A level of load and when it was first reached. */
export interface Step {
  readonly participants: number;
  readonly atMs: number;
}

export class Crowd {
  readonly #fleet: Fleet;
  readonly #people: Participants;
  readonly #rooms = new Map<string, Mutable<CrowdRoom>>();
  readonly #steps: Step[] = [];
  readonly #failed: string[] = [];
  #identities = 0;
  #fullest = { host: '', participants: 0 };

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#people = new Participants(fleet.key);
  }

  /** Opens a room with so many participants who all publish audio. */
  async open(name: string, size: number): Promise<CrowdRoom> {
    const room: Mutable<CrowdRoom> = { name, host: undefined, fronts: [], members: [], endedAtMs: undefined };
    this.#rooms.set(name, room);
    for (let seat = 0; seat < size; seat++) await this.enter(name);
    return room;
  }

  /** One more participant. A refusal is counted, not thrown. @returns the identity, and how long the join took */
  async enter(name: string): Promise<{ readonly identity: string; readonly joinMs: number }> {
    this.#identities += 1;
    const identity = `p${this.#identities}`;
    const before = this.#fleet.front.passages().length;
    const startMs = performance.now();
    try {
      await this.#people.join({ url: this.#fleet.front.wsUrl, room: name, identity, publish: 'audio' });
    } catch (error) {
      this.#failed.push(`${identity} into ${name}: ${String(error)}`);
      return { identity, joinMs: performance.now() - startMs };
    }
    const joinMs = performance.now() - startMs;
    await this.#seated(name, identity, before);
    return { identity, joinMs };
  }

  /** Lets one participant leave. */
  async leave(name: string, identity: string): Promise<void> {
    const room = this.#rooms.get(name);
    if (room !== undefined) room.members = room.members.filter((member) => member !== identity);
    await this.#people.leave(identity);
  }

  /** Everybody leaves; the room ends by itself. */
  async end(name: string): Promise<void> {
    const room = this.#rooms.get(name);
    if (room !== undefined) {
      room.members = [];
      room.endedAtMs = Date.now();
    }
    await this.#people.leave(name);
  }

  room(name: string): CrowdRoom | undefined {
    return this.#rooms.get(name);
  }

  openRooms(): readonly CrowdRoom[] {
    return [...this.#rooms.values()].filter(({ endedAtMs }) => endedAtMs === undefined);
  }

  present(): number {
    return this.openRooms().reduce((sum, { members }) => sum + members.length, 0);
  }

  /** The most participants that any Media Node ever had. */
  get fullest(): { readonly host: string; readonly participants: number } {
    return this.#fullest;
  }

  /** When the load first reached that many participants. */
  reachedAtMs(participants: number): number | undefined {
    return this.#steps.find((step) => step.participants >= participants)?.atMs;
  }

  /** Whether this participant hears somebody. */
  hears(identity: string): boolean {
    const report = this.#people.report().find((one) => one.identity === identity);
    return report !== undefined && report.connected && report.tracksHeard > 0;
  }

  tally(): CrowdTally {
    const reports = this.#people.report();
    return {
      rooms: this.#rooms.size,
      participants: reports.length,
      joinsFailed: this.#failed,
      cut: reports.flatMap(({ identity, room, unexpected }) =>
        unexpected.map(({ reason }) => `${identity} in ${room}: ${reason}`),
      ),
      reconnects: reports.reduce((sum, { reconnecting }) => sum + reconnecting.length, 0),
    };
  }

  async close(): Promise<void> {
    await this.#people.close();
  }

  async #seated(name: string, identity: string, before: number): Promise<void> {
    const room = this.#rooms.get(name);
    if (room === undefined) return;
    const fresh = this.#fleet.front.passages().slice(before);
    const front = fresh.filter(({ open }) => open).at(-1)?.host;
    room.members = [...room.members, identity];
    room.fronts = [...room.fronts, front];
    this.#steps.push({ participants: this.present(), atMs: Date.now() });
    room.host ??= await this.#hostOf(name);
    this.#weigh(room.host ?? '');
  }

  /** A node that has just started may not be in the status yet. */
  async #hostOf(name: string): Promise<string | undefined> {
    for (let attempt = 0; attempt < 40; attempt++) {
      const host = await this.#fleet.hostOf(name);
      if (host !== undefined) return host;
      await sleep(50);
    }
    return undefined;
  }

  #weigh(host: string): void {
    const here = this.openRooms().filter((room) => room.host === host);
    const participants = here.reduce((sum, { members }) => sum + members.length, 0);
    if (participants > this.#fullest.participants) this.#fullest = { host, participants };
  }
}
