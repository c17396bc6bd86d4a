/** From what was seen of a real fleet to an event log of the form that the simulator writes. */
import type { SimEvent } from '../../src/simulate/events.ts';

/** What an onlooker saw. Times are milliseconds on one clock; only changes are told. */
export type Observation =
  | {
      readonly kind: 'Pod';
      readonly atMs: number;
      readonly uid: string;
      readonly ip: string | undefined;
      readonly ready: boolean;
    }
  | { readonly kind: 'PodGone'; readonly atMs: number; readonly uid: string }
  | {
      readonly kind: 'Registry';
      readonly atMs: number;
      readonly nodes: readonly SeenNode[];
      /** Rooms to ids of nodes. */
      readonly rooms: Readonly<Record<string, string>>;
    }
  /** What the clients of a room did: so many are connected from now on. */
  | { readonly kind: 'Load'; readonly atMs: number; readonly room: string; readonly n: number };

export interface SeenNode {
  readonly nodeId: string;
  readonly ip: string;
  /** It takes no new rooms. */
  readonly closed: boolean;
}

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

export interface RealLog {
  readonly events: readonly SimEvent[];
  /** Rooms that the registry put on a node which no Pod could be found for; they are not in the log. */
  readonly unplaced: readonly string[];
}

/** A heartbeat opens a closed node until it is closed again: what is over sooner than this was no change of mind. */
const settledMs = 800;

/** Of events at the same instant, what has to be known first comes first. */
const ranks: Readonly<Record<SimEvent['e'], number>> = {
  launch: 0,
  ready: 1,
  uncordon: 2,
  cordon: 2,
  room: 3,
  load: 4,
  end: 5,
  remove: 6,
};

interface PodStory {
  readonly uid: string;
  readonly fromMs: number;
  readonly ips: Set<string>;
  readyMs: number | undefined;
  goneMs: number;
}

interface NodeStory {
  readonly ip: string;
  readonly fromMs: number;
  /** Each change of `closed`, the first sighting included. */
  readonly turns: { readonly atMs: number; readonly closed: boolean }[];
}

/** One life of a room on one node. */
interface RoomStory {
  readonly room: string;
  readonly nodeId: string;
  readonly fromMs: number;
  toMs: number;
}

type TimedEvent = { readonly atMs: number; readonly event: SimEvent };
type Of<K extends Observation['kind']> = Extract<Observation, { kind: K }>;

/**
 * The log of the span, `t` counted from its start. What is there at the start was launched and ready at 0, as in the
 * simulator. Nodes are `n1`, `n2`, … by launch; a room that had to begin again is `r1~1`.
 */
export function eventLogOf(observations: readonly Observation[], span: Span): RealLog {
  const pods = podStories(observations).filter(({ goneMs }) => goneMs > span.startMs);
  const nodes = nodeStories(ofKind(observations, 'Registry'));
  const names = new Map(pods.map(({ uid }, at) => [uid, `n${at + 1}`]));
  const hosts = new Map<string, string>();
  const told: TimedEvent[] = [];
  for (const pod of pods) {
    const [nodeId, node] = [...nodes].findLast(([, each]) => belongs(each, pod)) ?? [];
    const name = names.get(pod.uid) ?? pod.uid;
    if (nodeId !== undefined) hosts.set(nodeId, name);
    told.push(...eventsOfNode(name, pod, node), ...(node === undefined ? [] : turnsOf(name, node, span)));
  }
  const rooms = roomStories(ofKind(observations, 'Registry'));
  const unplaced = rooms.filter(({ nodeId }) => !hosts.has(nodeId)).map(({ room }) => room);
  told.push(...roomEvents(rooms, hosts, ofKind(observations, 'Load')));
  return { events: withCuts(inOrder(told, span)), unplaced };
}

function ofKind<K extends Observation['kind']>(all: readonly Observation[], kind: K): readonly Of<K>[] {
  return all.filter((one): one is Of<K> => one.kind === kind);
}

function podStories(observations: readonly Observation[]): readonly PodStory[] {
  const stories = new Map<string, PodStory>();
  for (const seen of observations) {
    if (seen.kind === 'PodGone') {
      const story = stories.get(seen.uid);
      if (story !== undefined) story.goneMs = Math.min(story.goneMs, seen.atMs);
    }
    if (seen.kind !== 'Pod') continue;
    const fresh = {
      uid: seen.uid,
      fromMs: seen.atMs,
      ips: new Set<string>(),
      readyMs: undefined,
      goneMs: Infinity,
    };
    const story: PodStory = stories.get(seen.uid) ?? fresh;
    stories.set(seen.uid, story);
    if (seen.ip !== undefined) story.ips.add(seen.ip);
    if (seen.ready) story.readyMs ??= seen.atMs;
  }
  return [...stories.values()].toSorted((one, other) => one.fromMs - other.fromMs);
}

function nodeStories(sightings: readonly Of<'Registry'>[]): ReadonlyMap<string, NodeStory> {
  const stories = new Map<string, NodeStory>();
  for (const { atMs, nodes } of sightings) {
    for (const { nodeId, ip, closed } of nodes) {
      const story = stories.get(nodeId) ?? { ip, fromMs: atMs, turns: [] };
      stories.set(nodeId, story);
      if (story.turns.at(-1)?.closed !== closed) story.turns.push({ atMs, closed });
    }
  }
  return stories;
}

