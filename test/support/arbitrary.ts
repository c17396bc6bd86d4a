/** Arbitrary worlds for properties of `decide`: mostly plausible, often wrong, with a bias towards empty nodes. */
import fc from 'fast-check';
import type { DecideInput } from '../../src/core/decide-input.ts';
import type { Decision } from '../../src/core/decision.ts';
import { decide } from '../../src/core/decide.ts';
import { coldMemory } from '../../src/core/memory.ts';
import type { Observed, PodObservation } from '../../src/core/observed.ts';
import type {
  NodeEntry,
  NodeMetricsReading,
  RedisReading,
  RoomPlacement,
  ServerApiReading,
  ServiceQuality,
  ServerState,
} from '../../src/core/readings.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { type Given, type Mostly, usually } from './arbitrary-spec.ts';
import { aLoad, aPod, anEntry, nowMs, ownWord, wallMs } from './builders.ts';

interface RoomSeen {
  readonly name: string;
  /** `undefined` where the room has no record. */
  readonly people: number | undefined;
  readonly ageS: number | undefined;
}

const dead: RoomSeen = { name: 'dead', people: undefined, ageS: undefined };
const empty: RoomSeen = { name: 'empty', people: 0, ageS: undefined };
const grown: RoomSeen = { name: 'grown', people: 5, ageS: 3000 };
const young: RoomSeen = { name: 'young', people: 2, ageS: 20 };
/** A name that recurs, and of which something may have been learned. */
const weekly: RoomSeen = { name: 'weekly', people: 1, ageS: 70 };

/** Rooms come and go in the calmest of lives. */
const seldom = usually(10);

/** One node at one moment. */
interface Moment {
  readonly pod: Partial<PodObservation>;
  readonly entry: 'Node' | 'Undecodable' | 'Missing';
  readonly entryChanges: Partial<Extract<NodeEntry, { kind: 'Node' }>>;
  readonly load: { readonly participants: number };
  readonly rooms: readonly RoomSeen[];
  readonly metrics: 'Empty' | 'Failed' | 'Other' | 'Busy' | 'Working' | 'Relaying' | 'Missing';
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
    rooms: seldom<readonly RoomSeen[]>(
      [],
      [dead],
      [dead, empty],
      [grown, dead],
      [young, young],
      [weekly, young],
    ),
    metrics: mostly<Moment['metrics']>('Empty', 'Failed', 'Other', 'Busy', 'Working', 'Relaying', 'Missing'),
  });

const podChanges = (mostly: Mostly): fc.Arbitrary<Partial<PodObservation>> =>
  fc.record({
    phase: mostly<PodObservation['phase']>('Running', 'Pending', 'Failed', 'Succeeded', 'Unknown'),
    ready: mostly(true, false),
    createdAtMs: mostly(wallMs - 3_600_000, wallMs - 400_000, wallMs),
    ended: mostly<PodObservation['ended']>(
      undefined,
      { exitCode: 137, reason: 'OOMKilled', atMs: wallMs },
      { exitCode: undefined, reason: 'ended' },
    ),
    startedAtMs: mostly<number | undefined>(wallMs - 3_000_000, undefined, wallMs - 3000),
    deleting: mostly(false, true),
    cordonWish: mostly<PodObservation['cordonWish']>(
      undefined,
      { by: 'Person', why: 'ana', sinceMs: undefined, leaveWhenEmpty: true },
      { by: 'Person', why: 'ana', sinceMs: undefined, leaveWhenEmpty: false },
      { by: 'Person', why: 'ana', sinceMs: wallMs - 7_200_000, leaveWhenEmpty: true },
      { by: 'Update', why: 'rolling change', sinceMs: undefined, leaveWhenEmpty: true },
      { by: 'Maintenance', why: 'its machine goes', sinceMs: undefined, leaveWhenEmpty: true },
    ),
    revision: mostly<string | undefined>('r1', 'r0', 'bad', undefined),
    kubeNode: seldom<string | undefined>('worker-1', 'worker-2', 'unheard-of', undefined),
    restarts: seldom(0, 1, 3),
    trouble: seldom<string | undefined>(undefined, 'container media: ErrImagePull'),
    protected: mostly(false, true),
    inService: mostly(false, true),
  });

const load = (mostly: Mostly) =>
  fc.record({
    participants: mostly(0, 1, 40, 95, 300),
    tracksIn: fc.nat(500),
    cpuLoad: seldom<number | undefined>(0.3, undefined, Number.NaN, 0.99),
  });

