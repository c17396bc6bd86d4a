/** What became different between two decisions, as Events tell it. */
import { capacityTold } from './capacity-told.ts';
import type { Decision, NodeState, NodeView } from './decision.ts';
import { drainTransition, evictionNotice, hasDrainNews } from './drains-told.ts';
import type { Loss } from './loss.ts';
import { type Finding, type ReasonCode, reasons } from './reasons.ts';
import { changesTold } from './updates-told.ts';
import { people, peopleInRooms } from './words.ts';

/**
 * Findings in the order of the nodes' names, then those about the whole fleet. After a cold start only what is about to
 * be cut.
 */
export function transitions(before: Decision | undefined, now: Decision): readonly Finding[] {
  if (before === undefined) {
    return [...now.nodes.flatMap((view) => evictionNotice(undefined, view)), ...changesTold(undefined, now)];
  }
  const changed: Finding[] = [];
  const isSameFleet = sameNodes(before, now);
  const earlier = isSameFleet ? undefined : new Map(before.nodes.map((view) => [view.node.name, view]));
  now.nodes.forEach((view, at) => {
    const was = isSameFleet ? before.nodes[at] : earlier?.get(view.node.name);
    if (was === undefined || !isAsBefore(was, view)) changed.push(...nodeTransition(was, view));
    if (hasDrainNews(was, view)) changed.push(...drainTransition(was, view));
  });
  const fleet = [
    ...now.losses.map(lossTold),
    ...changesTold(before, now),
    ...capacityTold(before, now),
    ...sizeTransition(before, now),
  ];
  return fleet.length === 0 ? changed : [...changed, ...fleet];
}

/** Both in the order of names: most passes see the nodes that the one before saw. */
function sameNodes(before: Decision, now: Decision): boolean {
  if (before.nodes.length !== now.nodes.length) return false;
  return now.nodes.every(({ node }, at) => before.nodes[at]?.node.pod.uid === node.pod.uid);
}

/** Nothing is told of a node that is in the state in which it was, and was not told to be closed anew. */
function isAsBefore(before: NodeView, now: NodeView): boolean {
  return before.state === now.state && before.node.memory.toldAs === now.node.memory.toldAs;
}

function lossTold({ node, rooms, participants, why }: Loss): Finding {
  const message = `${node} is lost: ${why}. It had ${peopleInRooms(participants, rooms)}.`;
  return { reason: 'MediaNodeLost', message, node };
}

function nodeTransition(before: NodeView | undefined, view: NodeView): readonly Finding[] {
  const reason = reasonOf(before, view);
  if (reason === undefined) return [];
  return [{ reason, message: sentence(reason, view), node: view.node.name }];
}

const reasonByState: Readonly<Partial<Record<NodeState, ReasonCode>>> = {
  Cordoned: 'MediaNodeCordoned',
  Suspect: 'MediaNodeSuspect',
  Failed: 'MediaNodeFailed',
};

function reasonOf(before: NodeView | undefined, now: NodeView): ReasonCode | undefined {
  const from = before?.state;
  const { state } = now;
  if (state === 'Standby') return closingOf(before, now) ?? arrivalOf(from);
  if (state === 'Serving') return openingOf(before, now);
  return from === state || (from === 'Standby' && endsInOrder(now)) ? undefined : reasonByState[state];
}

function openingOf(before: NodeView | undefined, now: NodeView): ReasonCode | undefined {
  if (before?.state === 'Serving') return undefined;
  if (before?.state === 'Standby') return toldBefore(before, now) ? 'MediaNodeServing' : undefined;
  return arrivalOf(before?.state) ?? 'MediaNodeServing';
}

/** The governor closes and opens nodes many times a day: only a new reason to stay closed is told. */
function closingOf(before: NodeView | undefined, { node }: NodeView): ReasonCode | undefined {
  const { toldAs } = node.memory;
  if (toldAs === undefined || toldAs === before?.node.memory.toldAs) return undefined;
  return toldAs === 'Full' ? 'MediaNodeFull' : 'MediaNodeStandby';
}

