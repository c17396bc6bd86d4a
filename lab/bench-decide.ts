/**
 * How long one decision takes on a large fleet: 1,000 Media Nodes with 20,000 rooms, a tenth of them young. Readings are
 * as the operator's own: what a node says is the same object until its next heartbeat, and so many rooms are read once
 * a second, in no order. Counted is the clock's time, because the kernel counts the processor's in ticks of 4 ms: other
 * programs must not run beside it.
 */
import type { DecideInput } from '../src/core/decide-input.ts';
import { decide } from '../src/core/decide.ts';
import { Learner } from '../src/core/learner.ts';
import { type Memory, coldMemory } from '../src/core/memory.ts';
import type {
  NodeEntry,
  NodeLoad,
  NodeMetricsReading,
  RedisReading,
  RoomPlacement,
} from '../src/core/readings.ts';
import type { PodObservation } from '../src/core/observed.ts';
import type { ClusterSpec } from '../src/core/spec.ts';
import { stream } from '../src/workload/random.ts';
import { asShipped } from './as-shipped.ts';

asShipped();

const nodeCount = Number(process.argv[2] ?? 1000);
const roomCount = Number(process.argv[3] ?? 20_000);
const passes = Number(process.argv[4] ?? 1000);
const youngShare = 0.1;
const passEveryMs = 250;
const heartbeatEveryMs = 2000;
const roomsEveryMs = 1000;
const wallMs = Date.UTC(2026, 0, 5, 10);
const startMs = 10_000_000;
const random = stream(1, 'bench-decide');

const spec: ClusterSpec = {
  mode: 'Enforce',
  minNodes: 1,
  maxNodes: 2000,
  replicas: 1,
  capacity: { participants: 200, tracks: undefined, egressBytesPerSecond: undefined },
  startupDeadlineMs: 300_000,
  targets: [{ kind: 'Participants', utilization: 0.7 }],
  headroom: { slots: 0, share: 0, largestRoom: false },
  placement: { strategy: 'Packed', ceiling: 0.95, priority: 8 },
  schedules: [],
  forecast: 'Act',
  scaleUp: { stabilizationMs: 0, selectPolicy: 'Max', policies: [] },
  scaleDown: { stabilizationMs: 300_000, selectPolicy: 'Max', policies: [] },
  maxConcurrentLeaving: 2,
  drainDeadlineMs: undefined,
  onDrainDeadline: 'Wait',
  updates: { maxSurge: { kind: 'Nodes', value: 1 }, canary: undefined, paused: false },
  revision: 'r1',
  deleting: false,
  signallingGraceMs: 600_000,
  trustUnverifiedServers: false,
};

const pods = Array.from({ length: nodeCount }, (_, at) => aPod(at));
/** Each node was asked once who it is. */
const metrics = Object.fromEntries(pods.map((pod, at) => [pod.name, ownWord(at)]));
const learner = new Learner(1);
const timesMs: number[] = [];
const loads = pods.map((_, at) => loadOf(at));
let rooms = Array.from({ length: roomCount }, (_, at) => aRoom(at, wallMs, anAgeS()));
let memory: Memory = coldMemory(startMs);

for (let pass = 0; pass < passes; pass += 1) {
  const elapsedMs = pass * passEveryMs;
  // Some rooms end and others begin in their place, so that no list stays as it was.
  if (elapsedMs % roomsEveryMs === 0) {
    rooms = rooms.map((room, at) => (random() < 0.002 ? aRoom(at, wallMs + elapsedMs, 0) : room));
  }
  const input = inputOf(pass, elapsedMs);
  const beganMs = performance.now();
  const decision = decide(input);
  timesMs.push(performance.now() - beganMs);
  memory = decision.memory;
}

