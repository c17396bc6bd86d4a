/** What `status` shows, as people read it. */
import type { ClusterStatus } from '../api/v1alpha1.gen.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import { textTable } from './output.ts';
import type { NodeLine, StatusView } from './status-view.ts';

export function statusText(view: StatusView, nowMs: number): string {
  const lines = [headline(view), ...capacityText(view), ...(view.caveat === undefined ? [] : [view.caveat])];
  if (view.deletedAt !== undefined) lines.push(`Deletion was asked for ${ago(view.deletedAt, nowMs)} ago.`);
  lines.push('', nodesText(view.nodes, nowMs));
  if (view.updates !== undefined && view.updates.phase !== 'Idle')
    lines.push('', updatesText(view.updates, nowMs));
  if (view.lastDecision !== undefined) {
    const { time, desired, reason, message } = view.lastDecision;
    lines.push('', `Last decision, ${ago(time, nowMs)} ago: ${desired} wanted (${reason}). ${message}`);
  }
  if (view.shadow !== undefined) lines.push('', shadowText(view.shadow, nowMs));
  if (view.notFine.length > 0) lines.push('');
  for (const { type, reason, message } of view.notFine)
    lines.push(`Not fine: ${type} (${reason}). ${message}`);
  return lines.join('\n');
}

/** The answer to "how many more rooms of ten can begin now?". */
function capacityText({ capacity, freeRooms = [] }: StatusView): readonly string[] {
  if (capacity === undefined) return [];
  const { participants, profile, state } = capacity;
  const whose = `${participants} participants a node, profile ${profile}: ${state}`;
  const room = freeRooms.map(freeText);
  return [room.length === 0 ? `${whose}.` : `${whose}. Room for ${room.join(' or ')}.`];
}

function freeText({ shape, unit, size, count }: NonNullable<StatusView['freeRooms']>[number]): string {
  if (unit === 'Viewers') return `${count} more viewers of ${shape}`;
  return `${count} more ${count === 1 ? 'room' : 'rooms'} of ${size ?? '?'} (${shape})`;
}

function updatesText(updates: NonNullable<ClusterStatus['updates']>, nowMs: number): string {
  const { phase, revision, updatedNodes, outdatedNodes, expectedEndTime, message } = updates;
  const end = expectedEndTime === undefined ? '' : `, done in about ${until(expectedEndTime, nowMs)}`;
  return `Update to ${revision}: ${phase}, ${updatedNodes} new and ${outdatedNodes} old nodes${end}. ${message}`;
}

/** As likely sooner as later, and the time that is enough for 19 of 20. */
function emptyIn({ expectedEmptyTime, latestEmptyTime }: NodeLine, nowMs: number): string {
  if (expectedEmptyTime === undefined) return '-';
  const likely = until(expectedEmptyTime, nowMs);
  return latestEmptyTime === undefined ? likely : `${likely} to ${until(latestEmptyTime, nowMs)}`;
}

/** Each figure as it would have been, and as it was. */
function shadowText(shadow: NonNullable<ClusterStatus['shadow']>, nowMs: number): string {
  const both = (would: number, was: number): string => `${would} (is ${was})`;
  const figures = [
    `${both(shadow.nodes, shadow.actualNodes)} nodes now`,
    `${both(shadow.nodeHours, shadow.actualNodeHours)} node-hours`,
    `${both(shadow.overloadPercent, shadow.actualOverloadPercent)} % overload`,
    `${both(shadow.launches, shadow.actualLaunches)} launches`,
    `${both(shadow.roomsCut, shadow.actualRoomsCut)} rooms cut`,
  ];
  return `Trial since ${ago(shadow.sinceTime, nowMs)}, under this spec it would be: ${figures.join(', ')}.`;
}

function headline(view: StatusView): string {
  const number = (value: number | undefined, word: string): string => `${value ?? '?'} ${word}`;
  return [
    `${view.namespace}/${view.name}, mode ${view.mode}`,
    `${number(view.readyNodes, 'ready')} of ${number(view.desiredNodes, 'wanted')}`,
    number(view.rooms, 'rooms'),
    number(view.participants, 'participants'),
    `${view.utilizationPercent ?? '?'} % used`,
    number(view.freeSlots, 'free slots'),
  ].join(', ');
}

function nodesText(nodes: readonly NodeLine[], nowMs: number): string {
  if (nodes.length === 0) return 'No Media Nodes.';
  const rows = nodes.map((node) => [
    node.name,
    node.state,
    String(node.rooms),
    String(node.participants),
    node.since === undefined ? '-' : ago(node.since, nowMs),
    emptyIn(node, nowMs),
    node.kubeNode ?? '-',
    node.notes.join('; '),
  ]);
  return textTable(
    [
      { title: 'node' },
      { title: 'state' },
      { title: 'rooms', align: 'right' },
      { title: 'participants', align: 'right' },
      { title: 'since' },
      { title: 'empty in' },
      { title: 'kubernetes node' },
      { title: 'notes' },
    ],
    rows,
  );
}

function ago(iso: string, nowMs: number): string {
  const atMs = parseIsoMs(iso);
  return atMs === undefined ? '?' : shortAge(nowMs - atMs);
}

function until(iso: string, nowMs: number): string {
  const atMs = parseIsoMs(iso);
  return atMs === undefined ? '?' : shortAge(atMs - nowMs);
}

/** An age as kubectl shows it: the two largest units at most. */
export function shortAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}
