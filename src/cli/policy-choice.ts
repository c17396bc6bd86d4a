/** From what `--policy` says, by name or by file, to what the simulator runs. */
import { existsSync } from 'node:fs';
import type { ClusterSpec } from '../core/spec.ts';
import { policyByName, UnknownPolicyError } from '../simulate/policies.ts';
import { UsageError } from './cli-error.ts';
import { fleetDefaults, type FleetSize } from './fleet-size.ts';
import { compiledSpec, defaultPolicy, type ReadPolicy, readPolicy } from './policy-file.ts';

/** A policy in the form in which it can also be sent to a worker. */
export type ChosenPolicy =
  | {
      readonly kind: 'Governor';
      readonly label: string;
      readonly spec: ClusterSpec;
      /** Whether it came with a size of the fleet, as a whole manifest does. */
      readonly hasSize: boolean;
    }
  | { readonly kind: 'Baseline'; readonly label: string };

export interface ChosenFleet {
  readonly policy: ChosenPolicy;
  readonly capacity: number;
  readonly nodesMin: number;
  readonly nodesMax: number;
}

const governor = 'governor';

/** @throws UsageError for an unknown name or a file that is no policy, with line and column */
export function choosePolicy(given: string, size: FleetSize): ChosenFleet {
  if (given === governor) return fleetOf(given, defaultPolicy(), size);
  const baseline = baselineNamed(given);
  if (baseline !== undefined) return { policy: { kind: 'Baseline', label: baseline }, ...sized(size) };
  return fleetOf(given, readPolicy(given), size);
}

/**
 * Several policies for fleets of the same size, or they could not be compared: what a manifest says of the size holds
 * for all. @throws UsageError when two manifests differ and the command line does not decide
 */
export function choosePolicies(given: readonly string[], size: FleetSize): readonly ChosenFleet[] {
  const fleets = given.map((name) => choosePolicy(name, size));
  const named = fleets.filter(({ policy }) => policy.kind === 'Governor' && policy.hasSize);
  const sizes = new Set(named.map((fleet) => `${fleet.capacity} ${fleet.nodesMin} ${fleet.nodesMax}`));
  if (sizes.size > 1) {
    throw new UsageError(
      'the manifests differ in capacity, min or max: give --capacity, --nodes-min and --nodes-max for all.',
    );
  }
  const [model] = named;
  return model === undefined ? fleets : given.map((name) => choosePolicy(name, model));
}

/** A policy as a heading of a report names it. */
export function policyTitle(label: string): string {
  return label === governor || baselineNamed(label) === undefined ? label : policyByName(label).label;
}

function baselineNamed(given: string): string | undefined {
  try {
    return policyByName(given).name;
  } catch (error) {
    if (!(error instanceof UnknownPolicyError)) throw error;
    if (existsSync(given) || /[/\\]|\.(ya?ml|json)$/.test(given)) return undefined;
    const names = error.message.replace(/^There/, 'there').replace(/\.$/, '');
    throw new UsageError(`${names}, or the path of a policy file.`, { cause: error });
  }
}

const unsaid: FleetSize = { capacity: undefined, nodesMin: undefined, nodesMax: undefined };

/** The command line wins over the manifest, and that over the defaults. */
function sized(size: FleetSize, manifest: FleetSize = unsaid): Omit<ChosenFleet, 'policy'> {
  const nodesMin = size.nodesMin ?? manifest.nodesMin ?? fleetDefaults.nodesMin;
  const nodesMax = size.nodesMax ?? manifest.nodesMax ?? Math.max(nodesMin, fleetDefaults.nodesMax);
  if (nodesMin > nodesMax) {
    throw new UsageError(
      `the least number of nodes, ${nodesMin}, is above the most, ${nodesMax}: raise --nodes-max or lower --nodes-min.`,
    );
  }
  return { nodesMin, nodesMax, capacity: size.capacity ?? manifest.capacity ?? fleetDefaults.capacity };
}

function fleetOf(label: string, { resource, isManifest, fault }: ReadPolicy, size: FleetSize): ChosenFleet {
  const { min, max, capacity } = resource.mediaNodes;
  const own = { capacity: capacity.participants, nodesMin: min, nodesMax: max };
  const fleet = sized(size, isManifest ? own : undefined);
  const mediaNodes = {
    ...resource.mediaNodes,
    min: fleet.nodesMin,
    max: fleet.nodesMax,
    capacity: { ...capacity, participants: fleet.capacity },
  };
  // A trial of a policy is what simulating means; the mode says only whether the operator acts on it.
  const spec: ClusterSpec = { ...compiledSpec({ ...resource, mediaNodes }, fault), mode: 'Enforce' };
  return { policy: { kind: 'Governor', label, spec, hasSize: isManifest }, ...fleet };
}
