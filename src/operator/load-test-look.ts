/** Gathers what is known of one load test: the resource, its Media Node, its Jobs and what the coordinator wrote. */
import { createHash } from 'node:crypto';
import { ANNOTATIONS, COMPONENT_MEDIA_NODE, LABELS, LOAD_TEST_FINALIZER } from '../api/names.ts';
import type { OpenViduCluster, OpenViduLoadTest } from '../api/v1alpha1.gen.ts';
import type { Clock } from '../base/clock.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import type {
  JobSeen,
  LoadTestCluster,
  LoadTestPod,
  LoadTestSeen,
  ResultSeen,
  ScenarioSeen,
} from '../core/load-test-seen.ts';
import { fieldsIn, progressIn, summaryIn } from '../core/load-test-word.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Pod } from '../kube/kinds.ts';
import { PODS } from '../kube/resource.ts';
import { COMPONENT_COORDINATOR, loadTestNames } from '../manifests/load-test-meta.ts';
import { projectPod } from '../reconcile/project-pod.ts';
import { CLUSTERS } from './cluster-type.ts';
import { readLoadTestScenario } from './load-test-scenario.ts';
import { type Job, JOBS, RESULT_MAPS } from './load-test-type.ts';

/** The whole record of the run, by whose digest a capacity profile names it too. */
const recordKey = 'record.jsonl.gz';

/** With the objects themselves where an action needs more of them than the decision does. */
export interface LoadTestView {
  readonly test: OpenViduLoadTest;
  readonly seen: LoadTestSeen;
  readonly cluster: OpenViduCluster | undefined;
  readonly pod: Pod | undefined;
  /** Only where it is valid and nothing runs yet. */
  readonly scenario: string | undefined;
}

export interface LookParts {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Of the operator itself. */
  readonly image: string | undefined;
  /** Others that a test may name. */
  readonly otherImages: readonly string[];
  /** Why the API server did not take what was to be started. */
  readonly refusal: string | undefined;
}

/** @throws ApiError when the API server cannot be asked */
export async function lookAtLoadTest(parts: LookParts, test: OpenViduLoadTest): Promise<LoadTestView> {
  const { client, clock } = parts;
  const { metadata, spec, status } = test;
  const names = loadTestNames(metadata);
  const [cluster, pod, jobs, result] = await Promise.all([
    clusterOf(client, test),
    podOf(client, test),
    jobsOf(client, test),
    resultOf(client, test, names.result),
  ]);
  const scenario = await scenarioOf(client, test, jobs.coordinator !== undefined);
  const seen: LoadTestSeen = {
    name: metadata.name,
    resultName: names.result,
    generation: metadata.generation,
    spec,
    status,
    deletedAtMs: parseIsoMs(metadata.deletionTimestamp ?? ''),
    hasFinalizer: metadata.finalizers?.includes(LOAD_TEST_FINALIZER) === true,
    scenario: scenario.seen,
    refusal: parts.refusal ?? imageRefusal(parts, spec.generators.image),
    cluster: cluster === undefined ? undefined : clusterSeen(cluster),
    pod: pod === undefined ? undefined : podSeen(pod),
    ...jobs,
    result,
    nowMs: clock.wallMs(),
  };
  return { test, seen, cluster, pod, scenario: scenario.text };
}

type JobsSeen = Pick<
  LoadTestSeen,
  'coordinator' | 'workers' | 'address' | 'dialled' | 'podsLeft' | 'trouble'
>;

async function jobsOf(client: KubeClient, test: OpenViduLoadTest): Promise<JobsSeen> {
  const names = loadTestNames(test.metadata);
  const [coordinator, workers, pods] = await Promise.all([
    jobOf(client, test, names.coordinator),
    jobOf(client, test, names.generators),
    podsOf(client, test),
  ]);
  return {
    coordinator: coordinator === undefined ? undefined : jobSeen(coordinator),
    workers: workers === undefined ? undefined : jobSeen(workers),
    address: addressOf(pods),
    dialled: workers?.metadata.annotations?.[ANNOTATIONS.coordinator],
    podsLeft: pods.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed').length,
    trouble: pods.map((pod) => projectPod(pod).trouble).find((text) => text !== undefined),
  };
}

async function clusterOf(client: KubeClient, test: OpenViduLoadTest): Promise<OpenViduCluster | undefined> {
  const { clusterRef } = test.spec.target;
  if (clusterRef === undefined) return undefined;
  return await client.find(CLUSTERS, { name: clusterRef.name, namespace: test.metadata.namespace });
}

