/**
 * Empty, twice proven: from Redis and from the node itself, on two observations at least one heartbeat apart,
 * both after the node stopped taking rooms. The checks are in order of weight; the first refusal is told.
 */
import type { Evidence, Proof } from './action.ts';
import { type MediaNode, heartbeatOverdueMs, liveRooms } from './media-nodes.ts';
import type { NodeMetricsReading, ServerApiReading } from './readings.ts';
import type { Finding, ReasonCode } from './reasons.ts';

/** LiveKit's heartbeat period. Two proofs closer together might rest on one heartbeat. */
const heartbeatMs = 2000;

/** A node's own word is of the present for as long as its heartbeat is. */
const ownWordHoldsMs = heartbeatOverdueMs;

interface Refusal {
  readonly reason: ReasonCode;
  readonly message: string;
}
type MetricsRead = Extract<NodeMetricsReading, { kind: 'Read' }>;

/** What others than the node's entry say of it in this pass. */
interface Words {
  /** The node's own word, where it counts. */
  readonly told: MetricsRead | undefined;
  readonly serverApi: ServerApiReading | undefined;
}
type Check = (node: MediaNode, words: Words) => Refusal | undefined;

/** What Redis alone shows. Only a node that passes these is asked itself. */
const roomChecks: readonly Check[] = [heartbeatIsFresh, isClosed, hasNoRooms];
const redisChecks: readonly Check[] = [...roomChecks, hasNoParticipants];
/** What the node itself says, against Redis. */
const ownChecks: readonly Check[] = [
  hasAnswered,
  agreesWithRedis,
  companionsAreIdle,
  serverApiAgrees,
  relaysNoSignalling,
];
const silence: Words = { told: undefined, serverApi: undefined };

/** Why Redis does not show the node empty; `undefined` when it does. */
export function redisRefusal(node: MediaNode): Finding | undefined {
  return firstRefusal(redisChecks, node, silence);
}

/** Why a room may live on the node or may yet be placed there; `undefined` when neither. */
export function roomRefusal(node: MediaNode): Finding | undefined {
  return firstRefusal(roomChecks, node, silence);
}

/** Why the node is not empty by all sources; `undefined` when this observation is a proof. */
export function emptyRefusal(
  node: MediaNode,
  serverApi: ServerApiReading | undefined,
  nowMs: number,
): Finding | undefined {
  return firstRefusal([...redisChecks, ...ownChecks], node, { told: answer(node, nowMs), serverApi });
}

function firstRefusal(checks: readonly Check[], node: MediaNode, words: Words): Finding | undefined {
  for (const check of checks) {
    const refusal = check(node, words);
    if (refusal !== undefined) return { ...refusal, node: node.name };
  }
  return undefined;
}

function heartbeatIsFresh(node: MediaNode): Refusal | undefined {
  if (node.entry !== undefined && node.entry.ageMs <= heartbeatOverdueMs && node.entry.heartbeatsSeen > 0) {
    return undefined;
  }
  return { reason: 'HeartbeatStale', message: `${node.name} has not reported lately.` };
}

function isClosed(node: MediaNode): Refusal | undefined {
  const closed = node.memory.closedSinceMs !== undefined && node.entry?.cordonMarked === true;
  return closed
    ? undefined
    : { reason: 'NotClosedYet', message: `${node.name} may still be given new rooms.` };
}

/** Asked after the rooms: whoever is left without a room here uses the node as signalling front, or has just left. */
function hasNoParticipants(node: MediaNode): Refusal | undefined {
  const clients = Math.max(node.entry?.load.participants ?? 0, node.participants);
  if (clients === 0) return undefined;
  return {
    reason: 'StillHasParticipants',
    message: `${node.name} has no room, but ${clients} clients still signal through it.`,
  };
}

function hasNoRooms(node: MediaNode): Refusal | undefined {
  const rooms = liveRooms(node).length;
  return rooms === 0 ? undefined : { reason: 'StillHasRooms', message: `${node.name} has ${rooms} rooms.` };
}

