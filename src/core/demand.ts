/** Load to wanted nodes. Any target may raise the number; all must agree, on complete data, to lower it. */
import type { ProfileFigures } from './capacity-profile.ts';
import { byProfile, isUnknown } from './capacity-use.ts';
import { type MediaNode, isLent, liveRooms } from './media-nodes.ts';
import type { Finding } from './reasons.ts';
import type { ClusterSpec, Target } from './spec.ts';
import { costInCores, packetsPerSecond } from './used-share.ts';
import { never } from '../base/assert.ts';
import { counted } from './words.ts';

/** What one source of demand says. `complete` is false where some node's figure is unknown. */
export interface Opinion {
  readonly kind: Target['kind'] | 'Headroom' | 'Profile';
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
  const loaded = nodes.filter((node) => isLoaded(node));
  const opinions = [
    ...spec.targets.map((target) => opinionOf(target, spec, loaded)),
    headroomOpinion(spec, loaded, keepOrder),
    ...profileOpinion(spec),
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

/** A node that is lent to a load test carries nothing of the fleet's. */
function isLoaded({ phase, pod }: MediaNode): boolean {
  return phase !== 'Failed' && phase !== 'Launching' && !isLent({ pod });
}

function opinionOf(target: Target, spec: ClusterSpec, nodes: readonly MediaNode[]): Opinion {
  const total = (figure: (node: MediaNode) => number | undefined) => totalOf(nodes, figure);
  switch (target.kind) {
    case 'Participants':
      return perNode(target, unitOf(spec, 'participants', 'participants'), total(participantsOf));
    case 'Tracks':
      return perNode(target, unitOf(spec, 'tracks', 'tracks'), total(tracksOf));
    case 'Bandwidth': {
      const unit = unitOf(spec, 'egressBytesPerSecond', 'bytes per second sent');
      return perNode(
        target,
        unit,
        total(({ entry }) => entry?.load.bytesOutPerSecond),
      );
    }
    case 'Cpu':
      return perNode(
        target,
        { name: "processors' worth", capacity: 1, source: '' },
        total(({ entry }) => entry?.load.cpuLoad),
      );
    case 'Packets': {
      const unit = unitOf(spec, 'packetsPerSecond', 'packets per second');
      return perNode(
        target,
        unit,
        total(({ entry }) => (entry === undefined ? undefined : packetsPerSecond(entry.load))),
      );
    }
    case 'Cost': {
      const unit = unitOf(spec, 'cores', "cores' worth of load");
      return perNode(
        target,
        unit,
        total(({ entry }) => (entry === undefined ? undefined : costInCores(spec, entry.load))),
      );
    }
    default:
      return never(target);
  }
}

/** What is known of a figure over all nodes. */
interface Total {
  readonly sum: number;
  /** Whether it is known of every node. */
  readonly complete: boolean;
}

function totalOf(nodes: readonly MediaNode[], figure: (node: MediaNode) => number | undefined): Total {
  let sum = 0;
  let complete = true;
  for (const node of nodes) {
    const load = figure(node);
    if (load !== undefined && Number.isFinite(load) && load >= 0) sum += load;
    else complete = false;
  }
  return { sum, complete };
}

/** A silent node counts with what it last had; one that was never heard is unknown, which is not none. */
function participantsOf(node: MediaNode): number | undefined {
  return node.entry === undefined && !node.memory.served ? undefined : node.participants;
}

function tracksOf(node: MediaNode): number | undefined {
  return node.entry === undefined ? undefined : node.entry.load.tracksIn + node.entry.load.tracksOut;
}

/** The figures that were asked of a profile are not known: that is no opinion on the size, but one on less of it. */
function profileOpinion({ profile }: ClusterSpec): readonly Opinion[] {
  if (profile === undefined || !isUnknown(profile)) return [];
  const message = `What a node carries is asked of profile ${profile.name}, which cannot be used now.`;
  return [{ kind: 'Profile', atLeast: 0, complete: false, message }];
}

function unitOf(spec: ClusterSpec, figure: keyof ProfileFigures, name: string): Unit {
  return { name, capacity: spec.capacity[figure], source: byProfile(spec, figure) };
}

interface Unit {
  readonly name: string;
  /** For the end of a sentence: whose figure it is. */
  readonly source: string;
  /** Of one node; `undefined` when the spec does not say. */
  readonly capacity: number | undefined;
}

function perNode(target: Target, unit: Unit, { sum, complete }: Total): Opinion {
  if (unit.capacity === undefined || unit.capacity <= 0) {
    const message = `The capacity of a node in ${unit.name} is not known.`;
    return { kind: target.kind, atLeast: 0, complete: false, message };
  }
  // A load that is exactly at its target must not ask for one node more because of a rounding error.
  const atLeast = Math.max(0, Math.ceil(sum / (unit.capacity * target.utilization) - 1e-9));
  return {
    kind: target.kind,
    atLeast,
    complete,
    message: `${round(sum)} ${unit.name} at ${round(target.utilization * 100)} % of ${round(unit.capacity)} per node${unit.source} need ${atLeast}.`,
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
    message: `${counted(asked, 'free slot')} on ready nodes need${asked === 1 ? 's' : ''} ${count}.`,
  };
}
