/** What a pass sees of the fleet before anything is decided. */
import type { DecideInput } from './decide.ts';
import { type Evacuation, countsAsCapacity, evacuationOf } from './evacuation.ts';
import { noticeLoadDrop } from './freshness.ts';
import { noteMissing } from './ghosts.ts';
import { type Loss, lossesOf, lostLately } from './loss.ts';
import { type MediaNode, mediaNodes } from './media-nodes.ts';
import type { Memory, NodeMemory } from './memory.ts';
import { carryGone, noteSight } from './remember.ts';
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
    ownWritesSeen: observed.ownWritesSeen,
  };
  const joined = mediaNodes(observed, input.memory, limits);
  const losses = lossesOf(joined, input.memory, wallMs);
  const nodes = joined
    .map((node) => withMemory(node, noteSight(node, at)))
    .map((node) => withMemory(node, noteHang(node, nowMs)));
  const drop = noticeLoadDrop(nodes, input.memory, nowMs);
  const gone = carryGone(input.memory, nodes, nowMs);
  const capacity = nodes.filter((node) => countsAsCapacity(node, nowMs)).length;
  const { missing: _, lost: __, ...known } = input.memory;
  const lost = lostLately(losses, input.memory, nowMs);
  const missing = noteMissing(observed.redis, input.memory, nowMs);
  const memory = {
    ...known,
    ...drop,
    ...(missing === undefined ? {} : { missing }),
    ...(lost === undefined ? {} : { lost }),
    nodes: gone,
  };
  const { memory: before, launchMs } = input;
  const evacuation = evacuationOf({ spec, observed, nodes, memory: before, launchMs, nowMs, wallMs });
  return { nodes, capacity, evacuation, losses, memory };
}

export function withMemory(node: MediaNode, memory: NodeMemory): MediaNode {
  return memory === node.memory ? node : { ...node, memory };
}

/** Of nodes that are there and of those that are gone. */
export function memories(gone: Memory, nodes: readonly MediaNode[]): Memory['nodes'] {
  const all: Record<string, NodeMemory> = { ...gone.nodes };
  for (const node of nodes) all[node.pod.uid] = node.memory;
  return all;
}
