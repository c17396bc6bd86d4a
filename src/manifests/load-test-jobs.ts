/** The Jobs of a load test: one coordinator, and generators that dial it. */
import { ANNOTATIONS, COMPONENT_MEDIA_NODE, LABELS } from '../api/names.ts';
import type { LoadTestSpec } from '../api/v1alpha1.gen.ts';
import { parseDurationMs } from '../base/duration.ts';
import type { JsonObject } from '../base/json-object.ts';
import {
  COMPONENT_COORDINATOR,
  COMPONENT_GENERATOR,
  COORDINATOR_PORT,
  loadTestMeta,
  type LoadTestMeta,
  loadTestNames,
} from './load-test-meta.ts';
import type { OwnerRef } from './owned-object.ts';

export interface LoadTestJobInput {
  readonly owner: OwnerRef;
  readonly spec: LoadTestSpec;
  readonly image: string;
  readonly target: LoadTestJobTarget;
}

/** How the server under test is reached. It holds no secret: it names one. */
export interface LoadTestJobTarget {
  /** ws:// or wss:// address of the signalling. */
  readonly url: string;
  readonly metricsUrl: string | undefined;
  /** What the metrics port asks for: nothing, a login that the test's own Secret holds, or one that a Secret of the user's does. */
  readonly metricsLogin:
    | 'None'
    | 'Copied'
    | {
        readonly username: string;
        readonly passwordSecretRef: { readonly name: string; readonly key: string };
      };
  readonly nodeId: string | undefined;
  readonly credentials: { readonly name: string; readonly apiKeyKey: string; readonly apiSecretKey: string };
  /** What the media server's container may use at most, where it has limits. */
  readonly limitCores: number | undefined;
  readonly limitBytes: number | undefined;
}

export interface JobObject {
  readonly apiVersion: 'batch/v1';
  readonly kind: 'Job';
  readonly metadata: LoadTestMeta & { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: JsonObject;
}

const defaultDeadlineMs = 7_200_000;
/** The coordinator ends by itself at the deadline; this is for one that hangs. */
const spareSeconds = 180;
/** Logs can be read for this long. */
const keepJobsSeconds = 3600;
/** A coordinator that is started again goes on from its record. */
const coordinatorRestarts = 3;
const generatorRestartsEach = 10;
/** Rooms are left, and what was measured is written, within this after SIGTERM. */
const graceSeconds = 30;
const mostCoordinatorMemory = '1Gi';

const nodeBinary = '/usr/local/bin/node';
const programs = '/app/dist/loadtest';

export function coordinatorJob(input: LoadTestJobInput): JobObject {
  const { owner, spec } = input;
  const { coordinator, scenario } = loadTestNames(owner);
  const container = {
    ...containerBase(input, 'coordinator-main.js', []),
    name: 'coordinator',
    env: [...coordinatorEnv(input), ...keys(input), ...metricsLogin(input)],
    ports: [{ name: 'generators', containerPort: COORDINATOR_PORT, protocol: 'TCP' }],
    resources: { requests: { cpu: '200m', memory: '256Mi' }, limits: { memory: mostCoordinatorMemory } },
    volumeMounts: [
      { name: 'scenario', mountPath: '/scenario', readOnly: true },
      { name: 'record', mountPath: '/record' },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
  const volumes = [
    { name: 'scenario', configMap: { name: scenario } },
    { name: 'record', emptyDir: { sizeLimit: '2Gi' } },
    { name: 'tmp', emptyDir: { sizeLimit: '256Mi' } },
  ];
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: loadTestMeta(owner, coordinator),
    spec: {
      ...limits(spec),
      backoffLimit: coordinatorRestarts,
      template: {
        metadata: podMeta(owner, COMPONENT_COORDINATOR),
        spec: {
          ...podBase(input),
          serviceAccountName: loadTestNames(owner).rights,
          automountServiceAccountToken: true,
          containers: [container],
          volumes,
        },
      },
    },
  };
}

/**
 * One index each, and a Pod that is lost is replaced: the run goes on without the window that it spoilt. They dial the
 * coordinator by its address, so that no name has to be looked up.
 */
export function generatorsJob(input: LoadTestJobInput, coordinatorIp: string): JobObject {
  const { owner, spec } = input;
  const { count, resources } = spec.generators;
  const { generators } = loadTestNames(owner);
  const host = coordinatorIp.includes(':') ? `[${coordinatorIp}]` : coordinatorIp;
  const dial = `ws://${host}:${COORDINATOR_PORT}`;
  const container = {
    ...containerBase(input, 'worker-main.js', ['--connect', dial, '--index', '$(JOB_COMPLETION_INDEX)']),
    name: 'generator',
    env: keys(input),
    resources,
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...loadTestMeta(owner, generators),
      annotations: { [ANNOTATIONS.coordinator]: coordinatorIp },
    },
    spec: {
      ...limits(spec),
      completionMode: 'Indexed',
      completions: count,
      parallelism: count,
      backoffLimit: generatorRestartsEach * count,
      template: {
        metadata: podMeta(owner, COMPONENT_GENERATOR),
        spec: {
          ...podBase(input),
          automountServiceAccountToken: false,
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: podLabels(owner, COMPONENT_GENERATOR) },
            },
          ],
          containers: [container],
          volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '256Mi' } }],
        },
      },
    },
  };
}

