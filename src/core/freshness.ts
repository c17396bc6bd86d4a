/** May anything be decided on data like this? Missing data can refuse, never permit. */
import { type MediaNode, compareNames, heartbeatOverdueMs } from './media-nodes.ts';
import type { Memory } from './memory.ts';
import type { RedisReading } from './readings.ts';
import type { Finding } from './reasons.ts';
import { tallyOf } from './rooms-by-node.ts';
import { sayDuration } from '../base/duration.ts';

/** Five heartbeats: a reading older than this describes another moment. */
const readingTooOldMs = 10_000;
/** Heartbeats that stop within this time of each other have one cause. */
const stoppedTogetherMs = 10_000;
/** After this long the nodes themselves are at fault, and waiting for the message bus helps nobody. */
const busTroubleEndsMs = 600_000;
/** A heartbeat that has been missing for longer than this is not expected to come back. */
const silentLatelyMs = 15_000;

/** Why nothing may be done on the strength of Redis; `undefined` when it may. */
export function redisRefusal(redis: RedisReading, nowMs: number): Finding | undefined {
  if (redis.kind === 'Failed') {
    return { reason: 'RedisUnavailable', message: `Redis cannot be read: ${redis.why}.` };
  }
  if (nowMs - redis.atMs <= readingTooOldMs) return undefined;
  // No age: a message that changes with each pass would be written to the status with each pass.
  const message = `The last reading of Redis is older than ${sayDuration(readingTooOldMs)}.`;
  return { reason: 'RedisUnavailable', message };
}

/**
 * Whether nobody read the registry for so long that a closed node may have been open in between: nobody closed it again
 * after its heartbeats either.
 */
export function hasLookedAway({ readMs }: Pick<Memory, 'readMs'>, nowMs: number): boolean {
  return readMs !== undefined && nowMs - readMs > heartbeatOverdueMs;
}

/** Nodes that fell silent together point at what they share, not at themselves. */
export function heartbeatRefusal(nodes: readonly MediaNode[], nowMs: number): Finding | undefined {
  const silent = nodes.filter((node) => node.phase === 'Suspect' && hasSpoken(node));
  if (oneMachineDied(silent, nodes)) return undefined;
  const silences = silent
    .map((node) => node.memory.staleSinceMs ?? nowMs)
    .filter((sinceMs) => nowMs - sinceMs < busTroubleEndsMs)
    .toSorted((a, b) => a - b);
  const together = silences.some(
    (sinceMs, at) => at > 0 && sinceMs - (silences[at - 1] ?? 0) <= stoppedTogetherMs,
  );
  if (!together) return undefined;
  return {
    reason: 'HeartbeatsStopped',
    message: `${silences.length} Media Nodes stopped reporting within ${sayDuration(stoppedTogetherMs)} of each other.`,
  };
}

/**
 * Whether the node has only just fallen silent: heartbeats are missed and come back, so it still counts as capacity,
 * and because nobody knows what it carries by now, nothing is made smaller.
 */
export function isSilentLately({ phase, memory }: MediaNode, nowMs: number): boolean {
  return phase === 'Suspect' && nowMs - (memory.staleSinceMs ?? nowMs) < silentLatelyMs;
}

/** A launch that hung has no heartbeat that could stop; it must not hold up the others. */
function hasSpoken({ memory, pod, entry, metrics }: MediaNode): boolean {
  return memory.served || pod.ready || entry !== undefined || metrics?.kind === 'Read';
}

/** All silent nodes stood on one Kubernetes Node, and nodes elsewhere report: the machine is gone, not the bus. */
function oneMachineDied(silent: readonly MediaNode[], nodes: readonly MediaNode[]): boolean {
  const machine = silent[0]?.pod.kubeNode;
  if (machine === undefined || silent.some((node) => node.pod.kubeNode !== machine)) return false;
  return nodes.some((node) => node.phase === 'Up' && node.pod.kubeNode !== machine);
}

