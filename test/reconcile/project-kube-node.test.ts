import { describe, expect, test } from '@jest/globals';
import { projectKubeNode, type RawKubeNode, type RawTaint } from '../../src/reconcile/project-kube-node.ts';

const seenAtMs = Date.parse('2026-03-01T12:00:00Z');
const minuteMs = 60_000;

function aNode(changes: Partial<RawKubeNode['metadata']>, spec: RawKubeNode['spec'] = {}): RawKubeNode {
  return { metadata: { name: 'worker-1', ...changes }, spec };
}

const departure = (node: RawKubeNode) => projectKubeNode(node, seenAtMs).departure;
const tainted = (taint: Partial<RawTaint>, labels = {}) =>
  departure(aNode({ labels }, { taints: [{ key: '', effect: 'NoSchedule', ...taint }] }));

test('a machine without a mark may be used', () => {
  const ready = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };

  expect(projectKubeNode({ ...aNode({}), ...ready }, seenAtMs)).toEqual({
    name: 'worker-1',
    ready: true,
    departure: undefined,
  });
});

test('a machine tells of what type it is and how many processors Pods may use', () => {
  const labels = { 'node.kubernetes.io/instance-type': 'm6in.xlarge' };
  const node = { ...aNode({ labels }), status: { allocatable: { cpu: '3920m' } } };

  expect(projectKubeNode(node, seenAtMs)).toMatchObject({ instanceType: 'm6in.xlarge', cpus: 3.92 });
});

test.each([
  ['says that it is not', [{ type: 'Ready', status: 'False' }]],
  ['has not been heard', [{ type: 'Ready', status: 'Unknown' }]],
  ['has said nothing yet', []],
])('a machine is not ready when it %s', (_, conditions) => {
  expect(projectKubeNode({ ...aNode({}), status: { conditions } }, seenAtMs).ready).toBe(false);
});

describe('a taint of', () => {
  test.each<[string, string, string]>([
    ['a cordon', 'node.kubernetes.io/unschedulable', 'cordoned'],
    ['the cloud on a machine that is off', 'node.cloudprovider.kubernetes.io/shutdown', 'machine shut down'],
    ['a person after a machine died', 'node.kubernetes.io/out-of-service', 'out of service'],
    ['Cluster Autoscaler', 'ToBeDeletedByClusterAutoscaler', 'Cluster Autoscaler takes the machine'],
    ['Karpenter', 'karpenter.sh/disrupted', 'Karpenter takes the machine'],
    ['AWS for maintenance', 'aws-node-termination-handler/scheduled-maintenance', 'scheduled maintenance'],
    [
      'AWS for an Auto Scaling group',
      'aws-node-termination-handler/asg-lifecycle-termination',
      'Auto Scaling group takes the machine',
    ],
    ['AWS as advice', 'aws-node-termination-handler/rebalance-recommendation', 'spot interruption is likely'],
    ['Azure', 'remediator.kubernetes.azure.com/unschedulable', 'scheduled event'],
    ['Azure of earlier days', 'remediator.aks.microsoft.com/unschedulable', 'scheduled event'],
  ])('%s means that the machine goes, nobody says when', (_, key, why) => {
    expect(tainted({ key, value: '1772366400' })).toEqual({ why, deadlineMs: undefined });
  });

  test.each<[string, Partial<RawTaint>]>([
    [
      'Cluster Autoscaler that only looks at the machine',
      { key: 'DeletionCandidateOfClusterAutoscaler', value: '1772366400', effect: 'PreferNoSchedule' },
    ],
    ['somebody who keeps Pods of others away', { key: 'dedicated', value: 'media' }],
    ['Azure on every spot machine', { key: 'kubernetes.azure.com/scalesetpriority', value: 'spot' }],
    ['a kubelet that is not ready', { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }],
    ['Karpenter with another value of the old key', { key: 'karpenter.sh/disruption', value: 'nothing' }],
  ])('%s means nothing', (_, taint) => {
    expect(tainted(taint)).toBeUndefined();
  });

  test.each<[string, string, Record<string, string>, number]>([
    ['two minutes for spot at Amazon', 'aws-node-termination-handler/spot-itn', {}, 2 * minuteMs],
    ['an hour at Google', 'cloud.google.com/impending-node-termination', {}, 60 * minuteMs],
    [
      'half a minute for spot at Google',
      'cloud.google.com/impending-node-termination',
      { 'cloud.google.com/gke-spot': 'true' },
      minuteMs / 2,
    ],
    [
      'half a minute for preemptible machines',
      'cloud.google.com/impending-node-termination',
      { 'cloud.google.com/gke-preemptible': 'true' },
      minuteMs / 2,
    ],
  ])('the cloud gives %s, from when it was written or else seen', (_, key, labels, noticeMs) => {
    const timeAdded = '2026-03-01T11:59:30Z';

    expect(tainted({ key }, labels)?.deadlineMs).toBe(seenAtMs + noticeMs);
    expect(tainted({ key, timeAdded }, labels)?.deadlineMs).toBe(Date.parse(timeAdded) + noticeMs);
    expect(tainted({ key, timeAdded: 'yesterday' }, labels)?.deadlineMs).toBe(seenAtMs + noticeMs);
  });
});

