/** What a pass sees of the fleet before anything is decided. */
import type { DecideInput } from './decide-input.ts';
import { type Evacuation, countsAsCapacity, evacuationOf } from './evacuation.ts';
import { noticeLoadDrop } from './freshness.ts';
import { noteMissing } from './ghosts.ts';
import { type Loss, areOf, goneOf, lossesOf, lostLately, uidsOf } from './loss.ts';
import { type MediaNode, mediaNodes, readSinceMs, withMemory } from './media-nodes.ts';
import type { Memory, NodeMemory } from './memory.ts';
import { carryGone, noteSight } from './remember.ts';
import { beganAt } from './unhurried.ts';
import { noteHang } from './wedge.ts';

export interface Seen {
  readonly nodes: readonly MediaNode[];
  /** Of its nodes it holds those whose Pod is gone; the others carry what is remembered of them. */
  readonly memory: Memory;
  /** Nodes that count as capacity: up and not cordoned by a person, silent for a moment, or on order. */
  readonly capacity: number;
  readonly evacuation: Evacuation;
  readonly losses: readonly Loss[];
}

export function look(input: DecideInput): Seen {
  const { observed, spec, nowMs, wallMs } = input;
  const limits = { startupDeadlineMs: spec.startupDeadlineMs, wallMs, nowMs };
  const at = {
    nowMs,
    wallMs,
    isRead: observed.redis.kind === 'Read',
    readMs: input.memory.readMs,
    ownWritesSeen: observed.ownWritesSeen,
  };
  const joined = mediaNodes(observed, input.memory, limits);
  const vanished = goneOf(joined, input.memory);
  const losses = lossesOf(joined, vanished, wallMs);
  const nodes = joined.map((node) => {
    const sighted = withMemory(node, noteSight(node, at));
    return withMemory(sighted, noteHang(sighted, nowMs));
  });
  const drop = noticeLoadDrop(nodes, input.memory, nowMs);
  const gone = carryGone(vanished, nowMs);
  const capacity = capacityOf(nodes, nowMs);
  const { missing: _, lost: __, ...known } = input.memory;
  const lost = lostLately(losses, input.memory, nowMs);
  const missing = noteMissing(observed.redis, input.memory, nowMs);
  const memory = {
    ...known,
    began: beganAt(input),
    ...drop,
    ...(at.isRead ? { readMs: nowMs, readSinceMs: readSinceMs(input.memory, nowMs) } : {}),
    ...(missing === undefined ? {} : { missing }),
    ...(lost === undefined ? {} : { lost }),
    nodes: gone,
  };
  const { memory: before, launchMs } = input;
  const evacuation = evacuationOf({ spec, observed, nodes, memory: before, launchMs, nowMs, wallMs });
  return { nodes, capacity, evacuation, losses, memory };
}

function capacityOf(nodes: readonly MediaNode[], nowMs: number): number {
  let count = 0;
  for (const node of nodes) if (countsAsCapacity(node, nowMs)) count += 1;
  return count;
}

/** Of nodes that are there and of those that are gone; the same as before where nothing is new. */
export function memories(
  before: Memory['nodes'],
  gone: Memory['nodes'],
  nodes: readonly MediaNode[],
): Memory['nodes'] {
  const isNothingNew = uidsOf(gone).length === 0 && areOf(nodes, uidsOf(before));
  if (isNothingNew && nodes.every(({ pod, memory }) => before[pod.uid] === memory)) return before;
  const all: Record<string, NodeMemory> = { ...gone };
  for (const node of nodes) all[node.pod.uid] = node.memory;
  return all;
}
