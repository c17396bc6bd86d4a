/**
 * Which ready nodes take new rooms. Nothing here touches a room that runs: a closed node keeps its rooms, and
 * people can still join them. At least one node stays open, always.
 */
import { hasSpace, openNodes, wasOpen, type SteerInput } from './governor.ts';
import { type MediaNode, compareNames, isEmpty } from './media-nodes.ts';
import type { NodeOutlook } from './outlook.ts';
import type { Finding } from './reasons.ts';
import { tallyOf } from './rooms-by-node.ts';
import type { ClusterSpec } from './spec.ts';

/** Where all nodes serve, a full one is opened again only this far below the ceiling, so that one leaver does not flip it. */
const reopenBelowCeiling = 0.1;

/** Standby: closed although it has space. Full: closed because it has none while another node has. */
export type Role = 'Serving' | 'Standby' | 'Full' | 'Cordoned';

export interface PlacementResult {
  readonly roles: ReadonlyMap<string, Role>;
  /** Names of the closed nodes that are more than the desired number: they may leave once they are empty. */
  readonly surplus: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

/**
 * Nodes that count as capacity, those that should stay first. First to go is the node that has been empty for
 * longest, then those already closed, then the one with the fewest participants and rooms.
 */
export function keepOrder(nodes: readonly MediaNode[]): readonly MediaNode[] {
  return nodes
    .filter((node) => node.phase === 'Up' && node.pod.cordonWish === undefined)
    .map((node): Rank => ({ node, empty: Number(isEmpty(node)), rooms: tallyOf(node.rooms).live }))
    .toSorted(compareToKeep)
    .map(({ node }) => node);
}

/** A node with what it is ranked by: worked out once, because fleets are large and this runs on every pass. */
interface Rank {
  readonly node: MediaNode;
  readonly empty: number;
  readonly rooms: number;
}

function compareToKeep(of: Rank, than: Rank): number {
  const a = of.node;
  const b = than.node;
  return (
    of.empty - than.empty ||
    Number(isClosed(of)) - Number(isClosed(than)) ||
    b.participants - a.participants ||
    than.rooms - of.rooms ||
    Number(b.pod.protected) - Number(a.pod.protected) ||
    compareEmptiness(a, b) ||
    a.pod.createdAtMs - b.pod.createdAtMs ||
    compareNames(a.name, b.name)
  );
}

/** Of nodes that became empty together, the one that was closed first is the first to go. */
function compareEmptiness({ memory: a }: MediaNode, { memory: b }: MediaNode): number {
  return (
    compareInstants(a.emptySinceMs, b.emptySinceMs) || compareInstants(a.standbySinceMs, b.standbySinceMs)
  );
}

function compareInstants(a = Infinity, b = Infinity): number {
  return a === b ? 0 : b - a;
}

/** An empty node may be closed for another reason: full of load on its processor, or just let go by a person. */
function isClosed({ node, empty }: Rank): boolean {
  const { standbySinceMs, emptySinceMs } = node.memory;
  return standbySinceMs !== undefined || (empty === 1 && emptySinceMs !== undefined);
}

export interface PlaceInput {
  readonly steer: SteerInput;
  readonly nodes: readonly MediaNode[];
  /** Of the nodes that count as capacity, those that should stay first. */
  readonly outlooks: readonly NodeOutlook[];
  readonly desired: number;
}

/** Gives every Up node its role. */
export function place({ steer, nodes, outlooks, desired }: PlaceInput): PlacementResult {
  const { spec } = steer;
  const staying = outlooks.slice(0, Math.max(1, desired));
  const open =
    spec.placement.strategy === 'Spread' ? spread(spec, staying) : packed(steer, outlooks, staying);
  const roles = new Map<string, Role>();
  for (const { name, phase, pod } of nodes) {
    if (phase === 'Up' && pod.cordonWish !== undefined) roles.set(name, 'Cordoned');
  }
  const surplus = new Set<string>();
  outlooks.forEach((outlook, at) => {
    const { name } = outlook.node;
    const isSurplus = at >= staying.length;
    const isOpen = open.has(name);
    roles.set(name, roleOf(spec, outlook, { open: isOpen, isSurplus }));
    if (isSurplus && !isOpen) surplus.add(name);
  });
  return { roles, surplus, findings: keepOneOpen(nodes, roles) };
}

function roleOf(
  spec: ClusterSpec,
  outlook: NodeOutlook,
  { open, isSurplus }: { readonly open: boolean; readonly isSurplus: boolean },
): Role {
  if (open) return 'Serving';
  if (isSurplus) return 'Standby';
  // Where all serve, one that stays is closed for no other reason, and has to be well below the ceiling to come back.
  return spec.placement.strategy === 'Spread' || !hasSpace(spec, outlook) ? 'Full' : 'Standby';
}

/** Surplus nodes are taken back before rooms have to crowd; in mode External their number is somebody else's wish. */
function packed(
  steer: SteerInput,
  outlooks: readonly NodeOutlook[],
  staying: readonly NodeOutlook[],
): ReadonlySet<string> {
  const room = staying.some((outlook) => hasSpace(steer.spec, outlook));
  return openNodes(steer, room || steer.spec.mode === 'External' ? staying : outlooks);
}

/** All that stay, without the full ones while another has space, be it only just below the ceiling. */
function spread(spec: ClusterSpec, staying: readonly NodeOutlook[]): ReadonlySet<string> {
  const withSpace = staying.filter((outlook) => !isFull(spec, outlook));
  const belowCeiling = staying.filter((outlook) => !isAtCeiling(spec, outlook));
  const open = [withSpace, belowCeiling].find((some) => some.length > 0) ?? staying;
  return new Set(open.map(({ node }) => node.name));
}

function isAtCeiling({ capacity, placement }: ClusterSpec, { committed }: NodeOutlook): boolean {
  return committed >= Math.floor(capacity.participants * placement.ceiling);
}

function isFull(spec: ClusterSpec, outlook: NodeOutlook): boolean {
  const { participants } = spec.capacity;
  const load = outlook.committed;
  if (isAtCeiling(spec, outlook)) return true;
  const wasFull = outlook.node.memory.fullSinceMs !== undefined && !wasOpen(outlook);
  return wasFull && load > participants * (spec.placement.ceiling - reopenBelowCeiling);
}

/** With every node closed a new room would fail: then the wish of a person has to wait for a replacement. */
function keepOneOpen(nodes: readonly MediaNode[], roles: Map<string, Role>): readonly Finding[] {
  for (const role of roles.values()) if (role === 'Serving') return [];
  const last = nodes
    .filter((node) => roles.has(node.name))
    .toSorted((a, b) => a.participants - b.participants || compareNames(a.name, b.name))[0];
  if (last === undefined) return [];
  roles.set(last.name, 'Serving');
  if (last.pod.cordonWish === undefined) return [];
  const message = `${last.name} stays open until another Media Node serves: new rooms would fail otherwise.`;
  return [{ reason: 'PlacementNotSteered', message, node: last.name }];
}
