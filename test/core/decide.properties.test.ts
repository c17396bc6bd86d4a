/** What holds of every decision, whatever is observed, whatever is set, and whatever was learned. */
import { expect, test } from '@jest/globals';
import type { Action, PodRef } from '../../src/core/action.ts';
import type { Decision, NodeView } from '../../src/core/decision.ts';
import { isOwnWish } from '../../src/core/evacuation.ts';
import { type MediaNode, liveRooms } from '../../src/core/media-nodes.ts';
import type { ReasonCode } from '../../src/core/reasons.ts';
import { surgeOf } from '../../src/core/updates.ts';
import type { Step } from '../support/arbitrary.ts';
import { type Claim, Judge } from '../support/claims.ts';

type Removal = Extract<Action, { kind: 'RemoveNode' }>;

const of = <K extends Action['kind']>(decision: Decision, kind: K) =>
  decision.actions.filter((action): action is Extract<Action, { kind: K }> => action.kind === kind);

/** `undefined` when there is none to judge. */
const all = <T>(
  items: readonly T[],
  isRight: (item: T, at: number, items: readonly T[]) => boolean,
): boolean | undefined => (items.length === 0 ? undefined : items.every(isRight));

function nodeOf(decision: Decision, name: string): MediaNode {
  const view = decision.nodes.find(({ node }) => node.name === name);
  if (view === undefined) throw new Error(`${name} is acted on and not shown`);
  return view.node;
}

const podOf = (action: Action): readonly PodRef[] => ('pod' in action ? [action.pod] : []);
const isHeld = ({ decision }: Step) => decision.demand === undefined;
const upNodes = ({ nodes }: Decision) => nodes.map(({ node }) => node).filter(({ phase }) => phase === 'Up');
const capacity = (decision: Decision) => upNodes(decision).filter(({ pod }) => pod.cordonWish === undefined);

function isProvenTwice({ evidence }: Removal): boolean {
  const [first, second] = evidence.proofs;
  if (first === undefined || second === undefined || evidence.proofs.length !== 2) return false;
  const apart = second.atMs - first.atMs >= 2000 && second.heartbeatsSeen > first.heartbeatsSeen;
  return apart && second.metricsAtMs > first.metricsAtMs && evidence.closedAtMs < first.metricsAtMs;
}

const unsteered: readonly ReasonCode[] = ['ServerUnverified', 'CordonNotHolding'];
const isUnsteered = ({ refusals }: Decision): boolean =>
  refusals.some(({ reason }) => unsteered.includes(reason));

/** Where rooms are not steered there is no closed node; being empty has to do. */
function isClosedAndReports({ entry, pod, memory }: MediaNode): boolean {
  if (entry === undefined) return false;
  const isClosed = entry.cordonMarked || memory.letOpen === true;
  return isClosed && entry.ageMs <= 6000 && !pod.inService && !pod.deleting;
}

function isEmptyByEverySource(node: MediaNode): boolean {
  const { entry, metrics } = node;
  if (metrics?.kind !== 'Read' || liveRooms(node).length > 0 || metrics.rooms > 0) return false;
  // Whoever is counted all the same only signals through it, and has media elsewhere.
  const clients = Math.max(node.participants, entry?.load.participants ?? Infinity, metrics.participants);
  if (clients > metrics.relayedSignals) return false;
  return metrics.companions.every(({ active }) => active === 0);
}

function serverApiAgrees({ input: { observed } }: Step, node: MediaNode): boolean {
  const { serverApi } = observed;
  if (serverApi?.kind !== 'Read') return true;
  const mapped = new Set(node.rooms.map(({ room }) => room));
  return !serverApi.rooms.some(({ room, participants }) => participants > 0 && mapped.has(room));
}

function carriesNothing({ pod, memory, entry }: MediaNode): boolean {
  const ended = pod.phase === 'Succeeded' || pod.phase === 'Failed' || pod.ended !== undefined;
  return ended || (!pod.ready && !memory.served && (entry?.load.participants ?? 0) === 0);
}

function isAbsentAndSilent({ input, decision }: Step, nodeId: string): boolean {
  const { redis } = input.observed;
  if (redis.kind !== 'Read' || decision.nodes.some(({ node }) => node.entry?.nodeId === nodeId)) return false;
  const entry = redis.nodes.find((item) => item.nodeId === nodeId);
  return nodeId !== 'ND_other-7' && entry?.kind === 'Node' && entry.ageMs > 6000;
}