describe('a person', () => {
  test.each<[string, Record<string, string>, string, string | undefined]>([
    ['may say why', { 'openvidu.io/maintenance': 'new disks' }, 'new disks', undefined],
    ['may say nothing', { 'openvidu.io/maintenance': ' ' }, 'maintenance', undefined],
    [
      'may say until when',
      { 'openvidu.io/maintenance': 'new disks', 'openvidu.io/maintenance-deadline': '2026-03-01T20:00:00Z' },
      'new disks',
      '2026-03-01T20:00:00Z',
    ],
    [
      'may give a time alone',
      { 'openvidu.io/maintenance-deadline': '2026-03-01T20:00:00+01:00' },
      'maintenance',
      '2026-03-01T19:00:00Z',
    ],
    [
      'who writes no time that can be read has given none',
      { 'openvidu.io/maintenance-deadline': 'tonight' },
      'maintenance',
      undefined,
    ],
  ])('%s', (_, annotations, why, deadline) => {
    const deadlineMs = deadline === undefined ? undefined : Date.parse(deadline);

    expect(departure(aNode({ annotations }))).toEqual({ why, deadlineMs });
  });

  test('cordons with kubectl', () => {
    expect(departure(aNode({}, { unschedulable: true }))).toEqual({ why: 'cordoned', deadlineMs: undefined });
  });

  test('writes pages, of which the beginning is told', () => {
    const annotations = { 'openvidu.io/maintenance': 'x'.repeat(5000) };

    expect(departure(aNode({ annotations }))?.why).toHaveLength(200);
  });
});

test('kured tells of a reboot', () => {
  const annotations = { 'weave.works/kured-reboot-in-progress': '2026-03-01T12:00:00Z' };

  expect(departure(aNode({ annotations }))?.why).toBe('reboot by kured');
});

test('a Kubernetes Node that is being deleted goes', () => {
  expect(departure(aNode({ deletionTimestamp: '2026-03-01T12:00:00Z' }))?.why).toBe('being deleted');
});

test('of several marks the one with the nearest deadline speaks, and a time before none', () => {
  const annotations = { 'openvidu.io/maintenance': 'new disks' };
  const spot = { key: 'aws-node-termination-handler/spot-itn', effect: 'NoSchedule' };
  const google = { key: 'cloud.google.com/impending-node-termination', effect: 'NoSchedule' };

  const node = aNode({ annotations }, { unschedulable: true, taints: [google, spot] });

  expect(departure(node)).toEqual({ why: 'spot interruption notice', deadlineMs: seenAtMs + 2 * minuteMs });
});
