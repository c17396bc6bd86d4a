/**
 * What media servers write into Redis. A second, wider description of the messages than the product's own reader has,
 * so that a wrong number there shows.
 */
import { proto3 } from '@bufbuild/protobuf';

const Rate = proto3.makeMessageType('livekit.NodeStatsRate', () => [
  { no: 3, name: 'duration', kind: 'scalar', T: 3 },
  { no: 8, name: 'bytes_in', kind: 'scalar', T: 2 },
  { no: 9, name: 'bytes_out', kind: 'scalar', T: 2 },
  { no: 10, name: 'packets_in', kind: 'scalar', T: 2 },
  { no: 11, name: 'packets_out', kind: 'scalar', T: 2 },
  { no: 20, name: 'cpu_load', kind: 'scalar', T: 2 },
]);
const Stats = proto3.makeMessageType('livekit.NodeStats', () => [
  { no: 1, name: 'started_at', kind: 'scalar', T: 3 },
  { no: 2, name: 'updated_at', kind: 'scalar', T: 3 },
  { no: 3, name: 'num_rooms', kind: 'scalar', T: 5 },
  { no: 4, name: 'num_clients', kind: 'scalar', T: 5 },
  { no: 5, name: 'num_tracks_in', kind: 'scalar', T: 5 },
  { no: 6, name: 'num_tracks_out', kind: 'scalar', T: 5 },
  { no: 7, name: 'bytes_in', kind: 'scalar', T: 4 },
  { no: 12, name: 'bytes_in_per_sec', kind: 'scalar', T: 2 },
  { no: 13, name: 'bytes_out_per_sec', kind: 'scalar', T: 2 },
  { no: 14, name: 'packets_in_per_sec', kind: 'scalar', T: 2 },
  { no: 15, name: 'packets_out_per_sec', kind: 'scalar', T: 2 },
  { no: 17, name: 'num_cpus', kind: 'scalar', T: 13 },
  { no: 21, name: 'cpu_load', kind: 'scalar', T: 2 },
  { no: 34, name: 'memory_total', kind: 'scalar', T: 4 },
  { no: 50, name: 'rates', kind: 'message', T: Rate, repeated: true },
]);
const Node = proto3.makeMessageType('livekit.Node', () => [
  { no: 1, name: 'id', kind: 'scalar', T: 9 },
  { no: 2, name: 'ip', kind: 'scalar', T: 9 },
  { no: 3, name: 'num_cpus', kind: 'scalar', T: 13 },
  { no: 4, name: 'stats', kind: 'message', T: Stats },
  { no: 6, name: 'state', kind: 'scalar', T: 5 },
  { no: 7, name: 'region', kind: 'scalar', T: 9 },
]);
const Room = proto3.makeMessageType('livekit.Room', () => [
  { no: 2, name: 'name', kind: 'scalar', T: 9 },
  { no: 5, name: 'creation_time', kind: 'scalar', T: 3 },
  { no: 8, name: 'metadata', kind: 'scalar', T: 9 },
  { no: 9, name: 'num_participants', kind: 'scalar', T: 13 },
]);

export interface StatsParts {
  readonly startedAt?: bigint;
  readonly updatedAt?: bigint;
  readonly numRooms?: number;
  readonly numClients?: number;
  readonly numTracksIn?: number;
  readonly numTracksOut?: number;
  readonly bytesInPerSec?: number;
  readonly bytesOutPerSec?: number;
  readonly cpuLoad?: number;
  readonly packetsInPerSec?: number;
  readonly packetsOutPerSec?: number;
  readonly rates?: readonly {
    readonly bytesIn?: number;
    readonly bytesOut?: number;
    readonly packetsIn?: number;
    readonly packetsOut?: number;
  }[];
}

export interface NodeParts {
  readonly id: string;
  readonly ip?: string;
  /** 1 is SERVING, 2 is SHUTTING_DOWN. */
  readonly state?: number;
  readonly region?: string;
  /** `null` leaves the statistics out. */
  readonly stats?: StatsParts | null;
}

/** The bytes that a server writes of itself. */
export function encodeNode({ id, ip = '10.0.0.1', state = 1, region = '', stats = {} }: NodeParts): Buffer {
  const filled = stats === null ? {} : { stats: new Stats({ startedAt: 100n, updatedAt: 200n, ...stats }) };
  return Buffer.from(new Node({ id, ip, numCpus: 4, state, region, ...filled }).toBinary());
}

export interface RoomParts {
  readonly name: string;
  readonly participants?: number;
  readonly createdAtSeconds?: number;
  readonly metadata?: string;
}

/** The bytes of a room's record. */
export function encodeRoom({
  name,
  participants = 0,
  createdAtSeconds = 0,
  metadata = '',
}: RoomParts): Buffer {
  const creationTime = BigInt(createdAtSeconds);
  return Buffer.from(new Room({ name, creationTime, numParticipants: participants, metadata }).toBinary());
}

/** What a server that looks for a place for a room wants to know of an entry. */
export interface EntryForPlacement {
  /** The last one that is written counts. */
  readonly state: number;
  readonly updatedAtSeconds: number;
  readonly participants: number;
}

/** Reads an entry as a server does. @throws Error when it cannot be read, which costs a server the whole list. */
export function readForPlacement(value: Uint8Array): EntryForPlacement {
  const node = Node.fromBinary(value, { readUnknownFields: false });
  const { state, stats } = node as unknown as PlacementFields;
  const participants = stats?.numClients ?? 0;
  return { state, updatedAtSeconds: Number(stats?.updatedAt ?? 0n), participants };
}

interface PlacementFields {
  readonly state: number;
  readonly stats?: { readonly updatedAt: bigint; readonly numClients: number };
}