/** It was ours, and what it was of is known to run no more. */
function hasEndedFor({ input, decision }: Step, nodeId: string): boolean {
  const present = decision.nodes.some(({ node: { entry, pod } }) => {
    const ended = pod.ended !== undefined || pod.phase === 'Failed' || pod.phase === 'Succeeded';
    return entry?.nodeId === nodeId && !ended;
  });
  const known = Object.values({ ...input.memory.nodes, ...decision.memory.nodes });
  return (
    !present && known.some((node) => node.nodeId === nodeId || node.formerIds?.includes(nodeId) === true)
  );
}

function mayBeEvicted({ input, decision }: Step, { name, uid }: PodRef): boolean {
  const { spec, wallMs, nowMs, memory } = input;
  const { pod, entry } = nodeOf(decision, name);
  const { sinceMs, leaveWhenEmpty = false } = pod.cordonWish ?? {};
  const deadlineMs = (sinceMs ?? Infinity) + (spec.drainDeadlineMs ?? Infinity);
  const isWritten = spec.onDrainDeadline === 'Evict' && leaveWhenEmpty && wallMs >= deadlineMs;
  const wasTold = nowMs - (memory.nodes[uid]?.drain?.warnedMs ?? Infinity) >= 60_000;
  return isWritten && wasTold && !pod.protected && (entry?.ageMs ?? Infinity) <= 6000;
}

/** Lost nodes take nobody's place, unless a person keeps their Pods. */
function isStaying({ node, state }: NodeView): boolean {
  return node.phase !== 'Leaving' && (state !== 'Lost' || node.pod.protected);
}

/** A figure that a target is measured by is missing of a node that is there. */
function isUnmeasured({ input: { spec }, decision }: Step): boolean {
  if (!spec.targets.some(({ kind }) => kind === 'Cpu')) return false;
  return decision.nodes.some(
    ({ node: { phase, entry } }) =>
      (phase === 'Up' || phase === 'Suspect') && !Number.isFinite(entry?.load.cpuLoad ?? Number.NaN),
  );
}

