/** Load to wanted nodes. Any target may raise the number; all must agree, on complete data, to lower it. */
import { type MediaNode, liveRooms } from './media-nodes.ts';
import type { Finding } from './reasons.ts';
import type { ClusterSpec, Target } from './spec.ts';
import { never } from '../base/assert.ts';
import { counted } from './words.ts';

/** What one source of demand says. `complete` is false where some node's figure is unknown. */
export interface Opinion {
  readonly kind: Target['kind'] | 'Headroom';
  readonly atLeast: number;
  readonly complete: boolean;
  readonly message: string;
}

export interface Demand {
  readonly wanted: number;
  /** Whether the fleet may become smaller on this: every opinion rests on complete data. */
  readonly mayLower: boolean;
  readonly because: Finding;
  readonly opinions: readonly Opinion[];
}

/** The wanted number of nodes before any bound. `keepOrder` lists the nodes that would stay, last to go first. */
export function demand(
  spec: ClusterSpec,
  nodes: readonly MediaNode[],
  keepOrder: readonly MediaNode[],
): Demand {
  const loaded = nodes.filter((node) => node.phase !== 'Failed' && node.phase !== 'Launching');
  const opinions = [
    ...spec.targets.map((target) => opinionOf(target, spec, loaded)),
    headroomOpinion(spec, loaded, keepOrder),
  ];
  const strongest = opinions.reduce((best, next) => (next.atLeast > best.atLeast ? next : best));
  return {
    wanted: strongest.atLeast,
    mayLower: opinions.every((opinion) => opinion.complete),
    because: {
      reason: strongest.kind === 'Headroom' ? 'HeadroomRequiresNodes' : 'LoadRequiresNodes',
      message: strongest.message,
    },
    opinions,
  };
}

function opinionOf(target: Target, spec: ClusterSpec, nodes: readonly MediaNode[]): Opinion {
  switch (target.kind) {
    case 'Participants': {
      const unit = { name: 'participants', capacity: spec.capacity.participants };
      return perNode(
        target,
        unit,
        nodes.map((node) => participantsOf(node)),
      );
    }
    case 'Tracks': {
      const unit = { name: 'tracks', capacity: spec.capacity.tracks };
      return perNode(
        target,
        unit,
        nodes.map((node) => tracksOf(node)),
      );
    }
    case 'Bandwidth': {
      const unit = { name: 'bytes per second sent', capacity: spec.capacity.egressBytesPerSecond };
      return perNode(
        target,
        unit,
        nodes.map((node) => node.entry?.load.bytesOutPerSecond),
      );
    }
    case 'Cpu':
      return perNode(
        target,
        { name: "processors' worth", capacity: 1 },
        nodes.map((node) => node.entry?.load.cpuLoad),
      );
    default:
      return never(target);
  }
}

/** A silent node counts with what it last had; one that was never heard is unknown, which is not none. */
function participantsOf(node: MediaNode): number | undefined {
  return node.entry === undefined && !node.memory.served ? undefined : node.participants;
}

function tracksOf(node: MediaNode): number | undefined {
  return node.entry === undefined ? undefined : node.entry.load.tracksIn + node.entry.load.tracksOut;
}

interface Unit {
  readonly name: string;
  /** Of one node; `undefined` when the spec does not say. */
  readonly capacity: number | undefined;
}

function perNode(target: Target, unit: Unit, loads: readonly (number | undefined)[]): Opinion {
  const known = loads.filter(
    (load): load is number => load !== undefined && Number.isFinite(load) && load >= 0,
  );
  const total = known.reduce((sum, load) => sum + load, 0);
  if (unit.capacity === undefined || unit.capacity <= 0) {
    const message = `The capacity of a node in ${unit.name} is not known.`;
    return { kind: target.kind, atLeast: 0, complete: false, message };
  }
  // A load that is exactly at its target must not ask for one node more because of a rounding error.
  const atLeast = Math.max(0, Math.ceil(total / (unit.capacity * target.utilization) - 1e-9));
  return {
    kind: target.kind,
    atLeast,
    complete: known.length === loads.length,
    message: `${round(total)} ${unit.name} at ${round(target.utilization * 100)} % of ${round(unit.capacity)} per node need ${atLeast}.`,
  };
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Free slots wanted on serving nodes: never none, so that a full fleet grows before the next room. */
export function headroomSlots(spec: ClusterSpec, nodes: readonly MediaNode[]): number {
  const participants = nodes.reduce((sum, node) => sum + node.participants, 0);
  const largest = spec.headroom.largestRoom
    ? nodes.flatMap(liveRooms).reduce((most, room) => Math.max(most, room.participants ?? 0), 0)
    : 0;
  return Math.max(1, spec.headroom.slots, Math.ceil(spec.headroom.share * participants), largest);
}

/** Slots up to the ceiling that the node has left. */
export function freeSlots(spec: ClusterSpec, node: MediaNode): number {
  return Math.max(0, Math.floor(spec.capacity.participants * spec.placement.ceiling) - node.participants);
}

function headroomOpinion(
  spec: ClusterSpec,
  nodes: readonly MediaNode[],
  keepOrder: readonly MediaNode[],
): Opinion {
  const asked = headroomSlots(spec, nodes);
  const perFreshNode = Math.max(1, Math.floor(spec.capacity.participants * spec.placement.ceiling));
  let free = 0;
  let count = 0;
  for (const node of keepOrder) {
    if (free >= asked) break;
    free += freeSlots(spec, node);
    count += 1;
  }
  if (free < asked) count += Math.ceil((asked - free) / perFreshNode);
  return {
    kind: 'Headroom',
    atLeast: count,
    complete: true,
    message: `${counted(asked, 'free slot')} on serving nodes need${asked === 1 ? 's' : ''} ${count}.`,
  };
}
