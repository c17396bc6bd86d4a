/**
 * Empty, twice proven: from Redis and from the node itself, on two observations at least one heartbeat apart,
 * both after the node stopped taking rooms. The checks are in order of weight; the first refusal is told.
 */
import type { Closing, Evidence, Proof } from './action.ts';
import { type MediaNode, heartbeatOverdueMs, liveRoomCount } from './media-nodes.ts';
import type { CompanionReading, NodeMetricsReading, ServerApiReading } from './readings.ts';
import type { Finding, ReasonCode } from './reasons.ts';
import { counted } from './words.ts';

/** LiveKit's heartbeat period. Two proofs closer together might rest on one heartbeat. */
const heartbeatMs = 2000;

/** A node's own word is of the present for as long as its heartbeat is. */
const ownWordHoldsMs = heartbeatOverdueMs;

interface Refusal {
  readonly reason: ReasonCode;
  readonly message: string;
}
export type MetricsRead = Extract<NodeMetricsReading, { kind: 'Read' }>;

/** What the judgement of a node needs besides the node. */
export interface Asked {
  readonly serverApi: ServerApiReading | undefined;
  readonly nowMs: number;
  readonly signallingGraceMs: number;
}

/** What others than the node's entry say of it in this pass. */
interface Words {
  /** The node's own word, where it counts. */
  readonly told: MetricsRead | undefined;
  readonly serverApi: ServerApiReading | undefined;
  /** Clients who only signal through it and have had their time to leave: their media is elsewhere and goes on. */
  readonly letGo: number;
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
const silence: Words = { told: undefined, serverApi: undefined, letGo: 0 };

/** Why Redis does not show the node empty; `undefined` when it does. */
export function redisRefusal(node: MediaNode): Finding | undefined {
  return firstRefusal(redisChecks, node, silence);
}

/** Why a room may live on the node or may yet be placed there; `undefined` when neither. */
export function roomRefusal(node: MediaNode): Finding | undefined {
  return firstRefusal(roomChecks, node, silence);
}

/** Why the node is not empty by all sources; `undefined` when this observation is a proof. */
export function emptyRefusal(node: MediaNode, asked: Asked): Finding | undefined {
  return firstRefusal([...redisChecks, ...ownChecks], node, wordsOf(node, asked));
}

function wordsOf(node: MediaNode, { serverApi, nowMs, signallingGraceMs }: Asked): Words {
  const told = answer(node, nowMs);
  const sinceMs = node.memory.outOfServiceSinceMs;
  const isOver = sinceMs !== undefined && nowMs - sinceMs >= signallingGraceMs;
  return { told, serverApi, letGo: isOver ? (told?.relayedSignals ?? 0) : 0 };
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
  const isShut = node.entry?.cordonMarked === true || node.memory.letOpen === true;
  const closed = node.memory.closedSinceMs !== undefined && isShut;
  return closed
    ? undefined
    : { reason: 'NotClosedYet', message: `${node.name} may still be given new rooms.` };
}

/** Asked after the rooms: whoever is left without a room here uses the node as signalling front, or has just left. */
function hasNoParticipants(node: MediaNode, { letGo }: Words): Refusal | undefined {
  const clients = clientsOf(node);
  if (clients <= letGo) return undefined;
  return {
    reason: 'StillHasParticipants',
    message: `${node.name} has no room, but ${clients} clients still signal through it.`,
  };
}

/** Everybody whom Redis tells of, whether they are in a room here or only signal through the node. */
function clientsOf({ entry, participants }: MediaNode): number {
  return Math.max(entry?.load.participants ?? 0, participants);
}

function hasNoRooms(node: MediaNode): Refusal | undefined {
  const rooms = liveRoomCount(node);
  if (rooms === 0) return undefined;
  return { reason: 'StillHasRooms', message: `${node.name} has ${counted(rooms, 'room')}.` };
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

function agreesWithRedis(node: MediaNode, { told, letGo }: Words): Refusal | undefined {
  if (told !== undefined && told.participants <= letGo && told.rooms === 0) return undefined;
  const message = `${node.name} itself tells of ${told?.participants ?? '?'} participants in ${told?.rooms ?? '?'} rooms, Redis of none.`;
  return { reason: 'EvidenceContradicts', message };
}

function companionsAreIdle(node: MediaNode, { told }: Words): Refusal | undefined {
  const busy = told?.companions.filter((companion) => companion.active !== 0) ?? [];
  if (busy.length === 0) return undefined;
  return { reason: 'CompanionBusy', message: `On ${node.name} ${jobsSaid(busy)}.` };
}

/** Such as `egress has 1 job and agent has not said what it does`. */
export function jobsSaid(companions: readonly CompanionReading[]): string {
  return companions
    .map(({ name, active }) => {
      if (active === undefined) return `${name} has not said what it does`;
      return `${name} has ${counted(active, 'job')}`;
    })
    .join(' and ');
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

function relaysNoSignalling(node: MediaNode, { told, letGo }: Words): Refusal | undefined {
  const relayed = told?.relayedSignals ?? 0;
  if (relayed <= letGo) return undefined;
  const message = `${relayed} clients of rooms on other nodes use ${node.name} as their signalling front.`;
  return { reason: 'SignallingRelayed', message };
}

const noProofs: readonly Proof[] = [];

/** The proofs after this observation: none if it is not one, one more if it is a new one. */
export function nextProofs(node: MediaNode, asked: Asked): readonly Proof[] {
  const { nowMs } = asked;
  const told = answer(node, nowMs);
  if (told === undefined || node.entry === undefined) return noProofs;
  if (emptyRefusal(node, asked) !== undefined) return noProofs;
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
    redisParticipants: clientsOf(node),
    roomsMapped: 0,
    ownParticipants: told.participants,
    ownRooms: told.rooms,
    relayedSignals: told.relayedSignals,
    metricsAtMs: told.atMs,
  };
  return [...node.memory.proofs.slice(-1), proof];
}

/** The evidence of an empty node, once there are two proofs. */
export function evidenceOf(node: MediaNode, at: { readonly wallMs: number }): Evidence | undefined {
  const { entry, memory, metrics } = node;
  const { proofs, closedSinceMs } = memory;
  const closing = closingOf(node);
  if (proofs.length < 2 || entry === undefined || closedSinceMs === undefined || closing === undefined) {
    return undefined;
  }
  return {
    nodeId: entry.nodeId,
    closedAtMs: closedSinceMs,
    closing,
    tookMs: tookMs(closing, at.wallMs),
    companions: metrics?.kind === 'Read' ? metrics.companions.map(({ name }) => name) : [],
    proofs,
  };
}

/** How the node came to be closed; `undefined` where it was never seen closed. */
export function closingOf({ memory, pod }: MediaNode): Closing | undefined {
  const { closing } = memory;
  if (closing === undefined) return undefined;
  const wish = pod.cordonWish;
  return {
    by: wish?.by ?? 'Operator',
    why: wish?.why ?? 'It is not needed.',
    askedAtMs: wish?.sinceMs,
    closedAtMs: closing.atMs,
    rooms: closing.rooms,
    participants: closing.participants,
  };
}

/** From when the closing was asked for or first seen, whichever was earlier, until now. */
export function tookMs({ askedAtMs, closedAtMs }: Closing, wallMs: number): number {
  return Math.max(0, Math.round(wallMs - Math.min(askedAtMs ?? closedAtMs, closedAtMs)));
}
