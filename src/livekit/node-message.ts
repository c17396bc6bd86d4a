import { type Message, proto3 } from '@bufbuild/protobuf';

interface RateFields extends Message<RateFields> {
  bytesIn: number;
  bytesOut: number;
  packetsIn: number;
  packetsOut: number;
}

interface StatsFields extends Message<StatsFields> {
  startedAt: bigint;
  updatedAt: bigint;
  numRooms: number;
  numClients: number;
  numTracksIn: number;
  numTracksOut: number;
  bytesInPerSec: number;
  bytesOutPerSec: number;
  packetsInPerSec: number;
  packetsOutPerSec: number;
  cpuLoad: number;
  rates: RateFields[];
}

interface NodeFields extends Message<NodeFields> {
  id: string;
  ip: string;
  stats?: StatsFields;
  state: number;
}

interface RoomFields extends Message<RoomFields> {
  name: string;
  creationTime: bigint;
  numParticipants: number;
}

export type NodeStatsMessage = StatsFields;

/** Scalar types by their numbers in descriptor.proto. */
const float = 2;
const int64 = 3;
const int32 = 5;
const text = 9;
const uint32 = 13;

/** The part of `livekit.NodeStatsRate` that is read here; unknown fields are skipped. */
const NodeStatsRate = proto3.makeMessageType<RateFields>('livekit.NodeStatsRate', () => [
  { no: 8, name: 'bytes_in', kind: 'scalar', T: float },
  { no: 9, name: 'bytes_out', kind: 'scalar', T: float },
  { no: 10, name: 'packets_in', kind: 'scalar', T: float },
  { no: 11, name: 'packets_out', kind: 'scalar', T: float },
]);

/** The part of `livekit.NodeStats` that is read here. The `per_sec` fields are of servers before 1.9. */
const NodeStats = proto3.makeMessageType<StatsFields>('livekit.NodeStats', () => [
  { no: 1, name: 'started_at', kind: 'scalar', T: int64 },
  { no: 2, name: 'updated_at', kind: 'scalar', T: int64 },
  { no: 3, name: 'num_rooms', kind: 'scalar', T: int32 },
  { no: 4, name: 'num_clients', kind: 'scalar', T: int32 },
  { no: 5, name: 'num_tracks_in', kind: 'scalar', T: int32 },
  { no: 6, name: 'num_tracks_out', kind: 'scalar', T: int32 },
  { no: 12, name: 'bytes_in_per_sec', kind: 'scalar', T: float },
  { no: 13, name: 'bytes_out_per_sec', kind: 'scalar', T: float },
  { no: 14, name: 'packets_in_per_sec', kind: 'scalar', T: float },
  { no: 15, name: 'packets_out_per_sec', kind: 'scalar', T: float },
  { no: 21, name: 'cpu_load', kind: 'scalar', T: float },
  { no: 50, name: 'rates', kind: 'message', T: NodeStatsRate, repeated: true },
]);

/** The part of `livekit.Node` that is read here. */
export const NodeMessage = proto3.makeMessageType<NodeFields>('livekit.Node', () => [
  { no: 1, name: 'id', kind: 'scalar', T: text },
  { no: 2, name: 'ip', kind: 'scalar', T: text },
  { no: 4, name: 'stats', kind: 'message', T: NodeStats },
  { no: 6, name: 'state', kind: 'scalar', T: int32 },
]);

/** The part of `livekit.Room` that is read here. */
export const RoomMessage = proto3.makeMessageType<RoomFields>('livekit.Room', () => [
  { no: 2, name: 'name', kind: 'scalar', T: text },
  { no: 5, name: 'creation_time', kind: 'scalar', T: int64 },
  { no: 9, name: 'num_participants', kind: 'scalar', T: uint32 },
]);
