/** New Pods: how many, under which names, and how long to wait after failures. */
import type { Action } from './action.ts';
import type { MediaNode } from './media-nodes.ts';
import type { Memory } from './memory.ts';
import type { LaunchRefusal } from './observed.ts';
import type { Finding } from './reasons.ts';
import type { ClusterSpec } from './spec.ts';

const firstBackoffMs = 2000;
const longestBackoffMs = 300_000;

export interface LaunchPlan {
  readonly actions: readonly Action[];
  readonly findings: readonly Finding[];
  readonly wakeAtMs: number | undefined;
}

export interface LaunchInput {
  readonly clusterName: string;
  readonly spec: ClusterSpec;
  readonly nodes: readonly MediaNode[];
  /** How many more are wanted than there are, those on order counted. */
  readonly missing: number;
  readonly because: Finding;
  readonly failures: Memory['failures'];
  readonly refusal: LaunchRefusal | undefined;
  readonly nowMs: number;
}

/** `spec.mediaNodes.max` bounds every Pod that is not already on its way out, cordoned ones too. */
export function planLaunches(input: LaunchInput): LaunchPlan {
  const staying = input.nodes.filter((node) => node.phase !== 'Leaving').length;
  const room = Math.max(0, input.spec.maxNodes - staying);
  const count = Math.min(input.missing, room);
  const findings: Finding[] = [];
  if (input.missing > room) {
    const message = `${input.missing} more Media Nodes are wanted, spec.mediaNodes.max leaves room for ${room}.`;
    findings.push({ reason: 'AtMaximum', message });
  }
  if (count <= 0) return { actions: [], findings, wakeAtMs: undefined };
  const waitUntilMs = backoffUntilMs(input);
  if (waitUntilMs !== undefined && waitUntilMs > input.nowMs) {
    const finding: Finding = { reason: 'LaunchBackoff', message: whyBackoff(input) };
    return { actions: [], findings: [...findings, finding], wakeAtMs: waitUntilMs };
  }
  const names = freeNames(input.clusterName, input.nodes, count);
  const actions = names.map((name): Action => ({ kind: 'CreatePod', name, because: input.because.message }));
  return { actions, findings, wakeAtMs: undefined };
}

/** In the words of the API server where it refused. How long it still lasts would be another message each pass. */
function whyBackoff({ failures, refusal }: LaunchInput): string {
  if (refusal !== undefined) {
    return `The next launch waits, because the API server refused the last one: ${refusal.message}`;
  }
  const count = failures?.count ?? 0;
  const passes = count === 1 ? 'a launch failed' : `launches failed ${count} times in a row`;
  return `The next launch waits, because ${passes}.`;
}

function backoffUntilMs({ failures, refusal }: LaunchInput): number | undefined {
  const ends = [failures, refusal]
    .filter((item) => item !== undefined)
    .map((item) => item.lastMs + backoffMs(item.count));
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** 2 s after the first failure, doubling to 5 min. */
export function backoffMs(failures: number): number {
  return Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(20, Math.max(0, failures - 1)));
}

/**
 * The lowest ordinals that no Pod has. The same view gives the same names, so a create that is repeated because
 * the view was old is refused as already existing, and is harmless.
 */
export function freeNames(
  clusterName: string,
  nodes: readonly MediaNode[],
  count: number,
): readonly string[] {
  const taken = new Set(nodes.map((node) => node.name));
  const names: string[] = [];
  for (let ordinal = 0; names.length < count; ordinal += 1) {
    const name = `${clusterName}-media-${ordinal}`;
    if (!taken.has(name)) names.push(name);
  }
  return names;
}
