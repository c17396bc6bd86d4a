/** How LiveKit gives a new room to a node: by the load that the nodes have published, which is up to 2 s old. */
import type { Random } from '../workload/random.ts';
import type { SimNode } from './world-node.ts';

export interface Selector {
  /** `twochoice`: the emptier of two that are drawn. `lowest`: the emptiest of all; of equals, the one drawn. */
  readonly algorithm: 'twochoice' | 'lowest';
  /**
   * Participants from which on a node is passed over while another is below. Soft: when all are above, all are chosen
   * from again. `undefined`: no limit.
   */
  readonly softLimit: number | undefined;
}

/** What the operator's manual recommends. */
export const recommendedSelector: Selector = { algorithm: 'twochoice', softLimit: undefined };

/** One of the nodes that may take a room; `undefined` when there is none. */
export function select(nodes: readonly SimNode[], selector: Selector, random: Random): SimNode | undefined {
  const candidates = belowLimit(nodes, selector.softLimit);
  if (candidates.length < 2) return candidates[0];
  return selector.algorithm === 'lowest' ? lowest(candidates, random) : twoChoice(candidates, random);
}

function belowLimit(nodes: readonly SimNode[], limit: number | undefined): readonly SimNode[] {
  if (limit === undefined) return nodes;
  const below = nodes.filter((node) => node.publishedParticipants < limit);
  return below.length === 0 ? nodes : below;
}

function twoChoice(nodes: readonly SimNode[], random: Random): SimNode | undefined {
  const firstAt = Math.floor(random() * nodes.length);
  const otherAt = Math.floor(random() * (nodes.length - 1));
  const first = nodes[firstAt];
  const second = nodes[otherAt < firstAt ? otherAt : otherAt + 1];
  if (first === undefined || second === undefined) return first;
  return second.publishedParticipants < first.publishedParticipants ? second : first;
}

function lowest(nodes: readonly SimNode[], random: Random): SimNode | undefined {
  const least = Math.min(...nodes.map((node) => node.publishedParticipants));
  const best = nodes.filter((node) => node.publishedParticipants === least);
  return best[Math.floor(random() * best.length)];
}

/** The node with the fewest participants at this very moment, for rules that count their rooms themselves. */
export function leastLoaded(nodes: readonly SimNode[]): SimNode | undefined {
  return nodes.reduce<SimNode | undefined>(
    (best, node) => (best === undefined || node.participants < best.participants ? node : best),
    undefined,
  );
}
