/**
 * Decides again what was decided, with another spec, and says what would have been different. The world is the one
 * that was recorded: it does not answer to what would have been done. For that there are `simulate` and `backtest`.
 */
import { carryProfile } from '../core/capacity-use.ts';
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision } from '../core/decision.ts';
import { decide } from '../core/decide.ts';
import type { Memory, NodeMemory } from '../core/memory.ts';
import type { ReasonCode } from '../core/reasons.ts';
import type { ClusterSpec } from '../core/spec.ts';
import type { JournalEntry } from './journal.ts';
import { type Difference, differencesOf } from './replay.ts';

export interface SizeAndReason {
  readonly desired: number;
  readonly reason: ReasonCode;
  readonly message: string;
}

export interface WhatIfPoint {
  /** Wall clock. */
  readonly atMs: number;
  readonly recorded: SizeAndReason;
  readonly instead: SizeAndReason;
}

/** The recorded figure and what it would have been. */
export interface Both {
  readonly recorded: number;
  readonly instead: number;
}

/** Plain JSON. Instants are wall-clock milliseconds. */
export interface WhatIf {
  readonly entries: number;
  /** Passes that the entries stand for. */
  readonly passes: number;
  readonly fromMs: number;
  readonly untilMs: number;
  /** The spec of the first entry against the one tried. */
  readonly changed: readonly Difference[];
  readonly firstDifference: WhatIfPoint | undefined;
  /** One point wherever either size changes. */
  readonly sizes: readonly WhatIfPoint[];
  /** Wanted node-hours: the integral of the desired number. */
  readonly nodeHours: Both;
  /** Steps up and down of the desired number, in nodes. */
  readonly launches: Both;
  readonly removals: Both;
  readonly mostNodes: Both;
  /** How often the trial had to begin anew, as after a restart of the operator. */
  readonly breaks: number;
}

/** @throws RangeError when there is no entry. */
export function whatIf(entries: readonly JournalEntry[], change: (spec: ClusterSpec) => ClusterSpec): WhatIf {
  const first = entries[0];
  const last = entries.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('the journal holds no decision yet');
  const trial = tried(entries, change);
  const points = trial.steps.map(pointOf);
  return {
    entries: entries.length,
    passes: entries.reduce((sum, entry) => sum + entry.count, 0),
    fromMs: first.input.wallMs,
    untilMs: last.lastWallMs,
    changed: differencesOf(first.input.spec, carryProfile(first.input.spec, change(first.input.spec))),
    firstDifference: points.find(({ recorded, instead }) => recorded.desired !== instead.desired),
    sizes: points.filter((point, at) => at === 0 || isStep(point, points[at - 1])),
    nodeHours: both((pick) => nodeHours(points, last.lastWallMs, pick)),
    launches: both((pick) => moved(points, 1, pick)),
    removals: both((pick) => moved(points, -1, pick)),
    mostNodes: both((pick) => Math.max(...points.map(pick))),
    breaks: trial.breaks,
  };
}

interface Step {
  readonly entry: JournalEntry;
  readonly instead: Decision;
}

function tried(
  entries: readonly JournalEntry[],
  change: (spec: ClusterSpec) => ClusterSpec,
): { readonly steps: readonly Step[]; readonly breaks: number } {
  const steps: Step[] = [];
  let breaks = 0;
  for (const entry of entries) {
    const before = steps.at(-1);
    const goesOn = before !== undefined && follows(before.entry.input, entry.input);
    if (before !== undefined && !goesOn) breaks += 1;
    const memory = goesOn ? carried(before.instead.memory, entry.input.memory) : entry.input.memory;
    const spec = carryProfile(entry.input.spec, change(entry.input.spec));
    const instead = decide({ ...entry.input, spec, memory });
    steps.push({ entry, instead });
  }
  return { steps, breaks };
}

/** A process that starts anew counts its time from elsewhere and remembers no size. */
function follows(before: DecideInput, now: DecideInput): boolean {
  return now.nowMs >= before.nowMs && now.memory.desired !== undefined;
}

/**
 * What was seen comes from the record, also what the passes between the entries saw; what was wished comes from the
 * trial. A node that the trial had closed is not closed in the record, so its standing is taken from both.
 */
function carried(trial: Memory, recorded: Memory): Memory {
  const { recommendations, changes, desired } = trial;
  const nodes = Object.entries(recorded.nodes).map(([uid, node]): readonly [string, NodeMemory] => [
    uid,
    standingOf(trial.nodes[uid], node),
  ]);
  return { ...recorded, recommendations, changes, desired, nodes: Object.fromEntries(nodes) };
}

function standingOf(trial: NodeMemory | undefined, recorded: NodeMemory): NodeMemory {
  const { standbySinceMs: _, fullSinceMs: __, emptySinceMs: ___, ...seen } = recorded;
  const { standbySinceMs, fullSinceMs, emptySinceMs } = trial ?? {};
  return {
    ...seen,
    ...(standbySinceMs === undefined ? {} : { standbySinceMs }),
    ...(fullSinceMs === undefined ? {} : { fullSinceMs }),
    ...(emptySinceMs === undefined ? {} : { emptySinceMs }),
  };
}

function pointOf({ entry, instead }: Step): WhatIfPoint {
  return { atMs: entry.input.wallMs, recorded: sizeOf(entry.decision), instead: sizeOf(instead) };
}

function sizeOf({ desired, because }: Decision): SizeAndReason {
  return { desired, reason: because.reason, message: because.message };
}

function isStep(point: WhatIfPoint, before: WhatIfPoint | undefined): boolean {
  return (
    point.recorded.desired !== before?.recorded.desired || point.instead.desired !== before.instead.desired
  );
}

type Figure = (point: WhatIfPoint) => number;

function both(figure: (pick: Figure) => number): Both {
  return {
    recorded: figure(({ recorded }) => recorded.desired),
    instead: figure(({ instead }) => instead.desired),
  };
}

function nodeHours(points: readonly WhatIfPoint[], untilMs: number, pick: Figure): number {
  const total = points.reduce((sum, point, at) => {
    const endMs = points[at + 1]?.atMs ?? untilMs;
    return sum + pick(point) * Math.max(0, endMs - point.atMs);
  }, 0);
  return total / 3_600_000;
}

function moved(points: readonly WhatIfPoint[], direction: 1 | -1, pick: Figure): number {
  return points.reduce((sum, point, at) => {
    const before = points[at - 1];
    return before === undefined ? sum : sum + Math.max(0, direction * (pick(point) - pick(before)));
  }, 0);
}
