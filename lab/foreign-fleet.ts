/** Media servers as somebody has them without the operator: a Deployment like that of LiveKit's chart, and an HPA. */
import { stringify } from 'yaml';
import { images } from './image.ts';
import type { ApiKey } from './local-servers.ts';

export interface ForeignFleet {
  readonly name: string;
  readonly redisAddress: string;
  readonly key: ApiKey;
  readonly replicas: number;
  /** When the kubelet ends a server that still waits for its participants. */
  readonly graceSeconds: number;
}

/** The labels by which its Pods are found. */
export function foreignLabels(name: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': 'livekit-server', 'app.kubernetes.io/instance': name };
}

/** All its objects as one list, for `kubectl apply`. It stands beside an operator, so nothing here knows of one. */
export function foreignManifest(fleet: ForeignFleet): string {
  const { name } = fleet;
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    stringData: { 'livekit.yaml': serverConfig(fleet) },
  };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: foreignLabels(name), ports: [{ name: 'http', port: 80, targetPort: 7880 }] },
  };
  const items = [secret, service, deployment(fleet), scaler(name)];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

function serverConfig({ redisAddress, key }: ForeignFleet): string {
  return stringify({
    port: 7880,
    prometheus: { port: 6789 },
    rtc: { tcp_port: 7881, udp_port: 7882, use_external_ip: false },
    redis: { address: redisAddress },
    keys: { [key.apiKey]: key.apiSecret },
    room: { empty_timeout: 20, departure_timeout: 1 },
  });
}

function deployment({ name, replicas, graceSeconds }: ForeignFleet): object {
  const labels = foreignLabels(name);
  const configuration = { secretKeyRef: { name, key: 'livekit.yaml' } };
  const container = {
    name: 'livekit-server',
    image: images.livekit,
    imagePullPolicy: 'Never',
    env: [{ name: 'LIVEKIT_CONFIG', valueFrom: configuration }],
    ports: [{ name: 'http', containerPort: 7880 }],
    readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 2 },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: graceSeconds, containers: [container] },
      },
    },
  };
}

/** Nothing here serves CPU figures, so it leaves the size to whoever scales by hand within its bounds. */
function scaler(name: string): object {
  const target = { type: 'Utilization', averageUtilization: 60 };
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: 1,
      maxReplicas: 4,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
    },
  };
}

export interface TrialSpec {
  readonly name: string;
  readonly secretName: string;
  readonly redisAddress: string;
  readonly watched: Readonly<Record<string, string>>;
  readonly capacity: number;
}

/** An OpenViduCluster that only watches, as a person would write it beside that Deployment. */
export function trialManifest({ name, secretName, redisAddress, watched, capacity }: TrialSpec): string {
  return stringify({
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduCluster',
    metadata: { name },
    spec: {
      redis: { standalone: { address: redisAddress } },
      server: { credentialsSecretRef: { name: secretName } },
      mediaNodes: {
        min: 1,
        max: 4,
        capacity: { participants: capacity },
        template: { spec: { containers: [{ name: 'livekit', image: images.livekit }] } },
      },
      autoscaling: { mode: 'DryRun', dryRun: { podSelector: { matchLabels: watched } } },
    },
  });
}
