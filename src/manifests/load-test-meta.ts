/** What all objects of one load test have in common: who owns them, their names, and the labels that find them again. */
import type { OwnerReference } from '../api/object-meta.ts';
import { API_VERSION, LABELS, LOAD_TEST_KIND, MANAGED_BY } from '../api/names.ts';
import { loadTestPrefix } from '../core/load-test-rooms.ts';
import type { OwnerRef, StringMap } from './owned-object.ts';

export interface LoadTestMeta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: StringMap;
  readonly ownerReferences?: readonly OwnerReference[];
}

/** Values of `LABELS.component` on the Pods of a load test. */
export const COMPONENT_COORDINATOR = 'load-test-coordinator';
export const COMPONENT_GENERATOR = 'load-test-generator';

/** TCP port on which the coordinator waits for its generators. */
export const COORDINATOR_PORT = 7000;

/** The names of all objects of one load test. Results of an earlier test of the same name are not touched. */
export function loadTestNames({ name, uid }: Pick<OwnerRef, 'name' | 'uid'>) {
  const short = shortUid(uid);
  return {
    coordinator: `${name}-coordinator`,
    generators: `${name}-generators`,
    rights: `${name}-loadtest-${short}`,
    scenario: `${name}-scenario-${short}`,
    result: `${name}-result-${short}`,
    metricsLogin: `${name}-metrics-${short}`,
    /** Also what the names of its rooms begin with. */
    run: `${loadTestPrefix(name)}${short}`,
  } as const;
}

function shortUid(uid: string): string {
  return uid.replaceAll(/[^0-9a-f]/g, '').slice(0, 5);
}

/** Deleting the OpenViduLoadTest collects the object, unless it is to stay. */
export function loadTestMeta(owner: OwnerRef, name: string, keep: 'Owned' | 'Kept' = 'Owned'): LoadTestMeta {
  const meta = {
    name,
    namespace: owner.namespace,
    labels: { [LABELS.loadTest]: owner.name, [LABELS.managedBy]: MANAGED_BY },
  };
  return keep === 'Kept' ? meta : { ...meta, ownerReferences: [loadTestOwner(owner)] };
}

export function loadTestOwner({ name, uid }: OwnerRef): OwnerReference {
  return {
    apiVersion: API_VERSION,
    kind: LOAD_TEST_KIND,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
