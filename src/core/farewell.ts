/**
 * The end of a fleet whose OpenViduCluster is being deleted: nothing is launched, every node is closed and leaves once
 * it is empty. While rooms live anywhere one node stays open for people who begin another; the last one is closed when
 * the whole fleet is empty.
 */
import type { DecideInput } from './decide-input.ts';
import type { Decision } from './decision.ts';
import { type MediaNode, compareNames, isEmpty, liveRoomCount, mediaNodes } from './media-nodes.ts';
import type { PodObservation } from './observed.ts';
import type { Finding } from './reasons.ts';
import type { ClusterSpec } from './spec.ts';

/** `decide` is the decision for a fleet that goes on; here it is asked about one in which everybody is to leave. */
export function farewell(input: DecideInput, decide: (input: DecideInput) => Decision): Decision {
  const { spec, observed } = input;
  const open = openToTheEnd(input);
  const pods = observed.pods.map((pod) => (open.has(pod.name) ? pod : closed(pod)));
  const decision = decide({
    ...input,
    spec: { ...spec, minNodes: 0, maxNodes: 0, replicas: 0, schedules: [] },
    observed: { ...observed, pods },
  });
  const because = whatIsLeft(decision);
  return {
    ...decision,
    desired: 0,
    because,
    limitedBy: undefined,
    refusals: [because, ...decision.refusals],
    actions: decision.actions.filter(({ kind }) => isFarewell[kind]),
  };
}

/** Nothing new is begun, and the wishes that are written on the Pods stay as they are. */
const isFarewell: Readonly<Record<Decision['actions'][number]['kind'], boolean>> = {
  CreatePod: false,
  SetWish: false,
  JudgeRevision: false,
  SetInService: true,
  RemoveNode: true,
  EvictNode: true,
  EndWedged: true,
  RemoveFailed: true,
  RemoveGhost: true,
};

const why = 'The OpenViduCluster is being deleted';

/**
 * The wish that stands is somebody's own and keeps its words. Its time counts only if it asked for the node to leave: no
 * deadline runs from a mere cordon, however long ago.
 */
function closed(pod: PodObservation): PodObservation {
  const wish = pod.cordonWish;
  if (wish?.leaveWhenEmpty === true) return pod;
  const words = wish ?? { by: 'Person', why };
  return { ...pod, cordonWish: { ...words, sinceMs: undefined, leaveWhenEmpty: true } };
}

/** As many as it takes until one has space, in an order that does not change from pass to pass. */
function openToTheEnd({ observed, memory, spec, nowMs, wallMs }: DecideInput): ReadonlySet<string> {
  const limits = { startupDeadlineMs: spec.startupDeadlineMs, wallMs, nowMs };
  const nodes = mediaNodes(observed, memory, limits);
  if (isLastHour(nodes)) return new Set();
  const free = nodes
    .filter(({ phase, pod }) => phase === 'Up' && pod.cordonWish === undefined)
    .toSorted(lastToGo);
  const enough = free.findIndex(({ participants }) => participants < spec.capacity.participants);
  return new Set(free.slice(0, enough < 0 ? free.length : enough + 1).map(({ name }) => name));
}

/** One that may not be removed stays the longest anyway. */
function lastToGo(a: MediaNode, b: MediaNode): number {
  const byProtection = Number(b.pod.protected) - Number(a.pod.protected);
  return byProtection || b.pod.createdAtMs - a.pod.createdAtMs || compareNames(a.name, b.name);
}

/**
 * Why nothing is closed any more: in the registry one server always stays open, so the last one may leave though it is
 * open, once it is empty. `undefined` while anybody is there, or others are to leave before it, or the fleet goes on.
 */
export function nobodyLeft(spec: ClusterSpec, nodes: readonly MediaNode[]): Finding | undefined {
  if (!spec.deleting || !isLastHour(nodes)) return undefined;
  return { reason: 'Deleting', message: `${why} and no room is left, so the last Media Node is not closed.` };
}

function isLastHour(nodes: readonly MediaNode[]): boolean {
  return nodes.filter(({ phase }) => phase === 'Up').length <= 1 && !nodes.some(mayHoldRooms);
}

/** Also one that was told to stop: who joins a room there needs another node to signal through. */
function mayHoldRooms(node: MediaNode): boolean {
  return ['Up', 'Suspect', 'Leaving'].includes(node.phase) && !isEmpty(node);
}

function whatIsLeft({ nodes }: Decision): Finding {
  const left = nodes.filter(({ state }) => state !== 'Leaving');
  const busy = left.filter(({ node }) => !isEmpty(node));
  const reason = 'Deleting';
  if (left.length === 0) return { reason, message: `${why}: every Media Node has been told to stop.` };
  const rooms = left.reduce((sum, { node }) => sum + liveRoomCount(node), 0);
  const first = busy[0]?.node.name;
  const waiting =
    first === undefined ? 'all of them empty' : `${busy.length} with ${rooms} rooms, first ${first}`;
  return { reason, message: `${why}: ${left.length} Media Nodes are left, ${waiting}.` };
}
