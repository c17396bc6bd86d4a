/** Fail static: what stands in for a decision on data that cannot be trusted. */
import type { Steering } from './action.ts';
import type { DecideInput } from './decide-input.ts';
import type { Decision } from './decision.ts';
import { type Seen, memories } from './look.ts';
import { type MediaNode, compareNames } from './media-nodes.ts';
import { coldMemory } from './memory.ts';
import { stateOf } from './node-state.ts';
import type { Finding } from './reasons.ts';
import { departureViews, updateView } from './updates-view.ts';

/** Nothing is launched, removed or steered on data that cannot be trusted. */
export function hold(input: DecideInput, seen: Seen, why: Finding, steering: Steering | undefined): Decision {
  const { minNodes, maxNodes } = input.spec;
  const desired = Math.max(minNodes, Math.min(maxNodes, seen.memory.desired ?? seen.capacity));
  return {
    ...nothingDone(desired, why),
    steering,
    nodes: seen.nodes.map((node) => ({ node, state: stateOf(node, undefined), finding: undefined })),
    losses: seen.losses,
    updates: updateView(seen.evacuation, undefined),
    departures: departureViews(seen.evacuation),
    // What cannot be seen is not watched: the watch that precedes any shrinking begins anew.
    memory: {
      ...seen.memory,
      nodes: memories(input.memory.nodes, seen.memory.nodes, seen.nodes),
      sinceMs: input.nowMs,
      dueMs: input.nowMs + 1000,
    },
    wakeAtMs: input.nowMs + 1000,
  };
}

/** What stands in for a decision while the fleet cannot even be looked at. */
export function undecided(desired: number, why: Finding, nowMs: number): Decision {
  return {
    ...nothingDone(desired, why),
    steering: undefined,
    nodes: [],
    losses: [],
    updates: undefined,
    departures: [],
    memory: coldMemory(nowMs),
    wakeAtMs: undefined,
  };
}

function nothingDone(desired: number, why: Finding) {
  return {
    desired,
    because: why,
    limitedBy: undefined,
    refusals: [why],
    actions: [],
    evidenceWanted: [],
    demand: undefined,
    governor: undefined,
    aside: 0,
  } satisfies Partial<Decision>;
}

/**
 * What is closed stays so while nobody can be sure of anything, unless all that are open have fallen silent or are wished
 * closed: then those that report are opened, or new rooms would fail. With one open, wishes are followed.
 */
export function openSomebody({ nodes }: Seen): Steering | undefined {
  const up = nodes.filter((node) => node.phase === 'Up');
  const open = up.filter(isOpen);
  const free = up.filter(({ pod }) => pod.cordonWish === undefined);
  const freeAndOpen = free.filter(isOpen);
  const hasNoChoice = free.length === 0 || freeAndOpen.length === open.length;
  if (up.length === 0 || (open.length > 0 && hasNoChoice)) return undefined;
  const choices = [freeAndOpen, free, up.toSorted(byParticipants).slice(0, 1)];
  const chosen = choices.find((some) => some.length > 0) ?? [];
  return { open: idsOf(chosen), closed: idsOf(up.filter((node) => !chosen.includes(node))) };
}

function isOpen({ entry }: MediaNode): boolean {
  return entry?.cordonMarked === false;
}

function byParticipants(a: MediaNode, b: MediaNode): number {
  return a.participants - b.participants || compareNames(a.name, b.name);
}

/** Only what is wished closed is closed; `undefined` where that is every node. */
export function wishedSteering({ nodes }: Seen): Steering | undefined {
  const up = nodes.filter((node) => node.phase === 'Up');
  const wished = up.filter((node) => node.pod.cordonWish !== undefined);
  if (wished.length === up.length) return undefined;
  const free = up.filter((node) => node.pod.cordonWish === undefined);
  return { closed: idsOf(wished), open: idsOf(free) };
}

function idsOf(nodes: readonly MediaNode[]): readonly string[] {
  return nodes.flatMap((node) => (node.entry === undefined ? [] : [node.entry.nodeId]));
}
