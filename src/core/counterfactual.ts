/**
 * What would be decided if the world were a little different. The decision is a pure function, so nothing has to be
 * known of its inside: it is asked again with other observations, and the smallest change that matters is searched.
 */
import type { DecideInput } from './decide-input.ts';
import type { Decision } from './decision.ts';
import { decide } from './decide.ts';
import type { NodeMetricsReading, RedisReading, RoomPlacement } from './readings.ts';

type RedisRead = Extract<RedisReading, { kind: 'Read' }>;
type Entry = RedisRead['nodes'][number];

/** The least change of the number of participants that changes the wish, and the wish then. */
export interface Threshold {
  readonly participants: number;
  readonly nodes: number;
}

export interface LaterChange {
  readonly afterMs: number;
  readonly desired: number;
}

/** How many more participants, spread over the nodes that serve, make more nodes wanted. `undefined`: none that matter. */
export function moreThatMatter(input: DecideInput, decision: Decision): Threshold | undefined {
  const asked = (one: Decision) => Math.max(one.desired, wishOf(one));
  const wish = asked(decision);
  const most = 2 * input.spec.capacity.participants * Math.max(1, decision.nodes.length);
  return least(most, (count) => {
    const nodes = asked(decide(withMore(input, servingIds(decision), count)));
    return nodes > wish ? nodes : undefined;
  });
}

/**
 * How many fewer participants make fewer nodes enough, whatever still delays it. `undefined`: none that matter, as
 * where rooms hold the nodes and not the sum of their participants.
 */
export function fewerThatMatter(input: DecideInput, decision: Decision): Threshold | undefined {
  const { demand, desired, nodes: views } = decision;
  if (demand === undefined) return undefined;
  const bound = Math.min(wishOf(decision), desired);
  const most = views.reduce((sum, { node }) => sum + node.participants, 0);
  const answer = (count: number) => {
    const tried = decide(withFewer(input, count, most));
    const nodes = tried.demand === undefined ? bound : wishOf(tried);
    return nodes < bound ? Math.max(nodes, input.spec.minNodes) : undefined;
  };
  // The usual answer in a fleet whose nodes all have rooms, and worth one question instead of many.
  return answer(most) === undefined ? undefined : least(most, answer);
}

const second = 1000;
const looksAheadMs = [5, 15, 30, 60, 120, 300, 480, 720, 1200, 1800, 2700, 3600].map((s) => s * second);

/** When time alone gives another size, to a tenth of a second, within an hour. `undefined`: not within an hour. */
export function laterChange(input: DecideInput, decision: Decision): LaterChange | undefined {
  const desiredAfter = (afterMs: number) => decide(later(input, afterMs)).desired;
  const at = looksAheadMs.findIndex((afterMs) => desiredAfter(afterMs) !== decision.desired);
  const end = looksAheadMs[at];
  if (end === undefined) return undefined;
  let [fromMs, untilMs] = [looksAheadMs[at - 1] ?? 0, end];
  while (untilMs - fromMs > 100) {
    const middleMs = Math.round((fromMs + untilMs) / 2);
    if (desiredAfter(middleMs) === decision.desired) fromMs = middleMs;
    else untilMs = middleMs;
  }
  return { afterMs: untilMs, desired: desiredAfter(untilMs) };
}

/** Below so many people a threshold is exact, above it is at most 1/256 too high: each question is a whole decision. */
const exactBelow = 512;
/** The search of a large fleet does not begin with a single person. */
const mostOfFirstStep = 4096;

/** The smallest count up to `most` that has an answer, taking it that larger counts have one too. */
function least(most: number, answer: (count: number) => number | undefined): Threshold | undefined {
  let high = Math.max(1, Math.floor(most / mostOfFirstStep));
  while (high < most && answer(high) === undefined) high = Math.min(most, high * 2);
  let found = most < 1 ? undefined : answer(high);
  if (found === undefined) return undefined;
  let low = 0;
  while (high - low > Math.max(1, Math.floor((2 * high) / exactBelow))) {
    const middle = Math.floor((low + high) / 2);
    const nodes = answer(middle);
    if (nodes === undefined) low = middle;
    else [high, found] = [middle, nodes];
  }
  return { participants: high, nodes: found };
}

/** What is wished before any window or rate holds it back. */
export function wishOf({ demand, governor, desired }: Decision): number {
  return demand === undefined ? desired : Math.max(demand.wanted, governor?.reserve?.wanted ?? 0);
}

function servingIds(decision: Decision): readonly string[] {
  return decision.nodes.flatMap(({ node, state }) =>
    state === 'Serving' && node.entry !== undefined ? [node.entry.nodeId] : [],
  );
}

