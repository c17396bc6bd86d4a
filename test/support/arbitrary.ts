/** Arbitrary worlds for properties of `decide`: mostly plausible, often wrong, with a bias towards empty nodes. */
import fc from 'fast-check';
import { type DecideInput, type Decision, decide } from '../../src/core/decide.ts';
import { coldMemory } from '../../src/core/memory.ts';
import type { Observed, PodObservation } from '../../src/core/observed.ts';
import type {
  NodeEntry,
  NodeMetricsReading,
  RedisReading,
  RoomPlacement,
  ServerState,
} from '../../src/core/readings.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { aLoad, aPod, aSpec, anEntry, nowMs, ownWord, wallMs } from './builders.ts';

type Mostly = <T>(usual: T, ...others: readonly T[]) => fc.Arbitrary<T>;

const usually =
  (weight: number): Mostly =>
  (usual, ...others) =>
    fc.oneof({ weight, arbitrary: fc.constant(usual) }, ...others.map((other) => fc.constant(other)));

/** One node at one moment. */
interface Moment {
  readonly pod: Partial<PodObservation>;
  readonly entry: 'Node' | 'Undecodable' | 'Missing';
  readonly entryChanges: Partial<Extract<NodeEntry, { kind: 'Node' }>>;
  readonly load: { readonly participants: number };
  readonly room: number | undefined;
  readonly metrics: 'Empty' | 'Failed' | 'Other' | 'Busy' | 'Working' | 'Missing';
}

const moment = (mostly: Mostly): fc.Arbitrary<Moment> =>
  fc.record({
    pod: podChanges(mostly),
    entry: mostly<Moment['entry']>('Node', 'Undecodable', 'Missing'),
    entryChanges: fc.record({
      cordonMarked: mostly(true, false),
      ageMs: mostly(500, 9000, 200_000),
      state: mostly<ServerState>('Serving', 'ShuttingDown', 'Unknown'),
    }),
    load: load(mostly),
    room: mostly<number | undefined>(undefined, 0, 5),
    metrics: mostly<Moment['metrics']>('Empty', 'Failed', 'Other', 'Busy', 'Working', 'Missing'),
  });

const podChanges = (mostly: Mostly): fc.Arbitrary<Partial<PodObservation>> =>
  fc.record({
    phase: mostly<PodObservation['phase']>('Running', 'Pending', 'Failed', 'Succeeded', 'Unknown'),
    ready: mostly(true, false),
    createdAtMs: mostly(wallMs - 3_600_000, wallMs - 400_000, wallMs),
    startedAtMs: mostly<number | undefined>(wallMs - 3_000_000, undefined, wallMs - 3000),
    deleting: mostly(false, true),
    cordonWish: mostly<PodObservation['cordonWish']>(
      undefined,
      { why: 'ana', leaveWhenEmpty: true },
      { why: 'ana', leaveWhenEmpty: false },
    ),
    protected: mostly(false, true),
    inService: mostly(false, true),
  });

const load = (mostly: Mostly) =>
  fc.record({
    participants: mostly(0, 1, 40, 95, 300),
    tracksIn: fc.nat(500),
    cpuLoad: mostly<number | undefined>(0.3, undefined, Number.NaN, 0.99),
  });

/** One look at the world, some time after the one before. */
export interface Glance {
  readonly afterMs: number;
  readonly redis: 'Read' | 'Failed' | 'Old';
  readonly ownWritesSeen: boolean;
  readonly nodes: readonly Moment[];
  readonly stray: boolean;
}

const glance = (mostly: Mostly, nodes: number): fc.Arbitrary<Glance> =>
  fc.record({
    afterMs: mostly(3000, 100, 2000, 12_000),
    redis: mostly<Glance['redis']>('Read', 'Failed', 'Old'),
    ownWritesSeen: mostly(true, false),
    nodes: fc.array(moment(mostly), { minLength: Math.max(0, nodes - 1), maxLength: nodes }),
    stray: fc.boolean(),
  });

/** What happens to a fleet, glance by glance: wild ones for breadth, calm ones so that nodes come to leave. */
export const glances: fc.Arbitrary<readonly Glance[]> = fc
  .tuple(fc.constantFrom(usually(4), usually(12), usually(300)), fc.integer({ min: 1, max: 5 }))
  .chain(([mostly, nodes]) => fc.array(glance(mostly, nodes), { minLength: 1, maxLength: 10 }));

const mostly = usually(12);

