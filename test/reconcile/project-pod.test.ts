import { describe, expect, test } from '@jest/globals';
import { BugError } from '../../src/base/assert.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import { projectPod, type RawContainerStatus, type RawPod } from '../../src/reconcile/project-pod.ts';

const created = '2026-03-01T12:00:00Z';
const started = '2026-03-01T12:00:07Z';

interface Parts {
  readonly metadata?: Partial<RawPod['metadata']>;
  readonly spec?: Partial<RawPod['spec']>;
  readonly status?: Partial<NonNullable<RawPod['status']>>;
}

function aPod({ metadata, spec, status }: Parts = {}): RawPod {
  return {
    metadata: { name: 'live-1', uid: 'u-1', resourceVersion: '42', creationTimestamp: created, ...metadata },
    spec: { containers: [{ name: 'egress' }, { name: 'openvidu' }], ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

const waiting = (name: string, reason: string, message?: string): RawContainerStatus => ({
  name,
  state: { waiting: message === undefined ? { reason } : { reason, message } },
});

test('a Pod that was just created is all unknown but for its name and age', () => {
  expect(projectPod(aPod())).toEqual({
    name: 'live-1',
    uid: 'u-1',
    resourceVersion: '42',
    phase: 'Unknown',
    ready: false,
    ip: undefined,
    kubeNode: undefined,
    createdAtMs: Date.parse(created),
    startedAtMs: undefined,
    restarts: 0,
    deleting: false,
    cordonWish: undefined,
    protected: false,
    inService: false,
    trouble: undefined,
  });
});

test('a running Pod tells address, machine and the start of its media server', () => {
  const pod = aPod({
    metadata: { labels: { 'openvidu.io/signalling': 'true' } },
    spec: { nodeName: 'kube-1' },
    status: {
      phase: 'Running',
      podIP: '10.0.0.9',
      conditions: [{ type: 'Ready', status: 'True' }],
      // In an order of their own, as the kubelet reports them.
      containerStatuses: [
        { name: 'openvidu', restartCount: 2, state: { running: { startedAt: started } } },
        { name: 'egress', restartCount: 9, state: { running: { startedAt: created } } },
      ],
    },
  });

  expect(projectPod(pod)).toMatchObject({
    phase: 'Running',
    ready: true,
    ip: '10.0.0.9',
    kubeNode: 'kube-1',
    startedAtMs: Date.parse(started),
    restarts: 2,
    inService: true,
    trouble: undefined,
  });
});

test('the Pod type of the Kubernetes layer fits', () => {
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', ...aPod(), status: { phase: 'Pending' } };

  expect(projectPod(pod).phase).toBe('Pending');
});

test('a Pod without a readable creation time is a defect, because age decides over it', () => {
  expect(() => projectPod(aPod({ metadata: { creationTimestamp: '' } }))).toThrow(BugError);
});

describe('what is left of a wish that somebody took away by hand', () => {
  const since = { 'openvidu.io/cordoned-since': '2026-03-01T12:00:00Z' };
  const by = { 'openvidu.io/drain-by': 'update' };

  test.each<readonly [claim: string, annotations: Readonly<Record<string, string>>, seen: true | undefined]>([
    ['is seen: its time', since, true],
    ['is seen: whose it was', by, true],
    ['is seen beside a cordon: whose the drain was', { ...by, 'openvidu.io/cordon': 'a' }, true],
    ['is none while there is a drain', { ...since, ...by, 'openvidu.io/drain': 'a' }, undefined],
    ['is none while there is a cordon with its time', { ...since, 'openvidu.io/cordon': 'a' }, undefined],
    ['is none where there was nothing', {}, undefined],
  ])('%s', (_, annotations, seen) => {
    expect(projectPod(aPod({ metadata: { annotations } })).hasRemains).toBe(seen);
  });
});

describe('what people wish by annotations', () => {
  const cordon = 'openvidu.io/cordon';
  const drain = 'openvidu.io/drain';
  const since = 'openvidu.io/cordoned-since';
  const by = 'openvidu.io/drain-by';

  test.each([
    [
      'a cordon keeps the node',
      { [cordon]: 'ana: disk' },
      { by: 'Person', why: 'ana: disk', sinceMs: undefined, leaveWhenEmpty: false },
    ],
    [
      'a drain lets it leave',
      { [drain]: 'ana: new disk' },
      { by: 'Person', why: 'ana: new disk', sinceMs: undefined, leaveWhenEmpty: true },
    ],
    [
      'a drain wins over a cordon',
      { [cordon]: 'a', [drain]: 'b' },
      { by: 'Person', why: 'b', sinceMs: undefined, leaveWhenEmpty: true },
    ],
    [
      'a drain counts from the time that was written with it',
      { [drain]: 'b', [since]: '2026-03-01T12:00:00Z', [by]: 'person' },
      { by: 'Person', why: 'b', sinceMs: Date.UTC(2026, 2, 1, 12), leaveWhenEmpty: true },
    ],
    [
      'one that somebody wrote by hand does not count from a time that is left over from before',
      { [drain]: 'b', [since]: '2026-03-01T12:00:00Z' },
      { by: 'Person', why: 'b', sinceMs: undefined, leaveWhenEmpty: true },
    ],
    [
      'one that somebody wrote beside a cordon does not count from the time of the cordon',
      { [cordon]: 'a', [drain]: 'b', [since]: '2026-03-01T12:00:00Z' },
      { by: 'Person', why: 'b', sinceMs: undefined, leaveWhenEmpty: true },
    ],
    [
      'one that the operator wrote beside a cordon has its own time',
      { [cordon]: 'a', [drain]: 'b', [since]: '2026-03-01T12:00:00Z', [by]: 'update' },
      { by: 'Update', why: 'b', sinceMs: Date.UTC(2026, 2, 1, 12), leaveWhenEmpty: true },
    ],
    [
      'an empty text still counts',
      { [cordon]: '' },
      { by: 'Person', why: 'no reason given', sinceMs: undefined, leaveWhenEmpty: false },
    ],
    [
      'a page of text is cut, because it shows in status and Events',
      { [cordon]: 'x'.repeat(5000) },
      { by: 'Person', why: `${'x'.repeat(299)}…`, sinceMs: undefined, leaveWhenEmpty: false },
    ],
    ['nothing is wished', {}, undefined],
  ])('%s', (_, annotations, expected) => {
    expect(projectPod(aPod({ metadata: { annotations } })).cordonWish).toEqual(expected);
  });

  test.each([
    ['true', true],
    ['false', false],
    ['', false],
  ])('protection is asked for with "true" and not with %j', (value, expected) => {
    const annotations = { 'openvidu.io/protect': value };

    expect(projectPod(aPod({ metadata: { annotations } })).protected).toBe(expected);
  });
});

test.each([
  ['true', true],
  ['false', false],
])('the signalling label %j puts it into the Service: %j', (value, expected) => {
  const labels = { 'openvidu.io/signalling': value };

  expect(projectPod(aPod({ metadata: { labels } })).inService).toBe(expected);
});

test('a Pod that was told to stop is deleting whatever its phase says', () => {
  const pod = aPod({ metadata: { deletionTimestamp: created }, status: { phase: 'Running' } });

  expect(projectPod(pod)).toMatchObject({ phase: 'Running', deleting: true });
});

test.each(['Pending', 'Running', 'Succeeded', 'Failed'] as const)('the phase %s is kept', (phase) => {
  expect(projectPod(aPod({ status: { phase } })).phase).toBe(phase);
});

describe('trouble is told in the words of the cluster', () => {
  const unschedulable = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message: '0/3 nodes are available',
  };
  const cases: Readonly<Record<string, { status: Parts['status']; expected: string | undefined }>> = {
    'when an image cannot be pulled': {
      status: { containerStatuses: [waiting('openvidu', 'ImagePullBackOff', 'Back-off pulling image "x"')] },
      expected: 'container openvidu: ImagePullBackOff: Back-off pulling image "x"',
    },
    'when a Secret for the configuration is missing': {
      status: {
        containerStatuses: [waiting('openvidu', 'CreateContainerConfigError', 'secret "a" not found')],
      },
      expected: 'container openvidu: CreateContainerConfigError: secret "a" not found',
    },
    'when the server crashes again and again, with its last exit': {
      status: {
        containerStatuses: [
          {
            ...waiting('openvidu', 'CrashLoopBackOff'),
            lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } },
          },
        ],
      },
      expected: 'container openvidu: CrashLoopBackOff (last exit: OOMKilled, code 137)',
    },
    'when it is a companion that crashes': {
      status: { containerStatuses: [waiting('egress', 'CrashLoopBackOff')] },
      expected: 'container egress: CrashLoopBackOff',
    },
    'when an init container comes first': {
      status: {
        initContainerStatuses: [waiting('prepare', 'ErrImagePull')],
        containerStatuses: [waiting('openvidu', 'PodInitializing')],
      },
      expected: 'container prepare: ErrImagePull',
    },
    'when no machine has room': {
      status: { conditions: [unschedulable] },
      expected: 'Unschedulable: 0/3 nodes are available',
    },
    'when the Pod was evicted': {
      status: { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' },
      expected: 'Evicted: The node was low on resource: memory.',
    },
    'but starting is none': {
      status: { containerStatuses: [waiting('openvidu', 'ContainerCreating')] },
      expected: undefined,
    },
    'but being gated or not yet looked at is none': {
      status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
      expected: undefined,
    },
  };

  test.each(Object.entries(cases))('%s', (_, { status, expected }) => {
    expect(projectPod(aPod(status === undefined ? {} : { status })).trouble).toBe(expected);
  });

  test('and is cut where it would fill a page', () => {
    const status = { containerStatuses: [waiting('openvidu', 'RunContainerError', 'x'.repeat(5000))] };

    expect(projectPod(aPod({ status })).trouble).toHaveLength(500);
  });
});
