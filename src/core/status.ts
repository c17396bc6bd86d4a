/** A decision as status and conditions. Pure; instants come in as text because the core reads no clock. */
import { CONDITION_TYPES, type NextCondition, setCondition } from '../api/conditions.ts';
import { podSelector } from '../api/names.ts';
import type { ClusterStatus } from '../api/v1alpha1.gen.ts';
import { capacityCondition, capacityStatus } from './capacity-told.ts';
import type { Decision, NodeState, NodeView } from './decision.ts';
import { freeSlots } from './demand.ts';
import { isLent, liveRoomCount } from './media-nodes.ts';
import { nodeStatuses } from './node-status.ts';
import { type Finding, type ReasonCode, reasons } from './reasons.ts';
import type { ClusterSpec, SpecProblem } from './spec.ts';
import { updatedCondition, updatesStatus } from './updates-status.ts';
import { type StatusSurroundings, scalingMessage, sharedFinding } from './status-surroundings.ts';

export interface StatusInput extends StatusSurroundings {
  readonly clusterName: string;
  readonly generation: number;
  readonly spec: ClusterSpec;
  readonly problems: readonly SpecProblem[];
  readonly notYetEffective: readonly string[];
  /** What should be otherwise in how the media servers pick nodes; nobody looked where it is absent. */
  readonly selectorAdvice?: readonly string[] | undefined;
  readonly decision: Decision;
  readonly previous: ClusterStatus | undefined;
  /** RFC 3339. */
  readonly nowIso: string;
  /** What a trial has found so far; `undefined` where there is none. */
  readonly shadow?: ClusterStatus['shadow'] | undefined;
}

/** As many nodes as the schema lets the status list; busy and unusual ones come first by name order. */
const mostNodesListed = 1000;
const people = { one: 'Media Node', many: 'Media Nodes' } as const;

/** The whole status. Equal to `previous` but for nothing when nothing a reader cares about has changed. */
export function statusOf(input: StatusInput): ClusterStatus {
  const { decision, previous } = input;
  const spec = withFigures(input);
  const counts = countStates(decision.nodes);
  const own = decision.nodes.filter(({ node }) => !isLent(node));
  const participants = sum(own, ({ node }) => node.participants);
  const serving = decision.nodes.filter((view) => view.state === 'Serving');
  const slots = readyOf(countStates(own)) * spec.capacity.participants;
  return {
    observedGeneration: input.generation,
    desiredNodes: decision.desired,
    readyNodes: readyOf(counts),
    servingNodes: counts.Serving,
    standbyNodes: counts.Standby,
    cordonedNodes: counts.Cordoned,
    launchingNodes: counts.Launching,
    leavingNodes: counts.Leaving,
    failedNodes: counts.Failed + counts.Suspect + counts.Lost,
    replicas: decision.nodes.length,
    rooms: sum(own, ({ node }) => liveRoomCount(node)),
    participants,
    utilizationPercent: slots === 0 ? 0 : Math.round((100 * participants) / slots),
    freeSlots: sum(serving, ({ node }) => freeSlots(spec, node)),
    ...versionStatus(input.serverVersion ?? previous?.serverVersion),
    ...capacityStatus(decision.capacity, previous, previous?.participants === participants),
    selector: podSelector(input.clusterName),
    conditions: conditionsOf(input, counts),
    lastDecision: lastDecision(decision, previous, input.nowIso),
    ...updatesStatus(decision.updates, previous?.updates, input.nowIso),
    ...(input.shadow === undefined ? {} : { shadow: input.shadow }),
    nodes: nodeStatuses(decision.nodes.slice(0, mostNodesListed), input),
  };
}

function versionStatus(serverVersion: string | undefined): Pick<ClusterStatus, 'serverVersion'> {
  return serverVersion === undefined ? {} : { serverVersion };
}

/** The spec is as it was written; the decision knows whose figures hold. */
function withFigures({ spec, decision }: StatusInput): ClusterSpec {
  return decision.capacity === undefined ? spec : { ...spec, capacity: decision.capacity.figures };
}

type Counts = Readonly<Record<NodeState, number>>;

