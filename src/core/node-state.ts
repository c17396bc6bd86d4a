import type { NodeState } from './decision.ts';
import type { MediaNode } from './media-nodes.ts';
import type { Role } from './placement.ts';

/** What a node is shown as. */
export function stateOf(node: MediaNode, role: Role | undefined): NodeState {
  if (node.phase === 'Failed' && node.memory.served) return 'Lost';
  if (node.phase !== 'Up' && !isOutOfSight(node)) return node.phase;
  if (role !== undefined) return role === 'Full' ? 'Standby' : role;
  return stateWithoutRole(node);
}

function stateWithoutRole(node: MediaNode): NodeState {
  if (node.pod.cordonWish !== undefined) return 'Cordoned';
  if (!node.memory.served && !node.pod.ready) return 'Launching';
  const { standbySinceMs, fullSinceMs } = node.memory;
  return (standbySinceMs ?? fullSinceMs) === undefined ? 'Serving' : 'Standby';
}

/** The registry could not be read: the node is shown as it was last seen. */
function isOutOfSight({ phase, memory }: MediaNode): boolean {
  return phase === 'Suspect' && memory.staleSinceMs === undefined;
}
