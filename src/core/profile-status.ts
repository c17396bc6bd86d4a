/** What has become of a capacity profile, as its status tells it. Pure; instants come in from outside. */
import { listed } from '../base/listed.ts';
import type { CapacityProfileStatus, OpenViduCapacityProfile } from '../api/v1alpha1.gen.ts';
import { evidenceMs, type ProfileUse } from './capacity-profile.ts';
import { isInUse } from './capacity-use.ts';
import { type ReasonCode, reasons } from './reasons.ts';

/** What one OpenViduCluster makes of the profile that it names. */
export interface ProfileUser {
  readonly cluster: string;
  readonly use: ProfileUse;
}

export interface ProfileStatusInput {
  readonly profile: OpenViduCapacityProfile;
  /** In the order of their names. */
  readonly users: readonly ProfileUser[];
  readonly wallMs: number;
  /** RFC 3339, the same instant. */
  readonly nowIso: string;
}

/** Servers and machines change: what was measured longer ago should be measured again. */
export const evidenceHoldsMs = 180 * 24 * 3_600_000;
const mostUsers = 50;

interface Statement {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: ReasonCode;
  readonly message: string;
}

/** Equal to what the profile carries already when nothing has changed. */
export function profileStatusOf(input: ProfileStatusInput): CapacityProfileStatus {
  const { profile, users, nowIso } = input;
  const using = users.filter(({ use }) => isInUse(use) || use.state === 'Drifted');
  const statements: readonly (readonly [type: string, statement: Statement])[] = [
    ['Approved', approved(profile)],
    ['InUse', inUse(users)],
    ['Fresh', fresh(input)],
    ['Drifted', drifted(users)],
  ];
  const before = profile.status?.conditions ?? [];
  return {
    observedGeneration: profile.metadata.generation,
    usedBy: using.slice(0, mostUsers).map(({ cluster }) => cluster),
    conditions: statements.map(([type, statement]) => {
      const old = before.find((condition) => condition.type === type);
      const since = old?.status === statement.status ? old.lastTransitionTime : nowIso;
      return {
        type,
        ...statement,
        observedGeneration: profile.metadata.generation,
        lastTransitionTime: since,
      };
    }),
  };
}

/** When time alone changes the status, wall clock; `undefined`: not any more. */
export function profileDueMs(profile: OpenViduCapacityProfile, wallMs: number): number | undefined {
  const made = evidenceMs(profile);
  const endMs = made === undefined ? undefined : made + evidenceHoldsMs;
  return endMs === undefined || endMs <= wallMs ? undefined : endMs;
}

function approved({ metadata, spec }: OpenViduCapacityProfile): Statement {
  if (spec.mode === 'Apply') return say('True', 'ProfileApproved');
  const message = `It changes nothing until a person runs kubectl openvidu profile approve ${metadata.name}.`;
  return { status: 'False', reason: 'ProfileProposed', message };
}

function inUse(users: readonly ProfileUser[]): Statement {
  const using = users.filter(({ use }) => isInUse(use));
  if (using.length > 0) {
    const message = `The capacity of ${listed(using.map(({ cluster }) => cluster))} comes from it.`;
    return { status: 'True', reason: 'ProfileInUse', message };
  }
  const first = users[0];
  if (first === undefined) return say('False', 'ProfileNotInUse');
  const message = `${first.cluster} names it and does not follow it. ${first.use.finding.message}`;
  return { status: 'False', reason: first.use.finding.reason, message };
}

function fresh({ profile, wallMs }: ProfileStatusInput): Statement {
  const made = evidenceMs(profile);
  if (made === undefined) return say('Unknown', 'EvidenceUnnamed');
  return wallMs - made < evidenceHoldsMs ? say('True', 'EvidenceFresh') : say('False', 'EvidenceOld');
}

function drifted(users: readonly ProfileUser[]): Statement {
  const bad = users.find(({ use }) => use.state === 'Drifted');
  if (bad !== undefined) {
    const message = `${bad.cluster}: ${bad.use.finding.message}`;
    return { status: 'True', reason: 'ProfileDrifted', message };
  }
  return users.some(({ use }) => isInUse(use))
    ? say('False', 'ProfileHolds')
    : say('Unknown', 'ProfileNotInUse');
}

function say(status: Statement['status'], reason: ReasonCode): Statement {
  return { status, reason, message: reasons[reason] };
}
