import type { Clock } from '../base/clock.ts';
import type { NodeEntry, NodeLoad, RedisReading } from '../core/readings.ts';
import { decodeNode, type DecodedNode } from './node-decode.ts';
import { type RedisLink, RedisLoginError, RedisRefusedError } from './redis.ts';
import { boundedName, boundedNodes } from './registry-bounds.ts';
import { RoomTable } from './room-table.ts';
import { type ServersKnown, VersionTold } from './version-told.ts';
import { whyOf } from './why.ts';

/** The hash in which servers register. */
export const nodesKey = 'nodes';
const versionKey = 'livekit_version';
/** Entries may vanish for a heartbeat or two; an age must survive that, and memory must not grow for ever. */
const forgetAfterMs = 300_000;
/** Servers leave the rates out now and then; those of the last heartbeats then stand in for them. */
const ratesHoldMs = 30_000;

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

/** All entries as they were read at one time, and what they say. */
export interface NodesLook {
  readonly values: ReadonlyMap<string, Buffer>;
  readonly decoded: ReadonlyMap<string, DecodedNode>;
}

interface ReadNodes extends NodesLook {
  readonly nodes: readonly NodeEntry[];
  readonly atMs: number;
}

/** Reads the registry and times each node's heartbeat on our own clock, so that skewed clocks do no harm. */
export class NodeTable {
  readonly #link: RedisLink;
  readonly #clock: Clock;
  readonly #heartbeats = new Map<string, Heartbeat>();
  readonly #rooms: RoomTable;
  #values: ReadonlyMap<string, Buffer> = new Map();
  /** What those say. */
  #decoded: ReadonlyMap<string, DecodedNode> = new Map();
  #running: { readonly reading: Promise<RedisReading>; readonly roomsNow: boolean } | undefined;
  readonly #version: VersionTold;
  #isRefused = false;

  /** `known` is what was known of the servers before. */
  constructor(link: RedisLink, clock: Clock, known?: ServersKnown) {
    this.#link = link;
    this.#clock = clock;
    this.#rooms = new RoomTable(link, clock);
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

  /** All entries at the last successful look. */
  get nodesLook(): NodesLook {
    return { values: this.#values, decoded: this.#decoded };
  }

  async #readOnce(roomsNow: boolean): Promise<RedisReading> {
    try {
      // Asked together and answered together: one round trip, in Cluster mode too.
      const [{ values, decoded, nodes, atMs }, rooms, version] = await Promise.all([
        this.#readNodes(),
        this.#rooms.read(roomsNow),
        this.#link.text(versionKey),
      ]);
      this.#values = values;
      this.#decoded = decoded;
      this.#forget(atMs);
      this.#isRefused = false;
      const told = version === undefined ? undefined : boundedName(version);
      return { kind: 'Read', nodes, rooms, atMs, serverVersion: this.#version.of(told, values) };
    } catch (error) {
      const why = whyOf(error);
      this.#isRefused = error instanceof RedisRefusedError || error instanceof RedisLoginError;
      return { kind: 'Failed', why, atMs: this.#clock.elapsedMs() };
    }
  }

  /** Timed as they arrive: rooms may take longer, and a look that began later must not be timed before this one. */
  async #readNodes(): Promise<ReadNodes> {
    const values = boundedNodes(await this.#link.hashAll(nodesKey));
    const atMs = this.#clock.elapsedMs();
    const decoded = this.#decodeAll(values);
    return { values, decoded, nodes: [...decoded.values()].map((node) => this.#timed(node, atMs)), atMs };
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
