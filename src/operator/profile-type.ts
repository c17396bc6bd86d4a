import { GROUP, VERSION } from '../api/names.ts';
import type { OpenViduCapacityProfile } from '../api/v1alpha1.gen.ts';
import { resourceType } from '../kube/resource.ts';

export const PROFILE_KIND = 'OpenViduCapacityProfile';

/** OpenViduCapacityProfiles in the API. */
export const PROFILES = resourceType<OpenViduCapacityProfile>({
  group: GROUP,
  version: VERSION,
  plural: 'openviducapacityprofiles',
  kind: PROFILE_KIND,
  namespaced: true,
});