const removals: readonly Claim[] = [
  {
    says: 'a node is removed only with two proofs, a heartbeat apart, both younger than its closing',
    holds: ({ decision }) => all(of(decision, 'RemoveNode'), isProvenTwice),
  },
  {
    says: 'only while it is closed, reports, and is out of the Service',
    holds: ({ decision }) =>
      all(of(decision, 'RemoveNode'), ({ pod }) => isClosedAndReports(nodeOf(decision, pod.name))),
  },
  {
    says: 'an open one only where rooms are not steered, or where the fleet is being deleted',
    holds: ({ decision, input }) =>
      all(of(decision, 'RemoveNode'), ({ pod }) => {
        const { entry } = nodeOf(decision, pod.name);
        return entry?.cordonMarked === true || isUnsteered(decision) || input.spec.deleting;
      }),
  },
  {
    says: 'only while every source still shows it empty: no room, no participant, no job',
    holds: (step) =>
      all(of(step.decision, 'RemoveNode'), ({ pod }) => {
        const node = nodeOf(step.decision, pod.name);
        return isEmptyByEverySource(node) && serverApiAgrees(step, node);
      }),
  },
  {
    says: 'only on a view of the Pods that includes all own writes',
    holds: ({ input, decision }) => all(of(decision, 'RemoveNode'), () => input.observed.ownWritesSeen),
  },
  {
    says: 'only while another node is open for new rooms',
    holds: ({ decision }) => {
      const { open = [], closed = [] } = decision.steering ?? {};
      // Where nothing is steered every node is.
      const isOpen = (id = '') => (open.length + closed.length === 0 ? true : open.includes(id));
      return all(of(decision, 'RemoveNode'), ({ evidence: { nodeId } }) =>
        upNodes(decision).some(({ entry }) => entry?.nodeId !== nodeId && isOpen(entry?.nodeId)),
      );
    },
  },
  {
    says: 'a removal that nobody asked for leaves at least the minimum',
    holds: ({ input: { spec }, decision }) => {
      const named = new Set(of(decision, 'RemoveNode').map(({ pod }) => pod.name));
      const nodes = capacity(decision);
      if (!nodes.some(({ name }) => named.has(name))) return undefined;
      return nodes.filter(({ name }) => !named.has(name)).length >= spec.minNodes;
    },
  },
  {
    says: 'no more nodes are on their way out than are allowed to be',
    holds: ({ input: { spec }, decision }) =>
      all([...of(decision, 'RemoveNode'), ...of(decision, 'EvictNode')], (_, __, going) => {
        const leaving = decision.nodes.filter(({ node }) => node.phase === 'Leaving').length;
        return leaving + going.length <= spec.maxConcurrentLeaving;
      }),
  },
  {
    says: 'nothing that a person protects is removed',
    holds: ({ decision }) =>
      all([...of(decision, 'RemoveNode'), ...of(decision, 'RemoveFailed')], ({ pod }) => {
        return !nodeOf(decision, pod.name).pod.protected;
      }),
  },
  {
    says: 'a Pod is removed as failed only when it carries nothing',
    holds: ({ decision }) =>
      all(of(decision, 'RemoveFailed'), ({ pod }) => carriesNothing(nodeOf(decision, pod.name))),
  },
  {
    says: 'a registry entry is removed only when its process has ended, or its Pod is gone and it no longer reports',
    holds: (step) =>
      all(
        of(step.decision, 'RemoveGhost'),
        ({ nodeId }) => isAbsentAndSilent(step, nodeId) || hasEndedFor(step, nodeId),
      ),
  },
  {
    says: 'people are cut only after a written deadline, on a node that reports, that nobody protects, and a minute after it was announced',
    atLeast: 10,
    holds: (step) => all(of(step.decision, 'EvictNode'), ({ pod }) => mayBeEvicted(step, pod)),
  },
  {
    says: 'a server that hangs is ended only with nobody on it by all sources',
    atLeast: 3,
    holds: ({ input, decision }) =>
      all(of(decision, 'EndWedged'), ({ pod }) => {
        const node = nodeOf(decision, pod.name);
        const { metrics, entry } = node;
        const relays = metrics?.kind !== 'Read' || metrics.relayedSignals > 0;
        const toldToStop = entry?.state === 'ShuttingDown' && entry.ageMs <= 6000 && !relays;
        return toldToStop && isEmptyByEverySource(node) && input.observed.ownWritesSeen;
      }),
  },
];

const sizes: readonly Claim[] = [
  {
    says: 'the desired number is a whole one between minimum and maximum',
    holds: ({ input: { spec }, decision: { desired } }) =>
      Number.isInteger(desired) && desired >= spec.minNodes && desired <= spec.maxNodes,
  },
  {
    says: 'an open schedule keeps its nodes, as far as the maximum allows',
    holds: (step) => {
      const { spec } = step.input;
      if (isHeld(step) || spec.mode === 'External' || spec.schedules.length === 0) return undefined;
      return step.decision.desired >= Math.min(spec.maxNodes, 3);
    },
  },
  {
    says: 'nodes with people are never too many where rooms are packed',
    holds: (step) => {
      const { spec } = step.input;
      const isPacked = spec.placement.strategy === 'Packed' && spec.mode !== 'External';
      if (isHeld(step) || !isPacked) return undefined;
      const busy = capacity(step.decision).filter(({ participants }) => participants > 0).length;
      return step.decision.desired + step.decision.aside >= Math.min(spec.maxNodes, busy);
    },
  },
  {
    says: 'a target that cannot be measured on every node lets no fleet become smaller',
    holds: (step) => {
      const { spec, memory } = step.input;
      if (isHeld(step) || spec.mode === 'External' || !isUnmeasured(step)) return undefined;
      return step.decision.desired >= Math.min(spec.maxNodes, memory.desired ?? 0);
    },
  },
  {
    says: 'no more Pods are asked for than the maximum allows, each under a name of its own',
    holds: ({ input, decision }) => {
      const created = of(decision, 'CreatePod').map(({ name }) => name);
      const names = [...created, ...input.observed.pods.map(({ name }) => name)];
      const staying = decision.nodes.filter(isStaying).length;
      return all(created, () => {
        const most = input.spec.maxNodes + (isReplacing(decision) ? surgeIn({ input, decision }) : 0);
        return new Set(names).size === names.length && staying + created.length <= most;
      });
    },
  },
];

