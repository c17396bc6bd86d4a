/** Whether a capacity profile was measured on nodes like these, and by how much its figures are to be scaled. */
import type { CapacityProfile, ProfileRef } from './capacity-profile.ts';
import type { KubeNodeObservation, Observed } from './observed.ts';

/** What the nodes of a fleet turn out to be. Nothing here is known for sure while there is no node. */
export interface Machines {
  /** By Redis. */
  readonly serverVersion: string | undefined;
  readonly instanceTypes: readonly string[];
  /** The fewest that one of the machines has. */
  readonly cpus: number | undefined;
}

export type Fit =
  | {
      readonly kind: 'Fits';
      readonly scale: number;
      /** Why the figures are an estimate, for the middle of a sentence; `undefined` where they are not. */
      readonly estimated: string | undefined;
      readonly cpus: number | undefined;
    }
  | { readonly kind: 'Unmatched'; readonly why: string };

/** Processors of like machines differ a little by what the machine keeps for itself. */
const sameWithin = 0.1;

export function machinesOf({ redis, kubeNodes, pods }: Observed): Machines {
  const used = new Set(pods.flatMap(({ kubeNode }) => kubeNode ?? []));
  const machines = Object.values(kubeNodes ?? {}).filter(({ name }) => used.has(name));
  const cpus = machines.flatMap(({ cpus: count }) => count ?? []);
  return {
    serverVersion: redis.kind === 'Read' ? redis.serverVersion : undefined,
    instanceTypes: instanceTypesOf(machines),
    cpus: cpus.length === 0 ? undefined : Math.min(...cpus),
  };
}

function instanceTypesOf(machines: readonly KubeNodeObservation[]): readonly string[] {
  return [...new Set(machines.flatMap(({ instanceType }) => instanceType ?? []))].toSorted();
}

/** What is not known does not speak against the profile. */
export function fitOf({ name, match }: CapacityProfile, ref: ProfileRef, machines: Machines): Fit {
  const remedy = `give the cluster a profile for it. Until then the figures of spec.mediaNodes.capacity hold, and the fleet does not become smaller.`;
  if (match.engine !== undefined && ref.engine !== undefined && match.engine !== ref.engine) {
    return {
      kind: 'Unmatched',
      why: `Profile ${name} was measured with the engine ${match.engine}, the nodes use ${ref.engine}: ${remedy}`,
    };
  }
  const { serverVersion } = machines;
  if (match.livekitVersion !== undefined && !isOfVersion(serverVersion, match.livekitVersion)) {
    return {
      kind: 'Unmatched',
      why: `Profile ${name} was measured with version ${match.livekitVersion}, the nodes run ${serverVersion}: ${remedy}`,
    };
  }
  return scaleOf(match, ref, machines);
}

/** `1.13` fits `1.13.5` and `v1.13.5-openvidu.2`, but not `1.130.1`. */
function isOfVersion(running: string | undefined, measured: string): boolean {
  if (running === undefined) return true;
  const [numbers = ''] = /\d+(?:\.\d+)*/.exec(running) ?? [];
  return numbers === '' || `${numbers}.`.startsWith(`${measured}.`);
}

function scaleOf(match: CapacityProfile['match'], ref: ProfileRef, machines: Machines): Fit {
  const cpus = ref.cpus ?? machines.cpus;
  const ratio = match.cpus === undefined || cpus === undefined ? 1 : cpus / match.cpus;
  const scale = Math.abs(ratio - 1) <= sameWithin ? 1 : ratio;
  const odd = machines.instanceTypes.find((type) => type !== match.instanceType);
  const known = cpus ?? match.cpus;
  const fits = { kind: 'Fits', scale, cpus: known } as const;
  if (scale !== 1) {
    const estimated = `it was measured on ${match.cpus} processors, a node has ${cpus}`;
    return { ...fits, estimated };
  }
  if (match.instanceType === undefined || odd === undefined) return { ...fits, estimated: undefined };
  return { ...fits, estimated: `it was measured on ${match.instanceType}, nodes run on ${odd}` };
}
