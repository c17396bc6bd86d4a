/** An OpenViduCapacityProfile as plain values, and what a fleet makes of it. */
import type { OpenViduCapacityProfile } from '../api/v1alpha1.gen.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import type { Finding } from './reasons.ts';

/** What the spec asks for, and what its nodes are made of as far as the spec says. */
export interface ProfileRef {
  readonly name: string;
  /** The shape whose figure says how many participants a node carries; `undefined`: the one with the fewest. */
  readonly shape: string | undefined;
  /** Processors that the media server of one node may use; `undefined` where its template does not say. */
  readonly cpus: number | undefined;
  /** `undefined` where the configuration names one that nobody knows. */
  readonly engine: Engine | undefined;
}

export type Engine = 'pion' | 'mediasoup';

export interface ProfileMatch {
  readonly instanceType?: string;
  readonly engine?: Engine;
  readonly livekitVersion?: string;
  readonly cpus?: number;
}

/** Cores; packets and megabytes are a second's. */
export interface CoreCosts {
  readonly base: number;
  readonly participant: number;
  readonly packetIn: number;
  readonly packetOut: number;
  readonly megabyte: number;
}

/** So many of a kind on one node: the lower bound of what was measured. */
export interface ShapeCapacity {
  readonly name: string;
  readonly unit: 'Rooms' | 'Viewers';
  /** Above 0. */
  readonly count: number;
  /** People that one of the unit brings, and those who are there whatever the count. */
  readonly peopleEach: number;
  readonly peopleBeside: number;
}

export interface ProfileLimits {
  /** Share of the processors, 0 to 1. */
  readonly cpu?: number;
  readonly egressBytesPerSecond?: number;
  readonly packetsPerSecond?: number;
  readonly tracks?: number;
}

export interface CapacityProfile {
  readonly name: string;
  /** Changes with each change of its spec. */
  readonly version: string;
  readonly mode: 'Propose' | 'Apply';
  readonly match: ProfileMatch;
  readonly limits: ProfileLimits;
  /** `undefined` where they cannot tell what a node should use. */
  readonly costs: CoreCosts | undefined;
  readonly shapes: readonly ShapeCapacity[];
}

/** The profile that a spec names, or why there is none to read. */
export type ProfileReading =
  | { readonly kind: 'Read'; readonly profile: CapacityProfile }
  | { readonly kind: 'Missing'; readonly why: string };

/** Figures of one node. What is absent the profile does not say. */
export interface ProfileFigures {
  readonly participants?: number;
  readonly tracks?: number;
  readonly egressBytesPerSecond?: number;
  readonly packetsPerSecond?: number;
  readonly cores?: number;
}

/**
 * Applied: the figures are the profile's. Estimated: likewise, scaled from other machines. Drifted: it does not foretell
 * what the nodes use, so the lesser figures hold. In all other states those of the spec hold.
 */
export type ProfileState =
  | 'Applied'
  | 'Estimated'
  | 'Drifted'
  | 'Proposed'
  | 'Missing'
  | 'Unmatched'
  | 'Unusable';

/** What became of the profile that a spec asks for. Plain JSON: the journal keeps it with the spec. */
export interface ProfileUse {
  readonly name: string;
  readonly version: string;
  readonly state: ProfileState;
  /** Why it is in this state, with the remedy where there is one. */
  readonly finding: Finding;
  readonly figures: ProfileFigures;
  /** The one that the participants come from. */
  readonly shape: string | undefined;
  readonly shapes: readonly ShapeCapacity[];
  readonly costs: CoreCosts | undefined;
  /** Processors of one node; `undefined`: not known. */
  readonly cpus: number | undefined;
  /** Share of them up to which people are served well. */
  readonly cpuLimit: number;
}

/** Where a profile does not say: what the guard of a load test is by default. */
export const usualCpuLimit = 0.8;
const bytesPerSecondPerMbps = 125_000;

/** Never throws: figures that mean nothing are left out, whatever the API server let through. */
export function readProfile({ metadata, spec }: OpenViduCapacityProfile): CapacityProfile {
  const { limits = {}, costs, shapes = [] } = spec;
  return {
    name: metadata.name,
    version: `${metadata.uid}/${metadata.generation}`,
    mode: spec.mode,
    match: readMatch(spec.match),
    limits: {
      ...above0('cpu', limits.cpu),
      ...above0('egressBytesPerSecond', scaled(limits.egressMbps, bytesPerSecondPerMbps)),
      ...above0('packetsPerSecond', limits.packetsPerSecond),
      ...above0('tracks', limits.tracks),
    },
    costs: readCosts(costs?.cores),
    shapes: shapes.flatMap(readShape),
  };
}

/** When its newest evidence was made, wall clock; `undefined` where it has none. */
export function evidenceMs({ spec }: OpenViduCapacityProfile): number | undefined {
  const times = (spec.evidence ?? []).flatMap(({ date }) => parseIsoMs(date) ?? []);
  return times.length === 0 ? undefined : Math.max(...times);
}

function readMatch({ instanceType, engine, livekitVersion, cpus }: Match): ProfileMatch {
  return {
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(engine === undefined ? {} : { engine }),
    ...(livekitVersion === undefined ? {} : { livekitVersion }),
    ...above0('cpus', cpus),
  };
}

type Match = OpenViduCapacityProfile['spec']['match'];
type RawCosts = NonNullable<NonNullable<OpenViduCapacityProfile['spec']['costs']>['cores']>;
type RawShape = NonNullable<OpenViduCapacityProfile['spec']['shapes']>[number];

/** Without anything that grows with the load they foretell nothing. */
function readCosts(cores: RawCosts | undefined): CoreCosts | undefined {
  if (cores === undefined) return undefined;
  const { participant = 0, packetIn = 0, packetOut = 0, megabyte = 0, base = 0 } = cores;
  const grows = participant + packetIn + packetOut + megabyte > 0;
  return grows ? { base, participant, packetIn, packetOut, megabyte } : undefined;
}

function readShape(shape: RawShape): readonly ShapeCapacity[] {
  const { name, lower95, publishers = 0, participantsPerRoom = 1 } = shape;
  if (!(lower95 > 0) || !Number.isFinite(lower95)) return [];
  if (shape.viewers !== undefined) {
    return [{ name, unit: 'Viewers', count: lower95, peopleEach: 1, peopleBeside: publishers }];
  }
  return [{ name, unit: 'Rooms', count: lower95, peopleEach: participantsPerRoom, peopleBeside: 0 }];
}

function scaled(value: number | undefined, by: number): number | undefined {
  return value === undefined ? undefined : value * by;
}

function above0<K extends string>(key: K, value: number | undefined): { readonly [key in K]?: number } {
  const sane = value !== undefined && Number.isFinite(value) && value > 0;
  // The compiler does not see that a computed key is the one of the type.
  return (sane ? { [key]: value } : {}) as { readonly [key in K]?: number };
}
