/** Values for tests of the core: complete and ordinary, so that a test states only what it is about. */
import type { MediaNode, RegisteredEntry } from '../../src/core/media-nodes.ts';
import type { NodeMemory } from '../../src/core/memory.ts';
import type { Observed, PodObservation } from '../../src/core/observed.ts';
import type {
  NodeLoad,
  NodeMetricsReading,
  RedisReading,
  RoomPlacement,
  ServiceQuality,
} from '../../src/core/readings.ts';
import type { ClusterSpec, ScalingRules } from '../../src/core/spec.ts';

/** An ordinary moment, long after the start of the operator. */
export const nowMs = 1_000_000;
export const wallMs = Date.UTC(2026, 2, 1, 12);

/** Moves at once and without limit. */
export const freeRules: ScalingRules = { stabilizationMs: 0, selectPolicy: 'Max', policies: [] };

/** 100 slots per node, 70 % aimed at, 90 % at most, 1 to 10 nodes, no delays. */
export function aSpec(changes: Partial<ClusterSpec> = {}): ClusterSpec {
  return {
    mode: 'Enforce',
    minNodes: 1,
    maxNodes: 10,
    replicas: 1,
    capacity: { participants: 100, tracks: undefined, egressBytesPerSecond: undefined },
    startupDeadlineMs: 300_000,
    targets: [{ kind: 'Participants', utilization: 0.7 }],
    headroom: { slots: 0, share: 0, largestRoom: false },
    placement: { strategy: 'Packed', ceiling: 0.9, priority: 8 },
    forecast: 'Act',
    schedules: [],
    scaleUp: freeRules,
    scaleDown: freeRules,
    maxConcurrentLeaving: 2,
    drainDeadlineMs: undefined,
    onDrainDeadline: 'Wait',
    updates: { maxSurge: { kind: 'Nodes', value: 1 }, canary: undefined, paused: false },
    revision: 'r1',
    deleting: false,
    signallingGraceMs: 600_000,
    trustUnverifiedServers: false,
    ...changes,
  };
}

/** A Pod that has run for an hour. */
export function aPod(name: string, changes: Partial<PodObservation> = {}): PodObservation {
  return {
    name,
    uid: `uid-${name}`,
    resourceVersion: '7',
    phase: 'Running',
    ready: true,
    ip: `10.0.0.${name.split('-').at(-1) ?? '0'}`,
    kubeNode: 'worker-1',
    createdAtMs: wallMs - 3_600_000,
    startedAtMs: wallMs - 3_590_000,
    restarts: 0,
    ended: undefined,
    revision: 'r1',
    deleting: false,
    cordonWish: undefined,
    protected: false,
    inService: true,
    trouble: undefined,
    ...changes,
  };
}

export function aLoad(changes: Partial<NodeLoad> = {}): NodeLoad {
  return {
    participants: 0,
    rooms: 0,
    tracksIn: 0,
    tracksOut: 0,
    bytesInPerSecond: 0,
    bytesOutPerSecond: 0,
    cpuLoad: 0.1,
    ...changes,
  };
}

/** The registry's entry of a node that reports. */
export function anEntry(podName: string, changes: Partial<RegisteredEntry> = {}): RegisteredEntry {
  return {
    kind: 'Node',
    nodeId: `ND_${podName}`,
    ip: `10.0.0.${podName.split('-').at(-1) ?? '0'}`,
    state: 'Serving',
    cordonMarked: false,
    load: aLoad(),
    ageMs: 500,
    heartbeatsSeen: 100,
    startedAtSeconds: wallMs / 1000 - 3590,
    ...changes,
  };
}

export function aRoom(podName: string, changes: Partial<RoomPlacement> = {}): RoomPlacement {
  return {
    room: `room-on-${podName}`,
    nodeId: `ND_${podName}`,
    participants: 1,
    createdAtSeconds: wallMs / 1000 - 600,
    ...changes,
  };
}

type MetricsRead = Extract<NodeMetricsReading, { kind: 'Read' }>;

/** A server that nobody has used yet. */
export const unused: ServiceQuality = {
  joinsStarted: 0,
  joinsFailed: 0,
  requests: 0,
  requestErrors: 0,
  lossSamples: 0,
  lossPercentSum: 0,
};

/** A node's own word that it is empty and idle. */
export function ownWord(podName: string, changes: Partial<MetricsRead> = {}): MetricsRead {
  return {
    kind: 'Read',
    nodeId: `ND_${podName}`,
    participants: 0,
    rooms: 0,
    relayedSignals: 0,
    companions: [],
    quality: undefined,
    atMs: nowMs - 100,
    ...changes,
  };
}

export function aRedisReading(changes: Partial<Extract<RedisReading, { kind: 'Read' }>> = {}): RedisReading {
  return { kind: 'Read', nodes: [], rooms: [], atMs: nowMs, serverVersion: '1.13.5', ...changes };
}

/** What is seen of a fleet in which nothing is amiss. */
export function anObservation(changes: Partial<Observed> = {}): Observed {
  return {
    pods: [],
    ownWritesSeen: true,
    redis: aRedisReading(),
    metrics: {},
    serverApi: undefined,
    launchRefusal: undefined,
    kubeNodes: undefined,
    revisions: [],
    ...changes,
  };
}

export interface NodeChanges {
  readonly pod?: Partial<PodObservation>;
  /** `undefined` where the node has no entry. */
  readonly entry?: Partial<RegisteredEntry> | undefined;
  readonly load?: Partial<NodeLoad>;
  readonly memory?: Partial<NodeMemory>;
  readonly rooms?: readonly RoomPlacement[];
  readonly metrics?: NodeMetricsReading;
  readonly phase?: MediaNode['phase'];
}

/** A node that is up. */
export function aNode(name: string, changes: NodeChanges = {}): MediaNode {
  const load = aLoad(changes.load);
  return {
    name,
    pod: aPod(name, changes.pod),
    phase: changes.phase ?? 'Up',
    entry: hasEntry(changes) ? anEntry(name, { load, ...changes.entry }) : undefined,
    rooms: changes.rooms ?? [],
    metrics: changes.metrics,
    memory: { proofs: [], unexplained: [], served: true, participants: load.participants, ...changes.memory },
    participants: load.participants,
  };
}

function hasEntry(changes: NodeChanges): boolean {
  return !('entry' in changes) || changes.entry !== undefined;
}

/** A node that has been closed for a minute and of which every source says that it is empty. */
export function anEmptyNode(name: string, changes: NodeChanges = {}): MediaNode {
  return aNode(name, {
    metrics: ownWord(name),
    ...changes,
    pod: { inService: false, ...changes.pod },
    entry: hasEntry(changes) ? { cordonMarked: true, ...changes.entry } : undefined,
    memory: {
      standbySinceMs: nowMs - 60_000,
      closedSinceMs: nowMs - 60_000,
      closing: { atMs: wallMs - 60_000, rooms: 2, participants: 9 },
      outOfServiceSinceMs: nowMs - 50_000,
      ...changes.memory,
    },
  });
}
