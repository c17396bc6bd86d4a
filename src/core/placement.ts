/**
 * Which ready nodes take new rooms. Nothing here touches a room that runs: a closed node keeps its rooms, and
 * people can still join them. At least one node stays open, always.
 */
import { nobodyLeft } from './farewell.ts';
import { hasSpace, neededSoon, openNodes, wasOpen, type SteerInput } from './governor.ts';
import { type MediaNode, compareNames, isEmpty, isLent } from './media-nodes.ts';
import type { NodeOutlook } from './outlook.ts';
import type { Finding } from './reasons.ts';
import { tallyOf } from './rooms-by-node.ts';
import type { ClusterSpec } from './spec.ts';

/**
 * Where all nodes serve, a full one is opened again only this far below the ceiling, and on small nodes this many people
 * below it, so that one leaver does not flip it.
 */
const reopenBelowCeiling = 0.1;
const reopenLeastParticipants = 2;

/** Standby: closed although it has space. Full: closed because it has none while another node has. */
export type Role = 'Serving' | 'Standby' | 'Full' | 'Cordoned';

export interface PlacementResult {
  readonly roles: ReadonlyMap<string, Role>;
  /** Names of the closed nodes that are more than the desired number: they may leave once they are empty. */
  readonly surplus: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

/**
 * Nodes that count as capacity, those that should stay first. First to go are nodes that are to be replaced, those with
 * the highest of the given ranks before all; among others the node that has been empty for longest, then those already closed, then the one with the fewest participants and rooms.
 */
export function keepOrder(
  nodes: readonly MediaNode[],
  ranks: ReadonlyMap<string, number> = new Map(),
): readonly MediaNode[] {
  const ranked: Rank[] = [];
  for (const node of nodes) {
    if (node.phase !== 'Up' || node.pod.cordonWish !== undefined) continue;
    const given = ranks.size === 0 ? 0 : (ranks.get(node.name) ?? 0);
    const empty = isEmpty(node);
    // The order of weight of the first three: ranks, then emptiness, then being closed.
    const first = 4 * given + 2 * Number(empty) + Number(isClosed(node, empty));
    ranked.push({ node, first, participants: node.participants, rooms: tallyOf(node.rooms).live });
  }
  return ranked.sort(compareToKeep).map(({ node }) => node);
}

/** A node with what it is ranked by: worked out once, because fleets are large and this runs on every pass. */
interface Rank {
  readonly node: MediaNode;
  readonly first: number;
  readonly participants: number;
  readonly rooms: number;
}

function compareToKeep(of: Rank, than: Rank): number {
  const a = of.node;
  const b = than.node;
  return (
    of.first - than.first ||
    than.participants - of.participants ||
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
function isClosed({ memory }: MediaNode, empty: boolean): boolean {
  const { standbySinceMs, emptySinceMs } = memory;
  return standbySinceMs !== undefined || (empty && emptySinceMs !== undefined);
}

export interface PlaceInput {
  readonly steer: SteerInput;
  readonly nodes: readonly MediaNode[];
  /** Of the nodes that count as capacity, those that should stay first. */
  readonly outlooks: readonly NodeOutlook[];
  readonly desired: number;
  /** Names of nodes that get new rooms only when no other has space. */
  readonly avoid?: ReadonlySet<string>;
  readonly trial?: TrialPart | undefined;
}

/** Nodes on trial with a share of the new rooms. */
export interface TrialPart {
  readonly names: ReadonlySet<string>;
  /** Whether they have less than their share. */
  readonly isShort: boolean;
}

/** Gives every Up node its role. */
export function place(input: PlaceInput): PlacementResult {
  const { steer, nodes, outlooks } = input;
  const { spec } = steer;
  const staying = outlooks.slice(0, Math.max(1, input.desired));
  const open = spec.placement.strategy === 'Spread' ? spread(spec, input, staying) : packed(input, staying);
  const roles = new Map<string, Role>();
  for (const { name, phase, pod } of nodes) {
    if (phase === 'Up' && pod.cordonWish !== undefined) roles.set(name, 'Cordoned');
  }
  const surplus = new Set<string>();
  outlooks.forEach((outlook, at) => {
    const { name } = outlook.node;
    const isSurplus = at >= staying.length;
    const isOpen = open.has(name);
    const isSpare = isSurplus || input.trial?.names.has(name) === true;
    roles.set(name, roleOf(spec, outlook, { open: isOpen, isSpare }));
    if (isSurplus && !isOpen) surplus.add(name);
  });
  // With the last room of a fleet that is deleted nobody is left who could begin another.
  const isOver = nobodyLeft(spec, nodes) !== undefined;
  return { roles, surplus, findings: isOver ? [] : keepOneOpen(nodes, roles) };
}

function roleOf(
  spec: ClusterSpec,
  outlook: NodeOutlook,
  { open, isSpare }: { readonly open: boolean; readonly isSpare: boolean },
): Role {
  if (open) return 'Serving';
  if (isSpare) return 'Standby';
  // Where all serve, one that stays is closed for no other reason, and has to be well below the ceiling to come back.
  return spec.placement.strategy === 'Spread' || !hasSpace(spec, outlook) ? 'Full' : 'Standby';
}

/**
 * Surplus nodes are taken back before rooms have to crowd, as many as the maximum allows: one beyond it would stay for as
 * long as there is load, and a rolling change would wait for its place. In mode External their number is somebody else's
 * wish.
 */
function packed(input: PlaceInput, staying: readonly NodeOutlook[]): ReadonlySet<string> {
  const { steer, outlooks } = input;
  const { spec } = steer;
  const room = staying.some((outlook) => hasSpace(spec, outlook));
  // A fleet that is being deleted wants none, and people still begin rooms.
  const most = spec.deleting ? outlooks.length : Math.max(staying.length, spec.maxNodes);
  const allowed = outlooks.slice(0, most);
  const among = preferred(input, room || spec.mode === 'External' ? staying : allowed);
  return openNodes(steer, among, outlooks);
}

/**
 * Nodes on trial as long as they have less than their share, else those that stay, else those that are to be replaced:
 * whichever has the space that the next seconds need.
 */
function preferred(
  { steer, avoid, trial }: PlaceInput,
  outlooks: readonly NodeOutlook[],
): readonly NodeOutlook[] {
  const isTried = ({ node }: NodeOutlook) => trial?.names.has(node.name) === true;
  const isAvoided = ({ node }: NodeOutlook) => avoid?.has(node.name) === true;
  if (!outlooks.some((outlook) => isTried(outlook) || isAvoided(outlook))) return outlooks;
  const needed = neededSoon(steer);
  const others = outlooks.filter((outlook) => !isTried(outlook));
  const choices = [
    trial?.isShort === true ? outlooks.filter(isTried) : [],
    // An old view asks for many nodes to be open, so none is held back then.
    steer.blind ? [] : others.filter((outlook) => !isAvoided(outlook)),
    others,
  ];
  return choices.find((some) => hasRoomFor(steer.spec, some, needed)) ?? outlooks;
}

function hasRoomFor(spec: ClusterSpec, outlooks: readonly NodeOutlook[], slots: number): boolean {
  const free = outlooks.map((outlook) => (hasSpace(spec, outlook) ? outlook.free : 0));
  const sum = free.reduce((total, slotsFree) => total + slotsFree, 0);
  return sum > 0 && sum >= slots;
}

/** All that stay, without the full ones while another has space, be it only just below the ceiling. */
function spread(
  spec: ClusterSpec,
  { trial }: PlaceInput,
  staying: readonly NodeOutlook[],
): ReadonlySet<string> {
  const withSpace = staying.filter((outlook) => !isFull(spec, outlook));
  const belowCeiling = staying.filter((outlook) => !isAtCeiling(spec, outlook));
  const withTheirShare = trial === undefined || trial.isShort ? new Set<string>() : trial.names;
  const untried = withSpace.filter(({ node }) => !withTheirShare.has(node.name));
  const open = [untried, withSpace, belowCeiling].find((some) => some.length > 0) ?? staying;
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
  const ceiling = participants * spec.placement.ceiling;
  const below = Math.max(participants * reopenBelowCeiling, reopenLeastParticipants);
  return wasFull && load > ceiling - below;
}

/** With every node closed a new room would fail: then the wish of a person has to wait for a replacement. */
function keepOneOpen(nodes: readonly MediaNode[], roles: Map<string, Role>): readonly Finding[] {
  for (const role of roles.values()) if (role === 'Serving') return [];
  const last = nodes
    .filter((node) => roles.has(node.name))
    .toSorted(
      (a, b) =>
        Number(isLent(a)) - Number(isLent(b)) ||
        Number(a.pod.cordonWish?.by === 'Person') - Number(b.pod.cordonWish?.by === 'Person') ||
        a.participants - b.participants ||
        compareNames(a.name, b.name),
    )[0];
  if (last === undefined) return [];
  roles.set(last.name, 'Serving');
  if (last.pod.cordonWish === undefined) return [];
  const message = `${last.name} stays open until another Media Node serves: new rooms would fail otherwise.`;
  return [{ reason: 'PlacementNotSteered', message, node: last.name }];
}
