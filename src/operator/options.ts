/** Every setting of the operator as data: the reader and the reference page are both made from this table. */
import { LOG_LEVELS } from '../telemetry/log.ts';

export type Option =
  | {
      readonly kind: 'text';
      readonly env: string;
      readonly pattern: RegExp;
      readonly shape: string;
      readonly fallback?: string;
      readonly says: string;
    }
  | {
      readonly kind: 'choice';
      readonly env: string;
      readonly choices: readonly string[];
      readonly fallback: string;
      readonly says: string;
    }
  | { readonly kind: 'switch'; readonly env: string; readonly fallback: boolean; readonly says: string }
  | {
      readonly kind: 'whole';
      readonly env: string;
      readonly fallback: number;
      readonly least: number;
      readonly most: number;
      readonly says: string;
    }
  | {
      readonly kind: 'duration';
      readonly env: string;
      /** Text as a person would write it, such as `15s`. */
      readonly fallback: string;
      readonly least: string;
      readonly most: string;
      readonly says: string;
    };

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const dnsName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** By the name of the field in `Config`. Durations become milliseconds; text without a fallback stays undefined. */
export const options = {
  watchNamespace: {
    kind: 'text',
    env: 'OVM_WATCH_NAMESPACE',
    pattern: dnsLabel,
    shape: 'the name of a namespace',
    says: 'The only namespace to look after. All namespaces when it is not set.',
  },
  logLevel: {
    kind: 'choice',
    env: 'OVM_LOG_LEVEL',
    choices: LOG_LEVELS,
    fallback: 'info',
    says: 'The least important messages that are logged. Stacks of errors appear only at debug.',
  },
  port: {
    kind: 'whole',
    env: 'OVM_PORT',
    fallback: 8080,
    least: 1,
    most: 65_535,
    says: 'Port of /livez, /readyz, /metrics and /journal.',
  },
  leaderElection: {
    kind: 'switch',
    env: 'OVM_LEADER_ELECTION',
    fallback: true,
    says: 'Whether to act only while holding the Lease. Turn it off only where a single process ever runs.',
  },
  leaseName: {
    kind: 'text',
    env: 'OVM_LEASE_NAME',
    pattern: dnsName,
    shape: 'the name of a Lease',
    fallback: 'openvidu-media-operator',
    says: 'Name of the Lease, in the namespace of the operator.',
  },
  leaseMs: {
    kind: 'duration',
    env: 'OVM_LEASE_DURATION',
    fallback: '15s',
    least: '1s',
    most: '10m',
    says: 'How long a Lease that is not renewed keeps others out.',
  },
  renewDeadlineMs: {
    kind: 'duration',
    env: 'OVM_LEASE_RENEW_DEADLINE',
    fallback: '10s',
    least: '500ms',
    most: '10m',
    says: 'After how long without a renewal the leader stops acting. Shorter than OVM_LEASE_DURATION.',
  },
  retryMs: {
    kind: 'duration',
    env: 'OVM_LEASE_RETRY',
    fallback: '2s',
    least: '100ms',
    most: '5m',
    says: 'How often the Lease is renewed, or asked for. Shorter than OVM_LEASE_RENEW_DEADLINE.',
  },
  concurrency: {
    kind: 'whole',
    env: 'OVM_CONCURRENCY',
    fallback: 4,
    least: 1,
    most: 64,
    says: 'How many OpenViduClusters are worked on at once.',
  },
  kubernetesNodes: {
    kind: 'switch',
    env: 'OVM_KUBERNETES_NODES',
    fallback: true,
    says: 'Whether to watch Kubernetes Nodes, to move Media Nodes off machines that are to be freed. Needs a ClusterRole.',
  },
  loadTests: {
    kind: 'switch',
    env: 'OVM_LOAD_TESTS',
    fallback: true,
    says: 'Whether to carry out OpenViduLoadTests.',
  },
  image: {
    kind: 'text',
    env: 'OVM_IMAGE',
    pattern: /^[^\s]{1,1024}$/,
    shape: 'the name of an image',
    says: 'Image of the operator itself, from which load tests run unless they name another one.',
  },
  loadTestImages: {
    kind: 'text',
    env: 'OVM_LOAD_TEST_IMAGES',
    pattern: /^[^\s]{0,4096}$/,
    shape: 'names of images with commas between them',
    fallback: '',
    says: 'Other images that load tests may name. Their generators are given the API secret of the server under test.',
  },
  shutdownGraceMs: {
    kind: 'duration',
    env: 'OVM_SHUTDOWN_GRACE',
    fallback: '10s',
    least: '0s',
    most: '5m',
    says: 'How long the passes under way may finish once the operator is told to stop.',
  },
  podName: {
    kind: 'text',
    env: 'POD_NAME',
    pattern: dnsName,
    shape: 'the name of a Pod',
    says: "Name of the operator's Pod, its identity as a leader. The name of the host when it is not set.",
  },
  podNamespace: {
    kind: 'text',
    env: 'POD_NAMESPACE',
    pattern: dnsLabel,
    shape: 'the name of a namespace',
    says: "Namespace of the operator's Pod and of its Lease. That of the service account or the kubeconfig when it is not set.",
  },
  kubeconfig: {
    kind: 'text',
    env: 'KUBECONFIG',
    pattern: /^.+$/,
    shape: 'the path of a file',
    says: 'Path of a kubeconfig, to run the operator outside the cluster. The service account of the Pod when it is not set.',
  },
} as const satisfies Record<string, Option>;