export const anySpec: fc.Arbitrary<ClusterSpec> = fc
  .record({
    mode: mostly<ClusterSpec['mode']>('Enforce', 'External', 'DryRun', 'Paused'),
    minNodes: fc.constantFrom(0, 1, 3),
    more: fc.nat(5),
    replicas: fc.nat(9),
    startupDeadlineMs: fc.constantFrom(1000, 300_000),
    slots: fc.nat(200),
    withCpu: mostly(false, true),
    stabilizationMs: fc.constantFrom(0, 5000),
  })
  .map(({ more, slots, withCpu, stabilizationMs, ...rest }) => ({
    ...aSpec(rest),
    maxNodes: Math.max(1, rest.minNodes + more),
    headroom: { slots, share: 0, largestRoom: true },
    targets: [
      { kind: 'Participants', utilization: 0.7 } as const,
      ...(withCpu ? [{ kind: 'Cpu', utilization: 0.6 } as const] : []),
    ],
    scaleDown: { stabilizationMs, selectPolicy: 'Max', policies: [] },
  }));

/** The decisions that follow, each with what it was made from, each on the memory of the one before. */
export function live(
  spec: ClusterSpec,
  seen: readonly Glance[],
): readonly { readonly input: DecideInput; readonly decision: Decision }[] {
  const steps: { input: DecideInput; decision: Decision }[] = [];
  let memory = coldMemory(nowMs);
  let atMs = nowMs;
  for (const [at, look] of seen.entries()) {
    atMs += look.afterMs;
    const input: DecideInput = {
      clusterName: 'c',
      spec,
      observed: observe(look, atMs, at),
      memory,
      nowMs: atMs,
      wallMs: wallMs + atMs - nowMs,
      learned: undefined,
      launchMs: undefined,
    };
    const decision = decide(input);
    memory = decision.memory;
    steps.push({ input, decision });
  }
  return steps;
}

const nameOf = (at: number) => `c-media-${at}`;

function observe(look: Glance, atMs: number, step: number): Observed {
  const metrics = look.nodes.flatMap((node, at): readonly (readonly [string, NodeMetricsReading])[] =>
    node.metrics === 'Missing' ? [] : [[nameOf(at), testimony(node, nameOf(at), atMs)]],
  );
  return {
    pods: look.nodes.map((node, at) => aPod(nameOf(at), node.pod)),
    ownWritesSeen: look.ownWritesSeen,
    redis: redisOf(look, atMs, step),
    metrics: Object.fromEntries(metrics),
    serverApi: undefined,
    launchRefusal: undefined,
  };
}

function redisOf(look: Glance, atMs: number, step: number): RedisReading {
  if (look.redis === 'Failed') return { kind: 'Failed', why: 'timeout', atMs };
  // Of another cluster, and of a Pod that may have been there a moment ago.
  const gone = anEntry(nameOf(look.nodes.length), { ageMs: 9000 });
  const stray = look.stray ? [anEntry('other-7', { ip: '10.9.9.9', ageMs: 9000 }), gone] : [];
  return {
    kind: 'Read',
    nodes: [...look.nodes.flatMap((node, at) => entryOf(node, nameOf(at), step)), ...stray],
    rooms: look.nodes.flatMap((node, at) => roomOf(node, nameOf(at))),
    atMs: look.redis === 'Old' ? atMs - 20_000 : atMs,
    serverVersion: '1.13.5',
  };
}

function entryOf(node: Moment, name: string, step: number): readonly NodeEntry[] {
  if (node.entry === 'Missing') return [];
  if (node.entry === 'Undecodable') return [{ kind: 'Undecodable', nodeId: `ND_${name}`, why: 'truncated' }];
  return [anEntry(name, { ...node.entryChanges, load: aLoad(node.load), heartbeatsSeen: step + 1 })];
}

function roomOf({ room }: Moment, name: string): readonly RoomPlacement[] {
  if (room === undefined) return [];
  const record = { room: `room-on-${name}`, nodeId: `ND_${name}`, createdAtSeconds: undefined };
  return [
    { ...record, participants: room },
    { ...record, room: `dead-on-${name}`, participants: undefined },
  ];
}

function testimony(node: Moment, name: string, atMs: number): NodeMetricsReading {
  if (node.metrics === 'Failed') return { kind: 'Failed', why: 'timeout', atMs };
  return ownWord(name, {
    atMs: atMs - 1,
    nodeId: node.metrics === 'Other' ? 'ND_other' : `ND_${name}`,
    participants: node.metrics === 'Busy' ? 2 : 0,
    companions: [{ name: 'egress', active: node.metrics === 'Working' ? 1 : 0 }],
  });
}