/** Long enough that people who were thrown out by an outage have come back: a usual lesson or meeting. */
const usualRoomMs = 1_800_000;
const dropWindowMs = 15_000;
const dropLeastNodes = 3;
const dropLeastParticipants = 30;

export interface LoadDrop {
  readonly frozenUntilMs: number | undefined;
  readonly loadHistory: Memory['loadHistory'];
}

/**
 * Notices that at least three nodes, and at least half of all, lost at least half of their participants within
 * 15 s, and that most of these are nowhere else. Meetings end by ones and twos; only an outage outside the media
 * servers empties many nodes at once. Where rooms are short, people are on other nodes a few seconds later, and of what
 * the nodes are taken to carry much is only expected for a moment: so the rooms' records have to show it too.
 */
export function noticeLoadDrop(nodes: readonly MediaNode[], memory: Memory, nowMs: number): LoadDrop {
  const up = nodes.filter((node) => node.phase === 'Up');
  const recent = memory.loadHistory.filter((past) => nowMs - past.atMs <= dropWindowMs);
  const last = recent.at(-1);
  const loads = loadsOf(up, last);
  const loadHistory =
    last === undefined || nowMs - last.atMs >= 1000 ? [...recent, { atMs: nowMs, ...loads }] : recent;
  const dropped = recent.some((past) => isDrop(past, loads));
  const frozenUntilMs = dropped ? nowMs + usualRoomMs : memory.frozenUntilMs;
  const over = frozenUntilMs !== undefined && frozenUntilMs <= nowMs;
  return { frozenUntilMs: over ? undefined : frozenUntilMs, loadHistory };
}

type Loads = Omit<Memory['loadHistory'][number], 'atMs'>;

/** The names are the same list as long as the fleet is the same one. */
function loadsOf(nodes: readonly MediaNode[], last: Loads | undefined): Loads {
  const isSameFleet =
    last?.names.length === nodes.length && nodes.every(({ name }, at) => last.names[at] === name);
  return {
    names: isSameFleet ? last.names : nodes.map(({ name }) => name),
    carried: nodes.map(({ participants }) => participants),
    recorded: nodes.map(recordedOn),
  };
}

/** A node without a record may have lost them all: its own word counts. */
function recordedOn({ rooms, participants }: MediaNode): number {
  const { live, recorded } = tallyOf(rooms);
  return live === 0 ? participants : recorded;
}

function isDrop(past: Loads, now: Loads): boolean {
  return hasDropped(past, now, 'carried') && hasDropped(past, now, 'recorded');
}

type Count = 'carried' | 'recorded';

/** What these nodes had then, one by one; 0 for one that was not there. */
function countsOf(past: Loads, names: Loads['names'], count: Count): readonly number[] {
  if (past.names === names) return past[count];
  let at = 0;
  return names.map((name) => {
    at = placeOf(past.names, name, at);
    return past.names[at] === name ? (past[count][at] ?? 0) : 0;
  });
}

/** Where a name stands in a list in the order of names, or would stand, from a place before it on. */
function placeOf(names: readonly string[], name: string, from: number): number {
  let at = from;
  while (at < names.length && names[at] !== name && compareNames(names[at] ?? '', name) < 0) at += 1;
  return at;
}

function hasDropped(past: Loads, now: Loads, count: Count): boolean {
  const before = countsOf(past, now.names, count);
  let shared = 0;
  let halved = 0;
  let lostByThese = 0;
  let participantsBefore = 0;
  let participantsNow = 0;
  for (let at = 0; at < before.length; at += 1) {
    const had = before[at] ?? 0;
    const has = now[count][at] ?? 0;
    participantsNow += has;
    if (had <= 0) continue;
    shared += 1;
    participantsBefore += had;
    if (has * 2 > had) continue;
    halved += 1;
    lostByThese += had - has;
  }
  if (participantsBefore < dropLeastParticipants) return false;
  const areElsewhere = (participantsBefore - participantsNow) * 2 < lostByThese;
  return !areElsewhere && halved >= dropLeastNodes && halved * 2 >= shared;
}
