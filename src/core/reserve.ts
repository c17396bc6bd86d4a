/**
 * How many nodes the governor wants: enough free slots for the rooms that come while a node is launched, closed
 * nodes counted, and no empty node longer than it may be wanted back soon.
 */
import { byProfile } from './capacity-use.ts';
import { evenShare } from './even.ts';
import { type Expected, expectedArrivals, forecastSlots } from './forecast.ts';
import { hasSpace } from './governor.ts';
import type { Learned } from './learned.ts';
import { leastFreeShare, type NodeOutlook } from './outlook.ts';
import type { Finding } from './reasons.ts';
import type { ClusterSpec } from './spec.ts';
import { livesOf, stayingShare } from './survival.ts';
import { counted } from './words.ts';

/** How long a launch takes before one was measured. */
export const usualLaunchMs = 20_000;
/** Seen, decided and spread over the nodes: what passes besides the launch itself. */
const marginS = 60;
/** Of the slots that are wanted back soon, those that are kept although rooms that end will give as many. */
const keptForCertain = 0.4;
/** Free slots that are always held, as a share of one node's capacity. */
const leastNeedShare = 0.1;

export interface Pace {
  /** For how long ahead free slots are held, and with how many deviations more than expected. */
  readonly horizonS: number;
  readonly z: number;
  /** What is wanted back within this time is not let go. */
  readonly keepS: number;
  /** A node that has been empty for less than this is not let go. */
  readonly holdS: number;
  /** Nor is any within this time of a launch: a fleet that is small again soon after it grew was wrong once. */
  readonly calmS: number;
}

/** Launch time, deviations, keep, hold and calm: measured in simulation, and interpolated between. */
type PaceRow = readonly [launchS: number, z: number, keepS: number, holdS: number, calmS: number];
const paces: readonly PaceRow[] = [
  [0, 1, 30, 3, 0],
  [20, 1, 900, 60, 0],
  [120, 2, 1600, 120, 900],
  [300, 3, 2400, 300, 1800],
  [900, 4, 3300, 600, 3600],
];

export function paceOf(launchMs: number | undefined): Pace {
  const launchS = (launchMs ?? usualLaunchMs) / 1000;
  const at = Math.max(
    1,
    Math.min(
      paces.length - 1,
      paces.findIndex(([s]) => s >= launchS),
    ),
  );
  const above = paces[paces.findIndex(([s]) => s >= launchS) < 0 ? paces.length - 1 : at] ?? [
    20, 1, 900, 60, 0,
  ];
  const below = paces[at - 1] ?? above;
  const share = Math.max(0, Math.min(1, (launchS - below[0]) / Math.max(1e-9, above[0] - below[0])));
  const between = (item: 1 | 2 | 3 | 4) => below[item] + share * (above[item] - below[item]);
  return {
    horizonS: launchS + marginS,
    z: between(1),
    keepS: between(2),
    holdS: between(3),
    calmS: between(4),
  };
}

export interface ReserveInput {
  readonly spec: ClusterSpec;
  readonly learned: Learned;
  readonly launchMs: number | undefined;
  /** Of every node that is up and that nobody cordoned. */
  readonly outlooks: readonly NodeOutlook[];
  /** Nodes on order. */
  readonly launching: number;
  /** Nodes that count as capacity: those above and, for a moment, silent ones. */
  readonly current: number;
  /** Silent ones among these that had people when they were last heard of. */
  readonly silentBusy: number;
  /** The number wanted last; `undefined` after a cold start. */
  readonly desired: number | undefined;
  readonly nowMs: number;
  readonly wallMs: number;
}

export interface Reserve {
  /** The number of nodes that the governor wants. */
  readonly wanted: number;
  readonly because: Finding;
  /** Free slots that must be there, that are there or on order, and that are not let go. */
  readonly need: number;
  readonly have: number;
  readonly keep: number;
  readonly pace: Pace;
  /** Participants expected to come while a node is launched. */
  readonly expected: Expected;
  /** When an empty node will have been empty for long enough. */
  readonly wakeAtMs: number | undefined;
}

