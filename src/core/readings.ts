/**
 * What adapters report of the media plane. A reading is a value with its age, or says why there is none:
 * unknown is a type of its own, never a number.
 */

/** Load of one node as its own heartbeat told it. */
export interface NodeLoad {
  readonly participants: number;
  readonly rooms: number;
  readonly tracksIn: number;
  readonly tracksOut: number;
  readonly bytesInPerSecond: number;
  readonly bytesOutPerSecond: number;
  /** Absent where the server did not say lately. */
  readonly packetsInPerSecond?: number;
  readonly packetsOutPerSecond?: number;
  /** Share of the container's CPU, 0 to 1; `undefined` where the server's figure cannot be trusted. */
  readonly cpuLoad: number | undefined;
}

/** The states a server writes of itself. `Unknown`: a number this build does not know. */
export type ServerState = 'StartingUp' | 'Serving' | 'ShuttingDown' | 'Suspended' | 'Unknown';

/** One entry of the `nodes` hash. */
export type NodeEntry =
  | {
      readonly kind: 'Node';
      readonly nodeId: string;
      readonly ip: string;
      /** The node's own state, with a cordon of ours taken off. */
      readonly state: ServerState;
      /** Whether the entry carries the cordon's mark right now. */
      readonly cordonMarked: boolean;
      readonly load: NodeLoad;
      /** Time since `updated_at` was last seen to change, on our own monotonic clock. 0 at first sight. */
      readonly ageMs: number;
      /** How often `updated_at` was seen to change since this process first saw the entry. */
      readonly heartbeatsSeen: number;
      readonly startedAtSeconds: number;
    }
  | { readonly kind: 'Undecodable'; readonly nodeId: string; readonly why: string };

/** A room and the node it lives on. */
export interface RoomPlacement {
  readonly room: string;
  readonly nodeId: string;
  /** Participants as far as Redis shows them; `undefined` when there is no readable record. */
  readonly participants: number | undefined;
  /** Those among them whom the room's own record, which is late, does not count yet. */
  readonly newcomers?: number;
  /** Creation time by the room's record, Unix seconds; `undefined` when unknown. */
  readonly createdAtSeconds: number | undefined;
}

/** One look at Redis, or why there was none. */
export type RedisReading =
  | {
      readonly kind: 'Read';
      readonly nodes: readonly NodeEntry[];
      readonly rooms: readonly RoomPlacement[];
      /** When it was read, on the operator's monotonic clock. */
      readonly atMs: number;
      readonly serverVersion: string | undefined;
    }
  | { readonly kind: 'Failed'; readonly why: string; readonly atMs: number };

/** Work of a companion, such as egress, ingress or an agent, by its own word. */
export interface CompanionReading {
  /** Name of its container. */
  readonly name: string;
  /** Active jobs; `undefined`: it did not say, which is not none. */
  readonly active: number | undefined;
}

/** How well a node serves, counted since its process started. */
export interface ServiceQuality {
  /** Participants whose connection was tried, and those of them whose media never connected. */
  readonly joinsStarted: number;
  readonly joinsFailed: number;
  /** Requests to the server, and those of them that failed by its own fault. */
  readonly requests: number;
  readonly requestErrors: number;
  /** Samples of packet loss, and their sum in percent. */
  readonly lossSamples: number;
  readonly lossPercentSum: number;
}

/** What a Media Node says of itself on its metrics port, companions included. */
export type NodeMetricsReading =
  | {
      readonly kind: 'Read';
      readonly nodeId: string;
      readonly participants: number;
      readonly rooms: number;
      /** Websockets of clients whose rooms live elsewhere but whose signalling runs through this node. */
      readonly relayedSignals: number;
      readonly companions: readonly CompanionReading[];
      /** `undefined` where the server does not tell. */
      readonly quality: ServiceQuality | undefined;
      readonly atMs: number;
    }
  | {
      readonly kind: 'Failed';
      readonly why: string;
      /** What the companions said although the media server did not answer; absent where they were not asked. */
      readonly companions?: readonly CompanionReading[];
      readonly atMs: number;
    };

/** The server API's view, the second source for rooms and participants. */
export type ServerApiReading =
  | {
      readonly kind: 'Read';
      readonly rooms: readonly { readonly room: string; readonly participants: number }[];
      readonly atMs: number;
    }
  | { readonly kind: 'Failed'; readonly why: string; readonly atMs: number };
