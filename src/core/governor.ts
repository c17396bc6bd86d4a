/**
 * Which ready nodes take new rooms right now: one, the one where a further room costs least in machine time and
 * harm, and more only as far as the next seconds need them.
 */
import { largestDue } from './due-rooms.ts';
import { evenShare, keptAnyway } from './even.ts';
import { forecastSlots } from './forecast.ts';
import type { Learned } from './learned.ts';
import { compareNames } from './media-nodes.ts';
import { type NodeOutlook, leastFreeShare } from './outlook.ts';
import type { ClusterSpec } from './spec.ts';

/**
 * What the choice is made for, so that a slightly better node does not take over at once: seconds of one node. With an even
 * load it is nothing: there the least loaded one is to take the next room, and a change saves harm and costs no life.
 */
const stickinessS = 600;
/** Rooms that begin within this time must find room on the nodes that are open. */
const reactionS = 5;

export interface SteerInput {
  readonly spec: ClusterSpec;
  readonly learned: Learned;
  readonly wallMs: number;
  /** Whether what is seen is old: then one open node might collect a whole burst unseen. */
  readonly blind: boolean;
}

/** Whether a node took new rooms by the last decision. */
export function wasOpen({ node }: NodeOutlook): boolean {
  const { standbySinceMs, fullSinceMs } = node.memory;
  return standbySinceMs === undefined && fullSinceMs === undefined;
}

export function hasSpace(spec: ClusterSpec, outlook: NodeOutlook): boolean {
  return outlook.free >= spec.capacity.participants * leastFreeShare;
}

/** Slots that the rooms of the next seconds will want. */
export function neededSoon({ spec, learned, wallMs }: SteerInput): number {
  return forecastSlots(learned, spec.forecast, { fromMs: wallMs, seconds: reactionS, z: 1 });
}

/**
 * The names of the nodes that take new rooms: never none unless there is no node. `fleet` are all that count as
 * capacity, where only some of them are to be chosen from: what a node costs must not depend on which ones these are.
 */
export function openNodes(
  input: SteerInput,
  outlooks: readonly NodeOutlook[],
  fleet: readonly NodeOutlook[] = outlooks,
): ReadonlySet<string> {
  const { spec } = input;
  const share = evenShare(spec, input.learned, fleet);
  const kept = keptAnyway(share, fleet);
  const stayS = stickinessS * (1 - share.weight);
  const candidates = outlooks
    .filter((outlook) => hasSpace(spec, outlook))
    .map((outlook) => {
      const cost = costOf(spec, outlook, kept.has(outlook) ? 1 - share.weight : 1);
      return { outlook, cost, score: wasOpen(outlook) ? cost - stayS : cost };
    });
  if (candidates.length === 0) return leastLoaded(outlooks);
  const wanted = neededSoon(input);
  const atLeast = input.blind ? Math.ceil(Math.sqrt(outlooks.length)) : 1;
  const inOrder = orderFor(roomyFrom(input, candidates, fleet));
  const chosen = enough(candidates.toSorted(inOrder), wanted, atLeast);
  // What is chosen now is what the next look finds open: among these being open weighs nothing, so that it chooses alike.
  const asOpen = chosen.map((candidate) => ({ ...candidate, score: candidate.cost - stayS }));
  const settled = enough(asOpen.toSorted(inOrder), wanted, atLeast);
  return new Set(settled.map(({ outlook }) => outlook.node.name));
}

interface Candidate {
  readonly outlook: NodeOutlook;
  readonly cost: number;
  readonly score: number;
}

/** Free slots that a node must have to come first: those of a large room that is due, or as many as any has. */
function roomyFrom(
  { learned, wallMs }: SteerInput,
  candidates: readonly Candidate[],
  fleet: readonly NodeOutlook[],
): number {
  const due = largestDue(learned, fleet, wallMs);
  return candidates.reduce((most, { outlook }) => Math.max(most, Math.min(due, outlook.free)), 0);
}

function orderFor(roomy: number): (a: Candidate, b: Candidate) => number {
  const rank = ({ outlook }: Candidate) => (outlook.free >= roomy ? 0 : 1);
  return (a, b) => rank(a) - rank(b) || compareScores(a, b);
}

function compareScores(a: Candidate, b: Candidate): number {
  if (a.score !== b.score) return a.score < b.score ? -1 : 1;
  return compareNames(a.outlook.node.name, b.outlook.node.name);
}

/** The first ones that have the wanted slots together. */
function enough(candidates: readonly Candidate[], wanted: number, atLeast: number): readonly Candidate[] {
  let free = 0;
  const more = candidates.findIndex(({ outlook }, at) => {
    if (at >= atLeast && free >= wanted) return true;
    free += outlook.free;
    return false;
  });
  return more < 0 ? candidates : candidates.slice(0, more);
}

/** What one more room here costs, in seconds of one node; `paid` is the part of a longer life that is paid for it. */
function costOf({ placement }: ClusterSpec, { extensionS, riskS }: NodeOutlook, paid: number): number {
  return paid * extensionS + placement.priority * riskS;
}

/** Every node is full: two share what still comes until more are ready. */
function leastLoaded(outlooks: readonly NodeOutlook[]): ReadonlySet<string> {
  const byLoad = outlooks.toSorted(
    (a, b) => a.committed + a.deviation - b.committed - b.deviation || compareNames(a.node.name, b.node.name),
  );
  return new Set(byLoad.slice(0, 2).map(({ node }) => node.name));
}