export function reserve(input: ReserveInput): Reserve {
  const { spec, learned, outlooks, launching, wallMs } = input;
  const pace = paceOf(input.launchMs);
  const perNode = spec.capacity.participants * spec.placement.ceiling;
  const least = spec.capacity.participants * leastNeedShare;
  const lives = livesOf(learned.hazard);
  // A room that begins and ends within that time gives its slots to a later one: short calls would hold a fleet for ever.
  const ahead = (seconds: number) =>
    forecastSlots(learned, spec.forecast, {
      fromMs: wallMs,
      seconds,
      z: pace.z,
      staying: stayingShare(lives, seconds),
    });
  const need = Math.max(least, ahead(pace.horizonS));
  const even = evenShare(spec, learned, outlooks);
  const keep = Math.max(need, (1 - even.weight) * wantedBack(ahead(pace.keepS), outlooks));
  const free = sum(outlooks, (outlook) => (hasSpace(spec, outlook) ? outlook.free : 0));
  const coming = launching * perNode;
  const have = free + coming;
  const soon = coming + sum(outlooks, (outlook) => freeThen(spec, outlook, outlook.endingSoon));
  const late = soon < need ? Math.ceil((need - soon) / perNode - 1e-9) : 0;
  const nodes = outlooks.length + launching;
  const missing = Math.max(late, even.fewest - nodes);
  const affordable = missing > 0 ? 0 : Math.floor((have - keep) / perNode + 1e-9);
  const spare = spareNodes(input, pace, Math.min(affordable, nodes - even.most));
  // What was judged spare stays so until slots are missing: a node that is about to go is no reason to launch another.
  const kept = Math.min(
    input.current - spare.count,
    Math.max(1, busyNodes(outlooks) + input.silentBusy, input.desired ?? Infinity),
  );
  const wanted = missing > 0 ? input.current + missing : kept;
  return {
    wanted,
    because: becauseOf(input, { wanted, missing, need }),
    need,
    have,
    keep,
    pace,
    expected: expectedArrivals(learned.arrivals, wallMs, pace.horizonS),
    wakeAtMs: spare.wakeAtMs,
  };
}

/** Of the slots that rooms will want, those that rooms which end do not give. */
function wantedBack(slots: number, outlooks: readonly NodeOutlook[]): number {
  const given = sum(outlooks, ({ endingLater }) => endingLater);
  return Math.max(keptForCertain * slots, slots - given);
}

/** Slots that are free once some of the node's people have left. */
function freeThen(spec: ClusterSpec, { free }: NodeOutlook, ending: number): number {
  return free + ending >= spec.capacity.participants * leastFreeShare ? free + ending : 0;
}

function sum(outlooks: readonly NodeOutlook[], of: (outlook: NodeOutlook) => number): number {
  let total = 0;
  for (const outlook of outlooks) total += of(outlook);
  return total;
}

/** Nodes that have been empty for long enough, no launch being recent, and whose slots are not wanted back soon. */
function spareNodes(
  { outlooks, nowMs, wallMs }: ReserveInput,
  pace: Pace,
  affordable: number,
): { readonly count: number; readonly wakeAtMs: number | undefined } {
  const youngest = outlooks.reduce((latest, { node }) => Math.max(latest, node.pod.createdAtMs), -Infinity);
  // A clock that went backwards must not hold nodes for longer than the time itself.
  const calmUntilMs = nowMs + Math.min(pace.calmS * 1000, youngest + pace.calmS * 1000 - wallMs);
  const dueMs: number[] = [];
  for (const { empty, node } of outlooks) {
    const { emptySinceMs } = node.memory;
    if (empty && emptySinceMs !== undefined) {
      dueMs.push(Math.max(calmUntilMs, emptySinceMs + pace.holdS * 1000));
    }
  }
  const due = dueMs.filter((atMs) => atMs <= nowMs).length;
  const later = dueMs.filter((atMs) => atMs > nowMs);
  return {
    count: Math.max(0, Math.min(due, affordable, outlooks.length - 1)),
    wakeAtMs: later.length === 0 ? undefined : Math.min(...later),
  };
}

function becauseOf(
  { spec, outlooks, launching, current }: ReserveInput,
  { wanted, missing, need }: { readonly wanted: number; readonly missing: number; readonly need: number },
): Finding {
  const busy = busyNodes(outlooks);
  const step = Math.max(1, spec.capacity.participants * leastFreeShare);
  const slots = Math.round(Math.ceil(need / step - 1e-9) * step);
  if (missing > 0 || launching > 0 || wanted > busy + Math.max(0, current - outlooks.length)) {
    const message = `The rooms that are to be expected need about ${counted(slots, 'free slot')}, which takes ${counted(wanted, 'Media Node')}${carrying(spec)}.`;
    return { reason: 'ReserveRequiresNodes', message };
  }
  const message = `${counted(busy, 'Media Node')} ${busy === 1 ? 'has' : 'have'} rooms.`;
  return { reason: 'RoomsHoldNodes', message };
}

/** Without a profile everybody knows the figure: it stands in the spec. */
function carrying(spec: ClusterSpec): string {
  const source = byProfile(spec, 'participants');
  return source === '' ? '' : `, each with ${spec.capacity.participants}${source}`;
}

function busyNodes(outlooks: readonly NodeOutlook[]): number {
  let busy = 0;
  for (const { empty } of outlooks) if (!empty) busy += 1;
  return busy;
}
