/**
 * Which ready nodes take new rooms. Nothing here touches a room that runs: a closed node keeps its rooms, and
 * people can still join them. At least one node stays open, always.
 */
import { freeSlots } from './demand.ts';
import { type MediaNode, compareNames, liveRooms } from './media-nodes.ts';
import type { Finding } from './reasons.ts';
import type { ClusterSpec } from './spec.ts';

/** A closed node is opened again only this far below the ceiling, so that one leaver does not flip it. */
const reopenBelowCeiling = 0.1;

export type Role = 'Serving' | 'Standby' | 'Full' | 'Cordoned';

export interface PlacementResult {
  readonly roles: ReadonlyMap<string, Role>;
  readonly findings: readonly Finding[];
}

/**
 * Nodes that count as capacity, those that should stay first. First to go is the node that is expected to be
 * empty first: empty ones, then those already closed, then the one with the fewest participants and rooms.
 */
export function keepOrder(nodes: readonly MediaNode[]): readonly MediaNode[] {
  return nodes
    .filter((node) => node.phase === 'Up' && node.pod.cordonWish === undefined)
    .toSorted(compareToKeep);
}

function compareToKeep(a: MediaNode, b: MediaNode): number {
  return (
    Number(isEmpty(a)) - Number(isEmpty(b)) ||
    Number(isStandby(a)) - Number(isStandby(b)) ||
    b.participants - a.participants ||
    liveRooms(b).length - liveRooms(a).length ||
    Number(b.pod.protected) - Number(a.pod.protected) ||
    a.pod.createdAtMs - b.pod.createdAtMs ||
    compareNames(a.name, b.name)
  );
}

function isEmpty(node: MediaNode): boolean {
  return node.participants === 0 && liveRooms(node).length === 0;
}

function isStandby(node: MediaNode): boolean {
  return node.memory.standbySinceMs !== undefined;
}

/** Gives every Up node its role. `kept` is `keepOrder` of the same nodes. */
export function place(
  spec: ClusterSpec,
  nodes: readonly MediaNode[],
  kept: readonly MediaNode[],
  desired: number,
): PlacementResult {
  const roles = new Map<string, Role>();
  for (const node of nodes) {
    if (node.phase === 'Up' && node.pod.cordonWish !== undefined) roles.set(node.name, 'Cordoned');
  }
  const staying = kept.slice(0, Math.max(1, desired));
  for (const node of kept) roles.set(node.name, staying.includes(node) ? 'Serving' : 'Standby');
  for (const node of staying) {
    if (isFull(spec, node) && staying.some((other) => other !== node && !isFull(spec, other))) {
      roles.set(node.name, 'Full');
    }
  }
  return { roles, findings: keepOneOpen(nodes, roles) };
}

function isFull(spec: ClusterSpec, node: MediaNode): boolean {
  if (freeSlots(spec, node) <= 0) return true;
  const wasClosed = node.entry?.cordonMarked === true && !isStandby(node);
  const reopenAt = spec.capacity.participants * (spec.placement.ceiling - reopenBelowCeiling);
  return wasClosed && node.participants > reopenAt;
}

/** With every node closed a new room would fail: then the wish of a person has to wait for a replacement. */
function keepOneOpen(nodes: readonly MediaNode[], roles: Map<string, Role>): readonly Finding[] {
  if ([...roles.values()].includes('Serving')) return [];
  const last = nodes
    .filter((node) => roles.has(node.name))
    .toSorted((a, b) => a.participants - b.participants || compareNames(a.name, b.name))[0];
  if (last === undefined) return [];
  roles.set(last.name, 'Serving');
  if (last.pod.cordonWish === undefined) return [];
  const message = `${last.name} stays open until another Media Node serves: new rooms would fail otherwise.`;
  return [{ reason: 'PlacementNotSteered', message, node: last.name }];
}
