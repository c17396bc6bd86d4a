/** What a test says of a fleet that did not do what was waited for: what explains most comes first, a line each. */
import type { ClusterStatusNode } from '../src/api/v1alpha1.gen.ts';
import type { Condition, EventObject } from '../src/kube/kinds.ts';

export interface FleetSight {
  readonly nodes: readonly ClusterStatusNode[];
  readonly conditions: readonly Condition[];
  readonly events: readonly EventObject[];
  /** Names of rooms to ids of nodes, as the registry has them. */
  readonly placements: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

const eventsTold = 25;
const noteLength = 140;

export function accountOf(sight: FleetSight): string {
  const conditions = sight.conditions.map(
    ({ type, status, reason, message }) => `  ${type}=${status} ${reason}: ${message}`,
  );
  return [
    'Media Nodes:',
    ...sight.nodes.map((node) => `  ${nodeSaid(node, sight)}`),
    'Events, the newest first:',
    ...eventsSaid(sight),
    'Conditions:',
    ...conditions,
  ].join('\n');
}

function nodeSaid(node: ClusterStatusNode, { placements, nowMs }: FleetSight): string {
  const rooms = Object.entries(placements).flatMap(([room, host]) => (host === node.nodeId ? [room] : []));
  const closed =
    node.cordonedSince === undefined ? '' : ` closed for ${secondsSince(node.cordonedSince, nowMs)} s`;
  const by = node.cordonedBy === undefined ? '' : ` by ${node.cordonedBy}`;
  const told = `${node.rooms} rooms, ${node.participants} people`;
  return `${node.name} ${node.state}${by}${closed}, ${node.reason ?? 'no reason'}, revision ${node.revision ?? 'none'}, ${told}, mapped: ${rooms.join(' ') || 'none'}`;
}

function eventsSaid({ events, nowMs }: FleetSight): readonly string[] {
  const newest = events
    .map((event) => ({ event, agoS: secondsSince(event.eventTime, nowMs) }))
    .toSorted((a, b) => a.agoS - b.agoS)
    .slice(0, eventsTold);
  return newest.map(({ event: { reason, note, regarding, series }, agoS }) => {
    const often = series === undefined ? '' : ` (${series.count} times)`;
    return `  ${agoS} s ago ${regarding.name} ${reason}${often}: ${note.slice(0, noteLength)}`;
  });
}

function secondsSince(time: string, nowMs: number): number {
  return Math.round((nowMs - Date.parse(time)) / 1000);
}
