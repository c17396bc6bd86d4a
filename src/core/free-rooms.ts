/** How many more rooms of a known kind the nodes could take now: the question that people ask before a meeting. */
import { isInUse } from './capacity-use.ts';
import type { FreeRooms, NodeState, NodeView } from './decision.ts';
import type { NodeOutlook } from './outlook.ts';
import type { ClusterSpec } from './spec.ts';

/** Those that new rooms can be on without a launch: a standby node is opened before another is launched. */
const takeRooms: readonly NodeState[] = ['Serving', 'Standby'];

/**
 * By the lower bounds of the capacity profile that is in use; `undefined` where none is. A room lies on one node, so
 * what is left on several nodes does not add up to a room.
 */
export function freeRooms(
  spec: ClusterSpec,
  views: readonly NodeView[],
  outlooks: readonly NodeOutlook[],
): readonly FreeRooms[] | undefined {
  const { profile, capacity } = spec;
  if (profile === undefined || !isInUse(profile)) return undefined;
  const committed = new Map(outlooks.map((outlook) => [outlook.node.name, outlook.committed]));
  const free = views
    .filter(({ state }) => takeRooms.includes(state))
    .map(({ node }) => 1 - (committed.get(node.name) ?? node.participants) / capacity.participants);
  return profile.shapes.map(({ name, unit, count, peopleEach }) => ({
    shape: name,
    unit,
    size: unit === 'Rooms' ? peopleEach : undefined,
    count: free.reduce((sum, share) => sum + Math.max(0, Math.floor(count * share + 1e-9)), 0),
  }));
}
