import { describe, expect, test } from '@jest/globals';
import { type LaunchInput, backoffMs, freeNames, planLaunches } from '../../src/core/launches.ts';
import { aNode, aSpec, nowMs } from '../support/builders.ts';

const because = { reason: 'LoadRequiresNodes', message: 'Many people.' } as const;
const plan = (changes: Partial<LaunchInput>) =>
  planLaunches({
    clusterName: 'c',
    spec: aSpec({ maxNodes: 4 }),
    nodes: [],
    missing: 1,
    because,
    replacing: {
      revision: 'r1',
      standIns: 0,
      trials: 0,
      trialRevision: 'r1',
      surge: 1,
      beyond: 0,
    },
    failures: undefined,
    refusal: undefined,
    nowMs,
    ...changes,
  });
const nodes = (...names: readonly string[]) => names.map((name) => aNode(name));

describe('names', () => {
  test.each([
    ['begin at 0', [], 2, ['c-media-0', 'c-media-1']],
    ['fill gaps first', ['c-media-0', 'c-media-2'], 2, ['c-media-1', 'c-media-3']],
    ['pass by what others named', ['c-media-x', 'other-media-0'], 1, ['c-media-0']],
  ])('%s', (_, taken, count, names) => {
    expect(freeNames('c', nodes(...taken), count)).toEqual(names);
  });

  test('are not those of Pods that leave or failed, as long as these are there', () => {
    const gone = [aNode('c-media-0', { phase: 'Leaving' }), aNode('c-media-1', { phase: 'Failed' })];
    expect(freeNames('c', gone, 1)).toEqual(['c-media-2']);
  });

  test('are the same for the same view, so that a repeated create is refused', () => {
    expect(plan({ missing: 3 })).toEqual(plan({ missing: 3 }));
  });
});

describe('launches', () => {
  test.each([
    ['as many as are missing', 2, 0, 2, undefined],
    ['no more than the maximum allows', 3, 2, 2, 'AtMaximum'],
    ['none where the maximum is reached', 1, 4, 0, 'AtMaximum'],
    ['none where none is missing', 0, 1, 0, undefined],
    ['none where there are too many', -2, 3, 0, undefined],
  ])('%s', (_, missing, present, launched, reason) => {
    const there = nodes(...Array.from({ length: present }, (__, at) => `c-media-${at}`));
    const { actions, findings } = plan({ missing, nodes: there });
    expect(actions).toHaveLength(launched);
    expect(findings[0]?.reason).toBe(reason);
  });

  test('of very many come fifty in a pass, the lowest names first', () => {
    const { actions, findings } = plan({ missing: 999, spec: aSpec({ maxNodes: 1000 }) });
    expect(actions).toHaveLength(50);
    expect(actions.at(-1)).toMatchObject({ kind: 'CreatePod', name: 'c-media-49' });
    expect(findings).toEqual([]);
  });

  test('say why', () => {
    expect(plan({}).actions).toEqual([
      { kind: 'CreatePod', name: 'c-media-0', revision: 'r1', because: 'Many people.' },
    ]);
  });

  test('count cordoned Pods against the maximum, and leaving ones not', () => {
    const cordoned = aNode('c-media-0', {
      pod: { cordonWish: { by: 'Person', why: 'ana', sinceMs: undefined, leaveWhenEmpty: false } },
    });
    const leaving = aNode('c-media-1', { phase: 'Leaving' });
    expect(plan({ missing: 9, nodes: [cordoned, leaving] }).actions).toHaveLength(3);
  });

  test.each([
    ["lost ones take nobody's place", {}, 4],
    ['failed launches do, until they are removed', { memory: { served: false } }, 3],
    ['so do lost ones that a person keeps', { pod: { protected: true } }, 3],
  ])('of Pods without a server %s', (_, changes, launched) => {
    const failed = aNode('c-media-0', { phase: 'Failed', ...changes });
    expect(plan({ missing: 9, nodes: [failed] }).actions).toHaveLength(launched);
  });
});

describe('back-off', () => {
  test.each([
    [0, 2],
    [1, 2],
    [2, 4],
    [5, 32],
    [8, 256],
    [9, 300],
    [1_000_000, 300],
  ])('after %d failures lasts %d s', (failures, seconds) => {
    expect(backoffMs(failures)).toBe(seconds * 1000);
  });

  const failed = (count: number, agoMs: number) => ({ count, lastMs: nowMs - agoMs });
  test.each([
    ['holds after servers that failed', { failures: failed(3, 7999) }, 1],
    ['ends in time', { failures: failed(3, 8000) }, undefined],
    ['holds after a refusal of the API server', { refusal: { ...failed(1, 500), message: 'quota' } }, 1500],
    [
      'lasts as long as the longer of both',
      { failures: failed(2, 0), refusal: { ...failed(3, 0), message: '' } },
      8000,
    ],
  ])('%s', (_, changes, leftMs) => {
    const { actions, findings, wakeAtMs } = plan(changes);
    expect(actions).toHaveLength(leftMs === undefined ? 1 : 0);
    expect(findings[0]?.reason).toBe(leftMs === undefined ? undefined : 'LaunchBackoff');
    expect(wakeAtMs).toBe(leftMs === undefined ? undefined : nowMs + leftMs);
  });

  test.each<readonly [claim: string, changes: Partial<LaunchInput>, launched: number]>([
    ['is passed by, but by no more than that', { failures: failed(3, 0), lost: 1, missing: 3 }, 1],
    ['is passed by no more than are missing', { failures: failed(3, 0), lost: 5, missing: 2 }, 2],
    [
      'holds where the API server refuses Pods',
      { failures: failed(3, 0), refusal: { ...failed(3, 0), message: 'quota' }, lost: 1 },
      0,
    ],
  ])('for the replacement of a node that had served for long %s', (_, changes, launched) => {
    expect(plan(changes).actions).toHaveLength(launched);
  });

  test.each([
    ['of a server', { failures: failed(1, 0) }, 'The next launch waits, because a launch failed.'],
    [
      'of several',
      { failures: failed(3, 0) },
      'The next launch waits, because launches failed 3 times in a row.',
    ],
    [
      'of the API server',
      { refusal: { ...failed(1, 0), message: 'exceeded quota' } },
      'The next launch waits, because the API server refused the last one: exceeded quota',
    ],
  ])('tells of the failure %s, and nothing that changes with time', (_, changes, message) => {
    expect(plan(changes).findings).toEqual([{ reason: 'LaunchBackoff', message }]);
  });
});
