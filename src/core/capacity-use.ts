/** Which figures of a node hold: those of the spec, or those of the capacity profile that it asks for. */
import { listed } from '../base/listed.ts';
import type {
  CapacityProfile,
  ProfileFigures,
  ProfileReading,
  ProfileRef,
  ProfileUse,
} from './capacity-profile.ts';
import { usualCpuLimit } from './capacity-profile.ts';
import { figuresOf, shapeOf } from './capacity-figures.ts';
import { type Fit, type Machines, fitOf } from './capacity-fit.ts';
import type { Memory } from './memory.ts';
import type { Finding } from './reasons.ts';
import type { Capacity, ClusterSpec, Target } from './spec.ts';

export interface CapacitySight {
  readonly reading: ProfileReading;
  readonly machines: Machines;
  readonly memory: Pick<Memory, 'drift'>;
}

/** The spec with the figures that hold now. Without a `profileRef` it is the very same object. */
export function settleCapacity(spec: ClusterSpec, sight: CapacitySight): ClusterSpec {
  const { profileRef } = spec;
  return profileRef === undefined ? spec : withUse(spec, useOf(profileRef, sight));
}

/** What somebody tries with other figures is still under the profile that was in use, as long as it asks for it. */
export function carryProfile(from: ClusterSpec, to: ClusterSpec): ClusterSpec {
  const { profileRef: asked, profile } = from;
  const same = asked?.name === to.profileRef?.name && asked?.shape === to.profileRef?.shape;
  return profile === undefined || to.profileRef === undefined || !same ? to : withUse(to, profile);
}

/**
 * For a world of people alone, in which nobody measures anything else: the figures that hold go on to hold, and
 * nothing more is asked of a profile.
 */
export function withoutProfile(spec: ClusterSpec): ClusterSpec {
  if (spec.profileRef === undefined) return spec;
  const { profileRef: _, profile: __, ...rest } = spec;
  return { ...rest, targets: rest.targets.filter(({ kind }) => kind !== 'Packets' && kind !== 'Cost') };
}

/** Whether the figures of the profile hold, scaled or not. */
export function isInUse({ state }: ProfileUse): boolean {
  return state === 'Applied' || state === 'Estimated';
}

/** Nothing is known of what a node carries although somebody has asked to know it, so the fleet may not shrink. */
export function isUnknown({ state }: ProfileUse): boolean {
  return state === 'Missing' || state === 'Unmatched' || state === 'Unusable';
}

/** For a sentence with this figure: ` by profile NAME`, or nothing where the figure is not the profile's. */
export function byProfile({ profile }: ClusterSpec, figure: keyof ProfileFigures): string {
  if (profile === undefined || !isInUse(profile) || profile.figures[figure] === undefined) return '';
  return ` by profile ${profile.name}${profile.state === 'Estimated' ? ' (estimated)' : ''}`;
}

function withUse(spec: ClusterSpec, use: ProfileUse): ClusterSpec {
  const { figures } = use;
  if (isInUse(use)) {
    return {
      ...spec,
      profile: use,
      capacity: { ...spec.capacity, ...figures },
      targets: [...spec.targets, ...furtherTargets(spec, use)],
    };
  }
  if (use.state !== 'Drifted') return { ...spec, profile: use };
  const targets = [...spec.targets, ...without(spec, [{ kind: 'Cpu', utilization: cpuTarget(spec, use) }])];
  return { ...spec, profile: use, capacity: lesser(spec.capacity, figures), targets };
}

/** All that the profile knows a limit of counts, as full as people asked a node to be. */
function furtherTargets(spec: ClusterSpec, { figures, costs }: ProfileUse): readonly Target[] {
  const utilization = usualUtilization(spec);
  const kinds: readonly (readonly [kind: Target['kind'], isKnown: boolean])[] = [
    ['Tracks', figures.tracks !== undefined],
    ['Bandwidth', figures.egressBytesPerSecond !== undefined],
    ['Packets', figures.packetsPerSecond !== undefined],
    ['Cost', figures.cores !== undefined && costs !== undefined],
  ];
  return without(
    spec,
    kinds.flatMap(([kind, isKnown]) => (isKnown ? [{ kind, utilization }] : [])),
  );
}

function without({ targets }: ClusterSpec, more: readonly Target[]): readonly Target[] {
  return more.filter(({ kind }) => targets.every((target) => target.kind !== kind));
}

function usualUtilization({ targets }: ClusterSpec): number {
  const people = targets.find(({ kind }) => kind === 'Participants') ?? targets[0];
  return people?.utilization ?? 0.7;
}

