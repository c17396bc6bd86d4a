/** The Pod of a Media Node in a life: it outlives the server process in it, and is what the API server shows. */
import type { ContainerEnd, CordonWish, PodObservation } from '../core/observed.ts';
import type { NodeEntry, NodeMetricsReading } from '../core/readings.ts';
import type { LifeMachine } from './life-machine.ts';
import type { World } from './world.ts';
import type { SimNode } from './world-node.ts';

/** Shares of failed joins and of lost packets on nodes that serve well, and on those that do not. */
const quality = { Good: { failed: 0.01, lossPercent: 0.5 }, Bad: { failed: 0.6, lossPercent: 9 } } as const;

export interface PodMake {
  readonly name: string;
  readonly serial: number;
  readonly revision: string;
  readonly machine: LifeMachine;
  readonly quality: keyof typeof quality;
  readonly createdAtMs: number;
}

export class LifePod {
  readonly make: PodMake;
  readonly uid: string;
  readonly ip: string;
  /** The process that runs, or is being started. */
  process: SimNode | undefined;
  ended: { readonly how: ContainerEnd; readonly atMs: number } | undefined;
  restarts = 0;
  deleting = false;
  /** It goes for good as soon as nothing runs in it. */
  gone = false;
  wish: CordonWish | undefined;
  protected = false;
  inService = true;
  /** Its server fails its probes, although it runs. */
  unready = false;
  /** Clients of rooms elsewhere that signal through it. */
  relayed = 0;
  /** When the jobs of its companion end. */
  jobs: readonly number[] = [];
  mutedUntilMs = 0;
  /** The next signal will leave it hanging. */
  hangs = false;
  #version = 0;
  #shown: { readonly version: string; readonly pod: PodObservation } | undefined;

  constructor(make: PodMake) {
    this.make = make;
    this.uid = `uid-${make.serial}`;
    this.ip = `10.${(make.serial >> 16) & 255}.${(make.serial >> 8) & 255}.${make.serial & 255}`;
  }

  get name(): string {
    return this.make.name;
  }

  changed(): void {
    this.#version += 1;
  }

  get resourceVersion(): string {
    return `${this.#version}.${this.process?.serial ?? 0}.${this.process?.podVersion ?? 0}`;
  }

  jobsAt(nowMs: number): number {
    return this.jobs.filter((endMs) => endMs > nowMs).length;
  }

  /** As the API server shows it. */
  observe(world: World, restarts: boolean): PodObservation {
    const version = this.resourceVersion;
    if (this.#shown?.version !== version) this.#shown = { version, pod: this.#observed(world, restarts) };
    return this.#shown.pod;
  }

  #observed({ startWallMs }: World, restarts: boolean): PodObservation {
    const { name, machine, createdAtMs, revision } = this.make;
    return {
      name,
      uid: this.uid,
      resourceVersion: this.resourceVersion,
      kubeNode: machine.name,
      createdAtMs: startWallMs + createdAtMs,
      restarts: this.restarts,
      revision,
      deleting: this.deleting,
      cordonWish: this.wish,
      protected: this.protected,
      inService: this.inService,
      phase: this.#phase(restarts),
      ...this.#container(startWallMs),
    };
  }

  /** As the kubelet tells of the media server; of a machine that is gone there is only the last word. */
  #container(
    startWallMs: number,
  ): Pick<PodObservation, 'ready' | 'ip' | 'startedAtMs' | 'ended' | 'trouble'> {
    const { alive } = this.make.machine;
    const { process } = this;
    const trouble = process?.doomed === true ? 'container livekit: ErrImagePull' : undefined;
    if (process?.startedAtMs !== undefined) {
      const ready = alive && process.podReady && !this.unready;
      return {
        ready,
        ip: this.ip,
        startedAtMs: startWallMs + process.startedAtMs,
        ended: undefined,
        trouble,
      };
    }
    const ip = this.ended === undefined ? undefined : this.ip;
    const ended = alive ? this.ended?.how : undefined;
    return { ready: false, ip, startedAtMs: undefined, ended, trouble };
  }

  #phase(restarts: boolean): PodObservation['phase'] {
    if (this.process?.startedAtMs !== undefined || restarts || !this.make.machine.alive) {
      return this.process?.startedAtMs === undefined && this.ended === undefined ? 'Pending' : 'Running';
    }
    if (this.ended === undefined) return 'Pending';
    return this.ended.how.exitCode === 0 ? 'Succeeded' : 'Failed';
  }

  /** What its server says of itself. */
  testimony(world: World, atMs: number): NodeMetricsReading {
    const { process } = this;
    const companions = this.jobs.length === 0 ? [] : [{ name: 'egress', active: this.jobsAt(world.nowMs) }];
    const answers = this.make.machine.alive && world.nowMs >= this.mutedUntilMs;
    if (!answers) return { kind: 'Failed', why: 'no answer', atMs };
    if (process?.startedAtMs === undefined || process.state === 'Gone') {
      return { kind: 'Failed', why: 'connection refused', companions, atMs };
    }
    const { failed, lossPercent } = quality[this.make.quality];
    const { joins, participants, rooms, id } = process;
    return {
      kind: 'Read',
      nodeId: id,
      participants: participants + this.relayed,
      rooms: rooms.size,
      relayedSignals: this.relayed,
      companions,
      quality: {
        joinsStarted: joins,
        joinsFailed: Math.floor(joins * failed),
        requests: joins * 3,
        requestErrors: 0,
        lossSamples: joins * 20,
        lossPercentSum: joins * 20 * lossPercent,
      },
      atMs,
    };
  }

  /** Its server's entry in the registry, as the server last wrote it. */
  entryOf(
    process: SimNode,
    world: World,
  ): Omit<Extract<NodeEntry, { kind: 'Node' }>, 'ageMs' | 'heartbeatsSeen'> {
    const participants = process.publishedParticipants + this.relayed;
    return {
      kind: 'Node',
      nodeId: process.id,
      ip: this.ip,
      state: process.state === 'Leaving' ? 'ShuttingDown' : 'Serving',
      cordonMarked: process.closed,
      load: {
        participants,
        rooms: process.publishedRooms,
        tracksIn: 0,
        tracksOut: 0,
        bytesInPerSecond: 0,
        bytesOutPerSecond: 0,
        cpuLoad: undefined,
      },
      startedAtSeconds: Math.floor((world.startWallMs + (process.startedAtMs ?? 0)) / 1000),
    };
  }
}
