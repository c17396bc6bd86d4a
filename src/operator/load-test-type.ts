import { GROUP, LOAD_TEST_KIND, LOAD_TEST_PLURAL, VERSION } from '../api/names.ts';
import type { OpenViduLoadTest } from '../api/v1alpha1.gen.ts';
import type { Condition, KubeObject } from '../kube/kinds.ts';
import { resourceType } from '../kube/resource.ts';

/** OpenViduLoadTests in the API. */
export const LOAD_TESTS = resourceType<OpenViduLoadTest>({
  group: GROUP,
  version: VERSION,
  plural: LOAD_TEST_PLURAL,
  kind: LOAD_TEST_KIND,
  namespaced: true,
});

export interface Job extends KubeObject {
  readonly status?: { readonly active?: number; readonly conditions?: readonly Condition[] };
}

export const JOBS = resourceType<Job>({
  group: 'batch',
  version: 'v1',
  plural: 'jobs',
  kind: 'Job',
  namespaced: true,
});

export const SERVICE_ACCOUNTS = resourceType<KubeObject>({
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
});

export const ROLES = resourceType<KubeObject>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: 'roles',
  kind: 'Role',
  namespaced: true,
});

export const ROLE_BINDINGS = resourceType<KubeObject>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: 'rolebindings',
  kind: 'RoleBinding',
  namespaced: true,
});

interface ResultMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  /** Base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** ConfigMaps as load tests use them. */
export const RESULT_MAPS = resourceType<ResultMap>({
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
});
