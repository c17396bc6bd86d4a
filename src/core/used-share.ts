/** How full a node is by one measure. */
import { never } from '../base/assert.ts';
import { foretoldCores } from './capacity-drift.ts';
import type { NodeLoad } from './readings.ts';
import type { ClusterSpec, Target } from './spec.ts';

/** Received and sent; `undefined` where the server did not say. */
export function packetsPerSecond(load: NodeLoad): number | undefined {
  const { packetsInPerSecond: packetsIn, packetsOutPerSecond: packetsOut } = load;
  return packetsIn === undefined || packetsOut === undefined ? undefined : packetsIn + packetsOut;
}

/** Cores that the load should cost by the capacity profile; `undefined` where that cannot be told. */
export function costInCores({ profile }: ClusterSpec, load: NodeLoad): number | undefined {
  return profile?.costs === undefined ? undefined : foretoldCores(profile.costs, load);
}

/** Share of a node's capacity that is in use, 1 when it is full; `undefined` where nobody can tell. */
export function usedShare(kind: Target['kind'], spec: ClusterSpec, load: NodeLoad): number | undefined {
  const { capacity } = spec;
  switch (kind) {
    case 'Participants':
      // People are counted by their rooms, and with those who are still to come.
      return undefined;
    case 'Tracks':
      return share(load.tracksIn + load.tracksOut, capacity.tracks);
    case 'Bandwidth':
      return share(load.bytesOutPerSecond, capacity.egressBytesPerSecond);
    case 'Cpu':
      return load.cpuLoad;
    case 'Packets':
      return share(packetsPerSecond(load), capacity.packetsPerSecond);
    case 'Cost':
      return share(costInCores(spec, load), capacity.cores);
    default:
      return never(kind);
  }
}

function share(used: number | undefined, of: number | undefined): number | undefined {
  return used === undefined || of === undefined ? undefined : used / of;
}
