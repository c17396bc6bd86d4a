/**
 * A decision in words for somebody who meets it for the first time: why this size, why not more, why not fewer,
 * which nodes serve and why each other one stays, what is uncertain, and what would change it. Pure: the thresholds
 * are found by deciding again.
 */
import { isoFromMs } from '../base/iso-time.ts';
import { sayDuration } from '../base/duration.ts';
import { listed } from '../base/listed.ts';
import { type Threshold, fewerThatMatter, laterChange, moreThatMatter, wishOf } from './counterfactual.ts';
import type { DecideInput } from './decide-input.ts';
import type { Decision, NodeState } from './decision.ts';
import { actionSaid } from './explain-actions.ts';
import { type Seen, type WouldChange, timeSaid, wouldChange } from './explain-change.ts';
import { type NodeExplanation, explainNode } from './explain-nodes.ts';
import { uncertainties } from './explain-uncertain.ts';
import { counted, mediaNodesWord, people, sentence } from './words.ts';
import { type Finding, type ReasonCode, reasons } from './reasons.ts';
import type { Mode } from './spec.ts';

/** Plain JSON. Every string is a whole sentence unless said otherwise. */
export interface Explanation {
  /** Name of the OpenViduCluster; not a sentence. */
  readonly cluster: string;
  /** RFC 3339. */
  readonly at: string;
  readonly mode: Mode;
  readonly desired: number;
  readonly reason: ReasonCode;
  readonly headline: string;
  readonly whyThisSize: readonly string[];
  readonly whyNotMore: readonly string[];
  readonly whyNotFewer: readonly string[];
  readonly wouldChange: readonly WouldChange[];
  /** What this decision does. */
  readonly actions: readonly string[];
  /** What it does not do, or not yet, about the whole fleet. What concerns one node is told there. */
  readonly refusals: readonly { readonly reason: ReasonCode; readonly sentence: string }[];
  readonly uncertain: readonly string[];
  readonly nodes: readonly NodeExplanation[];
}

/** `decision` is what `decide` gave for `input`. Costs some dozens of decisions. */
export function explain(input: DecideInput, decision: Decision): Explanation {
  const seen: Seen = { input, decision, ...thresholds(input, decision) };
  return {
    cluster: input.clusterName,
    at: isoFromMs(input.wallMs),
    mode: input.spec.mode,
    desired: decision.desired,
    reason: decision.because.reason,
    headline: headline(decision),
    whyThisSize: whyThisSize(seen),
    whyNotMore: whyNotMore(seen),
    whyNotFewer: whyNotFewer(seen),
    wouldChange: wouldChange(seen),
    actions: decision.actions.map((action) => actionSaid(action)),
    refusals: decision.refusals.filter(({ node }) => node === undefined).map(refusalSaid),
    uncertain: uncertainties(input, decision),
    nodes: decision.nodes.map((view) => explainNode(input, decision, view)),
  };
}

/** Without a demand nothing was decided, so nothing small could have changed it. */
function thresholds(input: DecideInput, decision: Decision): Pick<Seen, 'more' | 'fewer' | 'later'> {
  const followsLoad = decision.demand !== undefined && input.spec.mode !== 'External';
  return {
    more: followsLoad ? moreThatMatter(input, decision) : undefined,
    fewer: followsLoad ? fewerThatMatter(input, decision) : undefined,
    later: decision.demand === undefined ? undefined : laterChange(input, decision),
  };
}

const order: readonly NodeState[] = [
  'Serving',
  'Standby',
  'Cordoned',
  'Launching',
  'Leaving',
  'Suspect',
  'Failed',
];

function headline({ desired, nodes, because }: Decision): string {
  const counts = order.flatMap((state) => {
    const count = nodes.filter((view) => view.state === state).length;
    return count === 0 ? [] : [`${count} ${state.toLowerCase()}`];
  });
  const there =
    nodes.length === 0
      ? 'there is none'
      : `there ${nodes.length === 1 ? 'is' : 'are'} ${nodes.length}: ${listed(counts, 9)}`;
  const wanted = `${mediaNodesWord(desired)} ${desired === 1 ? 'is' : 'are'} wanted, ${there}`;
  return `${wanted}. ${sentence(because.message)}`;
}

function whyThisSize({ input, decision }: Seen): readonly string[] {
  const { demand, because, limitedBy } = decision;
  const first = sentence(because.message);
  if (demand === undefined) return [first];
  const opinions = demand.opinions.map((opinion) => `${bare(opinion.message)} (${opinion.kind}).`);
  const asked = input.spec.mode === 'External' ? [first, ...opinions] : opinions;
  const all = [
    ...reserveSaid(decision),
    ...asked,
    ...(limitedBy === undefined ? [] : [sentence(limitedBy.message)]),
  ];
  const isTold = all.some((text) => text.startsWith(bare(because.message)));
  return isTold ? all : [first, ...all];
}

