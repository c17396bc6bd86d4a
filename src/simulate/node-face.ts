/** A simulated node as the API server and Redis would show it. Values are made anew only when they have changed. */
import type { PodObservation } from '../core/observed.ts';
import type { NodeEntry, NodeLoad } from '../core/readings.ts';
import type { Capacity } from '../core/spec.ts';
import type { World } from './world.ts';
import type { SimNode } from './world-node.ts';

export interface Make {
  readonly capacity: Capacity;
  readonly revision: string;
}

export class NodeFace {
  /** Free again for another Pod when this one is gone. */
  readonly podName: string;
  readonly ip: string;
  readonly #node: SimNode;
  readonly #world: World;
  readonly #made: Make;
  #pod: PodObservation | undefined;
  #podVersion = -1;
  #inService = true;
  #deleting = false;
  #load: NodeLoad | undefined;
  #firstBeats: number | undefined;

  constructor(node: SimNode, podName: string, world: World, made: Make) {
    this.podName = podName;
    this.ip = `10.${(node.serial >> 16) & 255}.${(node.serial >> 8) & 255}.${node.serial & 255}`;
    this.#node = node;
    this.#world = world;
    this.#made = made;
  }

  get pod(): PodObservation {
    const known = this.#podVersion === this.#node.podVersion ? this.#pod : undefined;
    this.#podVersion = this.#node.podVersion;
    this.#pod = known ?? this.#podNow();
    return this.#pod;
  }

  setInService(inService: boolean): void {
    this.#inService = inService;
    this.#pod = undefined;
  }

  /** Its Pod was deleted and goes when its server has stopped. */
  setDeleting(): void {
    this.#deleting = true;
    this.#pod = undefined;
  }

  /** Another process sees its entry for the first time. */
  forget(): void {
    this.#firstBeats = undefined;
  }

  /** Its entry in the registry. Only for a node that has registered. */
  entry(): NodeEntry {
    const node = this.#node;
    const { registry, nowMs, startWallMs } = this.#world;
    const lastBeatMs = registry.lastBeatMs(node);
    const beats = registry.beats(node, lastBeatMs);
    const isNew = this.#firstBeats === undefined;
    this.#firstBeats ??= beats;
    return {
      kind: 'Node',
      nodeId: node.id,
      ip: this.ip,
      state: node.state === 'Leaving' ? 'ShuttingDown' : 'Serving',
      cordonMarked: node.closed,
      load: this.#loadNow(),
      ageMs: isNew ? 0 : nowMs - lastBeatMs,
      heartbeatsSeen: beats - this.#firstBeats,
      startedAtSeconds: Math.floor((startWallMs + (node.startedAtMs ?? 0)) / 1000),
    };
  }

  #podNow(): PodObservation {
    const { startedAtMs, createdAtMs, podVersion, podReady, serial, id, doomed } = this.#node;
    const { startWallMs } = this.#world;
    const runs = startedAtMs !== undefined;
    return {
      name: this.podName,
      uid: `uid-${id}`,
      resourceVersion: `${podVersion}${this.#inService ? '' : '-out'}`,
      phase: runs ? 'Running' : 'Pending',
      ready: podReady,
      ip: runs ? this.ip : undefined,
      kubeNode: `machine-${serial}`,
      createdAtMs: startWallMs + createdAtMs,
      startedAtMs: runs ? startWallMs + startedAtMs : undefined,
      restarts: 0,
      ended: undefined,
      revision: this.#made.revision,
      deleting: this.#deleting,
      cordonWish: undefined,
      protected: false,
      inService: this.#inService,
      trouble: doomed ? 'container livekit: ErrImagePull' : undefined,
    };
  }

  /** Only people are simulated: everything else that a node's capacity speaks of is used in proportion to them. */
  #loadNow(): NodeLoad {
    const { publishedParticipants: participants, publishedRooms: rooms } = this.#node;
    if (this.#load?.participants === participants && this.#load.rooms === rooms) return this.#load;
    const { capacity } = this.#made;
    const share = participants / capacity.participants;
    this.#load = {
      participants,
      rooms,
      tracksIn: 0,
      tracksOut: Math.round(share * (capacity.tracks ?? 0)),
      bytesInPerSecond: 0,
      bytesOutPerSecond: share * (capacity.egressBytesPerSecond ?? 0),
      cpuLoad: Math.min(1, share),
    };
    return this.#load;
  }
}