const warm = timesMs.slice(50).toSorted((a, b) => a - b);
const at = (share: number): number => warm[Math.min(warm.length - 1, Math.floor(warm.length * share))] ?? 0;
console.log(
  `${nodeCount} Media Nodes, ${roomCount} rooms, ${warm.length} decisions: ` +
    `p50 ${at(0.5).toFixed(2)} ms, p99 ${at(0.99).toFixed(2)} ms, most ${at(1).toFixed(2)} ms; ` +
    `${((1000 * at(0.5)) / nodeCount).toFixed(2)} µs a node, ${((1000 * at(0.5)) / roomCount).toFixed(3)} µs a room`,
);

function inputOf(pass: number, elapsedMs: number): DecideInput {
  const nowMs = startMs + elapsedMs;
  const redis: RedisReading = {
    kind: 'Read',
    nodes: pods.map((pod, index) => anEntry(pod, index, pass)),
    rooms,
    atMs: nowMs,
    serverVersion: '1.13.5',
  };
  learner.see({ redis, pods, nowMs, wallMs: wallMs + elapsedMs });
  return {
    clusterName: 'bench',
    spec,
    observed: {
      pods,
      ownWritesSeen: true,
      redis,
      metrics,
      serverApi: undefined,
      launchRefusal: undefined,
      kubeNodes: undefined,
      revisions: [],
    },
    memory,
    nowMs,
    wallMs: wallMs + elapsedMs,
    learned: learner.snapshot(wallMs + elapsedMs, spec.capacity.participants),
    launchMs: 20_000,
  };
}

function anAgeS(): number {
  return random() < youngShare ? random() * 600 : 600 + random() * 6000;
}

function aRoom(at: number, seenMs: number, ageS: number): RoomPlacement {
  const participants = 1 + Math.floor(random() * 8);
  const createdAtSeconds = Math.floor(seenMs / 1000 - ageS);
  return { room: `room-${at}-${seenMs}`, nodeId: `ND_${at % nodeCount}`, participants, createdAtSeconds };
}

function loadOf(at: number): NodeLoad {
  return {
    participants: 100,
    rooms: Math.floor(roomCount / nodeCount),
    tracksIn: 100,
    tracksOut: 1000,
    bytesInPerSecond: 1e6,
    bytesOutPerSecond: 1e7 + at,
    cpuLoad: 0.4,
  };
}

function anEntry(pod: PodObservation, at: number, pass: number): NodeEntry {
  const sinceFirstMs = pass * passEveryMs + at;
  // Each with its own rhythm.
  if (sinceFirstMs % heartbeatEveryMs < passEveryMs) loads[at] = loadOf(at);
  return {
    kind: 'Node',
    nodeId: `ND_${at}`,
    ip: pod.ip ?? '',
    state: 'Serving',
    cordonMarked: pass > 0 && at > 5,
    load: loads[at] ?? loadOf(at),
    ageMs: sinceFirstMs % heartbeatEveryMs,
    heartbeatsSeen: 100 + Math.floor(sinceFirstMs / heartbeatEveryMs),
    startedAtSeconds: wallMs / 1000 - 7200,
  };
}

function ownWord(at: number): NodeMetricsReading {
  const reading = {
    kind: 'Read',
    participants: 100,
    rooms: 20,
    relayedSignals: 0,
    companions: [],
    quality: undefined,
  } as const;
  return { ...reading, nodeId: `ND_${at}`, atMs: startMs };
}

function aPod(at: number): PodObservation {
  return {
    name: `bench-media-${at}`,
    uid: `uid-${at}`,
    resourceVersion: '1',
    phase: 'Running',
    ready: true,
    ip: `10.${Math.floor(at / 65_536)}.${Math.floor(at / 256) % 256}.${at % 256}`,
    kubeNode: `worker-${at % 50}`,
    createdAtMs: wallMs - 7_200_000,
    startedAtMs: wallMs - 7_190_000,
    restarts: 0,
    ended: undefined,
    revision: undefined,
    deleting: false,
    cordonWish: undefined,
    protected: false,
    inService: true,
    trouble: undefined,
  };
}