function toldBefore(before: NodeView, now: NodeView): boolean {
  return before.node.memory.toldAs !== undefined && now.node.memory.toldAs === undefined;
}

/** Whether it serves at once or waits closed until it is needed. */
function arrivalOf(before: NodeState | undefined): ReasonCode | undefined {
  if (before === undefined || before === 'Launching') return 'MediaNodeReady';
  return before === 'Cordoned' ? 'MediaNodeUncordoned' : undefined;
}

/** A server that ends in order takes its entry along; its Pod is seen to leave a moment later. */
function endsInOrder({ node, state }: NodeView): boolean {
  return state === 'Suspect' && node.entry === undefined && node.participants === 0;
}

type Tell = (name: string, view: NodeView) => string;

const sentences: Readonly<Partial<Record<ReasonCode, Tell>>> = {
  MediaNodeReady: (name, { state }) =>
    `${name} is ready and registered, and takes rooms${state === 'Standby' ? ' when they need it' : ''}.`,
  MediaNodeServing: (name, view) => `${name} takes new rooms again. ${load(view)}`,
  MediaNodeUncordoned: (name, view) =>
    `${name} is no longer cordoned and takes new rooms again${view.state === 'Standby' ? ' when they need it' : ''}. ${load(view)}`,
  MediaNodeFull: (name, view) =>
    `${name} is full by what its rooms may come to want, and takes no new rooms while others have space. ${load(view)}`,
  MediaNodeStandby: (name, view) =>
    `${name} takes no new rooms, because fewer Media Nodes are needed; its rooms go on. ${load(view)}`,
  MediaNodeCordoned: (name, view) =>
    `${name} takes no new rooms: ${view.node.pod.cordonWish?.why ?? 'a person cordoned it'}. ${load(view)}`,
  MediaNodeSuspect: (name, { node }) =>
    `${name} has stopped reporting although its Pod runs. It last had ${people(node.participants)}.`,
  MediaNodeFailed: (name, { node }) =>
    `${name} is no Media Node any more: ${node.pod.trouble ?? 'it did not register in time, or its server has ended'}.`,
};

function sentence(reason: ReasonCode, view: NodeView): string {
  return sentences[reason]?.(view.node.name, view) ?? `${view.node.name}: ${reasons[reason]}`;
}

function load({ node }: NodeView): string {
  return `It has ${peopleInRooms(node.participants, node.rooms.length)}.`;
}

function sizeTransition(before: Decision, now: Decision): readonly Finding[] {
  if (before.desired === now.desired) return [];
  const reason = now.desired > before.desired ? 'ScaledUp' : 'ScaledDown';
  const message = `From ${before.desired} to ${now.desired} Media Nodes: ${now.because.message}`;
  return [{ reason, message }];
}

/** What deserves a Warning: somebody should look. */
export function severityOf(reason: ReasonCode): 'Normal' | 'Warning' {
  const warnings: readonly ReasonCode[] = [
    'MediaNodeLost',
    'MediaNodeFailed',
    'MediaNodeSuspect',
    'LaunchFailed',
    'ProfileMissing',
    'ProfileUnmatched',
    'ProfileUnusable',
    'ProfileDrifted',
    'SpecInvalid',
    'RedisUnavailable',
    'HeartbeatsStopped',
    'LoadDropped',
    'AtMaximum',
    'ActionRefused',
    'DrainLate',
    'EvictionNear',
    'MediaNodeEvicted',
    'MediaNodeWedged',
    'IngestContinues',
    'GhostRooms',
    'ForeignNodes',
    'RegistryShared',
    'UpdateFailed',
    'MaintenanceDeadline',
    'LoadTestInconclusive',
    'LoadTestFailed',
    'ProfileNotPublished',
  ];
  return warnings.includes(reason) ? 'Warning' : 'Normal';
}
