import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { COMPONENT_MEDIA_NODE, LABELS } from '../../src/api/names.ts';
import {
  COMPONENT_COORDINATOR,
  COMPONENT_GENERATOR,
  COORDINATOR_PORT,
} from '../../src/manifests/load-test-meta.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { kubectl, output } from './programs.ts';

// Programs are started for each answer, which takes its time on a busy machine.
jest.setTimeout(60_000);

interface Rendered {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
  readonly spec?: { readonly template?: { readonly spec: Readonly<Record<string, unknown>> } };
}

const chart = new URL('../../charts/openvidu-media-operator', import.meta.url).pathname;
const watched = 'watched';
const installed = 'operators';
const operator = 'ovm-openvidu-media-operator';
const folder = mkdtempSync(join(tmpdir(), 'chart-'));
let plane: Plane;

/** What the program said on refusing; fails the test when it did not refuse. */
async function refusal(program: 'helm', args: readonly string[]): Promise<string> {
  const outcome: unknown = await output(program, args).then(
    () => new Error('was accepted'),
    (error: unknown) => error,
  );
  return outcome instanceof Error ? outcome.message : String(outcome);
}

function templateArgs(settings: readonly string[]): readonly string[] {
  const set = settings.flatMap((setting) => ['--set', setting]);
  return ['template', 'ovm', chart, '--namespace', installed, '--kube-version', '1.36.0', ...set];
}

function helmTemplate(...settings: readonly string[]): Promise<string> {
  return output('helm', templateArgs(settings));
}

async function render(...settings: readonly string[]): Promise<readonly Rendered[]> {
  const documents = parseAllDocuments(await helmTemplate(...settings));
  return documents.map((document) => document.toJS() as Rendered | null).filter((object) => object !== null);
}

/** Applies for real: the two forms of the chart may each be applied over the other. */
async function apply(text: string, ...flags: readonly string[]): Promise<string> {
  const file = join(folder, 'rendered.yaml');
  writeFileSync(file, text);
  return await kubectl(plane, 'apply', '--validate=strict', ...flags, '-f', file);
}

/** Whether the operator's service account may do it, by the API server's own word. */
async function mayOperator(verb: string, resource: string, namespace: string): Promise<boolean> {
  const who = `--as=system:serviceaccount:${installed}:${operator}`;
  const [type = '', subresource] = resource.split(' ');
  const below = subresource === undefined ? [] : [`--subresource=${subresource}`];
  const asked = ['auth', 'can-i', verb, type, ...below, who, `--namespace=${namespace}`];
  // kubectl exits with 1 on "no", so that the answer is read from its output in both cases.
  const answer = await kubectl(plane, ...asked).catch((error: unknown) =>
    typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : String(error),
  );
  const word = answer.trim().split('\n').at(-1);
  if (word !== 'yes' && word?.startsWith('no') !== true) throw new Error(`can-i answered ${answer}`);
  return word === 'yes';
}

beforeAll(async () => {
  plane = await startPlane();
  await kubectl(plane, 'create', 'namespace', watched);
  await kubectl(plane, 'create', 'namespace', installed);
}, 60_000);

