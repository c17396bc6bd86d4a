import type { Clock } from '../base/clock.ts';
import type { NodeEntry, NodeLoad, RedisReading, RoomPlacement } from '../core/readings.ts';
import { decodeNode, type DecodedNode } from './node-decode.ts';
import { type RedisLink, RedisLoginError, RedisRefusedError } from './redis.ts';
import { bounded } from './registry-bounds.ts';
import { RoomMemo } from './room-memo.ts';
import { type ServersKnown, VersionTold } from './version-told.ts';
import { whyOf } from './why.ts';

/** The hash in which servers register. */
export const nodesKey = 'nodes';
/** The hash that says which room lives on which node. */
export const roomNodesKey = 'room_node_map';
const roomsKey = 'rooms';
const versionKey = 'livekit_version';
const roomsPerRequest = 500;
/** One hash for each room, with a field for each participant, written as they come. */
const participantsKeyPrefix = 'room_participants:';
/** The number of people in a room's record is up to 10 s late. Rooms younger than this are asked for theirs. */
const youngSeconds = 15;
/** More are not asked at one look: the next one asks again. */
const mostAsked = 256;
/** All rooms are not read more often than this many in a millisecond: reading them is most of the cost of a look. */
const roomsPerMs = 20;
const oldestRoomsMs = 1000;
/** Entries may vanish for a heartbeat or two; an age must survive that, and memory must not grow for ever. */
const forgetAfterMs = 300_000;
/** Servers leave the rates out now and then; those of the last heartbeats then stand in for them. */
const ratesHoldMs = 30_000;

const noRooms: ReadonlyMap<string, Buffer> = new Map();

interface Heartbeat {
  readonly updatedAtSeconds: number;
  readonly changedAtMs: number;
  readonly seenAtMs: number;
  readonly count: number;
  /** The last packet rates that it told, and when. */
  readonly packets: { readonly load: Packets; readonly atMs: number } | undefined;
}

type Packets = Pick<NodeLoad, 'packetsInPerSecond' | 'packetsOutPerSecond'>;

/** What a look must not take from an earlier one. */
export interface LookWish {
  /** The rooms, because a removal may follow. Else those of many may be up to a second old. */
  readonly roomsNow: boolean;
}

interface Rooms {
  readonly list: readonly RoomPlacement[];
  readonly atMs: number;
}

/** Reads the registry and times each node's heartbeat on our own clock, so that skewed clocks do no harm. */
export class NodeTable {
  readonly #link: RedisLink;
  readonly #clock: Clock;
  readonly #heartbeats = new Map<string, Heartbeat>();
  readonly #rooms = new RoomMemo();
  #values: ReadonlyMap<string, Buffer> = new Map();
  /** What those say. */
  #decoded: ReadonlyMap<string, DecodedNode> = new Map();
  #lastRooms: Rooms | undefined;
  #newest = { createdAtSeconds: 0, seenAtMs: 0 };
  #running: { readonly reading: Promise<RedisReading>; readonly roomsNow: boolean } | undefined;
  readonly #version: VersionTold;
  #peopleRefused = false;
  #isRefused = false;

  /** `known` is what was known of the servers before. */
  constructor(link: RedisLink, clock: Clock, known?: ServersKnown) {
    this.#link = link;
    this.#clock = clock;
    this.#version = new VersionTold(known);
  }

  /** The version of the media servers that Redis told last. */
  get serverVersion(): string | undefined {
    return this.#version.last;
  }

