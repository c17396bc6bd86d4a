/** What a decision says of the capacity profile that the spec asks for: in the status, the condition and Events. */
import type { ClusterStatus } from '../api/v1alpha1.gen.ts';
import { noteDrift } from './capacity-drift.ts';
import { isInUse } from './capacity-use.ts';
import type { DecideInput } from './decide-input.ts';
import type { CapacityView, Decision, FreeRooms } from './decision.ts';
import { freeRooms } from './free-rooms.ts';
import { type Finding, type ReasonCode, reasons } from './reasons.ts';

/** The decision with what there is to say, and to remember, of the profile. Untouched where none is asked for. */
export function withCapacity({ spec, memory, nowMs }: DecideInput, decision: Decision): Decision {
  const { profile } = spec;
  if (profile === undefined) return decision;
  const { drift: _, ...others } = decision.memory;
  const seen = decision.governor !== undefined;
  const nodes = decision.nodes.map(({ node }) => node);
  const drift = seen ? noteDrift(profile, nodes, memory.drift, nowMs) : memory.drift;
  return {
    ...decision,
    capacity: {
      profile,
      figures: spec.capacity,
      freeRooms: seen ? freeRooms(spec, decision.nodes, decision.governor.outlooks) : undefined,
    },
    memory: drift === undefined ? others : { ...others, drift },
  };
}

/** Whether the figures that hold are those that the spec asks for. */
export function capacityCondition(
  view: CapacityView | undefined,
  asked: string | undefined,
): {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: ReasonCode;
  readonly message: string;
} {
  if (view === undefined && asked !== undefined) {
    const message = `Nothing can be decided now, so profile ${asked} was not looked at.`;
    return { status: 'Unknown', reason: 'SpecInvalid', message };
  }
  if (view === undefined) return { status: 'True', reason: 'CapacityGiven', message: reasons.CapacityGiven };
  return { status: isInUse(view.profile) ? 'True' : 'False', ...bare(view.profile.finding) };
}

function bare({ reason, message }: Finding): Pick<Finding, 'reason' | 'message'> {
  return { reason, message };
}

/** A change that somebody should hear of; `undefined` after a cold start, and while all is as before. */
export function capacityTold(before: Decision, now: Decision): readonly Finding[] {
  const was = before.capacity?.profile;
  const is = now.capacity?.profile;
  if (is === undefined || was === undefined) return [];
  const same = was.state === is.state && was.name === is.name && was.version === is.version;
  return same ? [] : [is.finding];
}

type StatusPart = Pick<ClusterStatus, 'capacity' | 'freeRooms'>;

/** `samePeople`: nobody has come or gone since `previous` was written. */
export function capacityStatus(
  view: CapacityView | undefined,
  previous: ClusterStatus | undefined,
  samePeople: boolean,
): StatusPart {
  if (view === undefined) return {};
  const { profile, figures, freeRooms: free } = view;
  const shape = isInUse(profile) && profile.figures.participants !== undefined ? profile.shape : undefined;
  return {
    capacity: {
      participants: figures.participants,
      profile: profile.name,
      ...(shape === undefined ? {} : { shape }),
      state: profile.state,
    },
    ...(free === undefined ? {} : { freeRooms: free.map((one) => lineOf(one, previous, samePeople)) }),
  };
}

type Line = NonNullable<ClusterStatus['freeRooms']>[number];

/** Traffic flutters while nobody comes or goes; a figure that is off by one is not worth a write. */
function lineOf(free: FreeRooms, previous: ClusterStatus | undefined, samePeople: boolean): Line {
  const { shape, unit, size, count } = free;
  const before = previous?.freeRooms?.find((line) => line.shape === shape && line.unit === unit)?.count;
  const flutters =
    samePeople && before !== undefined && Math.abs(count - before) <= Math.max(1, before * 0.05);
  return { shape, unit, ...(size === undefined ? {} : { size }), count: flutters ? before : count };
}
