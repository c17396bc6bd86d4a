/**
 * The word on a window. Three rules decide what counts when several things are true at once:
 *
 * 1. What shakes the figures makes the window invalid: a generator that was late (slowness may be its own), a lost
 *    worker (its people's tracks are missing), a shared or replaced target, a node nobody could look at.
 * 2. But a node that ran out of processor or memory did so whatever the generator did: a late generator only loads it
 *    less. So a guard on these fails even then, and alone.
 * 3. Less load than planned, and a single figure that is missing, can only stand in the way of a pass: an SLO that is
 *    broken with fewer people would be broken with all of them.
 */
import { baselineFigures } from './baseline.ts';
import { type Figures, figuresOf, type MeasuredWindow, tracksDue } from './figures.ts';
import { type Slo, type SloMetric, sloMetrics } from './scenario.ts';
import { sum } from './statistics.ts';
import type { BrokenSlo, InvalidReason, Verdict, WindowRecord, WorkerWindow } from './window.ts';

/** All that a window is judged by besides its SLOs, in one table. Shares are from 0 to 1. */
export const thresholds = {
  /** Latest tick, 99th percentile: frames leave in bursts beyond it. */
  tickLateP99Ms: 30,
  /** Least share of the intended packets that were sent. */
  sentShare: 0.99,
  eventLoopUse: 0.6,
  /** Of the scheduler's periods in which the generator was held back. */
  generatorThrottledShare: 0.05,
  /** Datagrams the kernel of the generator threw away, of those received. A few at a join storm mean nothing. */
  udpErrorShare: 0.001,
  /** Virtual machines always lose a little. */
  stealShare: 0.02,
  /** Least share of the planned people that makes a level that level. */
  connectedShare: 0.98,
} as const;

export interface JudgeRules {
  readonly slos: readonly Slo[];
  readonly workersExpected: number;
  /** The process that the run is made for: whoever joins is refused by any other. */
  readonly nodeId: string;
  readonly allowSharedTarget: boolean;
}

interface Doubt {
  readonly reason: InvalidReason;
  readonly detail: string;
}

/** Figures and verdict of a window. `earlier` are all windows of the run before it: the baseline comes from them. */
export function judgeWindow(
  rules: JudgeRules,
  earlier: readonly WindowRecord[],
  measured: MeasuredWindow,
): WindowRecord {
  const figures = figuresOf(measured);
  const baseline = baselineFigures(earlier, measured.repetition);
  return {
    kind: 'window',
    ...measured,
    figures,
    verdict: verdictOn(rules, { earlier, measured, figures, baseline }),
  };
}

interface Evidence {
  readonly earlier: readonly WindowRecord[];
  readonly measured: MeasuredWindow;
  readonly figures: Figures;
  readonly baseline: Figures;
}

function verdictOn(rules: JudgeRules, evidence: Evidence): Verdict {
  const checks = rules.slos.map((slo) => checkSlo(slo, evidence));
  const broken = checks.flatMap((check) => (check.kind === 'Broken' ? check.broken : []));
  const shaking = doubtsOfFigures(rules, evidence);
  if (shaking.length > 0) return exhausted(shaking, broken) ?? invalid(shaking);
  const failed = [...broken, ...keptOut(evidence, broken)];
  if (failed.length > 0) return { kind: 'Fail', broken: failed };
  const missing = checks.flatMap((check) => (check.kind === 'Missing' ? check.doubt : []));
  const lacking = [...missing, ...loadNotReached(evidence)];
  return lacking.length > 0 ? invalid(lacking) : { kind: 'Pass' };
}

const invalid = (doubts: readonly Doubt[]): Verdict => ({
  kind: 'Invalid',
  because: [...new Set(doubts.map(({ reason }) => reason))],
  detail: [...new Set(doubts.map(({ detail }) => detail))].join('; '),
});

/** Rule 2: only where the generator alone is in doubt. */
function exhausted(shaking: readonly Doubt[], broken: readonly BrokenSlo[]): Verdict | undefined {
  if (shaking.some(({ reason }) => reason !== 'GeneratorLimited')) return undefined;
  const used: readonly string[] = ['node.cpuShare', 'node.memoryShare'] satisfies SloMetric[];
  const out = broken.filter(({ metric }) => used.includes(metric));
  return out.length === 0 ? undefined : { kind: 'Fail', broken: out };
}

/** Rule 1. */
function doubtsOfFigures(rules: JudgeRules, evidence: Evidence): readonly Doubt[] {
  const { workers } = evidence.measured;
  return [
    ...(workers.length < rules.workersExpected
      ? [
          {
            reason: 'WorkerLost' as const,
            detail: `${workers.length} of ${rules.workersExpected} workers answered`,
          },
        ]
      : []),
    ...workers.flatMap(generatorDoubts),
    ...workers.flatMap(machineDoubts),
    ...nodeDoubts(rules, evidence),
  ];
}

