/** What a load test needs beside its Jobs: the coordinator's rights, its scenario and its result. */
import { loadTestMeta, type LoadTestMeta, loadTestNames } from './load-test-meta.ts';
import type { MetricsLogin } from './livekit-config.ts';
import type { OwnerRef } from './owned-object.ts';

interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: LoadTestMeta;
  readonly [field: string]: unknown;
}

const rbac = 'rbac.authorization.k8s.io';

export function loadTestServiceAccount(owner: OwnerRef): Written {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: loadTestMeta(owner, loadTestNames(owner).rights),
    // Only the coordinator's Pod gets the token: its template says so.
    automountServiceAccountToken: false,
  };
}

/** To read and write one ConfigMap: the load comes from outside, so what makes it may do nothing else. */
export function loadTestRole(owner: OwnerRef): Written {
  const { rights, result } = loadTestNames(owner);
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'Role',
    metadata: loadTestMeta(owner, rights),
    rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [result], verbs: ['get', 'patch'] }],
  };
}

export function loadTestRoleBinding(owner: OwnerRef): Written {
  const { rights } = loadTestNames(owner);
  return {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: loadTestMeta(owner, rights),
    roleRef: { apiGroup: rbac, kind: 'Role', name: rights },
    subjects: [{ kind: 'ServiceAccount', name: rights, namespace: owner.namespace }],
  };
}

/** The scenario as it was at the start, whatever becomes of where it was read from. */
export function loadTestScenario(owner: OwnerRef, scenario: string): Written {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: loadTestMeta(owner, loadTestNames(owner).scenario),
    immutable: true,
    data: { 'scenario.yaml': scenario },
  };
}

/** The login of the metrics port, of which nothing else that the livekit.yaml holds is the coordinator's business. */
export function loadTestMetricsLogin(
  owner: OwnerRef,
  { username = '', password = '' }: MetricsLogin,
): Written {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: loadTestMeta(owner, loadTestNames(owner).metricsLogin),
    immutable: true,
    stringData: { username, password },
  };
}

/** Empty: the coordinator fills it. */
export function loadTestResult(owner: OwnerRef, policy: 'Keep' | 'Delete'): Written {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: loadTestMeta(owner, loadTestNames(owner).result, policy === 'Keep' ? 'Kept' : 'Owned'),
    data: {},
  };
}