function limits({ deadline }: LoadTestSpec): JsonObject {
  return {
    activeDeadlineSeconds: deadlineSeconds(deadline) + spareSeconds,
    ttlSecondsAfterFinished: keepJobsSeconds,
  };
}

function deadlineSeconds(deadline: string): number {
  return Math.ceil((parseDurationMs(deadline) ?? defaultDeadlineMs) / 1000);
}

function podLabels(owner: OwnerRef, component: string): Readonly<Record<string, string>> {
  return { [LABELS.loadTest]: owner.name, [LABELS.component]: component };
}

function podMeta(owner: OwnerRef, component: string): JsonObject {
  return {
    labels: { ...podLabels(owner, component), 'app.kubernetes.io/name': 'openvidu-load-test' },
    annotations: {
      // A Pod that is moved spoils the window that is being measured.
      'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
      'karpenter.sh/do-not-disrupt': 'true',
    },
  };
}

function podBase({ spec }: LoadTestJobInput): JsonObject {
  const { imagePullSecrets, placement } = spec.generators;
  const { nodeSelector, tolerations, awayFromMediaNodes } = placement;
  const term = {
    topologyKey: 'kubernetes.io/hostname',
    labelSelector: { matchLabels: { [LABELS.component]: COMPONENT_MEDIA_NODE } },
  };
  const away =
    awayFromMediaNodes === 'Required'
      ? { requiredDuringSchedulingIgnoredDuringExecution: [term] }
      : { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }] };
  return {
    restartPolicy: 'OnFailure',
    enableServiceLinks: false,
    terminationGracePeriodSeconds: graceSeconds,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      fsGroup: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    affinity: { podAntiAffinity: away },
    ...(imagePullSecrets === undefined ? {} : { imagePullSecrets }),
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(tolerations === undefined ? {} : { tolerations }),
  };
}

function containerBase({ image }: LoadTestJobInput, program: string, args: readonly string[]): JsonObject {
  return {
    image,
    imagePullPolicy: 'IfNotPresent',
    command: [nodeBinary, `${programs}/${program}`],
    args,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}

/** From the Secret alone, so that no manifest holds them. */
function keys({ target }: LoadTestJobInput): readonly JsonObject[] {
  const { name, apiKeyKey, apiSecretKey } = target.credentials;
  return [
    { name: 'LIVEKIT_API_KEY', valueFrom: { secretKeyRef: { name, key: apiKeyKey } } },
    { name: 'LIVEKIT_API_SECRET', valueFrom: { secretKeyRef: { name, key: apiSecretKey } } },
  ];
}

function metricsLogin({ owner, target }: LoadTestJobInput): readonly JsonObject[] {
  const login = target.metricsLogin;
  if (login === 'None') return [];
  const own = loadTestNames(owner).metricsLogin;
  const username =
    login === 'Copied'
      ? { valueFrom: { secretKeyRef: { name: own, key: 'username' } } }
      : { value: login.username };
  const secretKeyRef = login === 'Copied' ? { name: own, key: 'password' } : login.passwordSecretRef;
  return [
    { name: 'OVLT_METRICS_USERNAME', ...username },
    { name: 'OVLT_METRICS_PASSWORD', valueFrom: { secretKeyRef } },
  ];
}

function coordinatorEnv({ owner, spec, target }: LoadTestJobInput): readonly JsonObject[] {
  const { run, result } = loadTestNames(owner);
  const values: Readonly<Record<string, string | number | undefined>> = {
    OVLT_NAME: owner.name,
    OVLT_RUN_ID: run,
    OVLT_SCENARIO: '/scenario/scenario.yaml',
    OVLT_URL: target.url,
    OVLT_METRICS_URL: target.metricsUrl,
    OVLT_NODE_ID: target.nodeId,
    OVLT_WORKERS: spec.generators.count,
    OVLT_PORT: COORDINATOR_PORT,
    OVLT_RECORD_DIR: '/record',
    OVLT_SERVER_CORES: target.limitCores,
    OVLT_SERVER_MEMORY_BYTES: target.limitBytes,
    OVLT_ALLOW_SHARED_TARGET: String(spec.target.allowSharedTarget),
    OVLT_REPETITIONS: spec.repetitions,
    OVLT_DEADLINE_SECONDS: deadlineSeconds(spec.deadline),
    OVLT_RESULT_CONFIGMAP: result,
    OVLT_PROFILE: spec.publishProfile === undefined ? undefined : 'true',
  };
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value: String(value) }],
  );
  return [
    ...given,
    { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    { name: 'POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
  ];
}
