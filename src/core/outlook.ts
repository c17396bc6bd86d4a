/**
 * What is to be expected of each node: the slots that its rooms will want, counting that young ones still grow, how
 * much longer one more room would keep it alive, and how much harm one more room would do.
 */
import {
  type GrowthTable,
  type Learned,
  type NameFacts,
  type NameTable,
  ageKnot,
  countClass,
  countEdges,
  grownS,
  slotOfDay,
} from './learned.ts';
import { type MediaNode, isEmpty } from './media-nodes.ts';
import type { RoomPlacement } from './readings.ts';
import { tallyOf } from './rooms-by-node.ts';
import { factsOf } from './room-names.ts';
import type { ClusterSpec } from './spec.ts';
import {
  type Lives,
  addKnownLife,
  addLife,
  aheadCount,
  endedBy,
  knownEndedBy,
  emptyByS,
  extensionS,
  livesOf,
  pointAt,
} from './survival.ts';

/** From this share of its capacity on a node is overloaded. */
export const overloadFrom = 0.9;
/** Errors of rooms that began together have one cause, so they add up faster than independent ones. */
const togetherness = 3;
/** Deviations by which the rooms of a node may come to want more than expected before it counts as full. */
const caution = 1.5;
/** A node with less than this share of its capacity free takes no new room while another can. */
export const leastFreeShare = 0.05;

export interface NodeOutlook {
  readonly node: MediaNode;
  /** Slots that its rooms will want, as expected, and one standard deviation of that. */
  readonly committed: number;
  readonly deviation: number;
  /** Slots below the ceiling that will still be free; negative when there are too few. */
  readonly free: number;
  /** Participants who are expected to have left with their rooms by the time that a launch takes. */
  readonly endingSoon: number;
  /** By how many seconds it would live longer if it were open for a while. */
  readonly extensionS: number;
  /** Expected overload that one more room would cause as long as such a node lives, in seconds of one node. */
  readonly riskS: number;
  /** When it is empty as likely as not, in seconds from now; 0 when it is, `undefined` when not for many hours. */
  readonly emptyInS: number | undefined;
  readonly empty: boolean;
}

/** Half of the width of the classes of age. */
const lifeStepS = 30;

/** A room that may still grow. */
interface YoungRoom {
  readonly createdAtSeconds: number;
  readonly participants: number;
  readonly facts: NameFacts | undefined;
}

interface RoomsLife {
  readonly lives: Lives;
  readonly names: NameTable;
  readonly stepS: number;
  readonly horizon: number;
  readonly endingSoon: number;
  /** Those that were young at the step. */
  readonly young: readonly YoungRoom[];
  readonly extensionS: number;
  readonly emptyInS: number | undefined;
}

/** Written anew for each node that is reckoned. */
const logEmpty = new Float64Array(aheadCount);

/** By the rooms of a node: the same list as long as none of them has changed. */
const lives = new WeakMap<readonly RoomPlacement[], RoomsLife>();

/** Looks at nodes with the knowledge of one snapshot. */
export class Fortune {
  readonly #spec: ClusterSpec;
  readonly #learned: Learned;
  readonly #wallS: number;
  readonly #lives: Lives;
  readonly #horizon: number;
  #committed = 0;
  #variance = 0;

  /** `horizonS` is how far ahead rooms that end are looked for. */
  constructor(spec: ClusterSpec, learned: Learned, wallMs: number, horizonS: number) {
    this.#spec = spec;
    this.#learned = learned;
    this.#wallS = wallMs / 1000 - learned.clockSkewS;
    this.#lives = livesOf(learned.hazard);
    this.#horizon = pointAt(horizonS);
  }

