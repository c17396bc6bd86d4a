import { describe, expect, test } from '@jest/globals';
import { companionsOfStranger } from '../../src/operator/companions.ts';
import { slimPod } from '../../src/operator/slim-pod.ts';
import { projectPod } from '../../src/reconcile/project-pod.ts';

/** A Pod as the API server tells it. */
const whole = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'media-1',
    namespace: 'calls',
    uid: 'u',
    resourceVersion: '7',
    creationTimestamp: '2026-03-01T12:00:00Z',
    labels: { 'openvidu.io/signalling': 'on' },
    annotations: { 'openvidu.io/drain': 'a new disk' },
  },
  spec: {
    nodeName: 'worker-1',
    volumes: [{ name: 'config', secret: { secretName: 'livekit' } }],
    tolerations: [{ operator: 'Exists' }],
    initContainers: [
      {
        name: 'ingress',
        image: 'livekit/ingress:v1',
        restartPolicy: 'Always',
        ports: [{ name: 'metrics', containerPort: 9 }],
      },
      { name: 'sysctl', image: 'busybox' },
    ],
    containers: [
      {
        name: 'livekit',
        image: 'livekit/livekit-server:v1.13.5',
        readinessProbe: { httpGet: { port: 7880 } },
      },
      { name: 'egress', image: 'livekit/egress:v1', ports: [{ name: 'health', containerPort: 8 }] },
      { name: 'bot', image: 'ours', env: [{ name: 'AGENT_CONFIG_BODY', value: 'api_secret: top' }] },
    ],
  },
  status: {
    phase: 'Running',
    podIP: '10.0.0.1',
    podIPs: [{ ip: '10.0.0.1' }],
    qosClass: 'Burstable',
    conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }],
    initContainerStatuses: [{ name: 'ingress', ready: true, restartCount: 0, imageID: 'sha256:1' }],
    containerStatuses: [
      {
        name: 'livekit',
        ready: false,
        restartCount: 2,
        image: 'livekit/livekit-server:v1.13.5',
        state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
        lastState: { terminated: { exitCode: 1, reason: 'Error', finishedAt: '2026-03-01T12:10:00Z' } },
      },
    ],
  },
} as const;

describe('what is kept of a Pod', () => {
  test('is all that is read of it', () => {
    expect(projectPod(slimPod(whole))).toEqual(projectPod(whole));
    expect(companionsOfStranger(slimPod(whole))).toEqual(companionsOfStranger(whole));
    expect(companionsOfStranger(slimPod(whole)).map(({ name }) => name)).toEqual([
      'egress',
      'bot',
      'ingress',
    ]);
  });

  test('is the same when it is taken twice', () => {
    expect(slimPod(slimPod(whole))).toEqual(slimPod(whole));
  });

  test('is no value of a variable, and nothing that nobody reads', () => {
    const kept = JSON.stringify(slimPod(whole));
    for (const text of ['top', 'secretName', 'tolerations', 'readinessProbe', 'qosClass', 'imageID']) {
      expect(kept).not.toContain(text);
    }
  });

  test('is little of a Pod of which little is known yet', () => {
    const { status: _, ...fresh } = whole;
    expect(slimPod({ ...fresh, spec: { containers: [{ name: 'livekit' }] } })).toEqual({
      ...fresh,
      spec: { containers: [{ name: 'livekit' }] },
    });
  });
});
