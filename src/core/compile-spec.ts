/** From the resource, as a person wrote it and the API server filled it, to the plain values that the core reads. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { Engine, ProfileRef } from './capacity-profile.ts';
import { parseCron } from './cron.ts';
import {
  type ClusterSpec,
  type Schedule,
  type ScalingRules,
  type SpecProblem,
  type Target,
  type Updates,
  usualPriority,
} from './spec.ts';
import { never } from '../base/assert.ts';
import { parseDurationMs } from '../base/duration.ts';

type Resource = OpenViduCluster['spec'];
type ResourceTarget = Resource['autoscaling']['targets'][number];
type ResourceSchedule = NonNullable<Resource['autoscaling']['schedules']>[number];
type ResourceRules = Resource['autoscaling']['behavior']['scaleUp'];

export interface CompiledSpec {
  readonly spec: ClusterSpec;
  /** Faults that only the operator can see. Where one exists, `spec` holds the more cautious value. */
  readonly problems: readonly SpecProblem[];
  /** Paths of fields that are set and do nothing in this version. */
  readonly notYetEffective: readonly string[];
}

/** The default of the CRD, for a duration that cannot be read. */
const defaultStartupDeadlineMs = 300_000;
/** Likewise. */
const defaultSignallingGraceMs = 600_000;
/** For a duration that cannot be read, which is reported. */
const defaultCanaryMs = 3_600_000;
const bytesPerMegabit = 125_000;

/** The default of the CRD: it holds when no target that was given takes effect, because load is never ignored. */
const defaultTarget: Target = { kind: 'Participants', utilization: 0.7 };

/** What only the surroundings of the core can tell. */
export interface Given {
  /** Whether the machine knows an IANA time zone. */
  knownTimeZone(zone: string): boolean;
  /** Of the template and configuration in the resource. */
  readonly revision: string;
  /** Whether the resource is being deleted. */
  readonly deleting: boolean;
  /** What the template and the configuration make of a node; left out where nobody has looked. */
  readonly node?: { readonly cpus: number | undefined; readonly engine: Engine | undefined };
}

/** Never throws. */
export function compileSpec(resource: Resource, given: Given): CompiledSpec {
  const { mediaNodes, autoscaling, drain, updates } = resource;
  const knownTimeZone: KnownTimeZone = (zone) => given.knownTimeZone(zone);
  const targets = autoscaling.targets.flatMap(compileTarget);
  const spec: ClusterSpec = {
    mode: autoscaling.mode,
    minNodes: mediaNodes.min,
    // A maximum below the minimum is reported; until it is mended the minimum holds, because nodes are cheaper than cuts.
    maxNodes: Math.max(mediaNodes.min, mediaNodes.max),
    replicas: mediaNodes.replicas,
    capacity: {
      participants: mediaNodes.capacity.participants,
      tracks: mediaNodes.capacity.tracks,
      egressBytesPerSecond: scaled(mediaNodes.capacity.egressMbps, bytesPerMegabit),
    },
    ...profileRefOf(mediaNodes.capacity.profileRef, given),
    startupDeadlineMs: parseDurationMs(mediaNodes.startupDeadline) ?? defaultStartupDeadlineMs,
    targets: targets.length > 0 ? targets : [defaultTarget],
    headroom: {
      slots: autoscaling.headroom.slots ?? 0,
      share: (autoscaling.headroom.percent ?? 0) / 100,
      largestRoom: autoscaling.headroom.largestRoom,
    },
    placement: {
      strategy: autoscaling.placement.strategy,
      ceiling: autoscaling.placement.ceilingPercent / 100,
      priority: priorityOf(autoscaling.placement.priority),
    },
    schedules: (autoscaling.schedules ?? []).flatMap((schedule) => compileSchedule(schedule, knownTimeZone)),
    forecast: autoscaling.forecast.mode,
    scaleUp: compileRules(autoscaling.behavior.scaleUp),
    scaleDown: compileRules(autoscaling.behavior.scaleDown),
    maxConcurrentLeaving: drain.maxConcurrent,
    drainDeadlineMs: drain.deadline === undefined ? undefined : parseDurationMs(drain.deadline),
    onDrainDeadline: drain.onDeadline,
    signallingGraceMs: parseDurationMs(drain.signallingGrace) ?? defaultSignallingGraceMs,
    updates: compileUpdates(updates),
    revision: given.revision,
    deleting: given.deleting,
    trustUnverifiedServers: autoscaling.placement.unverifiedServers === 'Allow',
  };
  return {
    spec,
    problems: checks.flatMap((check) => check(resource, knownTimeZone)),
    notYetEffective: notYetEffective(resource),
  };
}

