/**
 * Where the load is much the same at all hours, nodes hardly ever become empty: steering rooms together then saves
 * little, and a large room always meets a full node. There the rooms are shared by all nodes, as few as that takes.
 */
import type { Learned } from './learned.ts';
import { compareNames } from './media-nodes.ts';
import type { NodeOutlook } from './outlook.ts';
import { type ClusterSpec, usualPriority } from './spec.ts';

/** The mean hour of the last day by its busiest: up to the first, days have peaks; from the second on they have none. */
const peakedBelow = 0.4;
const evenFrom = 0.6;
/** Share of its capacity that is used on average when another node is launched, with the usual priority. */
const usualFill = 0.7;
/** By so much sooner for each doubling of the priority. */
const fillPerDoubling = 0.05;
const leastFill = 0.4;
/** A node is not needed when the others would not be used by more than this part of that share without it. */
const spareBelow = 0.5;

/** What an even load asks for; with a load that has peaks it asks for nothing. */
export interface EvenShare {
  /** From 0, the load has peaks, to 1, it has none. */
  readonly weight: number;
  /** Nodes that there must be at least, and from how many on there are too many. */
  readonly fewest: number;
  readonly most: number;
}

const none: EvenShare = { weight: 0, fewest: 0, most: 0 };

/** What the load of these nodes asks for. */
export function evenShare(
  { capacity, placement }: ClusterSpec,
  { arrivals }: Learned,
  outlooks: readonly NodeOutlook[],
): EvenShare {
  const weight = Math.max(0, Math.min(1, (arrivals.evenness - peakedBelow) / (evenFrom - peakedBelow)));
  if (weight === 0) return none;
  const sooner = fillPerDoubling * Math.log2(Math.max(1, placement.priority) / usualPriority);
  const fill = Math.max(leastFill, Math.min(placement.ceiling, usualFill - sooner));
  const committed = outlooks.reduce((sum, outlook) => sum + outlook.committed, 0);
  const wanted = (weight * committed) / (capacity.participants * fill);
  return { weight, fewest: Math.round(wanted), most: Math.ceil(wanted / spareBelow - 1e-9) };
}

/**
 * The nodes that an even load keeps anyway, those first that their rooms hold longest: a further room there makes no
 * node live longer.
 */
export function keptAnyway({ most }: EvenShare, outlooks: readonly NodeOutlook[]): ReadonlySet<NodeOutlook> {
  if (most === 0) return new Set();
  if (most >= outlooks.length) return new Set(outlooks);
  const byHold = outlooks.toSorted((a, b) => a.extensionS - b.extensionS || order(a, b));
  return new Set(byHold.slice(0, most));
}

function order({ node: a }: NodeOutlook, { node: b }: NodeOutlook): number {
  return compareNames(a.name, b.name);
}