/** An address may serve another Pod later, so the time must fit too. */
function belongs(node: NodeStory, pod: PodStory): boolean {
  return pod.ips.has(node.ip) && node.fromMs >= pod.fromMs && node.fromMs < pod.goneMs;
}

function eventsOfNode(name: string, pod: PodStory, node: NodeStory | undefined): readonly TimedEvent[] {
  const events: TimedEvent[] = [{ atMs: pod.fromMs, event: { t: 0, e: 'launch', node: name } }];
  if (pod.readyMs !== undefined && node !== undefined) {
    const atMs = Math.max(pod.readyMs, node.fromMs);
    events.push({ atMs, event: { t: 0, e: 'ready', node: name } });
  }
  if (pod.goneMs < Infinity) {
    events.push({ atMs: pod.goneMs, event: { t: 0, e: 'remove', node: name, cut: 0 } });
  }
  return events;
}

function turnsOf(name: string, { turns }: NodeStory, { startMs }: Span): readonly TimedEvent[] {
  const settled = turns.filter(({ atMs }, at) => (turns[at + 1]?.atMs ?? Infinity) - atMs >= settledMs);
  const before = settled.findLast(({ atMs }) => atMs <= startMs);
  const states = [
    { atMs: startMs, closed: before?.closed ?? false },
    ...settled.filter(({ atMs }) => atMs > startMs),
  ];
  return states.flatMap(({ atMs, closed }, at) => {
    if (closed === (states[at - 1]?.closed ?? false)) return [];
    return [{ atMs, event: { t: 0, e: closed ? 'cordon' : 'uncordon', node: name } } as const];
  });
}

function roomStories(sightings: readonly Of<'Registry'>[]): readonly RoomStory[] {
  const all: RoomStory[] = [];
  const living = new Map<string, RoomStory>();
  for (const { atMs, rooms } of sightings) {
    for (const [room, story] of living) {
      if (rooms[room] === story.nodeId) continue;
      story.toMs = atMs;
      living.delete(room);
    }
    for (const [room, nodeId] of Object.entries(rooms)) {
      if (living.has(room)) continue;
      const story = { room, nodeId, fromMs: atMs, toMs: Infinity };
      living.set(room, story);
      all.push(story);
    }
  }
  return all;
}

function roomEvents(
  stories: readonly RoomStory[],
  hosts: ReadonlyMap<string, string>,
  loads: readonly Of<'Load'>[],
): readonly TimedEvent[] {
  const lives = new Map<string, number>();
  return stories.flatMap((story) => {
    const node = hosts.get(story.nodeId);
    if (node === undefined) return [];
    const life = lives.get(story.room) ?? 0;
    lives.set(story.room, life + 1);
    const room = life === 0 ? story.room : `${story.room}~${life}`;
    const events: TimedEvent[] = [{ atMs: story.fromMs, event: { t: 0, e: 'room', room, node } }];
    events.push(...loadsOf(story, room, loads));
    if (story.toMs < Infinity) events.push({ atMs: story.toMs, event: { t: 0, e: 'end', room } });
    return events;
  });
}

/** Who was connected before the registry showed the room counts from that moment on. */
function loadsOf(story: RoomStory, room: string, loads: readonly Of<'Load'>[]): readonly TimedEvent[] {
  const own = loads.filter((load) => load.room === story.room && load.atMs < story.toMs);
  const before = own.findLast(({ atMs }) => atMs <= story.fromMs);
  const counted = [
    ...(before === undefined ? [] : [before]),
    ...own.filter(({ atMs }) => atMs > story.fromMs),
  ];
  return counted.map(({ atMs, n }) => ({
    atMs: Math.max(atMs, story.fromMs),
    event: { t: 0, e: 'load', room, n },
  }));
}

function inOrder(told: readonly TimedEvent[], { startMs, endMs }: Span): readonly SimEvent[] {
  return told
    .filter(({ atMs }) => atMs <= endMs)
    .map(({ atMs, event }) => ({ ...event, t: Math.max(0, Math.round(atMs - startMs)) / 1000 }))
    .toSorted((one, other) => one.t - other.t || ranks[one.e] - ranks[other.e]);
}

/** A node that goes cuts whoever is on it at that moment. */
function withCuts(events: readonly SimEvent[]): readonly SimEvent[] {
  const rooms = new Map<string, { readonly node: string; n: number }>();
  return events.map((event) => {
    if (event.e === 'room') rooms.set(event.room, { node: event.node, n: 0 });
    if (event.e === 'end') rooms.delete(event.room);
    const room = event.e === 'load' ? rooms.get(event.room) : undefined;
    if (event.e === 'load' && room !== undefined) room.n = event.n;
    if (event.e !== 'remove') return event;
    const there = [...rooms.values()].filter(({ node }) => node === event.node);
    return { ...event, cut: there.reduce((sum, { n }) => sum + n, 0) };
  });
}
