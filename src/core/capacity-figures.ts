/** The figures of one node by a capacity profile. None is ever 0: a node that nobody fits on asks for nodes without end. */
import {
  type CapacityProfile,
  type ProfileFigures,
  type ShapeCapacity,
  usualCpuLimit,
} from './capacity-profile.ts';
import type { Fit } from './capacity-fit.ts';

const leastParticipants = 2;

/** `shape`: the one that the participants come from. Empty where the profile says nothing that counts. */
export function figuresOf(
  profile: CapacityProfile,
  shape: ShapeCapacity | undefined,
  fit: Extract<Fit, { kind: 'Fits' }>,
): ProfileFigures {
  const { tracks, egressBytesPerSecond, packetsPerSecond } = profile.limits;
  const { scale } = fit;
  return {
    ...figure('participants', shape && participantsOf(shape, scale)),
    ...figure('tracks', tracks && Math.max(1, Math.floor(tracks * scale))),
    // More processors do not make a wider network.
    ...figure('egressBytesPerSecond', egressBytesPerSecond && egressBytesPerSecond * Math.min(1, scale)),
    ...figure('packetsPerSecond', packetsPerSecond && packetsPerSecond * scale),
    ...figure('cores', coresOf(profile, fit)),
  };
}

function participantsOf({ count, peopleEach, peopleBeside }: ShapeCapacity, scale: number): number {
  return Math.max(leastParticipants, Math.floor(scale * count * peopleEach + peopleBeside + 1e-9));
}

/** Where a node without load should use more than that, the costs and the limit are not of the same machine. */
function coresOf(
  { limits, costs }: CapacityProfile,
  { cpus }: Extract<Fit, { kind: 'Fits' }>,
): number | undefined {
  if (cpus === undefined || costs === undefined) return undefined;
  const cores = cpus * (limits.cpu ?? usualCpuLimit);
  return cores > costs.base ? cores : undefined;
}

function figure<K extends keyof ProfileFigures>(key: K, value: number | undefined): ProfileFigures {
  return value === undefined ? {} : { [key]: value };
}

/** The shape that is asked for, or the one that gives the fewest participants: nobody knows which rooms come. */
export function shapeOf(
  { shapes }: CapacityProfile,
  asked: string | undefined,
): ShapeCapacity | undefined | 'NoSuchShape' {
  if (asked !== undefined) return shapes.find(({ name }) => name === asked) ?? 'NoSuchShape';
  return shapes.reduce<ShapeCapacity | undefined>(
    (fewest, one) =>
      fewest === undefined || participantsOf(one, 1) < participantsOf(fewest, 1) ? one : fewest,
    undefined,
  );
}
