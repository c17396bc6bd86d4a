/** What the governor makes of what was observed, and how many nodes are wanted with that. */
import type { Bounded } from './bounds.ts';
import type { DecideInput } from './decide-input.ts';
import type { Demand } from './demand.ts';
import { isSilentLately } from './freshness.ts';
import type { SteerInput } from './governor.ts';
import { type Learned, priorLearned } from './learned.ts';
import type { MediaNode } from './media-nodes.ts';
import type { Memory } from './memory.ts';
import { Fortune, type NodeOutlook } from './outlook.ts';
import type { Finding } from './reasons.ts';
import { type Reserve, paceOf, reserve } from './reserve.ts';
import type { ClusterSpec } from './spec.ts';
import { blindUntil } from './view-age.ts';

/** What the governor saw and wanted. */
export interface GovernorView {
  /** Of every node that is up and that nobody cordoned. */
  readonly outlooks: readonly NodeOutlook[];
  /** `undefined` where placement is Spread: then the targets alone decide. */
  readonly reserve: Reserve | undefined;
  /** The view is old, so more nodes serve than would be needed. */
  readonly blind: boolean;
}

/** The nodes of a pass, and how many of them count as capacity. */
interface Sight {
  readonly nodes: readonly MediaNode[];
  readonly memory: Memory;
  readonly capacity: number;
  /** Names of those among them that are there beyond the wanted number, until another has gone. */
  readonly aside: ReadonlySet<string>;
}

/** Where a limit demands more than the load does, such as a schedule, that limit is why. */
export function becauseOfLaunch(wish: SizeWish, { desired, limitedBy }: Bounded): Finding {
  return desired > wish.wanted && limitedBy !== undefined ? limitedBy : wish.because;
}

export interface Governed {
  readonly steer: SteerInput;
  /** What is to be expected of any node, those that are closed by a wish too. */
  readonly fortune: Fortune;
  /** Of a node that is up and that nobody cordoned, by its name. */
  readonly outlookOf: (name: string) => NodeOutlook | undefined;
  readonly view: GovernorView;
  readonly blindUntilMs: number | undefined;
  /** A node has just fallen silent: what it carries now is unknown, so nothing is made smaller for a moment. */
  readonly unsure: boolean;
}

/** `kept` is `keepOrder` of the nodes; the outlooks are in the same order. */
export function govern(input: DecideInput, seen: Sight, kept: readonly MediaNode[]): Governed {
  const { spec, observed, launchMs, nowMs, wallMs } = input;
  const learned = asRemembered(spec, input.learned ?? priorLearned(spec.capacity.participants));
  const blindUntilMs = blindUntil({ redis: observed.redis, nodes: kept, memory: seen.memory, nowMs });
  const { aside } = seen;
  const isCounted = ({ name }: MediaNode) => !aside.has(name);
  const silent = seen.nodes.filter((node) => isSilentLately(node, nowMs));
  const fortune = new Fortune(spec, learned, wallMs, paceOf(launchMs));
  const outlooks = kept.map((node) => fortune.tell(node));
  const silentBusy = silent.filter((node) => node.participants > 0 && isCounted(node)).length;
  const launching = seen.nodes.filter((node) => node.phase === 'Launching' && isCounted(node)).length;
  const blind = blindUntilMs !== undefined;
  const packed = spec.placement.strategy === 'Packed';
  return {
    steer: { spec, learned, wallMs, blind },
    fortune,
    outlookOf: byName(outlooks),
    view: {
      outlooks,
      reserve: packed
        ? reserve({
            spec,
            learned,
            launchMs,
            outlooks: aside.size === 0 ? outlooks : outlooks.filter(({ node }) => isCounted(node)),
            launching,
            current: seen.capacity - aside.size,
            silentBusy,
            desired: seen.memory.desired,
            nowMs,
            wallMs,
          })
        : undefined,
      blind,
    },
    blindUntilMs,
    unsure: silent.length > 0,
  };
}

/** Sorted out when it is first asked: on most passes nobody is to leave. */
function byName(outlooks: readonly NodeOutlook[]): Governed['outlookOf'] {
  let known: ReadonlyMap<string, NodeOutlook> | undefined;
  return (name) => {
    known ??= new Map(outlooks.map((outlook) => [outlook.node.name, outlook]));
    return known.get(name);
  };
}

/** Who wants a fleet to shrink within less than this wants a rush to be forgotten as soon. */
const shortMemoryMs = 60_000;
const shortened = new WeakMap<Learned, Learned>();

/** The last minutes count for a quarter of an hour, or only the last one where the spec asks for haste. */
function asRemembered(spec: ClusterSpec, learned: Learned): Learned {
  if (spec.scaleDown.stabilizationMs >= shortMemoryMs) return learned;
  const known = shortened.get(learned);
  if (known !== undefined) return known;
  const { arrivals } = learned;
  const short = { ...learned, arrivals: { ...arrivals, recentPerMinute: arrivals.latestPerMinute } };
  shortened.set(learned, short);
  return short;
}

export interface SizeWish {
  readonly wanted: number;
  readonly mayLower: boolean;
  readonly because: Finding;
}

/** Targets and headroom are floors: the governor may want more than they do, never less. */
export function sizeWish(spec: ClusterSpec, wanted: Demand, { view, unsure }: Governed): SizeWish {
  if (spec.mode === 'External') {
    const message = `spec.mediaNodes.replicas is ${spec.replicas}.`;
    return { wanted: spec.replicas, mayLower: true, because: { reason: 'ReplicasRequested', message } };
  }
  const mayLower = wanted.mayLower && !view.blind && !unsure;
  if (view.reserve === undefined || view.reserve.wanted <= wanted.wanted) return { ...wanted, mayLower };
  return { wanted: view.reserve.wanted, mayLower, because: view.reserve.because };
}
