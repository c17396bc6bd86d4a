import { describe, expect, test } from '@jest/globals';
import type { LoadTestSpec } from '../../src/api/v1alpha1.gen.ts';
import { valueAt } from '../../src/manifests/deep-merge.ts';
import { coordinatorJob, generatorsJob, type LoadTestJobInput } from '../../src/manifests/load-test-jobs.ts';
import { loadTestNames } from '../../src/manifests/load-test-meta.ts';
import { loadTestMetricsLogin } from '../../src/manifests/load-test-objects.ts';

const owner = { name: 'rooms', namespace: 'prod', uid: '1a2b3c4d-0000-4000-8000-000000000000' };
const spec: LoadTestSpec = {
  target: { clusterRef: { name: 'media' }, allowSharedTarget: false },
  scenario: { inline: '' },
  generators: {
    count: 4,
    resources: { requests: { cpu: '2' }, limits: { cpu: '2' } },
    imagePullSecrets: [{ name: 'registry' }],
    placement: { awayFromMediaNodes: 'Required', nodeSelector: { pool: 'load' } },
  },
  deadline: '1h',
  abort: false,
  cleanup: { policy: 'Keep' },
};
const input: LoadTestJobInput = {
  owner,
  spec,
  image: 'operator:1',
  target: {
    url: 'ws://10.0.0.1:7880',
    metricsUrl: 'http://10.0.0.1:6789/metrics',
    metricsLogin: 'Copied',
    nodeId: 'ND_1',
    credentials: { name: 'keys', apiKeyKey: 'apiKey', apiSecretKey: 'apiSecret' },
    limitCores: 1.5,
    limitBytes: undefined,
  },
};
const both = [
  ['coordinator', coordinatorJob(input)],
  ['generators', generatorsJob(input, '10.0.0.2')],
] as const;

describe.each(both)('the Job of the %s', (_, job) => {
  const pod = valueAt(job.spec, 'template', 'spec');

  test('ends some time after the deadline, whatever hangs, and is forgotten an hour later', () => {
    expect(job.spec).toMatchObject({ activeDeadlineSeconds: 3780, ttlSecondsAfterFinished: 3600 });
  });

  test('keeps off the machines of Media Nodes, where it is told to be', () => {
    const term = { topologyKey: 'kubernetes.io/hostname' };
    expect(pod).toMatchObject({
      nodeSelector: { pool: 'load' },
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    });
  });

  test('has its keys from the Secret alone', () => {
    expect(JSON.stringify(pod)).toContain('"secretKeyRef":{"name":"keys","key":"apiSecret"}');
  });

  test('pulls its image with the Secrets that are named for it', () => {
    expect(valueAt(pod, 'imagePullSecrets')).toEqual([{ name: 'registry' }]);
  });

  test('is collected with the load test', () => {
    expect(job.metadata.ownerReferences).toMatchObject([{ kind: 'OpenViduLoadTest', uid: owner.uid }]);
  });
});

test('only preferred, generators may run beside a Media Node', () => {
  const placement = { awayFromMediaNodes: 'Preferred' } as const;
  const generators = { ...spec.generators, placement };
  const job = generatorsJob({ ...input, spec: { ...spec, generators } }, '10.0.0.2');
  const affinity = valueAt(job.spec, 'template', 'spec', 'affinity', 'podAntiAffinity');
  expect(affinity).toMatchObject({ preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100 }] });
  expect(affinity).not.toHaveProperty('requiredDuringSchedulingIgnoredDuringExecution');
});

test('each generator knows its index and where the coordinator is', () => {
  const job = generatorsJob(input, 'fd00::2');
  expect(job.spec).toMatchObject({ completionMode: 'Indexed', completions: 4, parallelism: 4 });
  expect(job.metadata.annotations).toEqual({ 'openvidu.io/coordinator': 'fd00::2' });
  const args = JSON.stringify(['--connect', 'ws://[fd00::2]:7000', '--index', '$(JOB_COMPLETION_INDEX)']);
  expect(JSON.stringify(job.spec)).toContain(`"args":${args}`);
});

test('the coordinator is told all that it needs, and nothing that is not known', () => {
  const text = JSON.stringify(coordinatorJob(input).spec);
  for (const [name, value] of [
    ['OVLT_RUN_ID', 'lt-rooms-1a2b3'],
    ['OVLT_WORKERS', '4'],
    ['OVLT_SERVER_CORES', '1.5'],
    ['OVLT_DEADLINE_SECONDS', '3600'],
    ['OVLT_RESULT_CONFIGMAP', 'rooms-result-1a2b3'],
  ]) {
    expect(text).toContain(`{"name":"${name}","value":"${value}"}`);
  }
  for (const unknown of ['OVLT_SERVER_MEMORY_BYTES', 'OVLT_REPETITIONS', 'OVLT_PROFILE']) {
    expect(text).not.toContain(unknown);
  }
});

test('two tests of one name share no result', () => {
  const [one, other] = ['a1', 'b2'].map((uid) => loadTestNames({ name: 'rooms', uid }).result);
  expect(one).not.toBe(other);
});

describe('the login of the metrics port', () => {
  const { metricsLogin } = loadTestNames(owner);

  test('is a Secret of the test, collected with it', () => {
    const secret = loadTestMetricsLogin(owner, { username: 'ana', password: 'canary' });
    expect(secret).toMatchObject({ kind: 'Secret', stringData: { username: 'ana', password: 'canary' } });
    expect(secret.metadata).toMatchObject({ name: metricsLogin, ownerReferences: [{ uid: owner.uid }] });
  });

  test('reaches the coordinator alone, and only where there is one', () => {
    const named = `"secretKeyRef":{"name":"${metricsLogin}","key":"password"}`;
    const open = { ...input, target: { ...input.target, metricsLogin: 'None' as const } };
    expect(JSON.stringify(coordinatorJob(input))).toContain(named);
    expect(JSON.stringify(generatorsJob(input, '10.0.0.2'))).not.toContain(metricsLogin);
    expect(JSON.stringify(coordinatorJob(open))).not.toContain(metricsLogin);
  });

  test("comes from the user's own Secret where the fleet names one", () => {
    const named = { username: 'ana', passwordSecretRef: { name: 'metrics', key: 'pw' } };
    const text = JSON.stringify(
      coordinatorJob({ ...input, target: { ...input.target, metricsLogin: named } }),
    );
    expect(text).toContain('{"name":"OVLT_METRICS_USERNAME","value":"ana"}');
    expect(text).toContain('"secretKeyRef":{"name":"metrics","key":"pw"}');
    expect(text).not.toContain(metricsLogin);
  });
});