/** One look at the world, some time after the one before. */
export interface Glance {
  readonly afterMs: number;
  readonly redis: 'Read' | 'Failed' | 'Old';
  readonly ownWritesSeen: boolean;
  readonly nodes: readonly Moment[];
  /** Age of entries that belong to no Pod of the fleet; `undefined`: there are none. */
  readonly strayAgeMs: number | undefined;
  readonly serverApi: 'Missing' | 'Failed' | 'Quiet' | 'Busy';
  readonly revisions: Known;
  readonly machines: 'Unwatched' | 'Calm' | 'OneGoes' | 'OneGoesSoon';
  /** Of the media servers, as Redis tells it. Verified unless told. */
  readonly version?: string | undefined;
}

/** What is known of the revisions that Pods are made from; r1 is the wanted one. */
type Known = 'Nothing' | 'First' | 'Proven' | 'Trial' | 'Failed' | 'AllFailed';

const verdicts: Readonly<Record<Known, readonly (readonly [string, 'Proven' | 'Failed' | undefined])[]>> = {
  Nothing: [],
  First: [['r1', undefined]],
  Proven: [
    ['r0', 'Proven'],
    ['bad', 'Failed'],
    ['r1', 'Proven'],
  ],
  Trial: [
    ['r0', 'Proven'],
    ['bad', 'Failed'],
    ['r1', undefined],
  ],
  Failed: [
    ['r0', 'Proven'],
    ['r1', 'Failed'],
  ],
  AllFailed: [
    ['r0', 'Failed'],
    ['r1', 'Failed'],
  ],
};

const glance = (mostly: Mostly, nodes: number): fc.Arbitrary<Glance> =>
  fc.record({
    afterMs: mostly(3000, 100, 2000, 12_000, 65_000),
    redis: mostly<Glance['redis']>('Read', 'Failed', 'Old'),
    ownWritesSeen: seldom(true, false),
    nodes: fc.array(moment(mostly), { minLength: Math.max(0, nodes - 2), maxLength: nodes }),
    strayAgeMs: fc.constantFrom(undefined, 9000, 3000),
    serverApi: seldom<Glance['serverApi']>('Missing', 'Failed', 'Quiet', 'Busy'),
    revisions: fc.constant<Known>('Nothing'),
    machines: usually(4)<Glance['machines']>('Unwatched', 'Calm', 'OneGoes', 'OneGoesSoon'),
  });

const known: readonly Known[] = ['First', 'Proven', 'Trial', 'Failed', 'AllFailed'];

/** Lives in which one node comes to an end that takes a minute or two. */
type Ending = 'None' | 'Drained' | 'Hanging';

const endingAs: Readonly<Record<Ending, (look: Glance) => Glance>> = {
  None: (look) => look,
  Drained: (look) =>
    slowly(look, (node) => ({
      ...node,
      pod: {
        ...node.pod,
        cordonWish: { by: 'Person', why: 'ana', sinceMs: wallMs - 7_200_000, leaveWhenEmpty: true },
      },
      load: { ...node.load, participants: 5 },
      rooms: [grown],
    })),
  Hanging: (look) =>
    slowly(look, (node) => ({
      ...node,
      entryChanges: { ...node.entryChanges, state: 'ShuttingDown' },
      load: { ...node.load, participants: 0 },
      rooms: [],
    })),
};

function slowly(look: Glance, change: (node: Moment) => Moment): Glance {
  const [first, ...others] = look.nodes;
  if (first === undefined) return look;
  return { ...look, afterMs: look.afterMs + 25_000, nodes: [change(first), ...others] };
}

/** What happens to a fleet, glance by glance: wild ones for breadth, calm ones so that nodes come to leave. */
export const glances: fc.Arbitrary<readonly Glance[]> = fc
  .tuple(fc.constantFrom(usually(4), usually(12), usually(300)), fc.integer({ min: 1, max: 5 }))
  .chain(([mostly, nodes]) => fc.array(glance(mostly, nodes), { minLength: 1, maxLength: 10 }))
  .chain((seen) => usually(2)<Ending>('None', 'Drained', 'Hanging').map((how) => seen.map(endingAs[how])))
  .chain((seen) =>
    fc
      .record({ revisions: usually(2)<Known>('Nothing', ...known), outdated: fc.nat(4) })
      .map(({ revisions, outdated }) => seen.map((look) => ({ ...withOutdated(look, outdated), revisions }))),
  )
  .chain((seen) =>
    usually(5)<string | undefined>('1.13.5', '1.14.0', undefined).map((version) =>
      seen.map((look) => ({ ...look, version })),
    ),
  );

/** Nodes that are there first were made from the revision before. */
function withOutdated(look: Glance, outdated: number): Glance {
  const nodes = look.nodes.map((node, at) => {
    const isOutdated = at < outdated && node.pod.revision === 'r1';
    return isOutdated ? { ...node, pod: { ...node.pod, revision: 'r0' } } : node;
  });
  return { ...look, nodes };
}