/** The node's answer, if it is about this process, younger than the closing, and not of a time long past. */
function answer({ metrics, entry, memory }: MediaNode, nowMs: number): MetricsRead | undefined {
  if (metrics?.kind !== 'Read' || entry === undefined || memory.closedSinceMs === undefined) return undefined;
  const isPresent = metrics.atMs > memory.closedSinceMs && nowMs - metrics.atMs <= ownWordHoldsMs;
  return metrics.nodeId === entry.nodeId && isPresent ? metrics : undefined;
}

function hasAnswered(node: MediaNode, { told }: Words): Refusal | undefined {
  if (told !== undefined) return undefined;
  const why = node.metrics?.kind === 'Failed' ? `: ${node.metrics.why}` : '';
  return {
    reason: 'EvidenceMissing',
    message: `${node.name} has not itself confirmed that it is empty${why}.`,
  };
}

function agreesWithRedis(node: MediaNode, { told }: Words): Refusal | undefined {
  if (told?.participants === 0 && told.rooms === 0) return undefined;
  const message = `${node.name} itself tells of ${told?.participants ?? '?'} participants in ${told?.rooms ?? '?'} rooms, Redis of none.`;
  return { reason: 'EvidenceContradicts', message };
}

function companionsAreIdle(node: MediaNode, { told }: Words): Refusal | undefined {
  const busy = told?.companions.find((companion) => companion.active !== 0);
  if (busy === undefined) return undefined;
  const work = busy.active === undefined ? 'an unknown number of' : String(busy.active);
  return { reason: 'CompanionBusy', message: `${busy.name} on ${node.name} has ${work} jobs.` };
}

function serverApiAgrees(node: MediaNode, { serverApi }: Words): Refusal | undefined {
  if (serverApi?.kind !== 'Read') return undefined;
  const mapped = new Set(node.rooms.map((placement) => placement.room));
  const alive = serverApi.rooms.find((room) => room.participants > 0 && mapped.has(room.room));
  if (alive === undefined) return undefined;
  return {
    reason: 'EvidenceContradicts',
    message: `The server API shows participants in a room of ${node.name}.`,
  };
}

function relaysNoSignalling(node: MediaNode, { told }: Words): Refusal | undefined {
  const relayed = told?.relayedSignals ?? 0;
  if (relayed === 0) return undefined;
  const message = `${relayed} clients of rooms on other nodes use ${node.name} as their signalling front.`;
  return { reason: 'SignallingRelayed', message };
}

/** The proofs after this observation: none if it is not one, one more if it is a new one. */
export function nextProofs(
  node: MediaNode,
  serverApi: ServerApiReading | undefined,
  nowMs: number,
): readonly Proof[] {
  const told = answer(node, nowMs);
  if (told === undefined || node.entry === undefined) return [];
  if (emptyRefusal(node, serverApi, nowMs) !== undefined) return [];
  const last = node.memory.proofs.at(-1);
  const isNew =
    last === undefined ||
    (node.entry.heartbeatsSeen > last.heartbeatsSeen &&
      told.atMs > last.metricsAtMs &&
      nowMs - last.atMs >= heartbeatMs);
  if (!isNew) return node.memory.proofs;
  const proof: Proof = {
    atMs: nowMs,
    heartbeatsSeen: node.entry.heartbeatsSeen,
    redisParticipants: 0,
    roomsMapped: 0,
    ownParticipants: 0,
    ownRooms: told.rooms,
    metricsAtMs: told.atMs,
  };
  return [...node.memory.proofs.slice(-1), proof];
}

/** The evidence of an empty node, once there are two proofs. */
export function evidenceOf(node: MediaNode, proofs: readonly Proof[]): Evidence | undefined {
  if (proofs.length < 2 || node.entry === undefined || node.memory.closedSinceMs === undefined)
    return undefined;
  return { nodeId: node.entry.nodeId, closedAtMs: node.memory.closedSinceMs, proofs };
}