function countStates(views: readonly NodeView[]): Counts {
  const count = (state: NodeState) => views.filter((view) => view.state === state).length;
  return {
    Launching: count('Launching'),
    Serving: count('Serving'),
    Standby: count('Standby'),
    Cordoned: count('Cordoned'),
    Leaving: count('Leaving'),
    Failed: count('Failed'),
    Suspect: count('Suspect'),
    Lost: count('Lost'),
  };
}

function readyOf({ Serving, Standby, Cordoned }: Counts): number {
  return Serving + Standby + Cordoned;
}

function sum(views: readonly NodeView[], of: (view: NodeView) => number): number {
  return views.reduce((total, view) => total + of(view), 0);
}

/** Its time moves only when the answer does, so that a steady state writes nothing. */
function lastDecision(
  decision: Decision,
  previous: ClusterStatus | undefined,
  nowIso: string,
): NonNullable<ClusterStatus['lastDecision']> {
  const { desired, because } = decision;
  const before = previous?.lastDecision;
  const same = before?.desired === desired && before.reason === because.reason;
  return { time: same ? before.time : nowIso, desired, reason: because.reason, message: because.message };
}

/**
 * A status without the words whose figures move with what is expected of the rooms, while nothing happens. When only
 * they differ nothing is written; they are brought up to date with the next thing that is.
 */
export function withoutPassingWords(status: ClusterStatus): ClusterStatus {
  const { lastDecision: decided, conditions: said } = status;
  return {
    ...status,
    ...(decided === undefined ? {} : { lastDecision: { ...decided, message: '' } }),
    ...(said === undefined
      ? {}
      : { conditions: said.map((one) => (one.type === 'ScalingLimited' ? { ...one, message: '' } : one)) }),
  };
}

function conditionsOf(input: StatusInput, counts: Counts): NonNullable<ClusterStatus['conditions']> {
  const next = CONDITION_TYPES.map((type) => ({
    type,
    observedGeneration: input.generation,
    ...conditions[type](input, counts),
  }));
  return next.reduce(
    (list, condition) => setCondition(list, condition, input.nowIso),
    input.previous?.conditions ?? [],
  );
}

type Statement = Pick<NextCondition, 'status'> & { readonly reason: ReasonCode; readonly message: string };
type Judge = (input: StatusInput, counts: Counts) => Statement;

const dataReasons: readonly ReasonCode[] = ['RedisUnavailable', 'HeartbeatsStopped'];

const conditions: Readonly<Record<(typeof CONDITION_TYPES)[number], Judge>> = {
  Ready: readyCondition,
  DataFresh: dataCondition,
  ScalingActive: scalingCondition,
  ScalingLimited: ({ decision }) =>
    decision.limitedBy === undefined
      ? { status: 'False', reason: 'WithinLimits', message: 'No limit holds the size back.' }
      : say('True', decision.limitedBy),
  PlacementGoverned: placementCondition,
  SelectorSuitable: ({ selectorAdvice = [] }) =>
    selectorAdvice.length === 0
      ? { status: 'True', reason: 'SelectorFits', message: reasons.SelectorFits }
      : { status: 'False', reason: 'SelectorAdvice', message: selectorAdvice.join(' ') },
  RegistryExclusive: registryCondition,
  CapacityKnown: ({ decision, spec }) => capacityCondition(decision.capacity, spec.profileRef?.name),
  Updated: ({ decision, previous }) => updatedCondition(decision.updates, previous),
  Progressing: ({ spec, decision }, counts) =>
    spec.deleting
      ? say('True', decision.because)
      : counts.Launching + counts.Leaving > 0
        ? say('True', {
            reason: 'NodesChanging',
            message: `${counts.Launching} launching, ${counts.Leaving} leaving.`,
          })
        : {
            status: 'False',
            reason: 'NothingChanging',
            message: 'No Media Node is being launched or is leaving.',
          },
  Degraded: degradedCondition,
  FieldsEffective: ({ notYetEffective }) =>
    notYetEffective.length === 0
      ? { status: 'True', reason: 'AllFieldsEffective', message: 'Every field that is set takes effect.' }
      : {
          status: 'False',
          reason: 'FieldsNotYetEffective',
          message: `Accepted, but without effect in this version: ${notYetEffective.join(', ')}.`,
        },
};

function say(status: Statement['status'], finding: Finding): Statement {
  return { status, reason: finding.reason, message: finding.message };
}

function nodesWord(count: number): string {
  return count === 1 ? people.one : people.many;
}

