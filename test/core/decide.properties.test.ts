/** What holds of every decision, whatever is observed, whatever is set, and whatever was learned. */
import { expect, test } from '@jest/globals';
import type { Action, PodRef } from '../../src/core/action.ts';
import type { Decision } from '../../src/core/decide.ts';
import { type MediaNode, liveRooms } from '../../src/core/media-nodes.ts';
import type { Step } from '../support/arbitrary.ts';
import { type Claim, Judge } from '../support/claims.ts';

type Removal = Extract<Action, { kind: 'RemoveNode' }>;

const of = <K extends Action['kind']>(decision: Decision, kind: K) =>
  decision.actions.filter((action): action is Extract<Action, { kind: K }> => action.kind === kind);

/** `undefined` when there is none to judge. */
const all = <T>(items: readonly T[], isRight: (item: T) => boolean): boolean | undefined =>
  items.length === 0 ? undefined : items.every(isRight);

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

function isClosedAndReports({ entry, pod }: MediaNode): boolean {
  return entry?.cordonMarked === true && entry.ageMs <= 6000 && !pod.inService && !pod.deleting;
}

function isEmptyByEverySource(node: MediaNode): boolean {
  const { entry, metrics } = node;
  if (liveRooms(node).length > 0 || node.participants > 0 || entry?.load.participants !== 0) return false;
  if (metrics?.kind !== 'Read' || metrics.participants > 0 || metrics.rooms > 0) return false;
  return metrics.companions.every(({ active }) => active === 0);
}

function serverApiAgrees({ input: { observed } }: Step, node: MediaNode): boolean {
  const { serverApi } = observed;
  if (serverApi?.kind !== 'Read') return true;
  const mapped = new Set(node.rooms.map(({ room }) => room));
  return !serverApi.rooms.some(({ room, participants }) => participants > 0 && mapped.has(room));
}

function carriesNothing({ pod, memory, entry }: MediaNode): boolean {
  const ended = pod.phase === 'Succeeded' || pod.phase === 'Failed';
  return ended || (!pod.ready && !memory.served && (entry?.load.participants ?? 0) === 0);
}

function isAbsentAndSilent({ input, decision }: Step, nodeId: string): boolean {
  const { redis } = input.observed;
  if (redis.kind !== 'Read' || decision.nodes.some(({ node }) => node.entry?.nodeId === nodeId)) return false;
  const entry = redis.nodes.find((item) => item.nodeId === nodeId);
  return nodeId !== 'ND_other-7' && entry?.kind === 'Node' && entry.ageMs > 6000;
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
    holds: ({ decision }) =>
      all(of(decision, 'RemoveNode'), ({ evidence: { nodeId } }) =>
        upNodes(decision).some(
          ({ entry }) => entry?.nodeId !== nodeId && decision.steering?.open.includes(entry?.nodeId ?? ''),
        ),
      ),
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
      all(of(decision, 'RemoveNode'), () => {
        const leaving = decision.nodes.filter(({ node }) => node.phase === 'Leaving').length;
        return leaving + of(decision, 'RemoveNode').length <= spec.maxConcurrentLeaving;
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
    says: 'a registry entry is removed only when its Pod is gone and it no longer reports',
    holds: (step) => all(of(step.decision, 'RemoveGhost'), ({ nodeId }) => isAbsentAndSilent(step, nodeId)),
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
      return step.decision.desired >= Math.min(spec.maxNodes, busy);
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
      const staying = decision.nodes.filter(({ node }) => node.phase !== 'Leaving').length;
      return all(created, () => {
        return new Set(names).size === names.length && staying + created.length <= input.spec.maxNodes;
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
    says: 'every node that is up is told to be either open or closed',
    holds: (step) => {
      const { decision, input } = step;
      if (isHeld(step) || input.spec.mode === 'DryRun') return undefined;
      const { open = [], closed = [] } = decision.steering ?? {};
      const told = [...open, ...closed].toSorted((a, b) => (a < b ? -1 : 1));
      const up = upNodes(decision).map(({ entry }) => entry?.nodeId ?? '?');
      return told.join() === up.toSorted((a, b) => (a < b ? -1 : 1)).join();
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

const claims = [...removals, ...sizes, ...steering, ...forms];
const judge = new Judge({ seed: 20_260_301, hundreds: 20, of: 'every step' }, claims);

test.each(claims)('$says', (claim) => judge.sentence(claim));

test('more than ten thousand decisions were looked at', () => {
  expect(judge.steps).toBeGreaterThan(10_000);
});
