/** What a load test is asked to do, with all defaults in place. Made from YAML by `read-scenario.ts`. */

/** Heights of the pre-encoded pictures, lowest first. */
export const layerNames = ['180p', '360p', '720p'] as const;
export type LayerName = (typeof layerNames)[number];

export interface Scenario {
  readonly name: string;
  readonly description: string;
  /** The same seed gives the same rooms, people, joins and leaves in the same order. */
  readonly seed: number;
  readonly media: Media;
  readonly workload: Workload;
  readonly load: Load;
  /** What people must get. The first one that is broken names the limit. */
  readonly slos: readonly Slo[];
  readonly clients: Clients;
  readonly faults: readonly Fault[];
}

export interface Media {
  /** More than one layer is simulcast, lowest first. Undefined where nobody sends a picture. */
  readonly video: { readonly codec: 'vp8'; readonly layers: readonly LayerName[] } | undefined;
  /** The others of a room send silence, as with DTX: one packet in 400 ms. */
  readonly audio: { readonly codec: 'opus'; readonly activeSpeakers: number | 'All' } | undefined;
}

/** What one participant sends and receives. */
export interface Role {
  readonly name: string;
  readonly sendsVideo: boolean;
  readonly sendsAudio: boolean;
  readonly receives: Receives;
}

export interface Receives {
  /** The most pictures at a time, in the order in which people joined; the others are switched off. */
  readonly tiles: number;
  /** The layer asked for, where there is a choice. */
  readonly layer: LayerName;
  readonly audio: boolean;
}

export interface RoleCount {
  readonly role: Role;
  readonly count: number;
}

/** A room of one kind: so many of each role, in the order in which they join. */
export interface RoomShape {
  readonly name: string;
  readonly roles: readonly RoleCount[];
}

/** What one step of the level adds. */
export type Workload =
  /** Level = rooms. Shapes take turns by their share. */
  | {
      readonly kind: 'Rooms';
      readonly shapes: readonly { readonly share: number; readonly shape: RoomShape }[];
    }
  /** Level = people of the growing role, in one room in which the fixed ones are first. */
  | {
      readonly kind: 'OneRoom';
      readonly name: string;
      readonly fixed: readonly RoleCount[];
      readonly growing: Role;
    }
  /** Level = percent of the rooms of the trace. Rooms begin and end as it says, `timeScale` times as fast. */
  | {
      readonly kind: 'Trace';
      readonly rooms: readonly TraceRoom[];
      readonly timeScale: number;
      readonly receives: Receives;
    };

export interface TraceRoom {
  readonly startSeconds: number;
  readonly durationSeconds: number;
  readonly participants: number;
  readonly publishers: number;
}

/** What a level counts. */
export type LevelUnit = 'rooms' | 'viewers' | 'participants' | 'percent';

export interface Load {
  readonly unit: LevelUnit;
  /** Open loop: the next join does not wait for the one before. */
  readonly joinsPerSecond: number;
  /** After the last join of a level and before its first window. */
  readonly settleMs: number;
  readonly dwellMs: number;
  readonly churn: Churn | undefined;
  readonly mode: LoadMode;
  /** Never more than this in any mode. */
  readonly most: { readonly participants: number; readonly egressMbps: number; readonly durationMs: number };
}

/** People leave and come again while windows are measured, so that the number stays. */
export interface Churn {
  readonly meanStayMs: number;
}

export type LoadMode =
  | { readonly kind: 'Fixed'; readonly level: number; readonly windows: number }
  | { readonly kind: 'Steps'; readonly levels: readonly number[]; readonly windows: number }
  | { readonly kind: 'Ramp'; readonly from: number; readonly to: number; readonly step: number }
  | { readonly kind: 'Soak'; readonly level: number; readonly durationMs: number }
  | SearchMode;

export interface SearchMode {
  readonly kind: 'Search';
  readonly min: number;
  readonly max: number;
  /** Of the capacity; at least one step of the level. */
  readonly resolutionShare: number;
  /** Windows that judge a level, at most; of those `passShare` must pass. */
  readonly windows: number;
  readonly passShare: number;
  /** A fresh last look at the capacity found. */
  readonly confirmMs: number;
  /** Whole searches, each with new rooms; the spread between them gives the confidence. */
  readonly repetitions: number;
}

/** Where a figure comes from: the bulk clients, the probes that decode, or the node. */
export const sloMetrics = {
  'frameLatencyMs.p95': 'clients',
  'frameLatencyMs.p99': 'clients',
  joinFailureShare: 'clients',
  'joinMs.p95': 'clients',
  'firstPacketMs.p95': 'clients',
  tracksDeliveredShare: 'clients',
  'packetLossShare.p95': 'clients',
  disconnectShare: 'clients',
  'probe.freezeShare': 'probes',
  'probe.concealedShare': 'probes',
  'probe.framesPerSecondShare': 'probes',
  'node.forwardLatencyMs.mean': 'node',
  'node.cpuShare': 'node',
  'node.throttledShare': 'node',
  'node.memoryShare': 'node',
} as const;
export type SloMetric = keyof typeof sloMetrics;

export interface Slo {
  readonly metric: SloMetric;
  /** Exactly one of the two. */
  readonly max: number | undefined;
  readonly min: number | undefined;
  /** The limit counts from the figure at the lowest level measured. */
  readonly overBaseline: boolean;
  /** A guard: it says which resource ran out, not what people noticed. */
  readonly guard: boolean;
}

export interface Clients {
  /** Participants in all that decode what they receive and measure what a person would see. */
  readonly probes: number;
  /** One peer connection for both directions (`/rtc/v1`), as newer SDKs do. */
  readonly singleConnection: boolean;
}

export type Fault =
  | {
      readonly kind: 'PacketLoss';
      readonly share: number;
      readonly ofParticipants: number;
      readonly fromMs: number;
      readonly toMs: number;
    }
  | {
      readonly kind: 'SubscriberBandwidth';
      readonly kbps: number;
      readonly ofParticipants: number;
      readonly fromMs: number;
      readonly toMs: number;
    };
