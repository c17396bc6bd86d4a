/** What people are told of a capacity profile: the status, the condition, Events, and what is left for a replay. */
import { describe, expect, test } from '@jest/globals';
import type { ClusterStatus } from '../../src/api/v1alpha1.gen.ts';
import { capacityStatus } from '../../src/core/capacity-told.ts';
import { explain } from '../../src/core/explain.ts';
import type { DecideInput } from '../../src/core/decide-input.ts';
import type { Decision } from '../../src/core/decision.ts';
import { decide } from '../../src/core/decide.ts';
import { undecided } from '../../src/core/hold.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { statusOf } from '../../src/core/status.ts';
import { transitions } from '../../src/core/transitions.ts';
import { aProfile, conference, under } from '../support/a-profile.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const nowIso = '2026-03-01T12:00:00Z';
const first = 'c-media-0';
const second = 'c-media-1';
const three = { ...conference, rooms: 3, lower95: 3 };
const live = { name: 'live', publishers: 1, viewers: 500, lower95: 480 };
const profile = aProfile({ shapes: [three, live] });

function status(decision: Decision, spec: ClusterSpec, previous?: ClusterStatus): ClusterStatus {
  // The spec as it was written: whose figures hold is for the decision to say.
  const { profile: _, ...written } = spec;
  return statusOf({
    clusterName: 'c',
    generation: 3,
    spec: { ...written, capacity: aSpec().capacity },
    problems: [],
    notYetEffective: [],
    decision,
    previous,
    nowIso,
  });
}

const known = (told: ClusterStatus) => {
  const condition = told.conditions?.find(({ type }) => type === 'CapacityKnown');
  return [condition?.status, condition?.reason];
};

/** Two nodes of 3 rooms of 10, one with 20 people and one with none. */
const story = (spec = under(profile)) =>
  new Story({ spec: { ...spec, minNodes: 2 }, nodes: 2 }).at(1).load(first, 20).at(30);

describe('the status', () => {
  test('tells what a node carries and how many more rooms there is space for', () => {
    const spec = under(profile);
    const told = status(story(spec).decision, spec);
    expect(told.capacity).toEqual({
      participants: 30,
      profile: 'm6in',
      shape: 'conference-10',
      state: 'Applied',
    });
    expect(told.freeRooms).toEqual([
      { shape: 'conference-10', unit: 'Rooms', size: 10, count: 4 },
      { shape: 'live', unit: 'Viewers', count: 640 },
    ]);
    expect(told.utilizationPercent).toBe(33);
    expect(known(told)).toEqual(['True', 'ProfileApplied']);
  });

  test('does not add up what is left on several nodes to a room', () => {
    const spec = under(profile, { spec: { minNodes: 2, maxNodes: 2 } });
    const full = new Story({ spec, nodes: 2 }).at(1).load(first, 25).load(second, 25).at(30);
    const told = status(full.decision, spec);
    expect(told.freeRooms?.[0]).toMatchObject({ count: 0 });
  });

  test('is the same half an hour later when nothing has changed', () => {
    const spec = under(profile);
    const lived = story(spec).at(30, 'min');
    const before = status(lived.decision, spec);
    expect(status(lived.at(60, 'min').decision, spec, before)).toEqual(before);
  });

  test('says nothing of it where no profile is asked for', () => {
    const told = status(story(aSpec()).decision, aSpec());
    expect([told.capacity, told.freeRooms]).toEqual([undefined, undefined]);
    expect(known(told)).toEqual(['True', 'CapacityGiven']);
  });

  test.each<readonly [state: string, spec: ClusterSpec, reason: string]>([
    ['Proposed', under(aProfile({ mode: 'Propose' })), 'ProfileProposed'],
    ['Missing', under(undefined), 'ProfileMissing'],
    ['Unmatched', under(profile, { ref: { engine: 'mediasoup' } }), 'ProfileUnmatched'],
    ['Unusable', under(profile, { ref: { shape: 'x' } }), 'ProfileUnusable'],
  ])(
    'tells of a profile that is %s, with the figures that hold, and of no free rooms',
    (state, spec, reason) => {
      const told = status(story(spec).decision, spec);
      expect(told.capacity).toEqual({ participants: 100, profile: 'm6in', state });
      expect(told.freeRooms).toBeUndefined();
      expect(known(told)).toEqual(['False', reason]);
    },
  );

  test('leaves it open while nothing can be decided', () => {
    const spec = under(profile);
    const told = status(undecided(1, { reason: 'SpecInvalid', message: 'x' }, 0), spec);
    expect(known(told)[0]).toBe('Unknown');
  });

  test('knows of no free rooms while Redis cannot be read', () => {
    const spec = under(profile);
    const blind = story(spec).redis(false).at(60);
    expect(status(blind.decision, spec).freeRooms).toBeUndefined();
  });

  test('is not written for a flutter of the traffic', () => {
    const line = (count: number) => ({ shape: 'a', unit: 'Rooms' as const, size: 10, count });
    const view = (count: number) => {
      const { capacity } = story().decision;
      if (capacity === undefined) throw new Error('no profile');
      return { ...capacity, freeRooms: [line(count)] };
    };
    const previous = { freeRooms: [line(4)] };
    const counts = (now: number, samePeople: boolean) =>
      capacityStatus(view(now), previous, samePeople).freeRooms?.map(({ count }) => count);
    expect([counts(3, true), counts(5, true), counts(2, true), counts(3, false)]).toEqual([
      [4],
      [4],
      [2],
      [3],
    ]);
  });
});

describe('an Event', () => {
  const decided = (spec: ClusterSpec) => story(spec).decision;
  const drift = { version: 'uid-profile/1', lookedMs: 0, off: 0.4, offPercent: 40 };

  test('tells that a profile has drifted, and that it holds again', () => {
    const holds = decided(under(profile));
    const off = decided(under(profile, { drift }));
    const reasons = (before: Decision, now: Decision) =>
      transitions(before, now)
        .map(({ reason }) => reason)
        .filter((reason) => reason.startsWith('Profile'));
    expect(reasons(holds, off)).toEqual(['ProfileDrifted']);
    expect(reasons(off, holds)).toEqual(['ProfileApplied']);
    expect(reasons(holds, holds)).toEqual([]);
    expect(reasons(decided(aSpec()), decided(aSpec()))).toEqual([]);
  });
});

describe('a decision under a profile', () => {
  test('is the same when it is replayed from what was written down', () => {
    const { input, decision } = recorded(under(profile));
    const copy = JSON.parse(JSON.stringify(input.spec)) as ClusterSpec;
    expect(decide({ ...input, spec: { ...input.spec, ...copy } })).toEqual(decision);
  });

  test('is explained with its name', () => {
    const { input, decision } = recorded(under(profile));
    expect(JSON.stringify(explain(input, decision))).toContain('by profile m6in');
    const missing = recorded(under(undefined));
    expect(JSON.stringify(explain(missing.input, missing.decision))).toContain(
      'What a node carries is asked of profile m6in',
    );
  });
});

function recorded(spec: ClusterSpec): { readonly input: DecideInput; readonly decision: Decision } {
  const lived = story(spec);
  return { input: lived.input, decision: lived.decision };
}