/** The same world with `count` more people, evenly on these nodes. */
export function withMore(input: DecideInput, nodeIds: readonly string[], count: number): DecideInput {
  const extra = new Map(
    nodeIds.map((id, at) => [id, Math.floor(count / nodeIds.length) + Number(at < count % nodeIds.length)]),
  );
  return shifted(input, extra);
}

/** The same world with `count` of its `total` people gone, from each node in proportion. */
export function withFewer(input: DecideInput, count: number, total: number): DecideInput {
  const { redis } = input.observed;
  if (redis.kind !== 'Read' || total === 0) return input;
  const recorded = recordedByNode(redis.rooms);
  let due = 0;
  let taken = 0;
  const less = redis.nodes.map((entry): readonly [string, number] => {
    due += (count * peopleOf(entry, recorded)) / total;
    const share = Math.round(due) - taken;
    taken += share;
    return [entry.nodeId, -share];
  });
  return shifted(input, new Map(less));
}

function peopleOf(entry: Entry, recorded: ReadonlyMap<string, number>): number {
  if (entry.kind !== 'Node') return 0;
  return Math.min(recorded.get(entry.nodeId) ?? 0, entry.load.participants);
}

function recordedByNode(rooms: readonly RoomPlacement[]): ReadonlyMap<string, number> {
  const recorded = new Map<string, number>();
  for (const { nodeId, participants = 0 } of rooms) {
    recorded.set(nodeId, (recorded.get(nodeId) ?? 0) + participants);
  }
  return recorded;
}

/** Adds people to nodes, or takes them away: in the heartbeat and in the rooms' records. */
function shifted(input: DecideInput, byNode: ReadonlyMap<string, number>): DecideInput {
  const { observed, memory } = input;
  if (observed.redis.kind !== 'Read') return input;
  const nodes = observed.redis.nodes.map((entry) => entryWith(entry, byNode.get(entry.nodeId) ?? 0));
  const rooms = roomsWith(observed.redis.rooms, byNode);
  return {
    ...input,
    observed: { ...observed, redis: { ...observed.redis, nodes, rooms } },
    // A sudden step is an outage to the watch over many nodes at once; here it is only a question.
    memory: { ...memory, loadHistory: [] },
  };
}

function entryWith(entry: Entry, change: number): Entry {
  if (entry.kind !== 'Node' || change === 0) return entry;
  const participants = Math.max(0, entry.load.participants + change);
  return { ...entry, load: { ...entry.load, participants } };
}

/** Each node's largest room takes the newcomers; leavers go from its rooms in turn. */
function roomsWith(
  rooms: readonly RoomPlacement[],
  byNode: ReadonlyMap<string, number>,
): readonly RoomPlacement[] {
  const left = new Map(byNode);
  const made = rooms.map((room) => {
    const change = left.get(room.nodeId) ?? 0;
    if (change === 0 || room.participants === undefined) return room;
    const participants = Math.max(0, room.participants + change);
    left.set(room.nodeId, change - (participants - room.participants));
    return { ...room, participants };
  });
  const added = [...left].flatMap(([nodeId, change]) => (change > 0 ? [roomFor(nodeId, change)] : []));
  return [...made, ...added];
}

function roomFor(nodeId: string, participants: number): RoomPlacement {
  return { room: 'a further room', nodeId, participants, createdAtSeconds: undefined };
}

/** The same world some time later: everything that reports went on reporting, nothing else has changed. */
export function later(input: DecideInput, byMs: number): DecideInput {
  const { observed } = input;
  const metrics = Object.entries(observed.metrics).map(
    ([name, reading]): readonly [string, NodeMetricsReading] => [
      name,
      { ...reading, atMs: reading.atMs + byMs },
    ],
  );
  const { dueMs } = input.memory;
  return {
    ...input,
    // Passes were made all the while, so nobody comes late.
    memory: dueMs === undefined ? input.memory : { ...input.memory, dueMs: dueMs + byMs },
    nowMs: input.nowMs + byMs,
    wallMs: input.wallMs + byMs,
    observed: {
      ...observed,
      // What is on its way stays on its way: whether it arrives is not a question of time alone.
      pods: observed.pods.map((pod) => (pod.ready ? pod : { ...pod, createdAtMs: pod.createdAtMs + byMs })),
      metrics: Object.fromEntries(metrics),
      redis: laterRedis(observed.redis, byMs),
    },
  };
}

function laterRedis(redis: RedisReading, byMs: number): RedisReading {
  if (redis.kind !== 'Read') return { ...redis, atMs: redis.atMs + byMs };
  const nodes = redis.nodes.map((entry) =>
    entry.kind === 'Node' && entry.ageMs < 6000
      ? { ...entry, heartbeatsSeen: entry.heartbeatsSeen + Math.floor(byMs / 2000) }
      : entry,
  );
  return { ...redis, nodes, atMs: redis.atMs + byMs };
}
