/** One life of a fleet as data: its spec, its rooms and all that befalls it. Everything follows from the seed. */
import type { ClusterSpec, ScalingRules, Updates } from '../core/spec.ts';
import { type Random, chance, lognormal, pick, stream, uniform, wholeBetween } from '../workload/random.ts';
import type { Trace, TraceRoom } from '../workload/trace.ts';
import { type Stroke, drawStrokes } from './life-strokes.ts';

/** Brief: minutes and a few dozen rooms, many of which can be lived in a second. Long: up to six hours. */
export type LifeSpan = 'Brief' | 'Long';

export interface LifePlan {
  readonly seed: number;
  readonly span: LifeSpan;
  readonly spec: ClusterSpec;
  readonly initialNodes: number;
  readonly launchMs: number;
  /** Share of the launches that never become a Media Node although nothing is wrong with their revision. */
  readonly launchFailureShare: number;
  readonly podsPerMachine: number;
  /** With companions the kubelet starts a server again that has ended; without them its Pod has ended, too. */
  readonly companions: boolean;
  readonly lifeS: number;
  readonly trace: Trace;
  readonly strokes: readonly Stroke[];
}

/** The revision that a life begins with, which serves well. */
export const firstRevision = 'rev-0';

export function planLife(seed: number, span: LifeSpan): LifePlan {
  const random = stream(seed, 'life');
  const isLong = span === 'Long';
  const lifeS = isLong ? wholeBetween(random, 3600, 6 * 3600) : wholeBetween(random, 240, 900);
  const rooms = isLong ? wholeBetween(random, 10, 200) : wholeBetween(random, 3, 40);
  const spec = drawSpec(random, span);
  return {
    seed,
    span,
    spec,
    initialNodes: wholeBetween(random, spec.minNodes, spec.maxNodes),
    launchMs: wholeBetween(random, 3, 40) * 1000,
    launchFailureShare: chance(random, 0.7) ? 0 : uniform(random, 0, 0.3),
    podsPerMachine: wholeBetween(random, 1, 3),
    companions: chance(random, 0.4),
    lifeS,
    trace: drawTrace(stream(seed, 'life rooms'), { rooms, lifeS, capacity: spec.capacity.participants }),
    strokes: drawStrokes(stream(seed, 'life strokes'), wholeBetween(random, 0, isLong ? 24 : 8), lifeS),
  };
}

function drawSpec(random: Random, span: LifeSpan): ClusterSpec {
  const minNodes = wholeBetween(random, 1, 3);
  return {
    mode: chance(random, 0.9) ? 'Enforce' : 'External',
    minNodes,
    maxNodes: minNodes + wholeBetween(random, 0, 5),
    replicas: wholeBetween(random, 1, 5),
    capacity: {
      participants: wholeBetween(random, 10, 60),
      tracks: undefined,
      egressBytesPerSecond: undefined,
    },
    startupDeadlineMs: wholeBetween(random, 60, 180) * 1000,
    targets: [{ kind: 'Participants', utilization: 0.7 }],
    headroom: {
      slots: chance(random, 0.7) ? 0 : wholeBetween(random, 1, 30),
      share: 0,
      largestRoom: chance(random, 0.5),
    },
    placement: {
      strategy: chance(random, 0.7) ? 'Packed' : 'Spread',
      ceiling: pick(random, [0.9, 0.8, 1]),
      priority: pick(random, [16, 8, 64]),
    },
    schedules: [],
    forecast: 'Act',
    scaleUp: rulesOf(0),
    scaleDown: rulesOf(pick(random, span === 'Brief' ? [0, 10_000, 60_000] : [0, 60_000, 300_000])),
    maxConcurrentLeaving: wholeBetween(random, 1, 3),
    drainDeadlineMs: chance(random, 0.6) ? undefined : wholeBetween(random, 1, 20) * 60_000,
    onDrainDeadline: pick(random, ['Wait', 'Evict']),
    updates: drawUpdates(random, span),
    revision: firstRevision,
    deleting: false,
    signallingGraceMs: 600_000,
    trustUnverifiedServers: false,
  };
}

function rulesOf(stabilizationMs: number): ScalingRules {
  return { stabilizationMs, selectPolicy: 'Max', policies: [] };
}

function drawUpdates(random: Random, span: LifeSpan): Updates {
  const maxSurge = pick(random, [
    { kind: 'Nodes', value: 1 },
    { kind: 'Nodes', value: 2 },
    { kind: 'Percent', value: 25 },
    { kind: 'Percent', value: 100 },
  ] as const);
  const minutes = wholeBetween(random, 1, span === 'Brief' ? 3 : 20);
  const canary = chance(random, 0.5)
    ? undefined
    : { share: pick(random, [0.05, 0.2, 0.5]), durationMs: minutes * 60_000 };
  return { maxSurge, canary, paused: false };
}

interface Crowd {
  readonly rooms: number;
  readonly lifeS: number;
  readonly capacity: number;
}

/** Rooms begin at any time of the life. Some outlast it: what is left at the end must be left alone. */
function drawTrace(random: Random, { rooms, lifeS, capacity }: Crowd): Trace {
  const all = Array.from({ length: rooms }, (): TraceRoom => {
    const startS = Math.round(uniform(random, 0, lifeS));
    const usualS = Math.max(2, Math.round(lognormal(random, lifeS / 6, 0.9)));
    const durationS = chance(random, 0.04) ? beyondS : Math.min(usualS, lifeS + afterglowS - startS);
    const people = chance(random, 0.85) ? wholeBetween(random, 1, 8) : wholeBetween(random, 1, capacity);
    return {
      startS,
      durationS,
      participants: people,
      publishers: people,
      name: undefined,
    };
  });
  return { name: 'a life', rooms: all.toSorted((a, b) => a.startS - b.startS) };
}

/** The other rooms end within this much of the end of what befalls the fleet. */
const afterglowS = 240;
/** Longer than any life with its end. */
const beyondS = 1_000_000;