function readyCondition({ spec }: StatusInput, counts: Counts): Statement {
  const ready = counts.Serving + counts.Standby + counts.Cordoned;
  if (ready >= spec.minNodes && counts.Serving > 0) {
    return {
      status: 'True',
      reason: 'NodesReady',
      message: `${ready} ${nodesWord(ready)} ready, ${counts.Serving} serving.`,
    };
  }
  const message = `${ready} of at least ${spec.minNodes} ${nodesWord(spec.minNodes)} ready, ${counts.Serving} serving.`;
  return { status: 'False', reason: 'TooFewNodesReady', message };
}

function dataCondition({ decision }: StatusInput): Statement {
  const bad = decision.refusals.find((finding) => dataReasons.includes(finding.reason));
  if (bad !== undefined) return say('False', bad);
  return { status: 'True', reason: 'DataFresh', message: 'Redis was read and the Media Nodes report.' };
}

/** Whose media servers Redis lists. While it cannot be read the last answer is as good as any. */
function registryCondition({ decision, sharingRedis = [] }: StatusInput): Statement {
  const finding =
    sharedFinding(sharingRedis) ?? decision.refusals.find(({ reason }) => reason === 'ForeignNodes');
  if (finding !== undefined) return say('False', finding);
  return { status: 'True', reason: 'OnlyOwnNodes', message: reasons.OnlyOwnNodes };
}

function scalingCondition({ decision, problems, machinesWatched }: StatusInput): Statement {
  const problem = problems[0];
  if (problem !== undefined) return say('False', specFinding(problem));
  const stop = decision.refusals.find(({ reason }) => [...dataReasons, 'DryRun', 'Paused'].includes(reason));
  if (stop !== undefined) return say('False', stop);
  return { status: 'True', reason: 'ScalingEnforced', message: scalingMessage(machinesWatched) };
}

const notSteered: readonly ReasonCode[] = ['ServerUnverified', 'CordonNotHolding'];

function placementCondition({ decision }: StatusInput): Statement {
  const off = decision.refusals.find(({ reason }) => notSteered.includes(reason));
  if (off !== undefined) return say('False', off);
  const held = decision.refusals.find(({ reason }) => reason === 'PlacementNotSteered');
  if (held !== undefined) return say('False', held);
  if (
    decision.steering === undefined ||
    decision.refusals.some(({ reason }) => reason === 'RedisUnavailable' || reason === 'DryRun')
  ) {
    const why = decision.refusals[0]?.message ?? '';
    const message = `New rooms are placed by the media servers alone. ${why}`.trim();
    return { status: 'False', reason: 'PlacementNotSteered', message };
  }
  return {
    status: 'True',
    reason: 'PlacementSteered',
    message: 'New rooms are steered to the serving Media Nodes.',
  };
}

const unwell: Readonly<Partial<Record<NodeState, ReasonCode>>> = {
  Failed: 'MediaNodeFailed',
  Lost: 'MediaNodeLost',
};

function degradedCondition(input: StatusInput, counts: Counts): Statement {
  const problem = input.problems[0];
  if (problem !== undefined) return say('True', specFinding(problem));
  const refused = input.decision.refusals.find(({ reason }) =>
    ['LaunchFailed', 'LaunchBackoff'].includes(reason),
  );
  if (refused !== undefined) return say('True', { ...refused, reason: 'LaunchesFailing' });
  const bad = input.decision.nodes.find(({ state }) => ['Failed', 'Suspect', 'Lost'].includes(state));
  if (bad === undefined) return { status: 'False', reason: 'NothingWrong', message: 'Nothing is wrong.' };
  const reason = unwell[bad.state] ?? 'MediaNodeSuspect';
  const count = counts.Failed + counts.Suspect + counts.Lost;
  const trouble =
    bad.node.pod.trouble ?? (bad.state === 'Lost' ? 'its server has ended' : 'it does not report');
  const message = `${count} ${nodesWord(count)} not well, first ${bad.node.name}: ${trouble}.`;
  return { status: 'True', reason, message };
}

/** A fault in the spec as a finding: the field first, then the remedy. */
export function specFinding(problem: SpecProblem): Finding {
  return { reason: 'SpecInvalid', message: `${problem.field}: ${problem.message}` };
}