function cpuTarget(spec: ClusterSpec, { cpuLimit }: ProfileUse): number {
  return usualUtilization(spec) * cpuLimit;
}

/** When figures are in doubt the cautious ones hold: nodes are cheaper than bad calls. */
function lesser(given: Capacity, figures: ProfileFigures): Capacity {
  const least = (a: number | undefined, b: number | undefined): number | undefined =>
    a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
  return {
    participants: Math.min(given.participants, figures.participants ?? Infinity),
    tracks: least(given.tracks, figures.tracks),
    egressBytesPerSecond: least(given.egressBytesPerSecond, figures.egressBytesPerSecond),
  };
}

function useOf(ref: ProfileRef, { reading, machines, memory }: CapacitySight): ProfileUse {
  if (reading.kind === 'Missing') return unused(ref, 'Missing', finding('ProfileMissing', reading.why));
  const { profile } = reading;
  if (profile.mode === 'Propose') return proposed(ref, profile);
  const fit = fitOf(profile, ref, machines);
  if (fit.kind === 'Unmatched')
    return unused(ref, 'Unmatched', finding('ProfileUnmatched', fit.why), profile);
  const shape = shapeOf(profile, ref.shape);
  if (shape === 'NoSuchShape') return unused(ref, 'Unusable', noSuchShape(profile, ref), profile);
  const figures = figuresOf(profile, shape, fit);
  if (Object.keys(figures).length === 0) return unused(ref, 'Unusable', saysNothing(profile), profile);
  return {
    name: profile.name,
    version: profile.version,
    ...standing(profile, fit, memory.drift),
    figures,
    shape: shape?.name,
    shapes: profile.shapes.map((one) => ({ ...one, count: one.count * fit.scale })),
    costs: profile.costs,
    cpus: fit.cpus,
    cpuLimit: profile.limits.cpu ?? usualCpuLimit,
  };
}

/** Of a profile that fits. */
function standing(
  profile: CapacityProfile,
  { estimated }: Extract<Fit, { kind: 'Fits' }>,
  drift: Memory['drift'],
): Pick<ProfileUse, 'state' | 'finding'> {
  if (drift?.version === profile.version && drift.offPercent !== undefined) {
    return { state: 'Drifted', finding: drifted(profile, drift.offPercent) };
  }
  if (estimated !== undefined) {
    const message = `The figures of profile ${profile.name} hold, as an estimate: ${estimated}.`;
    return { state: 'Estimated', finding: finding('ProfileEstimated', message) };
  }
  const message = `The figures of profile ${profile.name} hold.`;
  return { state: 'Applied', finding: finding('ProfileApplied', message) };
}

const meanwhile =
  'Until then the figures of spec.mediaNodes.capacity hold, and the fleet does not become smaller';

function noSuchShape({ name, shapes }: CapacityProfile, { shape = '' }: ProfileRef): Finding {
  const known = shapes.length === 0 ? 'has none' : `has ${listed(shapes.map((one) => one.name))}`;
  const message = `Profile ${name} has no shape ${shape}; it ${known}: name one of those in spec.mediaNodes.capacity.profileRef.shape, or leave it out. ${meanwhile}.`;
  return finding('ProfileUnusable', message);
}

function saysNothing({ name }: CapacityProfile): Finding {
  const message = `Profile ${name} says nothing of what a node carries: give it shapes or limits. ${meanwhile}.`;
  return finding('ProfileUnusable', message);
}

function drifted({ name }: CapacityProfile, offPercent: number): Finding {
  const direction = offPercent > 0 ? 'more' : 'less';
  const message = `The nodes use about ${Math.abs(offPercent)} % ${direction} processor time than profile ${name} foretells: run a new load test. Until then the lesser of its figures and those of spec.mediaNodes.capacity hold, and the processors count as well.`;
  return finding('ProfileDrifted', message);
}

function proposed(ref: ProfileRef, profile: CapacityProfile): ProfileUse {
  const message = `Profile ${profile.name} is only proposed, so the figures of spec.mediaNodes.capacity hold: look at it and run kubectl openvidu profile approve ${profile.name}.`;
  return unused(ref, 'Proposed', finding('ProfileProposed', message), profile);
}

function unused(
  { name }: ProfileRef,
  state: ProfileUse['state'],
  why: Finding,
  profile?: CapacityProfile,
): ProfileUse {
  return {
    name,
    version: profile?.version ?? '',
    state,
    finding: why,
    figures: {},
    shape: undefined,
    shapes: [],
    costs: undefined,
    cpus: undefined,
    cpuLimit: usualCpuLimit,
  };
}

function finding(reason: Finding['reason'], message: string): Finding {
  return { reason, message };
}
