/** The spec with the figures that hold now, by the capacity profile that it asks for. */
import { type Machines, machinesOf } from '../core/capacity-fit.ts';
import { settleCapacity } from '../core/capacity-use.ts';
import type { Memory } from '../core/memory.ts';
import type { Observed } from '../core/observed.ts';
import type { ClusterSpec } from '../core/spec.ts';
import type { ProfilesPort } from './ports.ts';

/** For tools and tests that have no cluster to look in. */
const nobodyLooks: ProfilesPort = {
  read: (name) => ({ kind: 'Missing', why: `Profile ${name} cannot be read here.` }),
};

export class SettledCapacity {
  readonly #profiles: ProfilesPort;
  #machines: Machines | undefined;

  constructor(profiles: ProfilesPort = nobodyLooks) {
    this.#profiles = profiles;
  }

  /** Without a `profileRef` it is the spec that was given. */
  of(spec: ClusterSpec, observed: Observed, memory: Memory): ClusterSpec {
    if (spec.profileRef === undefined) return spec;
    const reading = this.#profiles.read(spec.profileRef.name);
    this.#machines = asBefore(machinesOf(observed), this.#machines);
    return settleCapacity(spec, { reading, machines: this.#machines, memory });
  }
}

/** While Redis or the machines cannot be seen they are taken to be as they were. */
function asBefore(seen: Machines, before: Machines | undefined): Machines {
  if (before === undefined) return seen;
  return {
    serverVersion: seen.serverVersion ?? before.serverVersion,
    instanceTypes: seen.instanceTypes.length === 0 ? before.instanceTypes : seen.instanceTypes,
    cpus: seen.cpus ?? before.cpus,
  };
}