/** Only a Media Node of that OpenViduCluster, whatever else has its name. */
async function podOf(client: KubeClient, test: OpenViduLoadTest): Promise<Pod | undefined> {
  const { target } = test.spec;
  const name = test.status?.target?.mediaNode ?? target.mediaNode;
  if (target.clusterRef === undefined || name === undefined) return undefined;
  const pod = await client.find(PODS, { name, namespace: test.metadata.namespace });
  const labels = pod?.metadata.labels ?? {};
  const isOurs =
    labels[LABELS.component] === COMPONENT_MEDIA_NODE && labels[LABELS.cluster] === target.clusterRef.name;
  return isOurs ? pod : undefined;
}

async function podsOf(client: KubeClient, { metadata }: OpenViduLoadTest): Promise<readonly Pod[]> {
  const labelSelector = `${LABELS.loadTest}=${metadata.name}`;
  return (await client.list(PODS, { namespace: metadata.namespace, labelSelector })).items;
}

/** One that an earlier test of the same name has left, and that is about to be collected, is not ours. */
async function jobOf(client: KubeClient, test: OpenViduLoadTest, name: string): Promise<Job | undefined> {
  const { namespace, uid } = test.metadata;
  const job = await client.find(JOBS, { name, namespace });
  const isOurs = job?.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true;
  if (job === undefined || !isOurs || job.metadata.deletionTimestamp !== undefined) return undefined;
  return job;
}

/** Of the coordinator that is there; one that was told to stop is not dialled any more. */
function addressOf(pods: readonly Pod[]): string | undefined {
  const there = pods.find(
    ({ metadata, status }) =>
      metadata.labels?.[LABELS.component] === COMPONENT_COORDINATOR &&
      metadata.deletionTimestamp === undefined &&
      status?.phase === 'Running',
  );
  return there?.status?.podIP;
}

function jobSeen({ status }: Job): JobSeen {
  const ended = status?.conditions?.find(
    ({ type, status: is }) => is === 'True' && (type === 'Complete' || type === 'Failed'),
  );
  if (ended === undefined) return { state: 'Active', message: undefined };
  return { state: ended.type === 'Complete' ? 'Complete' : 'Failed', message: ended.message };
}

async function resultOf(
  client: KubeClient,
  { metadata }: OpenViduLoadTest,
  name: string,
): Promise<ResultSeen | undefined> {
  const map = await client.find(RESULT_MAPS, { name, namespace: metadata.namespace });
  if (map === undefined) return undefined;
  const { data = {}, binaryData = {} } = map;
  const text = data['result.json'];
  return {
    abortAsked: data['abort'] === 'true',
    owned: map.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) === true,
    progress: progressIn(data['progress.json']),
    summary: summaryIn(text),
    keys: [...Object.keys(data), ...Object.keys(binaryData)].filter((key) => key !== 'abort').toSorted(),
    sha256: sha256Of(binaryData[recordKey]),
    profile: fieldsIn(data['profile.json']),
  };
}

async function scenarioOf(
  client: KubeClient,
  test: OpenViduLoadTest,
  isStarted: boolean,
): Promise<{ readonly seen: ScenarioSeen; readonly text: string | undefined }> {
  const isEnding = test.metadata.deletionTimestamp !== undefined || test.status?.endTime !== undefined;
  // Nothing is started with a faulty one, so one that has been started was not.
  if (isStarted || isEnding) return { seen: { kind: 'Valid' }, text: undefined };
  return await readLoadTestScenario(client, test);
}

function clusterSeen({ metadata, spec, status }: OpenViduCluster): LoadTestCluster {
  return {
    mode: spec.autoscaling.mode,
    maxNodes: spec.mediaNodes.max,
    deleting: metadata.deletionTimestamp !== undefined,
    nodes: status?.nodes ?? [],
  };
}

function podSeen({ metadata, status }: Pod): LoadTestPod {
  const runs = status?.phase === 'Running' && (status.podIP ?? '') !== '';
  return {
    name: metadata.name,
    uid: metadata.uid,
    usable: runs && metadata.deletionTimestamp === undefined,
    underTest: metadata.labels?.[LABELS.underTest],
  };
}

function sha256Of(base64: string | undefined): string | undefined {
  if (base64 === undefined) return undefined;
  return createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex');
}

/** Generators get the API secret, so an image that anybody may name would hand it to anybody. */
function imageRefusal(
  { image, otherImages }: Pick<LookParts, 'image' | 'otherImages'>,
  wished: string | undefined,
): string | undefined {
  if (wished === undefined) {
    return image === undefined
      ? 'The operator was not told its own image: set OVM_IMAGE of the operator.'
      : undefined;
  }
  if (wished === image || otherImages.includes(wished)) return undefined;
  return (
    `spec.generators.image: ${wished} is not allowed, because generators are given the API secret: leave the field out, ` +
    "or add it to the chart's loadTests.images (OVM_LOAD_TEST_IMAGES of the operator)."
  );
}
