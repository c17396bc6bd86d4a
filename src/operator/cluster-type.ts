import { GROUP, KIND, PLURAL, VERSION } from '../api/names.ts';
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { resourceType } from '../kube/resource.ts';

/** OpenViduClusters in the API. */
export const CLUSTERS = resourceType<OpenViduCluster>({
  group: GROUP,
  version: VERSION,
  plural: PLURAL,
  kind: KIND,
  namespaced: true,
});