const steering: readonly Claim[] = [
  {
    says: 'as long as a node is up one is open: never are all closed',
    holds: ({ decision: { steering: given, nodes } }) =>
      given === undefined || given.closed.length === 0
        ? undefined
        : nodes.some(({ node }) => node.phase === 'Up' && given.open.includes(node.entry?.nodeId ?? '')),
  },
  {
    says: 'no node is closed where rooms may not be steered, and then none is shown as closed by the governor',
    holds: ({ decision: { steering: given, nodes, ...rest }, input }) => {
      const { redis } = input.observed;
      const isVerified = redis.kind === 'Read' && redis.serverVersion === '1.13.5';
      if (isVerified || input.spec.trustUnverifiedServers || redis.kind !== 'Read') return undefined;
      if (redis.nodes.length === 0 || rest.demand === undefined) return undefined;
      return given?.closed.length === 0 && nodes.every(({ state }) => state !== 'Standby');
    },
  },
  {
    says: 'every node that is up is told to be either open or closed',
    holds: (step) => {
      const { decision, input } = step;
      if (isHeld(step) || input.spec.mode === 'DryRun' || isUnsteered(decision)) return undefined;
      const { open = [], closed = [] } = decision.steering ?? {};
      const up = upNodes(decision).map(({ entry }) => entry?.nodeId ?? '?');
      const told = [...open, ...closed].filter((id) => up.includes(id)).toSorted((a, b) => (a < b ? -1 : 1));
      return told.join() === up.toSorted((a, b) => (a < b ? -1 : 1)).join();
    },
  },
  {
    says: 'of the others none is opened, and none is closed but to stay so',
    holds: (step) => {
      const { decision } = step;
      const { open = [], closed = [] } = decision.steering ?? {};
      const others = decision.nodes.map(({ node }) => node).filter(({ phase }) => phase !== 'Up');
      return others.every(({ phase, entry, pod, memory }) => {
        const id = entry?.nodeId ?? '?';
        if (open.includes(id)) return false;
        const wasShut = memory.closedSinceMs !== undefined || pod.cordonWish !== undefined;
        return !closed.includes(id) || phase === 'Leaving' || (phase === 'Suspect' && wasShut);
      });
    },
  },
  {
    says: 'what a person cordoned is open only when no other node could be',
    holds: ({ decision }) => {
      const { open = [] } = decision.steering ?? {};
      const opened = upNodes(decision).filter(({ entry }) => open.includes(entry?.nodeId ?? ''));
      return all(
        opened.filter(({ pod }) => pod.cordonWish !== undefined),
        () => opened.length === 1 && capacity(decision).length === 0,
      );
    },
  },
];

const isReplacing = ({ updates, departures, nodes }: Decision): boolean =>
  updates?.phase !== 'Idle' || departures.length > 0 || nodes.some(({ node }) => isOwnWish(node));

const surgeIn = ({ input, decision }: Step): number => surgeOf(input.spec.updates, decision.desired);

const verdictOf = ({ input }: Step, revision: string | undefined): string | undefined =>
  input.observed.revisions.find((known) => known.revision === revision)?.verdict?.kind;

/** Nodes that this decision wants closed for an update, without those of a revision that failed. */
const closedForUpdate = (step: Step): readonly MediaNode[] =>
  of(step.decision, 'SetWish')
    .filter(({ wish }) => wish?.by === 'Update')
    .map(({ pod }) => nodeOf(step.decision, pod.name))
    .filter(({ pod }) => verdictOf(step, pod.revision) !== 'Failed');

