import type { Baseline, BaselineNode, BaselineOrder, BaselineView } from './baseline.ts';
import {
  activeNodes,
  fewestParticipantsFirst,
  launch,
  launchingFirst,
  loadOf,
  wholeNodes,
  withinBounds,
} from './baseline-fleet.ts';

const SYNC_PERIOD_S = 30;
const BUFFER_SHARE = 0.3;

/**
 * An Agones FleetAutoscaler with a Counter policy: participants are the counter, 30 % of the slots stay free, looked
 * at every 30 s, without any window. Victims in the order of Packed scheduling: what is not up yet, then the least
 * populated. Agones never ends an allocated server; here a victim drains, which is the nearest that rooms allow, and
 * its people stay in the count that the buffer is a share of, as allocated servers do.
 */
export function createAgonesBuffer(): Baseline {
  return {
    name: 'agones-buffer',
    periodS: SYNC_PERIOD_S,
    placement: 'LiveKit',
    look: (view) => {
      const servers = activeNodes(view);
      const wanted = withinBounds(view, wantedReplicas(view, servers));
      if (wanted >= servers.length) return launch(wanted - servers.length);
      return deletionOrder(view)
        .slice(0, servers.length - wanted)
        .map(({ id }): BaselineOrder => ({ kind: 'Drain', node: id }));
    },
  };
}

function wantedReplicas(view: BaselineView, servers: readonly BaselineNode[]): number {
  const used = loadOf(view.nodes);
  // As in the original: with nothing allocated, one server is enough.
  if (used === 0) return 1;
  const buffer = wholeNodes(used / (1 - BUFFER_SHARE)) - used;
  const available = servers.length * view.capacity - loadOf(servers);
  if (available < buffer) return servers.length + Math.ceil((buffer - available) / view.capacity);
  return servers.length - spareServers(view, available - buffer);
}

/** How many can go, one after the other in the order of deletion, until the next one would cut into the buffer. */
function spareServers(view: BaselineView, spareSlots: number): number {
  let left = spareSlots;
  let count = 0;
  for (const server of deletionOrder(view)) {
    left -= view.capacity - server.load;
    if (left < 0) break;
    count += 1;
  }
  return count;
}

function deletionOrder(view: BaselineView): readonly BaselineNode[] {
  return launchingFirst(view, fewestParticipantsFirst);
}
