import { BinaryReader, WireType } from '@bufbuild/protobuf';
import type { NodeLoad, ServerState } from '../core/readings.ts';
import { NodeMessage, RoomMessage, type NodeStatsMessage } from './node-message.ts';
import { whyOf } from './why.ts';

/** One value of the `nodes` hash, without the ages that only a series of reads can tell. */
export type DecodedNode =
  | {
      readonly kind: 'Node';
      readonly nodeId: string;
      readonly ip: string;
      readonly state: ServerState;
      readonly cordonMarked: boolean;
      readonly load: NodeLoad;
      readonly updatedAtSeconds: number;
      readonly startedAtSeconds: number;
    }
  | { readonly kind: 'Undecodable'; readonly nodeId: string; readonly why: string };

/** A real entry has a few hundred bytes. */
const largestValueBytes = 64 * 1024;
const stateField = 6;
const shuttingDown = 2;
const stateNames: readonly ServerState[] = ['StartingUp', 'Serving', 'ShuttingDown', 'Suspended'];

/** Reads one entry. Never throws: an entry that cannot be read is unknown, and says why. */
export function decodeNode(nodeId: string, value: Uint8Array): DecodedNode {
  const unknown = (why: string): DecodedNode => ({ kind: 'Undecodable', nodeId, why });
  if (value.byteLength > largestValueBytes) return unknown(`${value.byteLength} bytes are too many`);
  try {
    const node = NodeMessage.fromBinary(value, { readUnknownFields: false });
    if (node.id !== nodeId) return unknown('it carries the id of another node');
    // Without statistics a count would read as 0, which is a claim that nobody made.
    if (node.stats === undefined) return unknown('it has no statistics');
    const problem = statsProblem(node.stats);
    if (problem !== undefined) return unknown(problem);
    return {
      kind: 'Node',
      nodeId,
      ip: node.ip,
      ...decodeStates(value),
      load: decodeLoad(node.stats),
      updatedAtSeconds: Number(node.stats.updatedAt),
      startedAtSeconds: Number(node.stats.startedAt),
    };
  } catch (error) {
    return unknown(`it is not a node: ${whyOf(error)}`);
  }
}

/**
 * The node writes its state once and a cordon appends it once more; the last one wins for the servers. So the first
 * is the node's own word, and a later SHUTTING_DOWN is the mark.
 */
function decodeStates(value: Uint8Array): { readonly state: ServerState; readonly cordonMarked: boolean } {
  const reader = new BinaryReader(value);
  const states: number[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === stateField && wireType === WireType.Varint) states.push(reader.int32());
    else reader.skip(wireType, field);
  }
  return {
    state: stateNames[states[0] ?? 0] ?? 'Unknown',
    cordonMarked: states.length > 1 && states.at(-1) === shuttingDown,
  };
}

function statsProblem(stats: NodeStatsMessage): string | undefined {
  const counts = [stats.numRooms, stats.numClients, stats.numTracksIn, stats.numTracksOut];
  if (counts.some((count) => count < 0)) return 'it counts less than nothing';
  const times = [Number(stats.updatedAt), Number(stats.startedAt)];
  if (times.some((time) => time < 0 || !Number.isSafeInteger(time))) return 'its times are impossible';
  return undefined;
}

function decodeLoad(stats: NodeStatsMessage): NodeLoad {
  const rate = stats.rates[0];
  return {
    participants: stats.numClients,
    rooms: stats.numRooms,
    tracksIn: stats.numTracksIn,
    tracksOut: stats.numTracksOut,
    bytesInPerSecond: sane(rate?.bytesIn ?? stats.bytesInPerSec),
    bytesOutPerSecond: sane(rate?.bytesOut ?? stats.bytesOutPerSec),
    ...decodePackets(stats),
    cpuLoad: decodeCpu(stats),
  };
}

/** Rates may be missing on some ticks and are not what removals are judged by, so a broken one counts as 0. */
function sane(bytesPerSecond: number): number {
  return Number.isFinite(bytesPerSecond) && bytesPerSecond > 0 ? bytesPerSecond : 0;
}

type Packets = Pick<NodeLoad, 'packetsInPerSecond' | 'packetsOutPerSecond'>;

/** Sizes are judged by these: with tracks and without a rate, nothing is said. */
function decodePackets(stats: NodeStatsMessage): Packets {
  const rate = stats.rates[0];
  if (rate !== undefined) return packets(rate.packetsIn, rate.packetsOut);
  const { packetsInPerSec, packetsOutPerSec, numTracksIn, numTracksOut } = stats;
  const isSilent = packetsInPerSec === 0 && packetsOutPerSec === 0;
  return isSilent && numTracksIn + numTracksOut > 0 ? {} : packets(packetsInPerSec, packetsOutPerSec);
}

function packets(packetsInPerSecond: number, packetsOutPerSecond: number): Packets {
  const isSane = [packetsInPerSecond, packetsOutPerSecond].every(
    (rate) => Number.isFinite(rate) && rate >= 0,
  );
  return isSane ? { packetsInPerSecond, packetsOutPerSecond } : {};
}

/** The server says 0 when it found no idle time at all, and less than 0 when its CPU request is below its use. */
function decodeCpu(stats: NodeStatsMessage): number | undefined {
  const cpu = stats.cpuLoad;
  if (!Number.isFinite(cpu) || cpu < 0) return undefined;
  const working = stats.numClients > 0 || stats.numTracksIn > 0 || stats.numTracksOut > 0;
  if (cpu === 0 && working) return undefined;
  return Math.min(cpu, 1);
}

/** Room records carry metadata, which applications fill. */
const largestRoomBytes = 1024 * 1024;

/** Reads one value of the `rooms` hash; `undefined` when it cannot be read. Never throws. */
export function decodeRoom(
  value: Uint8Array,
): { readonly participants: number; readonly createdAtSeconds: number | undefined } | undefined {
  if (value.byteLength > largestRoomBytes) return undefined;
  try {
    const room = RoomMessage.fromBinary(value, { readUnknownFields: false });
    const created = Number(room.creationTime);
    const known = created > 0 && Number.isSafeInteger(created);
    return { participants: room.numParticipants, createdAtSeconds: known ? created : undefined };
  } catch {
    // Unknown is the whole answer: the caller reports the room without a size.
    return undefined;
  }
}