  tell(node: MediaNode): NodeOutlook {
    const { capacity, placement } = this.#spec;
    this.#committed = 0;
    this.#variance = 0;
    const life = this.#lifeOf(node.rooms);
    this.#growAll(life.young, Math.max(0, node.participants - tallyOf(node.rooms).recorded));
    const committed = Math.max(node.participants + this.#committed, pressure(this.#spec, node));
    const deviation = Math.sqrt(togetherness * this.#variance);
    const empty = isEmpty(node);
    return {
      node,
      committed,
      deviation,
      free: capacity.participants * placement.ceiling - committed - caution * deviation,
      endingSoon: life.endingSoon,
      extensionS: life.extensionS,
      riskS: this.#risk(committed, deviation),
      emptyInS: empty ? 0 : life.emptyInS,
      empty,
    };
  }

  /** Lives are reckoned in steps, so that nodes on which nothing has happened are reckoned once a step. */
  #lifeOf(rooms: readonly RoomPlacement[]): RoomsLife {
    const stepS = Math.floor(this.#wallS / lifeStepS) * lifeStepS;
    const known = lives.get(rooms);
    const { names } = this.#learned;
    const same = known?.stepS === stepS && known.horizon === this.#horizon;
    if (same && known.lives === this.#lives && known.names === names) return known;
    logEmpty.fill(0);
    let endingSoon = 0;
    const young: YoungRoom[] = [];
    for (const room of rooms) {
      const { createdAtSeconds, participants } = room;
      if (participants === undefined) continue;
      const facts = factsOf(names, room.room);
      endingSoon += participants * this.#live(createdAtSeconds, facts, stepS);
      // A room of which nobody knows when it began counts with what it has, and lives as one that is grown.
      if (createdAtSeconds === undefined || stepS - createdAtSeconds >= grownS) continue;
      young.push({ createdAtSeconds, participants, facts });
    }
    const life: RoomsLife = {
      lives: this.#lives,
      names,
      stepS,
      horizon: this.#horizon,
      endingSoon,
      young,
      extensionS: extensionS(this.#lives, logEmpty),
      emptyInS: emptyByS(logEmpty, 0.5),
    };
    lives.set(rooms, life);
    return life;
  }

  /** @returns the probability that the room has ended by the horizon. */
  #live(createdAtSeconds: number | undefined, facts: NameFacts | undefined, nowS: number): number {
    const ageS = createdAtSeconds === undefined ? grownS : Math.max(0, nowS - createdAtSeconds);
    if (facts === undefined || ageS >= facts.lengthS) {
      addLife(this.#lives, logEmpty, ageS);
      return endedBy(this.#lives, ageS, this.#horizon);
    }
    const end = { leftS: facts.lengthS - ageS, spreadS: Math.max(60, Math.sqrt(facts.lengthVariance)) };
    addKnownLife(logEmpty, end);
    return knownEndedBy(end, this.#horizon);
  }

  /**
   * A room that somebody made through the API may never be joined, and hundreds may be made at once: it counts nothing
   * until the node knows of people whom no record shows. So many of the empty rooms count, each with one.
   */
  #growAll(young: readonly YoungRoom[], unrecorded: number): void {
    let vacant = 0;
    for (const { participants } of young) if (participants === 0) vacant += 1;
    const share = vacant === 0 ? 0 : Math.min(1, unrecorded / vacant);
    for (const room of young) {
      if (room.participants > 0) this.#grow(room, 1);
      else if (share > 0) this.#grow({ ...room, participants: 1 }, share);
    }
  }

  #grow({ createdAtSeconds, participants, facts }: YoungRoom, weight: number): void {
    const ageS = Math.max(0, this.#wallS - createdAtSeconds);
    if (ageS >= grownS) return;
    const table = this.#tableOf(createdAtSeconds);
    const cell = ageKnot(ageS) * countEdges.length + countClass(participants);
    const mean = table.mean[cell] ?? 0;
    const variance = table.variance[cell] ?? 0;
    if (facts === undefined) {
      this.#committed += weight * mean;
      this.#variance += weight * variance;
      return;
    }
    // The older the room, the more its own people say and the less its name does.
    const trust = (1 - ageS / grownS) * (facts.seen / (facts.seen + 0.5));
    this.#committed += weight * (trust * Math.max(0, facts.size - participants) + (1 - trust) * mean);
    this.#variance += weight * (trust * facts.sizeVariance + (1 - trust) * variance);
  }

  #tableOf(createdAtSeconds: number): GrowthTable {
    const slot = slotOfDay(createdAtSeconds);
    return this.#learned.slots.find((table) => table.slot === slot) ?? this.#learned.growth;
  }

  /** Mean over the sizes of new rooms of the participants that would be hurt more than now, as time of a whole node. */
  #risk(committed: number, deviation: number): number {
    const { share, size } = this.#learned.sizes;
    const capacity = this.#spec.capacity.participants;
    const now = hurt(committed, deviation, capacity * overloadFrom);
    let more = 0;
    for (let at = 0; at < share.length; at += 1) {
      const weight = share[at] ?? 0;
      if (weight < 1e-6) continue;
      more += weight * (hurt(committed + (size[at] ?? 0), deviation, capacity * overloadFrom) - now);
    }
    return (more * this.#lives.tenureS) / capacity;
  }
}

/** Participants on a node times the probability that it is overloaded. */
function hurt(load: number, deviation: number, limit: number): number {
  const distance = (limit - load) / Math.max(0.5, deviation);
  if (distance > 6) return 0;
  return load / (1 + Math.exp(1.7 * distance));
}

/** Slots in use by whatever else the spec measures: a node may be full of tracks before it is full of people. */
function pressure(spec: ClusterSpec, node: MediaNode): number {
  const load = node.entry?.load;
  if (load === undefined) return 0;
  const { tracks, egressBytesPerSecond, participants } = spec.capacity;
  let most = 0;
  for (const { kind } of spec.targets) {
    if (kind === 'Cpu') most = Math.max(most, finite(load.cpuLoad));
    if (kind === 'Tracks')
      most = Math.max(most, finite((load.tracksIn + load.tracksOut) / (tracks ?? Infinity)));
    if (kind === 'Bandwidth')
      most = Math.max(most, finite(load.bytesOutPerSecond / (egressBytesPerSecond ?? Infinity)));
  }
  return most * participants;
}

function finite(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : 0;
}
