/** Makes or renews the OpenViduCapacityProfile that a load test gives. */
import { API_VERSION, FIELD_MANAGER, LABELS } from '../api/names.ts';
import type { OpenViduLoadTest } from '../api/v1alpha1.gen.ts';
import type { KubeClient } from '../kube/client.ts';
import { PROFILES } from './profile-type.ts';

/**
 * It outlives the load test. One that is in use is never taken back to a proposal: what is proposed then has a name of
 * its own. @returns the name of the profile @throws ApiError
 */
export async function publishProfile(
  client: KubeClient,
  { metadata, spec }: OpenViduLoadTest,
  profile: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  const { publishProfile: wish } = spec;
  if (wish === undefined) return undefined;
  const { namespace } = metadata;
  const before = await client.find(PROFILES, { name: wish.name, namespace });
  const isInUse = wish.mode === 'Propose' && before?.spec.mode === 'Apply';
  const name = isInUse ? `${wish.name}-proposed` : wish.name;
  const object = {
    apiVersion: API_VERSION,
    kind: PROFILES.kind,
    metadata: { name, namespace, labels: { [LABELS.loadTest]: metadata.name } },
    spec: { ...profile, mode: wish.mode },
  };
  await client.apply(PROFILES, object, {
    fieldManager: FIELD_MANAGER,
    force: true,
    fieldValidation: 'Strict',
  });
  return name;
}
