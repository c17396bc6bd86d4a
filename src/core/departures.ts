/** Media Nodes on machines that somebody wants free: who, why, until when, and how near that is. */
import type { MediaNode } from './media-nodes.ts';
import type { Departure, KubeNodeObservation, Observed } from './observed.ts';

/** How near the deadline is, as far as it is told: at sight, 5 min before, 1 min before. */
export type Nearness = 'NoDeadline' | 'Known' | 'Near' | 'Imminent';

export interface DepartingNode {
  readonly node: MediaNode;
  /** Name of the Kubernetes Node. */
  readonly machine: string;
  readonly why: string;
  /** Wall clock. */
  readonly deadlineMs: number | undefined;
  readonly nearness: Nearness;
  /** There is no time left to wait for a replacement. */
  readonly isUrgent: boolean;
}

const nearMs = 300_000;
const imminentMs = 60_000;
/** Seen, decided, registered: what passes besides the launch itself. */
const marginMs = 60_000;

export interface Times {
  readonly wallMs: number;
  /** How long a launch takes. */
  readonly launchMs: number;
}

/** Nodes that were not told to stop yet and whose machine is to be freed, in the order of their names. */
export function departingNodes(
  nodes: readonly MediaNode[],
  kubeNodes: Observed['kubeNodes'],
  times: Times,
): readonly DepartingNode[] {
  if (kubeNodes === undefined) return [];
  return nodes.flatMap((node): readonly DepartingNode[] => {
    if (node.phase === 'Leaving' || node.phase === 'Failed') return [];
    const departure = machineOf(node, kubeNodes)?.departure;
    return departure === undefined ? [] : [departing(node, departure, times)];
  });
}

function departing(
  node: MediaNode,
  { why, deadlineMs }: Departure,
  { wallMs, launchMs }: Times,
): DepartingNode {
  const leftMs = deadlineMs === undefined ? Infinity : deadlineMs - wallMs;
  return {
    node,
    machine: node.pod.kubeNode ?? '',
    why,
    deadlineMs,
    nearness: deadlineMs === undefined ? 'NoDeadline' : nearnessOf(leftMs),
    isUrgent: leftMs < launchMs + marginMs,
  };
}

function nearnessOf(leftMs: number): Nearness {
  if (leftMs <= imminentMs) return 'Imminent';
  return leftMs <= nearMs ? 'Near' : 'Known';
}

/** Whether the machine is known and nobody wants it free. What is not known is not the same as that. */
export function mayStay(node: MediaNode, kubeNodes: Observed['kubeNodes']): boolean {
  const machine = machineOf(node, kubeNodes);
  return machine !== undefined && machine.departure === undefined;
}

export function machineOf(
  { pod }: MediaNode,
  kubeNodes: Observed['kubeNodes'],
): KubeNodeObservation | undefined {
  return pod.kubeNode === undefined ? undefined : kubeNodes?.[pod.kubeNode];
}

/** When the next of these thresholds is reached, wall clock. */
export function nextThresholdMs(
  all: readonly DepartingNode[],
  { wallMs, launchMs }: Times,
): number | undefined {
  const instants = all
    .flatMap(({ deadlineMs }) =>
      deadlineMs === undefined
        ? []
        : [nearMs, imminentMs, launchMs + marginMs].map((beforeMs) => deadlineMs - beforeMs),
    )
    .filter((atMs) => atMs > wallMs);
  return instants.length === 0 ? undefined : Math.min(...instants);
}
