/** Capacity profiles for tests: ordinary ones, so that a test states only what it is about. */
import type { OpenViduCapacityProfile } from '../../src/api/v1alpha1.gen.ts';
import type { Machines } from '../../src/core/capacity-fit.ts';
import { type CapacityProfile, type ProfileRef, readProfile } from '../../src/core/capacity-profile.ts';
import { settleCapacity } from '../../src/core/capacity-use.ts';
import type { DriftMemory } from '../../src/core/memory.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { aSpec } from './builders.ts';

type Spec = OpenViduCapacityProfile['spec'];

export const conference: NonNullable<Spec['shapes']>[number] = {
  name: 'conference-10',
  participantsPerRoom: 10,
  rooms: 9,
  lower95: 8,
};

/** 8 rooms of 10 for sure, approved, measured on 4 processors with Pion 1.13. */
export function aProfileObject(
  spec: Partial<Spec> = {},
  metadata: Partial<OpenViduCapacityProfile['metadata']> = {},
): OpenViduCapacityProfile {
  return {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduCapacityProfile',
    metadata: {
      name: 'm6in',
      namespace: 'rooms',
      uid: 'uid-profile',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-03-01T12:00:00Z',
      ...metadata,
    },
    spec: {
      mode: 'Apply',
      match: { engine: 'pion', livekitVersion: '1.13', cpus: 4 },
      shapes: [conference],
      ...spec,
    },
  };
}

export function aProfile(spec: Partial<Spec> = {}): CapacityProfile {
  return readProfile(aProfileObject(spec));
}

export const aRef: ProfileRef = { name: 'm6in', shape: undefined, cpus: 4, engine: 'pion' };

export const theMachines: Machines = { serverVersion: '1.13.5', instanceTypes: [], cpus: 4 };

export interface Asked {
  readonly spec?: Partial<ClusterSpec>;
  readonly ref?: Partial<ProfileRef>;
  readonly machines?: Partial<Machines>;
  readonly drift?: DriftMemory;
}

/** A spec that asks for the profile, as it is with it. */
export function under(profile: CapacityProfile | undefined, asked: Asked = {}): ClusterSpec {
  const { spec, ref, machines, drift } = asked;
  return settleCapacity(aSpec({ ...spec, profileRef: { ...aRef, ...ref } }), {
    reading: profile === undefined ? { kind: 'Missing', why: 'There is none.' } : { kind: 'Read', profile },
    machines: { ...theMachines, ...machines },
    memory: drift === undefined ? {} : { drift },
  });
}