type ResourceRef = Resource['mediaNodes']['capacity']['profileRef'];

function profileRefOf(ref: ResourceRef, { node }: Given): { readonly profileRef?: ProfileRef } {
  if (ref === undefined) return {};
  return { profileRef: { name: ref.name, shape: ref.shape, cpus: node?.cpus, engine: node?.engine } };
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}

/** What the words stand for: the price of overload in machine time. */
const priorities: Readonly<Record<string, number>> = { Cost: 4, Balanced: usualPriority, Quality: 64 };

function priorityOf(given: string | number): number {
  const value = typeof given === 'number' ? given : (priorities[given] ?? usualPriority);
  return Math.max(1, Math.min(128, value));
}

function compileTarget(target: ResourceTarget): readonly Target[] {
  const utilization = target.utilizationPercent / 100;
  switch (target.type) {
    case 'Participants':
    case 'Tracks':
    case 'Bandwidth':
    case 'Cpu':
      return [{ kind: target.type, utilization }];
    case 'Prometheus':
      return [];
    default:
      return never(target.type);
  }
}

function compileUpdates({ maxSurge, canary, paused }: Resource['updates']): Updates {
  const percent = typeof maxSurge === 'string';
  return {
    maxSurge: {
      kind: percent ? 'Percent' : 'Nodes',
      value: percent ? Number.parseInt(maxSurge, 10) : maxSurge,
    },
    canary:
      canary === undefined
        ? undefined
        : { share: canary.percent / 100, durationMs: parseDurationMs(canary.duration) ?? defaultCanaryMs },
    paused,
  };
}

function compileRules(rules: ResourceRules): ScalingRules {
  return {
    stabilizationMs: rules.stabilizationWindowSeconds * 1000,
    selectPolicy: rules.selectPolicy,
    policies: rules.policies.map((policy) => ({
      kind: policy.type,
      value: policy.value,
      periodMs: policy.periodSeconds * 1000,
    })),
  };
}

/** Nobody can say when a faulty one is open: it is left out and reported. */
function compileSchedule(schedule: ResourceSchedule, knownTimeZone: KnownTimeZone): readonly Schedule[] {
  const { name, timeZone, start, minNodes } = schedule;
  const durationMs = parseDurationMs(schedule.duration) ?? 0;
  const isFaulty = durationMs <= 0 || !knownTimeZone(timeZone) || parseCron(start).kind === 'Faulty';
  return isFaulty ? [] : [{ name, timeZone, start, durationMs, minNodes }];
}

function notYetEffective(resource: Resource): readonly string[] {
  return resource.autoscaling.targets.flatMap((target, at) =>
    target.type === 'Prometheus' ? [`spec.autoscaling.targets[${at}]`] : [],
  );
}

type KnownTimeZone = (zone: string) => boolean;
type Check = (resource: Resource, knownTimeZone: KnownTimeZone) => readonly SpecProblem[];

/** What the schema of the resource cannot rule out. Each check is safe alone and names a field and a remedy. */
const checks: readonly Check[] = [
  limitsAreInOrder,
  capacityIsKnownForEveryTarget,
  nodesHaveSlots,
  headroomIsReachable,
  timeZonesAreKnown,
  schedulesCanBegin,
  schedulesFitTheLimits,
  durationsAreReadable,
];

function limitsAreInOrder({ mediaNodes: { min, max } }: Resource): readonly SpecProblem[] {
  if (max >= min) return [];
  const message = `max is ${max} and min is ${min}: raise max or lower min.`;
  return [{ field: 'spec.mediaNodes.max', message }];
}