/** The governor's own opinion: what it holds free, and for what. */
function reserveSaid({ governor }: Decision): readonly string[] {
  if (governor?.reserve === undefined) return [];
  const { because, need, have, keep, pace, expected } = governor.reserve;
  const ahead = sayDuration(pace.horizonS * 1000);
  const coming = `about ${people(Math.round(expected.combined))} ${Math.round(expected.combined) === 1 ? 'is' : 'are'} expected in new rooms within ${ahead}, a launch and a margin`;
  return [
    `${bare(because.message)} (Governor).`,
    `${sentence(coming)} For these ${counted(Math.ceil(need), 'slot')} must be free; ${Math.max(0, Math.floor(have))} are free or on order, and nothing is let go below ${Math.ceil(keep)}.`,
  ];
}

function bare(message: string): string {
  return sentence(message).replace(/\.$/, '');
}

function whyNotMore(seen: Seen): readonly string[] {
  const { input, decision, more } = seen;
  const { spec } = input;
  if (decision.demand === undefined)
    return [`${sentence(decision.because.message)} Nothing is launched on such data.`];
  const held = heldBack(decision, ['AtMaximum', 'RateLimited', 'LaunchBackoff', 'ReplicasRequested']);
  if (held.length > 0) return held;
  if (wishOf(decision) > decision.desired)
    return [sentence(decision.limitedBy?.message ?? decision.because.message)];
  if (decision.desired >= spec.maxNodes) return [`spec.mediaNodes.max allows no more than ${spec.maxNodes}.`];
  if (more === undefined) return ['Nothing asks for more.'];
  return [
    `Nothing asks for more. The next Media Node is wanted when ${counted(more.participants, 'more participant')} ${more.participants === 1 ? 'has' : 'have'} come.`,
  ];
}

/** What was said about the size for one of these reasons. */
function heldBack(decision: Decision, codes: readonly ReasonCode[]): readonly string[] {
  const all = [
    decision.because,
    ...(decision.limitedBy === undefined ? [] : [decision.limitedBy]),
    ...decision.refusals,
  ];
  return [
    ...new Set(all.filter(({ reason }) => codes.includes(reason)).map(({ message }) => sentence(message))),
  ];
}

function whyNotFewer(seen: Seen): readonly string[] {
  const { input, decision, fewer, later } = seen;
  const { demand, desired } = decision;
  if (demand === undefined)
    return [`${sentence(decision.because.message)} Unknown is not zero: nothing is removed.`];
  const surplus = surplusSaid(decision);
  if (input.spec.mode === 'External') return [sentence(decision.because.message), ...surplus];
  if (desired <= input.spec.minNodes)
    return [`spec.mediaNodes.min keeps ${input.spec.minNodes}.`, ...surplus];
  const until = later !== undefined && later.desired < desired ? [timeSaid(later)] : [];
  if (decision.limitedBy !== undefined && wishOf(decision) < desired) {
    return [sentence(decision.limitedBy.message), ...until, ...surplus];
  }
  return [...(fewer === undefined ? heldByRooms(decision) : [fewerIsEnough(fewer)]), ...until, ...surplus];
}

function fewerIsEnough({ nodes, participants }: Threshold): string {
  return `${mediaNodesWord(nodes)} would be enough if ${people(participants)} left.`;
}

/** A room cannot move, so nodes with rooms are wanted whatever the sum of their loads. */
function heldByRooms({ governor, nodes }: Decision): readonly string[] {
  const busy = (governor?.outlooks ?? []).filter(({ empty }) => !empty);
  if (governor?.reserve === undefined || busy.length === 0) {
    return ['The load and the free slots asked for need this many.'];
  }
  const closing = busy.filter(({ node }) =>
    nodes.some((view) => view.node.name === node.name && view.state === 'Standby'),
  );
  const next = closing
    .filter(({ emptyInS }) => emptyInS !== undefined)
    .toSorted((a, b) => (a.emptyInS ?? 0) - (b.emptyInS ?? 0))[0];
  const first =
    next === undefined
      ? ''
      : ` The next to become empty is ${next.node.name}, in ${sayDuration((next.emptyInS ?? 0) * 1000)} as likely as not.`;
  return [
    `${mediaNodesWord(busy.length)} ${busy.length === 1 ? 'has' : 'have'} rooms, and a room cannot move.${first}`,
  ];
}

/** Closed as surplus and still there: the size is lower already, the nodes follow when they are empty. */
function surplusSaid({ nodes }: Decision): readonly string[] {
  const closed = nodes.filter(({ state, finding }) => state === 'Standby' && finding !== undefined);
  if (closed.length === 0) return [];
  const names = listed(closed.map(({ node }) => node.name));
  const [is, has] = closed.length === 1 ? ['is', 'its rooms have'] : ['are', 'their rooms have'];
  return [`${names} ${is} not needed and can leave once ${has} ended and two observations show it.`];
}

function refusalSaid({ reason, message }: Finding): {
  readonly reason: ReasonCode;
  readonly sentence: string;
} {
  const told = sentence(message);
  return { reason, sentence: told === reasons[reason] ? told : `${told} ${reasons[reason]}` };
}
