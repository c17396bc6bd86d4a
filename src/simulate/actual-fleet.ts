/** What the fleet that really runs costs, by the same measures as a simulation. */
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision, NodeView } from '../core/decision.ts';
import { liveRooms } from '../core/media-nodes.ts';

export interface ActualFigures {
  /** Pods now that have not ended, launching and leaving ones included. */
  readonly nodes: number;
  readonly nodeHours: number;
  /** Share of the participants' time on nodes above 90 % of capacity. */
  readonly overloadShare: number;
  readonly launches: number;
  /** Rooms that were cut because their node went. */
  readonly roomsCut: number;
}

interface SeenNode {
  readonly nodeId: string | undefined;
  readonly rooms: readonly string[];
}

interface Moment {
  readonly atMs: number;
  readonly nodes: ReadonlyMap<string, SeenNode>;
  readonly load: number;
  readonly overload: number;
}

const hourMs = 3_600_000;

/** Live rooms of the fleet with their participants. Other fleets on the same Redis have rooms of their own. */
export function liveRoomsOf(decision: Decision): ReadonlyMap<string, number> {
  const rooms = decision.nodes.flatMap(({ node }) => liveRooms(node));
  return new Map(rooms.map((room) => [room.room, room.participants ?? 0]));
}

export class ActualFleet {
  readonly #capacity: number;
  #last: Moment | undefined;
  #nodeMs = 0;
  #loadMs = 0;
  #overloadMs = 0;
  #launches = 0;
  #roomsCut = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Takes note of one pass on fresh data. */
  see(input: DecideInput, decision: Decision): void {
    const views = decision.nodes.filter(({ node }) => !['Succeeded', 'Failed'].includes(node.pod.phase));
    const last = this.#last;
    this.#last = {
      atMs: input.nowMs,
      nodes: new Map(views.map(({ node }) => [node.pod.uid, seenNode(node)])),
      load: sum(views, ({ node }) => node.participants),
      overload: sum(views, ({ node }) => this.#hurt(node.participants)),
    };
    if (last === undefined) return;
    const sinceMs = input.nowMs - last.atMs;
    this.#nodeMs += last.nodes.size * sinceMs;
    this.#loadMs += last.load * sinceMs;
    this.#overloadMs += last.overload * sinceMs;
    const nodes = this.#last.nodes;
    this.#launches += [...nodes.keys()].filter((uid) => !last.nodes.has(uid)).length;
    const gone = [...last.nodes].filter(([uid]) => !nodes.has(uid));
    if (gone.length > 0)
      this.#roomsCut += cutWith(
        gone.map(([, node]) => node),
        input,
      );
  }

  figures(): ActualFigures {
    return {
      nodes: this.#last?.nodes.size ?? 0,
      nodeHours: this.#nodeMs / hourMs,
      overloadShare: this.#loadMs === 0 ? 0 : this.#overloadMs / this.#loadMs,
      launches: this.#launches,
      roomsCut: this.#roomsCut,
    };
  }

  /** All of these people, if they are more than nine tenths of a node. */
  #hurt(participants: number): number {
    return participants * 10 > this.#capacity * 9 ? participants : 0;
  }
}

function seenNode(node: NodeView['node']): SeenNode {
  const occupied = liveRooms(node).filter((room) => (room.participants ?? 0) > 0);
  return { nodeId: node.entry?.nodeId ?? node.memory.nodeId, rooms: occupied.map(({ room }) => room) };
}

/**
 * A server that ends in order has taken its rooms out of Redis by then. One that was killed leaves them mapped to
 * itself, and people who were thrown out make them anew elsewhere; either way they are still there.
 */
function cutWith(gone: readonly SeenNode[], { observed }: DecideInput): number {
  const mapped = new Set(observed.redis.kind === 'Read' ? observed.redis.rooms.map(({ room }) => room) : []);
  return gone.reduce((cut, { rooms }) => cut + rooms.filter((room) => mapped.has(room)).length, 0);
}

function sum(views: readonly NodeView[], of: (view: NodeView) => number): number {
  return views.reduce((total, view) => total + of(view), 0);
}
