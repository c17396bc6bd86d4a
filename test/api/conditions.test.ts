import { describe, expect, test } from '@jest/globals';
import { CONDITION_TYPES, setCondition } from '../../src/api/conditions.ts';
import type { ClusterStatusCondition } from '../../src/api/v1alpha1.gen.ts';

const earlier = '2026-01-01T00:00:00Z';
const now = '2026-01-01T00:05:00Z';
const ready: ClusterStatusCondition = {
  type: 'Ready',
  status: 'True',
  reason: 'AllServing',
  message: 'All nodes serve.',
  lastTransitionTime: earlier,
  observedGeneration: 1,
};
const fresh: ClusterStatusCondition = {
  type: 'DataFresh',
  status: 'True',
  reason: 'RedisRead',
  message: 'Redis was read 1 s ago.',
  lastTransitionTime: earlier,
};

describe('setCondition', () => {
  test('adds a condition of a new type at the end, changed now', () => {
    const after = setCondition(
      [ready],
      { type: 'Degraded', status: 'False', reason: 'Fine', message: 'Nothing is wrong.' },
      now,
    );
    expect(after).toEqual([
      ready,
      {
        type: 'Degraded',
        status: 'False',
        reason: 'Fine',
        message: 'Nothing is wrong.',
        lastTransitionTime: now,
      },
    ]);
  });

  test.each([
    { what: 'the same again', next: { reason: ready.reason, message: ready.message } },
    { what: 'another reason', next: { reason: 'EnoughServing', message: ready.message } },
    { what: 'another message', next: { reason: ready.reason, message: 'Two nodes serve.' } },
  ])('keeps the time of change on $what with an unchanged status', ({ next }) => {
    const after = setCondition([ready, fresh], { type: 'Ready', status: 'True', ...next }, now);
    expect(after).toEqual([{ type: 'Ready', status: 'True', ...next, lastTransitionTime: earlier }, fresh]);
  });

  test.each(['False', 'Unknown'] as const)('moves the time of change when the status turns %s', (status) => {
    const after = setCondition(
      [fresh, ready],
      { type: 'Ready', status, reason: 'Other', message: 'Other.' },
      now,
    );
    expect(after.map((condition) => condition.lastTransitionTime)).toEqual([earlier, now]);
    expect(after.map((condition) => condition.type)).toEqual(['DataFresh', 'Ready']);
  });

  test('leaves the list that it was given as it was', () => {
    const list = Object.freeze([Object.freeze({ ...ready })]);
    setCondition(list, { type: 'Ready', status: 'False', reason: 'Other', message: 'Other.' }, now);
    expect(list).toEqual([ready]);
  });

  test('carries the generation that the condition is about', () => {
    const next = { type: 'Ready', status: 'True', reason: 'A', message: 'B', observedGeneration: 7 } as const;
    expect(setCondition([ready], next, now)[0]?.observedGeneration).toBe(7);
  });
});

test('condition types are unique and in UpperCamelCase', () => {
  expect(new Set(CONDITION_TYPES).size).toBe(CONDITION_TYPES.length);
  for (const type of CONDITION_TYPES) expect(type).toMatch(/^([A-Z][a-z]+)+$/);
});