/** A decision with what it was made from. */
export interface Step {
  readonly input: DecideInput;
  readonly decision: Decision;
}

/** The decisions that follow, each on the memory of the one before. */
export function live(
  spec: ClusterSpec,
  seen: readonly Glance[],
  given: Given = { learned: undefined, launchMs: undefined },
): readonly Step[] {
  const steps: Step[] = [];
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
      ...given,
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
    serverApi: serverApiOf(look, atMs),
    launchRefusal: undefined,
    kubeNodes: kubeNodesOf(look, wallMs + atMs - nowMs),
    revisions: verdicts[look.revisions].map(([revision, kind]) => ({
      revision,
      createdAtMs: wallMs - 7_200_000,
      verdict: kind === undefined ? undefined : { kind, why: 'as it was seen' },
    })),
  };
}

function kubeNodesOf({ machines }: Glance, atWallMs: number): Observed['kubeNodes'] {
  if (machines === 'Unwatched') return undefined;
  const departure = {
    why: 'cordoned',
    deadlineMs: machines === 'OneGoesSoon' ? atWallMs + 50_000 : undefined,
  };
  return {
    'worker-1': { name: 'worker-1', ready: true, departure: machines === 'Calm' ? undefined : departure },
    'worker-2': { name: 'worker-2', ready: true, departure: undefined },
  };
}

function serverApiOf(look: Glance, atMs: number): ServerApiReading | undefined {
  if (look.serverApi === 'Missing') return undefined;
  if (look.serverApi === 'Failed') return { kind: 'Failed', why: 'timeout', atMs };
  const rooms = look.nodes.flatMap(({ rooms: own }, at) =>
    own.map(({ name }, nth) => `${name}-${nth}-on-${nameOf(at)}`),
  );
  const participants = look.serverApi === 'Busy' ? 3 : 0;
  return { kind: 'Read', rooms: rooms.map((room) => ({ room, participants })), atMs };
}

function redisOf(look: Glance, atMs: number, step: number): RedisReading {
  if (look.redis === 'Failed') return { kind: 'Failed', why: 'timeout', atMs };
  const nowS = (wallMs + atMs - nowMs) / 1000;
  // Of another cluster, and of a Pod that may have been there a moment ago.
  const ageMs = look.strayAgeMs ?? 0;
  const gone = anEntry(nameOf(look.nodes.length), { ageMs });
  const stray = ageMs > 0 ? [anEntry('other-7', { ip: '10.9.9.9', ageMs }), gone] : [];
  return {
    kind: 'Read',
    nodes: [...look.nodes.flatMap((node, at) => entryOf(node, nameOf(at), step)), ...stray],
    rooms: look.nodes.flatMap((node, at) => roomsOf(node, nameOf(at), nowS)),
    atMs: look.redis === 'Old' ? atMs - 20_000 : atMs,
    serverVersion: 'version' in look ? look.version : '1.13.5',
  };
}

function entryOf(node: Moment, name: string, step: number): readonly NodeEntry[] {
  if (node.entry === 'Missing') return [];
  if (node.entry === 'Undecodable') return [{ kind: 'Undecodable', nodeId: `ND_${name}`, why: 'truncated' }];
  return [anEntry(name, { ...node.entryChanges, load: aLoad(node.load), heartbeatsSeen: step + 1 })];
}

function roomsOf({ rooms }: Moment, name: string, nowS: number): readonly RoomPlacement[] {
  return rooms.map(({ name: room, people, ageS }, at) => ({
    room: room === 'weekly' ? room : `${room}-${at}-on-${name}`,
    nodeId: `ND_${name}`,
    participants: people,
    createdAtSeconds: ageS === undefined ? undefined : nowS - ageS,
  }));
}

function testimony(node: Moment, name: string, atMs: number): NodeMetricsReading {
  if (node.metrics === 'Failed') return { kind: 'Failed', why: 'timeout', atMs };
  return ownWord(name, {
    atMs: atMs - 1,
    nodeId: node.metrics === 'Other' ? 'ND_other' : `ND_${name}`,
    participants: node.metrics === 'Busy' ? 2 : Number(node.metrics === 'Relaying'),
    relayedSignals: Number(node.metrics === 'Relaying'),
    companions: [{ name: 'egress', active: node.metrics === 'Working' ? 1 : 0 }],
    quality: qualityOf(node),
  });
}

/** Those that work hard fail at it. */
function qualityOf({ metrics }: Moment): ServiceQuality | undefined {
  if (metrics === 'Busy') return undefined;
  const failed = metrics === 'Working' ? 30 : 0;
  return {
    joinsStarted: 40,
    joinsFailed: failed,
    requests: 100,
    requestErrors: failed,
    lossSamples: 0,
    lossPercentSum: 0,
  };
}
