/** What one operator process reads of Redis and of the nodes in a life: ages on its own clock, heartbeats as it counted them. */
import type { NodeEntry, NodeMetricsReading, RedisReading, ServerApiReading } from '../core/readings.ts';
import type { LifeFleet } from './life-fleet.ts';
import type { LifePod } from './life-pod.ts';
import type { World } from './world.ts';
import type { SimNode } from './world-node.ts';

/** The operator's monotonic clock need not begin with the world. */
const bootMs = 3_600_000;

interface FirstSight {
  readonly beats: number;
  readonly atMs: number;
}

export class LifeRegistry {
  readonly #world: World;
  readonly #fleet: LifeFleet;
  readonly #firstSights = new Map<string, FirstSight>();

  constructor(world: World, fleet: LifeFleet) {
    this.#world = world;
    this.#fleet = fleet;
  }

  static toWorldMs(elapsedMs: number): number {
    return elapsedMs - bootMs;
  }

  get elapsedMs(): number {
    return bootMs + this.#world.nowMs;
  }

  /** Another process sees everything for the first time. */
  forget(): void {
    this.#firstSights.clear();
  }

  redis(): RedisReading {
    const atMs = this.elapsedMs;
    const { registry, nodes } = this.#world;
    if (!registry.reachable) return { kind: 'Failed', why: 'connection refused', atMs };
    const entries: NodeEntry[] = [];
    for (const process of nodes) {
      const pod = this.#fleet.podOf(process);
      if (pod !== undefined && isListed(process, registry.lastBeatMs(process)))
        entries.push(this.#entry(pod, process));
    }
    for (const { pod, process } of this.#fleet.ghosts.values()) entries.push(this.#entry(pod, process));
    return { kind: 'Read', nodes: entries, rooms: this.#rooms(), atMs, serverVersion: '1.13.5' };
  }

  serverApi(): ServerApiReading {
    const atMs = this.elapsedMs;
    if (!this.#world.registry.reachable) return { kind: 'Failed', why: 'no response from servers', atMs };
    const rooms = this.#rooms().map(({ room, participants }) => ({ room, participants: participants ?? 0 }));
    return { kind: 'Read', rooms, atMs };
  }

  metrics(podIp: string): NodeMetricsReading {
    for (const pod of this.#fleet.pods.values()) {
      if (pod.ip === podIp) return pod.testimony(this.#world, this.elapsedMs);
    }
    return { kind: 'Failed', why: 'no route to host', atMs: this.elapsedMs };
  }

  /** A room that was made anew has taken the place of the record that was left behind. */
  #rooms(): Extract<RedisReading, { kind: 'Read' }>['rooms'] {
    const { records } = this.#world.registry;
    if (this.#fleet.ghostRooms.length === 0) return records;
    const alive = new Set(records.map(({ room }) => room));
    this.#fleet.ghostRooms = this.#fleet.ghostRooms.filter(({ room }) => !alive.has(room));
    return [...records, ...this.#fleet.ghostRooms];
  }

  #entry(pod: LifePod, process: SimNode): NodeEntry {
    const { registry, nowMs } = this.#world;
    const lastBeatMs = registry.lastBeatMs(process);
    const beats = registry.beats(process, lastBeatMs);
    const known = this.#firstSights.get(process.id);
    const first = known ?? { beats, atMs: nowMs };
    if (known === undefined) this.#firstSights.set(process.id, first);
    return {
      ...pod.entryOf(process, this.#world),
      ageMs: nowMs - Math.max(lastBeatMs, first.atMs),
      heartbeatsSeen: beats - first.beats,
    };
  }
}

function isListed({ registeredAtMs, unlistedAtMs }: SimNode, lastBeatMs: number): boolean {
  return registeredAtMs !== undefined && lastBeatMs > unlistedAtMs;
}
