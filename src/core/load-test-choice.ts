/** Which Media Node is tested: the one that is asked for, or an empty one that can be spared. */
import { listed } from '../base/listed.ts';
import type { LoadTestSpec } from '../api/v1alpha1.gen.ts';
import type { LoadTestCluster, LoadTestNode } from './load-test-seen.ts';
import { compareNames } from './media-nodes.ts';
import { peopleInRooms } from './words.ts';

export type LoadTestChoice =
  | { readonly kind: 'Chosen'; readonly node: LoadTestNode }
  /** It may come to be possible. */
  | { readonly kind: 'Wait'; readonly message: string }
  /** It must not be done. */
  | { readonly kind: 'Refused'; readonly message: string };

type Target = LoadTestSpec['target'];

export function chooseNode(target: Target, cluster: LoadTestCluster): LoadTestChoice {
  if (cluster.mode === 'DryRun') {
    const message =
      'The OpenViduCluster is in mode DryRun, in which no Media Node is closed for other rooms: set spec.autoscaling.mode to Enforce, or test by url.';
    return { kind: 'Refused', message };
  }
  return target.mediaNode === undefined
    ? anyNode(target, cluster)
    : namedNode(target, target.mediaNode, cluster);
}

/** Why other people's rooms forbid the test; `undefined` when they do not. */
export function sharedRefusal(target: Target, node: LoadTestNode): string | undefined {
  if (target.allowSharedTarget || (node.rooms === 0 && node.participants === 0)) return undefined;
  const has = peopleInRooms(node.participants, node.rooms);
  return `${node.name} has ${has} that the test did not make: cordon it and wait until it is empty, name another spec.target.mediaNode, or set allowSharedTarget.`;
}

function namedNode(target: Target, name: string, { nodes }: LoadTestCluster): LoadTestChoice {
  const node = nodes.find((one) => one.name === name);
  if (node === undefined) {
    const names = nodes.map((one) => one.name);
    const there = names.length === 0 ? 'it has none' : `there is ${listed(names, 5)}`;
    return { kind: 'Wait', message: `The OpenViduCluster has no Media Node ${name}: ${there}.` };
  }
  if (node.cordonedBy === 'LoadTest') {
    return { kind: 'Wait', message: `${name} is lent to another load test, whose end is awaited.` };
  }
  if (node.state !== 'Serving' && node.state !== 'Standby' && node.state !== 'Cordoned') {
    return { kind: 'Wait', message: `${name} is ${node.state}; a Media Node that is ready is awaited.` };
  }
  const shared = sharedRefusal(target, node);
  return shared === undefined ? { kind: 'Chosen', node } : { kind: 'Refused', message: shared };
}

function anyNode(target: Target, cluster: LoadTestCluster): LoadTestChoice {
  const ready = cluster.nodes.filter(({ state }) => state === 'Serving' || state === 'Standby');
  const free = ready.filter((node) => sharedRefusal(target, node) === undefined).toSorted(bestFirst);
  const node = free[0];
  if (node === undefined) {
    const message = `None of ${ready.length} ready Media Nodes is empty; the first one that becomes empty is taken.`;
    return { kind: 'Wait', message };
  }
  if (ready.length < 2 && cluster.maxNodes < 2) {
    const message = `${node.name} is the only Media Node that there may be, so it cannot be spared: raise spec.mediaNodes.max of the OpenViduCluster, or name it in spec.target.mediaNode.`;
    return { kind: 'Wait', message };
  }
  return { kind: 'Chosen', node };
}

/** Those that take no rooms anyway first. */
function bestFirst(a: LoadTestNode, b: LoadTestNode): number {
  return (
    a.rooms - b.rooms ||
    a.participants - b.participants ||
    Number(a.state === 'Serving') - Number(b.state === 'Serving') ||
    compareNames(b.name, a.name)
  );
}
