/**
 * What is to be expected of each node: the slots that its rooms will want, counting that young ones still grow, how
 * much longer one more room would keep it alive, and how much harm one more room would do.
 */
import {
  type GrowthTable,
  type Learned,
  ageKnot,
  countClass,
  countEdges,
  grownS,
  slotOfDay,
} from './learned.ts';
import { Lately } from './lately.ts';
import { type MediaNode, isEmpty } from './media-nodes.ts';
import { tallyOf } from './rooms-by-node.ts';
import { type Ahead, type Ground, type RoomsLife, type YoungRoom, groundOf, lifeOf } from './rooms-life.ts';
import type { ClusterSpec } from './spec.ts';
import { usedShare } from './used-share.ts';

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
  /** The same by the time for which slots are kept. */
  readonly endingLater: number;
  /** By how many seconds it would live longer if it were open for a while. */
  readonly extensionS: number;
  /** Expected overload that one more room would cause as long as such a node lives, in seconds of one node. */
  readonly riskS: number;
  /** When it is empty as likely as not, in seconds from now; 0 when it is, `undefined` when not for many hours. */
  readonly emptyInS: number | undefined;
  /** The same with 95 % certainty. */
  readonly latestInS: number | undefined;
  readonly empty: boolean;
}

/** The outlook of a node without young rooms, and what it was told with. */
interface Grown {
  readonly life: RoomsLife;
  readonly outlook: NodeOutlook;
  readonly spec: ClusterSpec;
  readonly learned: Learned;
}

/** The last one of each node, by its name. */
const grown = new Lately<Grown>();

/** Looks at nodes with the knowledge of one snapshot. */
export class Fortune {
  readonly #spec: ClusterSpec;
  readonly #learned: Learned;
  readonly #wallS: number;
  readonly #ground: Ground;
  #slot = -1;
  #slotTable: GrowthTable;
  #committed = 0;
  #variance = 0;

  /** `ahead` is how far ahead rooms that end are looked for. */
  constructor(spec: ClusterSpec, learned: Learned, wallMs: number, ahead: Ahead) {
    this.#spec = spec;
    this.#learned = learned;
    this.#slotTable = learned.growth;
    this.#wallS = wallMs / 1000 - learned.clockSkewS;
    this.#ground = groundOf(learned, this.#wallS, ahead);
  }

  tell(node: MediaNode): NodeOutlook {
    const life = lifeOf(this.#ground, node.rooms);
    if (life.young.length > 0) return this.#tellAnew(node, life);
    const known = grown.get(node.name);
    if (known?.life === life && this.#holds(known, node)) return { ...known.outlook, node };
    const outlook = this.#tellAnew(node, life);
    grown.set(node.name, { life, outlook, spec: this.#spec, learned: this.#learned }, this.#wallS);
    return outlook;
  }

  /** Without young rooms an outlook does not change with time, but with what is known and who is there. */
  #holds({ outlook, spec, learned }: Grown, { participants, entry }: MediaNode): boolean {
    if (spec !== this.#spec || learned !== this.#learned) return false;
    return outlook.node.participants === participants && outlook.node.entry?.load === entry?.load;
  }

  #tellAnew(node: MediaNode, life: RoomsLife): NodeOutlook {
    const { capacity, placement } = this.#spec;
    this.#committed = 0;
    this.#variance = 0;
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
      endingLater: life.endingLater,
      extensionS: life.extensionS,
      riskS: this.#risk(committed, deviation),
      emptyInS: empty ? 0 : life.emptyInS,
      latestInS: empty ? 0 : life.latestInS,
      empty,
    };
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

  /** Most young rooms began in the same few minutes. */
  #tableOf(createdAtSeconds: number): GrowthTable {
    const slot = slotOfDay(createdAtSeconds);
    if (slot !== this.#slot) {
      this.#slot = slot;
      this.#slotTable = this.#learned.slots.find((table) => table.slot === slot) ?? this.#learned.growth;
    }
    return this.#slotTable;
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
    return (more * this.#ground.lives.tenureS) / capacity;
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
  let most = 0;
  for (const { kind } of spec.targets) most = Math.max(most, finite(usedShare(kind, spec, load)));
  return most * spec.capacity.participants;
}

function finite(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : 0;
}