function generatorDoubts({ worker, health, packets }: WorkerWindow): readonly Doubt[] {
  const sent = packets.intended > 0 ? packets.sent / packets.intended : 1;
  const dropped = health.udpReceiveErrors / Math.max(1, packets.received);
  const limits: readonly (readonly [off: boolean, detail: string])[] = [
    [
      health.tickLateP99Ms > thresholds.tickLateP99Ms,
      `sent ${health.tickLateP99Ms.toFixed(0)} ms late (p99)`,
    ],
    [sent < thresholds.sentShare, `sent ${percent(sent)} of its packets`],
    [health.eventLoopUse > thresholds.eventLoopUse, `event loop ${percent(health.eventLoopUse)} in use`],
    [
      health.throttledShare > thresholds.generatorThrottledShare,
      `throttled ${percent(health.throttledShare)}`,
    ],
    [dropped > thresholds.udpErrorShare, `lost ${percent(dropped)} of the datagrams before reading them`],
  ];
  return limits.flatMap(([off, detail]) =>
    off ? [{ reason: 'GeneratorLimited' as const, detail: `worker ${worker} ${detail}` }] : [],
  );
}

function machineDoubts({ worker, health }: WorkerWindow): readonly Doubt[] {
  if (health.stealShare <= thresholds.stealShare) return [];
  return [
    {
      reason: 'MachineBusy',
      detail: `worker ${worker} lost ${percent(health.stealShare)} to other machines`,
    },
  ];
}

function nodeDoubts(rules: JudgeRules, { measured }: Evidence): readonly Doubt[] {
  const { node } = measured;
  if (node === undefined) {
    const asked = rules.slos.some((slo) => sloMetrics[slo.metric] === 'node');
    return asked ? [{ reason: 'MetricsMissing', detail: 'no metrics of the node' }] : [];
  }
  const doubts: Doubt[] = [];
  if (node.nodeId !== rules.nodeId) {
    doubts.push({ reason: 'TargetReplaced', detail: `node ${rules.nodeId} has become ${node.nodeId}` });
  }
  if (node.foreignRooms > 0 && !rules.allowSharedTarget) {
    doubts.push({ reason: 'TargetShared', detail: `${node.foreignRooms} other rooms on the node` });
  }
  return doubts;
}

type Check =
  | { readonly kind: 'Held' }
  | { readonly kind: 'Broken'; readonly broken: BrokenSlo }
  | { readonly kind: 'Missing'; readonly doubt: Doubt };

function checkSlo(slo: Slo, evidence: Evidence): Check {
  const { metric, guard, overBaseline } = slo;
  const value = evidence.figures[metric];
  if (value === undefined) return absent(slo, evidence);
  // A baseline cannot be over itself; what is absolute holds for it as for any window.
  if (overBaseline && evidence.measured.purpose === 'Baseline') return { kind: 'Held' };
  const base = overBaseline ? evidence.baseline[metric] : 0;
  if (base === undefined) return missing(`no baseline of ${metric}`);
  const limit = (slo.max ?? slo.min ?? 0) + base;
  const holds = slo.max === undefined ? value >= limit : value <= limit;
  return holds ? { kind: 'Held' } : { kind: 'Broken', broken: { metric, value, limit, guard } };
}

const missing = (detail: string): Check => ({ kind: 'Missing', doubt: { reason: 'MetricsMissing', detail } });

/** Where it is known that nothing happened which could be measured, nothing is broken. */
function absent({ metric }: Slo, { measured }: Evidence): Check {
  const { workers } = measured;
  const total = (read: (worker: WorkerWindow) => number) => sum(workers.map(read));
  const noneJoined = total(({ joins }) => joins.tried - joins.failed) <= 0;
  const noTracks = tracksDue(workers) === 0;
  const nothing: Partial<Record<SloMetric, boolean>> = {
    joinFailureShare: total(({ joins }) => joins.tried) === 0,
    disconnectShare: total(({ people }) => people.expected) === 0,
    'joinMs.p95': noneJoined,
    'firstPacketMs.p95': noneJoined || noTracks,
    tracksDeliveredShare: noTracks,
    'packetLossShare.p95': noTracks,
    'frameLatencyMs.p95': noTracks,
    'frameLatencyMs.p99': noTracks,
    'node.forwardLatencyMs.mean': noTracks,
  };
  return workers.length > 0 && nothing[metric] === true ? { kind: 'Held' } : missing(`no ${metric}`);
}

/** People who are missing because the node did not let them in, or lost them, are its failure, SLO or not. */
function keptOut({ measured, figures }: Evidence, broken: readonly BrokenSlo[]): readonly BrokenSlo[] {
  const named = ['joinFailureShare', 'disconnectShare'] satisfies SloMetric[] as readonly string[];
  if (!peopleMissing(measured) || broken.some(({ metric }) => named.includes(metric))) return [];
  const { workers } = measured;
  const short = sum(workers.map(({ people }) => people.expected - people.connected));
  const known = sum(workers.map(({ joins }) => joins.failed + joins.disconnected));
  if (known < short / 2) return [];
  const value = figures['clients.connectedShare'] ?? 0;
  return [{ metric: 'clients.connectedShare', value, limit: thresholds.connectedShare, guard: false }];
}

function loadNotReached({ measured, figures }: Evidence): readonly Doubt[] {
  if (!peopleMissing(measured)) return [];
  const share = figures['clients.connectedShare'] ?? 0;
  return [{ reason: 'LoadNotReached', detail: `${percent(share)} of the people were there` }];
}

/** Whether so many people were not there that the level was another one. */
export function peopleMissing({ workers }: Pick<MeasuredWindow, 'workers'>): boolean {
  const expected = sum(workers.map(({ people }) => people.expected));
  return sum(workers.map(({ people }) => people.connected)) < expected * thresholds.connectedShare;
}

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