function capacityIsKnownForEveryTarget({ mediaNodes, autoscaling }: Resource): readonly SpecProblem[] {
  // A profile may say it, and where it does not, that is told with what became of the profile.
  if (mediaNodes.capacity.profileRef !== undefined) return [];
  const needs = { Tracks: 'tracks', Bandwidth: 'egressMbps' } as const;
  return autoscaling.targets.flatMap((target, at) => {
    if (target.type !== 'Tracks' && target.type !== 'Bandwidth') return [];
    const field = needs[target.type];
    if (mediaNodes.capacity[field] !== undefined) return [];
    const message = `spec.autoscaling.targets[${at}] of type ${target.type} needs it: set it, or remove the target.`;
    return [{ field: `spec.mediaNodes.capacity.${field}`, message }];
  });
}

/** Slots that one empty node offers, by the same rounding as the demand. */
function slotsPerNode({ mediaNodes, autoscaling }: Resource): number {
  return Math.floor(mediaNodes.capacity.participants * (autoscaling.placement.ceilingPercent / 100));
}

function nodesHaveSlots(resource: Resource): readonly SpecProblem[] {
  if (slotsPerNode(resource) >= 1) return [];
  const { participants } = resource.mediaNodes.capacity;
  const { ceilingPercent } = resource.autoscaling.placement;
  const message =
    `${ceilingPercent} % of a capacity of ${participants} leaves a Media Node without a single slot: ` +
    'raise it, or raise spec.mediaNodes.capacity.participants.';
  return [{ field: 'spec.autoscaling.placement.ceilingPercent', message }];
}

function headroomIsReachable(resource: Resource): readonly SpecProblem[] {
  const slots = resource.autoscaling.headroom.slots ?? 0;
  const { max } = resource.mediaNodes;
  const most = slotsPerNode(resource) * max;
  if (slots <= most || most === 0) return [];
  const message =
    `${slots} free slots are asked for, but ${max} empty Media Nodes have ${most}: ` +
    `ask for at most ${most}, or raise spec.mediaNodes.max.`;
  return [{ field: 'spec.autoscaling.headroom.slots', message }];
}

function timeZonesAreKnown({ autoscaling }: Resource, knownTimeZone: KnownTimeZone): readonly SpecProblem[] {
  return (autoscaling.schedules ?? []).flatMap((schedule, at) => {
    if (knownTimeZone(schedule.timeZone)) return [];
    const message = `"${schedule.timeZone}" is no IANA time zone: write one such as Europe/Madrid, or UTC.`;
    return [{ field: `spec.autoscaling.schedules[${at}].timeZone`, message }];
  });
}

function schedulesCanBegin({ autoscaling }: Resource): readonly SpecProblem[] {
  return (autoscaling.schedules ?? []).flatMap((schedule, at) => {
    const reading = parseCron(schedule.start);
    if (reading.kind === 'Cron') return [];
    const message = `"${schedule.start}" never begins, because ${reading.why}: write one such as 0 8 * * MON-FRI.`;
    return [{ field: `spec.autoscaling.schedules[${at}].start`, message }];
  });
}

function schedulesFitTheLimits({ autoscaling, mediaNodes }: Resource): readonly SpecProblem[] {
  return (autoscaling.schedules ?? []).flatMap((schedule, at) => {
    if (schedule.minNodes <= mediaNodes.max) return [];
    const message =
      `${schedule.minNodes} Media Nodes are asked for, spec.mediaNodes.max allows ${mediaNodes.max}: ` +
      'lower it, or raise spec.mediaNodes.max.';
    return [{ field: `spec.autoscaling.schedules[${at}].minNodes`, message }];
  });
}

function durationsAreReadable({ mediaNodes, drain, updates, autoscaling }: Resource): readonly SpecProblem[] {
  const given: readonly (readonly [field: string, text: string | undefined])[] = [
    ['spec.mediaNodes.startupDeadline', mediaNodes.startupDeadline],
    ['spec.drain.deadline', drain.deadline],
    ['spec.drain.gracePeriod', drain.gracePeriod],
    ['spec.drain.signallingGrace', drain.signallingGrace],
    ['spec.updates.canary.duration', updates.canary?.duration],
    ...(autoscaling.schedules ?? []).map(
      (schedule, at) => [`spec.autoscaling.schedules[${at}].duration`, schedule.duration] as const,
    ),
  ];
  return given.flatMap(([field, text]) => {
    if (text === undefined || (parseDurationMs(text) ?? 0) > 0) return [];
    return [{ field, message: `"${text}" is no duration: write one such as 90s, 5m or 1h30m.` }];
  });
}
