import { describe, expect, test } from '@jest/globals';
import type { ProfileUse } from '../../src/core/capacity-profile.ts';
import {
  evidenceHoldsMs,
  profileDueMs,
  profileStatusOf,
  type ProfileUser,
} from '../../src/core/profile-status.ts';
import { aProfile, aProfileObject, under } from '../support/a-profile.ts';
import { wallMs } from '../support/builders.ts';

const nowIso = '2026-03-01T12:00:00Z';
const day = 24 * 3_600_000;
const madeAgo = (days: number) => ({
  evidence: [
    { loadTest: 'older', date: '2020-01-01T00:00:00Z' },
    { loadTest: 'conference', date: new Date(wallMs - days * day).toISOString() },
  ],
});

const use = (asked: Parameters<typeof under>[1] = {}, mode: 'Apply' | 'Propose' = 'Apply'): ProfileUse => {
  const { profile } = under(aProfile({ mode }), asked);
  if (profile === undefined) throw new Error('no profile');
  return profile;
};

const drift = { version: 'uid-profile/1', lookedMs: 0, off: 0.4, offPercent: 40 };

function conditions(profile: ReturnType<typeof aProfileObject>, users: readonly ProfileUser[]) {
  const { conditions: all = [] } = profileStatusOf({ profile, users, wallMs, nowIso });
  return Object.fromEntries(all.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

describe('the status of a profile', () => {
  test.each<readonly [claim: string, given: ReturnType<typeof conditions>, expected: object]>([
    [
      'that is used',
      conditions(aProfileObject(madeAgo(10)), [{ cluster: 'prod', use: use() }]),
      {
        Approved: 'True ProfileApproved',
        InUse: 'True ProfileInUse',
        Fresh: 'True EvidenceFresh',
        Drifted: 'False ProfileHolds',
      },
    ],
    [
      'that is only proposed',
      conditions(aProfileObject({ mode: 'Propose' }), [{ cluster: 'prod', use: use({}, 'Propose') }]),
      {
        Approved: 'False ProfileProposed',
        InUse: 'False ProfileProposed',
        Fresh: 'Unknown EvidenceUnnamed',
        Drifted: 'Unknown ProfileNotInUse',
      },
    ],
    [
      'that nobody names and that is old',
      conditions(aProfileObject(madeAgo(181)), []),
      {
        Approved: 'True ProfileApproved',
        InUse: 'False ProfileNotInUse',
        Fresh: 'False EvidenceOld',
        Drifted: 'Unknown ProfileNotInUse',
      },
    ],
    [
      'that has drifted',
      conditions(aProfileObject(madeAgo(10)), [{ cluster: 'prod', use: use({ drift }) }]),
      { InUse: 'False ProfileDrifted', Drifted: 'True ProfileDrifted' },
    ],
    [
      'that does not match',
      conditions(aProfileObject(), [{ cluster: 'prod', use: use({ ref: { engine: 'mediasoup' } }) }]),
      { InUse: 'False ProfileUnmatched', Drifted: 'Unknown ProfileNotInUse' },
    ],
  ])('%s', (_, given, expected) => {
    expect(given).toMatchObject(expected);
  });

  test('names those who use it, and is the same when it is told again', () => {
    const users = [
      { cluster: 'a', use: use() },
      { cluster: 'b', use: use({ ref: { engine: 'mediasoup' } }) },
    ];
    const profile = aProfileObject(madeAgo(10));
    const status = profileStatusOf({ profile, users, wallMs, nowIso });
    expect(status.usedBy).toEqual(['a']);
    expect(status.observedGeneration).toBe(1);
    const later = {
      profile: { ...profile, status },
      users,
      wallMs: wallMs + day,
      nowIso: '2026-03-02T12:00:00Z',
    };
    expect(profileStatusOf(later)).toEqual(status);
  });

  test('is looked at again when its evidence becomes old', () => {
    expect(profileDueMs(aProfileObject(madeAgo(10)), wallMs)).toBe(wallMs - 10 * day + evidenceHoldsMs);
    expect(profileDueMs(aProfileObject(madeAgo(200)), wallMs)).toBeUndefined();
    expect(profileDueMs(aProfileObject(), wallMs)).toBeUndefined();
  });
});