const changes: readonly Claim[] = [
  {
    says: 'what a person wants is never changed',
    holds: ({ decision }) =>
      all(of(decision, 'SetWish'), ({ pod }) => nodeOf(decision, pod.name).pod.cordonWish?.by !== 'Person'),
  },
  {
    says: 'nothing is made from a revision that failed',
    holds: (step) =>
      all(of(step.decision, 'CreatePod'), ({ revision }) => verdictOf(step, revision) !== 'Failed'),
  },
  {
    says: 'while a revision is on trial, growth is served with the one before, and nobody is closed for it',
    holds: (step) => {
      const { revision, updates } = step.input.spec;
      const isOnTrial = verdictOf(step, revision) === undefined && verdictOf(step, 'r0') === 'Proven';
      if (!isOnTrial || isHeld(step)) return undefined;
      const trials = of(step.decision, 'CreatePod').filter((action) => action.revision === revision);
      const most = updates.paused ? 0 : surgeIn(step);
      return trials.length <= most && closedForUpdate(step).length === 0;
    },
  },
  {
    says: 'no more nodes are closed for an update than spec.updates.maxSurge says',
    atLeast: 20,
    holds: (step) => {
      const closing = closedForUpdate(step);
      const standing = step.decision.nodes.filter(
        ({ node: { phase, pod } }) =>
          phase !== 'Leaving' &&
          pod.cordonWish?.by === 'Update' &&
          verdictOf(step, pod.revision) !== 'Failed',
      );
      return all(closing, () => standing.length + closing.length <= surgeIn(step));
    },
  },
  {
    says: 'whoever is closed for an update leaves as many open as are wanted and the maximum allows, and is not protected',
    atLeast: 20,
    holds: (step) => {
      const closing = new Set(
        of(step.decision, 'SetWish').flatMap(({ pod, wish }) => (wish ? [pod.name] : [])),
      );
      const left = capacity(step.decision).filter(({ name }) => !closing.has(name)).length;
      const { desired, nodes } = step.decision;
      // Silent ones, and those that a person holds closed, take their places below the maximum.
      const held = nodes.filter(({ node: { phase, pod } }) =>
        pod.cordonWish === undefined ? phase === 'Suspect' : pod.cordonWish.by === 'Person',
      );
      const wanted = Math.min(desired, step.input.spec.maxNodes - held.length);
      return all(closedForUpdate(step), (node) => !node.pod.protected && left >= Math.max(1, wanted));
    },
  },
  {
    says: 'a node is freed only where its wish was our own',
    atLeast: 40,
    holds: ({ decision }) =>
      all(
        of(decision, 'SetWish').filter(({ wish }) => wish === undefined),
        ({ pod }) => isOwnWish(nodeOf(decision, pod.name)),
      ),
  },
];

const forms: readonly Claim[] = [
  {
    says: 'nothing is done while Redis cannot be read, while several nodes are silent, and in the modes that do nothing',
    holds: (step) => {
      const { redis } = step.input.observed;
      const blind = redis.kind === 'Failed' || step.input.nowMs - redis.atMs > 10_000;
      if (blind && (step.decision.steering?.closed.length ?? 0) > 0) return false;
      const still = blind || isHeld(step) || step.input.spec.mode === 'DryRun';
      return still ? step.decision.actions.length === 0 : undefined;
    },
  },
  {
    says: 'every step names a Pod that is there, exactly as it was seen',
    holds: ({ input, decision }) =>
      all(decision.actions.flatMap(podOf), ({ name, uid, resourceVersion }) =>
        input.observed.pods.some(
          (pod) => pod.name === name && pod.uid === uid && pod.resourceVersion === resourceVersion,
        ),
      ),
  },
  {
    says: 'no Pod is named by two steps',
    holds: ({ decision }) => {
      const names = decision.actions.flatMap(podOf).map(({ name }) => name);
      return all(names, () => new Set(names).size === names.length);
    },
  },
  {
    says: 'the next look is in the future',
    holds: ({ input, decision: { wakeAtMs } }) =>
      wakeAtMs === undefined ? undefined : wakeAtMs > input.nowMs,
  },
  {
    says: 'every figure of the governor is a number',
    holds: ({ decision: { governor } }) => {
      if (governor === undefined) return undefined;
      const { reserve, outlooks } = governor;
      const kept = reserve === undefined ? [] : [reserve.need, reserve.have, reserve.keep, reserve.wanted];
      const told = outlooks.flatMap((one) => [
        one.committed,
        one.deviation,
        one.free,
        one.extensionS,
        one.riskS,
      ]);
      return [...kept, ...told].every(Number.isFinite);
    },
  },
];

const claims = [...removals, ...sizes, ...steering, ...changes, ...forms];
const judge = new Judge({ seed: 20_260_301, hundreds: 20, of: 'every step' }, claims);

test.each(claims)('$says', (claim) => judge.sentence(claim));

test('more than ten thousand decisions were looked at', () => {
  expect(judge.steps).toBeGreaterThan(10_000);
});