afterAll(async () => {
  await plane?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('helm finds nothing to object to', async () => {
  await expect(output('helm', ['lint', '--strict', chart])).resolves.toContain('0 chart(s) failed');
});

describe('the API server accepts what the chart renders', () => {
  test.each([
    ['for all namespaces', []],
    ['for one namespace', [`watchNamespace=${watched}`, 'rbac.kubernetesNodes=true']],
    ['for one operator without a lease', ['replicas=1', 'leaderElection.enabled=false']],
    [
      'with everything set',
      [
        'image.tag=1.2.3',
        'imagePullSecrets[0].name=pull',
        'extraEnv[0].name=TZ',
        'extraEnv[0].value=UTC',
        'podLabels.team=media',
        'podAnnotations.note=hello',
        'priorityClassName=high',
        'nodeSelector.pool=system',
        'tolerations[0].operator=Exists',
        'networkPolicy.from[0].namespaceSelector.matchLabels.name=monitoring',
        'serviceAccount.annotations.note=hello',
        'topologySpreadConstraints[0].maxSkew=1',
        'topologySpreadConstraints[0].topologyKey=zone',
        'topologySpreadConstraints[0].whenUnsatisfiable=DoNotSchedule',
      ],
    ],
  ])('%s', async (_, settings) => {
    const applied = await apply(await helmTemplate(...settings), '--dry-run=server');
    expect(applied).toContain('deployment.apps/ovm-openvidu-media-operator created (server dry run)');
  });
});

describe('the rights of the operator', () => {
  beforeAll(async () => {
    const settings = [`watchNamespace=${watched}`, 'crds.enabled=true'];
    await apply(await helmTemplate(...settings));
  });

  test.each([
    ['list', 'openviduclusters.openvidu.io'],
    ['patch', 'openviduclusters.openvidu.io'],
    ['patch', 'openviduclusters.openvidu.io status'],
    ['update', 'openviduclusters.openvidu.io finalizers'],
    ['watch', 'pods'],
    ['create', 'pods'],
    ['delete', 'pods'],
    ['patch', 'services'],
    ['get', 'secrets'],
    ['create', 'secrets'],
    ['get', 'configmaps'],
    ['create', 'configmaps'],
    ['patch', 'configmaps'],
    ['patch', 'poddisruptionbudgets.policy'],
    ['watch', 'controllerrevisions.apps'],
    ['create', 'controllerrevisions.apps'],
    ['patch', 'controllerrevisions.apps'],
    ['delete', 'controllerrevisions.apps'],
    ['create', 'events.events.k8s.io'],
    ['watch', 'openviduloadtests.openvidu.io'],
    ['patch', 'openviduloadtests.openvidu.io status'],
    ['update', 'openviduloadtests.openvidu.io finalizers'],
    ['watch', 'openviducapacityprofiles.openvidu.io'],
    ['patch', 'openviducapacityprofiles.openvidu.io status'],
    ['create', 'openviducapacityprofiles.openvidu.io'],
    ['create', 'jobs.batch'],
    ['delete', 'jobs.batch'],
    ['create', 'roles.rbac.authorization.k8s.io'],
    ['create', 'serviceaccounts'],
  ])('reach to %s %s in the namespace it watches, and no further', async (verb, resource) => {
    const [there, elsewhere] = await Promise.all([
      mayOperator(verb, resource, watched),
      mayOperator(verb, resource, 'default'),
    ]);
    expect({ there, elsewhere }).toEqual({ there: true, elsewhere: false });
  });

  test.each([
    ['list', 'secrets'],
    ['watch', 'secrets'],
    ['delete', 'secrets'],
    ['update', 'secrets'],
    ['list', 'services'],
    ['update', 'services'],
    ['watch', 'poddisruptionbudgets.policy'],
    ['list', 'configmaps'],
    ['create', 'pods exec'],
    ['update', 'openviduclusters.openvidu.io'],
    ['delete', 'openviduclusters.openvidu.io'],
    ['list', 'nodes'],
    ['escalate', 'roles.rbac.authorization.k8s.io'],
    ['bind', 'roles.rbac.authorization.k8s.io'],
    ['delete', 'rolebindings.rbac.authorization.k8s.io'],
    ['create', 'serviceaccounts token'],
    ['patch', 'jobs.batch'],
    ['create', 'openviduloadtests.openvidu.io'],
    ['get', 'leases.coordination.k8s.io'],
  ])('do not include to %s %s there', async (verb, resource) => {
    await expect(mayOperator(verb, resource, watched)).resolves.toBe(false);
  });

  test.each(['get', 'update', 'patch'])('include to %s its own lease, and no other', async (verb) => {
    const [own, other] = await Promise.all([
      mayOperator(verb, `leases.coordination.k8s.io/${operator}`, installed),
      mayOperator(verb, 'leases.coordination.k8s.io/other', installed),
    ]);
    expect({ own, other }).toEqual({ own: true, other: false });
  });

  test('include to create a lease beside it', async () => {
    await expect(mayOperator('create', 'leases.coordination.k8s.io', installed)).resolves.toBe(true);
  });
});

describe('what the chart renders', () => {
  test('has nothing cluster-wide but the definitions when it watches one namespace', async () => {
    const objects = await render(`watchNamespace=${watched}`);
    const wide = objects
      .filter((object) => object.metadata.namespace === undefined)
      .map((object) => object.kind);
    expect([...new Set(wide)]).toEqual(['CustomResourceDefinition']);
  });

  test.each([
    ['where it has a ClusterRole anyway', [], true],
    ['in one namespace when asked to', [`watchNamespace=${watched}`, 'rbac.kubernetesNodes=true'], true],
    ['not in one namespace otherwise', [`watchNamespace=${watched}`], false],
    ['not when told not to', ['rbac.kubernetesNodes=false'], false],
  ])('watches Kubernetes Nodes %s, and has the right then', async (_, settings, expected) => {
    const objects = await render(...settings);
    const may = objects.some(
      (object) => object.rules?.some((rule) => rule.resources.includes('nodes')) === true,
    );
    const told = JSON.stringify(objects.find((object) => object.kind === 'Deployment')?.spec?.template?.spec);

    expect(may).toBe(expected);
    expect(told).toContain(`{"name":"OVM_KUBERNETES_NODES","value":"${expected}"}`);
  });

  test('has no right to Jobs, roles and service accounts where load tests are off', async () => {
    const objects = await render('loadTests.enabled=false');
    const resources = objects.flatMap((object) => object.rules ?? []).flatMap((rule) => rule.resources);
    expect(resources).toContain('openviducapacityprofiles');
    for (const resource of ['jobs', 'roles', 'serviceaccounts', 'openviduloadtests/status']) {
      expect(resources.filter((one) => one === resource)).toEqual(resource.includes('/') ? [resource] : []);
    }
  });

  test('grants no wildcard', async () => {
    const objects = await render('rbac.kubernetesNodes=true');
    const words = objects
      .flatMap((object) => object.rules ?? [])
      .flatMap((rule) => [...rule.apiGroups, ...rule.resources, ...rule.verbs]);
    expect(words.length).toBeGreaterThan(30);
    expect(words).not.toContain('*');
  });

  test('keeps the definitions on uninstall unless told otherwise', async () => {
    const keepOf = async (...settings: readonly string[]): Promise<readonly (string | undefined)[]> =>
      (await render(...settings))
        .filter((object) => object.kind === 'CustomResourceDefinition')
        .map((object) => object.metadata.annotations?.['helm.sh/resource-policy']);
    await expect(keepOf()).resolves.toEqual(['keep', 'keep', 'keep']);
    await expect(keepOf('crds.keep=false')).resolves.toEqual([undefined, undefined, undefined]);
    await expect(keepOf('crds.enabled=false')).resolves.toEqual([]);
  });

  test('meets the restricted Pod security standard', async () => {
    await kubectl(
      plane,
      'label',
      'namespace',
      installed,
      'pod-security.kubernetes.io/enforce=restricted',
      '--overwrite',
    );
    const deployment = (await render()).find((object) => object.kind === 'Deployment');
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'operator', namespace: installed },
      spec: deployment?.spec?.template?.spec,
    };
    await expect(apply(JSON.stringify(pod), '--dry-run=server')).resolves.toContain('pod/operator created');
  });

  test('has a ServiceMonitor only when asked to', async () => {
    const kinds = async (...settings: readonly string[]): Promise<readonly string[]> =>
      (await render(...settings)).map((object) => object.kind);
    await expect(kinds()).resolves.not.toContain('ServiceMonitor');
    await expect(kinds('serviceMonitor.enabled=true')).resolves.toContain('ServiceMonitor');
  });

  test('has alerts only when asked to, for its own operator, with links to the runbooks', async () => {
    await expect(helmTemplate()).resolves.not.toContain('PrometheusRule');
    const text = await helmTemplate(
      'prometheusRule.enabled=true',
      'prometheusRule.runbookUrl=https://example.com/runbooks/',
    );
    expect(text).toContain('kind: PrometheusRule');
    expect(text).toContain(
      `max(openvidu_operator_leader{namespace="${installed}",job="${operator}-metrics"}) == 0`,
    );
    expect(text).toContain('runbook_url: https://example.com/runbooks/OpenViduRoomsLost.md');
    expect(text).toContain('{{ $labels.cluster }}');
    expect(text).not.toMatch(/\{OPERATOR\}|RUNBOOKS\//);
  });
});

describe('the network policies of load tests', () => {
  interface Policy extends Rendered {
    readonly spec: Readonly<Record<string, unknown>>;
  }
  const policies = async (...settings: readonly string[]): Promise<readonly Policy[]> => {
    const objects = await render(...settings);
    const ofLoadTests = (object: Rendered): object is Policy =>
      object.kind === 'NetworkPolicy' && object.metadata.name !== operator;
    return objects.filter(ofLoadTests);
  };
  const selects = (component: string) => ({
    podSelector: { matchLabels: { [LABELS.component]: component } },
  });

  test.each([
    ['in the namespace that is watched', [`watchNamespace=${watched}`], [watched]],
    ['nowhere when all are watched', [], []],
    [
      'where they are told to be',
      ['loadTests.networkPolicy.namespaces={one,two}', `watchNamespace=${watched}`],
      ['one', 'two'],
    ],
    ['nowhere without load tests', [`watchNamespace=${watched}`, 'loadTests.enabled=false'], []],
    [
      'nowhere when they are switched off',
      [`watchNamespace=${watched}`, 'loadTests.networkPolicy.enabled=false'],
      [],
    ],
  ])('are %s', async (_, settings, expected) => {
    const found = (await policies(...settings)).map(({ metadata }) => metadata.namespace);
    expect(found).toEqual(expected.flatMap((name) => [name, name]));
  });

  test('admit to the coordinator its generators alone, and nobody to these', async () => {
    const [coordinators, generators] = await policies(`watchNamespace=${watched}`);
    expect(coordinators?.spec).toEqual({
      ...selects(COMPONENT_COORDINATOR),
      policyTypes: ['Ingress'],
      ingress: [
        { ports: [{ port: COORDINATOR_PORT, protocol: 'TCP' }], from: [selects(COMPONENT_GENERATOR)] },
      ],
    });
    expect(generators?.spec).toEqual({
      ...selects(COMPONENT_GENERATOR),
      policyTypes: ['Ingress'],
      ingress: [],
    });
  });

  test('keep generators in, when asked to, but for coordinator, Media Nodes and names', async () => {
    const settings = [`watchNamespace=${watched}`, 'loadTests.networkPolicy.restrictEgress=true'];
    const [, generators] = await policies(...settings);
    const dns = { port: 53 };
    expect(generators?.spec).toMatchObject({
      policyTypes: ['Ingress', 'Egress'],
      egress: [
        { ports: [{ port: COORDINATOR_PORT, protocol: 'TCP' }], to: [selects(COMPONENT_COORDINATOR)] },
        { to: [selects(COMPONENT_MEDIA_NODE)] },
        { ports: [dns, dns] },
      ],
    });
    const applied = await apply(await helmTemplate(...settings), '--dry-run=server');
    expect(applied).toContain(`networkpolicy.networking.k8s.io/${operator}-generators`);
  });
});

describe('a mistake in the values is refused', () => {
  test.each([
    ['a misspelt name', 'replcas=1', "'replcas' not allowed"],
    ['no operator at all', 'replicas=0', '/replicas'],
    ['an unknown log level', 'logLevel=chatty', '/logLevel'],
    [
      'what is no namespace',
      'loadTests.networkPolicy.namespaces={No}',
      '/loadTests/networkPolicy/namespaces',
    ],
    [
      'two operators without a lease',
      'leaderElection.enabled=false',
      'set leaderElection.enabled=true or replicas=1',
    ],
  ])('%s', async (_, setting, says) => {
    expect(await refusal('helm', templateArgs([setting]))).toContain(says);
  });
});
