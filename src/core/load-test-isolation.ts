/** From a wish to a Media Node that takes no other rooms: each look is one step further, or says what is waited for. */
import type { Cause } from './load-test-end.ts';
import { chooseNode, sharedRefusal } from './load-test-choice.ts';
import type { LoadTestCluster, LoadTestPod, LoadTestSeen } from './load-test-seen.ts';
import type { Step } from './load-test-status.ts';

export type NextStep = Step | { readonly kind: 'End'; readonly cause: Cause };

/** `undefined`: the target is as it should be, or is not ours to prepare. */
export function isolation(seen: LoadTestSeen): NextStep | undefined {
  const { scenario, spec, cluster, coordinator } = seen;
  if (coordinator !== undefined) return undefined;
  if (scenario.kind === 'Missing') return waiting(scenario.message);
  const { clusterRef } = spec.target;
  if (clusterRef === undefined) return undefined;
  if (cluster === undefined) {
    return waiting(`The OpenViduCluster ${clusterRef.name} does not exist: create it, or name another one.`);
  }
  return seen.status?.target?.mediaNode === undefined ? choosing(seen, cluster) : isolating(seen, cluster);
}

function choosing({ spec }: LoadTestSeen, cluster: LoadTestCluster): NextStep {
  const choice = chooseNode(spec.target, cluster);
  if (choice.kind === 'Wait') return waiting(choice.message);
  if (choice.kind === 'Refused') return failed(choice.message);
  const { name, nodeId } = choice.node;
  const target = { mediaNode: name, ...(nodeId === undefined ? {} : { nodeId }) };
  return { kind: 'Step', phase: 'Isolating', message: `${name} is to be tested.`, actions: [], target };
}

function isolating(seen: LoadTestSeen, cluster: LoadTestCluster): NextStep | undefined {
  const { name, pod, status } = seen;
  if (pod === undefined || !isFit(pod, status?.target?.uid)) return again(seen, 'The Media Node has ended.');
  if (pod.underTest === undefined) return lending(seen, pod);
  if (pod.underTest !== name) return again(seen, `${pod.name} is lent to load test ${pod.underTest}.`);
  return isolated(seen, cluster, pod);
}

/** Still the Pod that was chosen, and running. */
function isFit(pod: LoadTestPod, uid: string | undefined): boolean {
  return pod.usable && (uid === undefined || pod.uid === uid);
}

/** Written down with its uid before it is done, so that it is undone whatever happens. */
function lending(seen: LoadTestSeen, pod: LoadTestPod): Step {
  const { nodeId } = seen.status?.target ?? {};
  const message = `${pod.name} is being closed for other rooms.`;
  const target = { mediaNode: pod.name, uid: pod.uid, ...(nodeId === undefined ? {} : { nodeId }) };
  return { kind: 'Step', phase: 'Isolating', message, actions: [{ kind: 'Lend', pod }], target };
}

function isolated(seen: LoadTestSeen, cluster: LoadTestCluster, pod: LoadTestPod): NextStep | undefined {
  const { spec } = seen;
  const node = cluster.nodes.find(({ name }) => name === pod.name);
  if (node?.state !== 'Cordoned') {
    const others = cluster.nodes.some(({ name, state }) => state === 'Serving' && name !== pod.name);
    const message = `${pod.name} closes for other rooms${others ? '' : ' as soon as another Media Node serves'}.`;
    return { kind: 'Step', phase: 'Isolating', message, actions: [] };
  }
  const shared = sharedRefusal(spec.target, node);
  if (shared === undefined) return undefined;
  if (spec.target.mediaNode !== undefined) return failed(shared);
  return {
    kind: 'Step',
    phase: 'Pending',
    message: shared,
    actions: [{ kind: 'GiveBack', pod }],
    target: 'None',
  };
}

/** One that was named is awaited, any other will do where the operator chooses. */
function again({ pod, name }: LoadTestSeen, message: string): Step {
  const ours = pod !== undefined && pod.underTest === name;
  return {
    kind: 'Step',
    phase: 'Pending',
    message,
    actions: ours ? [{ kind: 'GiveBack', pod }] : [],
    target: 'None',
  };
}

function waiting(message: string): Step {
  return { kind: 'Step', phase: 'Pending', message, actions: [] };
}

function failed(message: string): NextStep {
  return { kind: 'End', cause: { as: 'Failed', message } };
}