  /** Whether Redis answered the last look with a refusal, as it does where a login does not hold. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** One look at Redis. Never rejects; calls that overlap share one look, unless one wants more than the other. */
  async read({ roomsNow }: LookWish = { roomsNow: true }): Promise<RedisReading> {
    const running = this.#running;
    if (running !== undefined && (running.roomsNow || !roomsNow)) return await running.reading;
    const reading = this.#readOnce(roomsNow).finally(() => {
      if (this.#running?.reading === reading) this.#running = undefined;
    });
    this.#running = { reading, roomsNow };
    return await reading;
  }

  /** The bytes of an entry at the last successful look, to prove later that it is still the one that was judged. */
  valueOf(nodeId: string): Buffer | undefined {
    return this.#values.get(nodeId);
  }

  async #readOnce(roomsNow: boolean): Promise<RedisReading> {
    try {
      const known = roomsNow ? undefined : this.#recentRooms();
      // Asked together and answered together: one round trip, in Cluster mode too.
      const [nodes, roomNodes, version] = await Promise.all([
        this.#link.hashAll(nodesKey),
        known === undefined ? this.#link.hashAll(roomNodesKey) : noRooms,
        this.#link.text(versionKey),
      ]);
      const { values, placements, serverVersion: told } = bounded({ nodes, roomNodes, version });
      const atMs = this.#clock.elapsedMs();
      const rooms = known ?? (await this.#readRooms(placements));
      if (known === undefined) this.#lastRooms = { list: rooms, atMs };
      const decoded = this.#decodeAll(values);
      const entries = [...decoded.values()].map((node) => this.#timed(node, atMs));
      this.#values = values;
      this.#decoded = decoded;
      this.#forget(atMs);
      this.#isRefused = false;
      return { kind: 'Read', nodes: entries, rooms, atMs, serverVersion: this.#version.of(told, values) };
    } catch (error) {
      const why = whyOf(error);
      this.#isRefused = error instanceof RedisRefusedError || error instanceof RedisLoginError;
      return { kind: 'Failed', why, atMs: this.#clock.elapsedMs() };
    }
  }

  /** Those of an earlier look, if there are so many that they are not worth reading again yet. */
  #recentRooms(): readonly RoomPlacement[] | undefined {
    if (this.#lastRooms === undefined) return undefined;
    const { list, atMs } = this.#lastRooms;
    const leastMs = Math.min(oldestRoomsMs, list.length / roomsPerMs);
    return this.#clock.elapsedMs() - atMs < leastMs ? list : undefined;
  }

  /** Servers write every 2 s, and looks come far more often: most entries are as they were. */
  #decodeAll(values: ReadonlyMap<string, Buffer>): ReadonlyMap<string, DecodedNode> {
    const decoded = new Map<string, DecodedNode>();
    for (const [id, value] of values) {
      const known = this.#values.get(id)?.equals(value) === true ? this.#decoded.get(id) : undefined;
      decoded.set(id, known ?? decodeNode(id, value));
    }
    return decoded;
  }

  async #readRooms(placements: ReadonlyMap<string, Buffer>): Promise<readonly RoomPlacement[]> {
    const names = [...placements.keys()];
    const chunks: string[][] = [];
    for (let at = 0; at < names.length; at += roomsPerRequest) {
      chunks.push(names.slice(at, at + roomsPerRequest));
    }
    const answers = await Promise.all(
      chunks.map(async (chunk) => await this.#link.hashMany(roomsKey, chunk)),
    );
    return await this.#withNewcomers(this.#rooms.read(placements, answers.flat()));
  }

  /** Rooms that have just begun, or that seem empty, with the people who are in them by now. */
  async #withNewcomers(rooms: readonly RoomPlacement[]): Promise<readonly RoomPlacement[]> {
    const nowSeconds = this.#nowOf(rooms);
    const isAsked = ({ participants, createdAtSeconds = 0 }: RoomPlacement): boolean =>
      participants === 0 || (participants !== undefined && nowSeconds - createdAtSeconds < youngSeconds);
    const asked = rooms
      .filter(isAsked)
      .toSorted((a, b) => (b.createdAtSeconds ?? 0) - (a.createdAtSeconds ?? 0))
      .slice(0, mostAsked);
    const counts = await Promise.all(asked.map(async ({ room }) => await this.#peopleIn(room)));
    return this.#rooms.withPeople(rooms, new Map(asked.map(({ room }, at) => [room, counts[at] ?? 0])));
  }

  /** By the clocks of the servers: what the newest room told when it was first seen, and the time since. */
  #nowOf(rooms: readonly RoomPlacement[]): number {
    const newest = rooms.reduce((latest, room) => Math.max(latest, room.createdAtSeconds ?? 0), 0);
    const nowMs = this.#clock.elapsedMs();
    if (newest !== this.#newest.createdAtSeconds)
      this.#newest = { createdAtSeconds: newest, seenAtMs: nowMs };
    return newest + (nowMs - this.#newest.seenAtMs) / 1000;
  }

  /** A login that may not read these keys still works: such a room counts with what its record says. */
  async #peopleIn(room: string): Promise<number> {
    if (this.#peopleRefused) return 0;
    try {
      return await this.#link.hashSize(`${participantsKeyPrefix}${room}`);
    } catch (error) {
      if (!(error instanceof RedisRefusedError)) throw error;
      this.#peopleRefused = true;
      return 0;
    }
  }

  #timed(decoded: DecodedNode, atMs: number): NodeEntry {
    if (decoded.kind === 'Undecodable') return decoded;
    const { kind, nodeId, ip, state, cordonMarked, load, updatedAtSeconds, startedAtSeconds } = decoded;
    const before = this.#heartbeats.get(nodeId);
    const changed = before !== undefined && before.updatedAtSeconds !== updatedAtSeconds;
    const now: Heartbeat = {
      updatedAtSeconds,
      changedAtMs: before === undefined || changed ? atMs : before.changedAtMs,
      seenAtMs: atMs,
      count: (before?.count ?? 0) + (changed ? 1 : 0),
      packets: packetsOf(load, before, atMs),
    };
    this.#heartbeats.set(nodeId, now);
    const age = { ageMs: atMs - now.changedAtMs, heartbeatsSeen: now.count };
    const known = now.packets === undefined ? load : withPackets(load, now.packets.load);
    return { kind, nodeId, ip, state, cordonMarked, load: known, startedAtSeconds, ...age };
  }

  #forget(atMs: number): void {
    for (const [nodeId, heartbeat] of this.#heartbeats) {
      if (atMs - heartbeat.seenAtMs > forgetAfterMs) this.#heartbeats.delete(nodeId);
    }
  }
}

function packetsOf(load: NodeLoad, before: Heartbeat | undefined, atMs: number): Heartbeat['packets'] {
  if (load.packetsOutPerSecond !== undefined) return { load, atMs };
  const known = before?.packets;
  return known === undefined || atMs - known.atMs > ratesHoldMs ? undefined : known;
}

function withPackets(load: NodeLoad, { packetsInPerSecond, packetsOutPerSecond }: Packets): NodeLoad {
  if (load.packetsOutPerSecond !== undefined) return load;
  if (packetsInPerSecond === undefined || packetsOutPerSecond === undefined) return load;
  return { ...load, packetsInPerSecond, packetsOutPerSecond };
}
