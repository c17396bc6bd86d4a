import { describe, expect, test } from '@jest/globals';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { summaryOf, summaryText } from '../../src/cli/backtest-summary.ts';
import { failureOf } from '../../src/cli/failure.ts';
import { textTable } from '../../src/cli/output.ts';
import { defaultPolicy } from '../../src/cli/policy-file.ts';
import { readReceipts, receiptsText } from '../../src/cli/receipts.ts';
import { redisConfigOf } from '../../src/cli/redis-url.ts';
import { shortAge, statusText } from '../../src/cli/status-text.ts';
import { statusView } from '../../src/cli/status-view.ts';
import { wholeNumbers } from '../../src/cli/values.ts';
import { UnreachableError } from '../../src/kube/errors.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import type { SimResult } from '../../src/simulate/result.ts';

const nowMs = Date.UTC(2026, 0, 5, 12);

function aCluster(status?: OpenViduCluster['status']): OpenViduCluster {
  const { resource } = defaultPolicy();
  return {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduCluster',
    metadata: {
      name: 'media',
      namespace: 'calls',
      uid: 'u',
      resourceVersion: '1',
      generation: 2,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: resource,
    ...(status === undefined ? {} : { status }),
  };
}

function aPod(name: string, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      resourceVersion: '1',
      creationTimestamp: '2026-01-05T09:00:00Z',
      ...metadata,
    },
    spec: { nodeName: 'machine-1', containers: [] },
  };
}

describe('the status', () => {
  const condition = { lastTransitionTime: '2026-01-05T11:00:00Z', reason: 'Why', message: 'Because.' };
  const view = statusView(
    aCluster({
      observedGeneration: 2,
      desiredNodes: 2,
      readyNodes: 2,
      rooms: 3,
      participants: 40,
      utilizationPercent: 20,
      freeSlots: 160,
      conditions: [
        { ...condition, type: 'Ready', status: 'True' },
        { ...condition, type: 'Degraded', status: 'False' },
        { ...condition, type: 'Progressing', status: 'True' },
        { ...condition, type: 'DataFresh', status: 'False', reason: 'RedisUnavailable' },
        { ...condition, type: 'ScalingLimited', status: 'True', reason: 'AtMaximum' },
      ],
      lastDecision: {
        time: '2026-01-05T11:50:00Z',
        desired: 2,
        reason: 'LoadRequiresNodes',
        message: '40 people.',
      },
      nodes: [
        { name: 'media-b', state: 'Cordoned', rooms: 1, participants: 4 },
        {
          name: 'media-a',
          state: 'Serving',
          rooms: 2,
          participants: 36,
          expectedEmptyTime: '2026-01-05T12:30:00Z',
        },
        { name: 'media-c', state: 'Leaving', rooms: 0, participants: 0 },
      ],
    }),
    [
      aPod('media-a', { annotations: { 'openvidu.io/protect': 'true' } }),
      aPod('media-b', {
        annotations: {
          'openvidu.io/cordon': 'new kernel',
          'openvidu.io/cordoned-since': '2026-01-05T11:58:30Z',
        },
      }),
      aPod('media-c', { deletionTimestamp: '2026-01-06T11:59:00Z', deletionGracePeriodSeconds: 86_400 }),
      aPod('media-d'),
    ],
  );

  test('shows each node with since when and why', () => {
    expect(statusText(view, nowMs).split('\n').slice(2, 7)).toEqual([
      'NODE      STATE       ROOMS   PARTICIPANTS   SINCE   EMPTY IN   KUBERNETES NODE   NOTES',
      'media-a   Serving         2             36   3h      30m        machine-1         protected',
      'media-b   Cordoned        1              4   90s     -          machine-1         cordoned: new kernel',
      'media-c   Leaving         0              0   60s     -          machine-1',
      'media-d   Launching       0              0   3h      -          machine-1',
    ]);
  });

  test('names the conditions that are not fine, and no others', () => {
    expect(view.notFine.map(({ type }) => type)).toEqual(['DataFresh', 'ScalingLimited']);
  });

  test('tells how far a rolling change has come, and by when each node is likely to be empty', () => {
    const updates = {
      phase: 'Rolling',
      revision: 'r2',
      updatedNodes: 2,
      outdatedNodes: 3,
      expectedEndTime: '2026-01-05T15:00:00Z',
      message: 'media-b is waited for.',
    } as const;
    const node = {
      name: 'media-b',
      state: 'Cordoned',
      rooms: 1,
      participants: 4,
      expectedEmptyTime: '2026-01-05T12:20:00Z',
      latestEmptyTime: '2026-01-05T14:00:00Z',
    } as const;
    const annotations = { 'openvidu.io/drain': 'rolling change to r2', 'openvidu.io/drain-by': 'update' };
    const cluster = aCluster({ observedGeneration: 2, updates, nodes: [node] });
    const text = statusText(statusView(cluster, [aPod('media-b', { annotations })]), nowMs);

    expect(text).toContain('20m to 2h');
    expect(text).toContain('update: rolling change to r2');
    expect(text).toContain(
      'Update to r2: Rolling, 2 new and 3 old nodes, done in about 3h. media-b is waited for.',
    );
  });

  test('says that its deletion was asked for', () => {
    const cluster = aCluster({ observedGeneration: 2 });
    const metadata = { ...cluster.metadata, deletionTimestamp: '2026-01-05T11:00:00Z' };

    expect(statusText(statusView({ ...cluster, metadata }, []), nowMs)).toContain(
      'Deletion was asked for 60m ago.',
    );
  });

  test('holds a trial in DryRun against what happened', () => {
    const shadow = {
      sinceTime: '2026-01-05T09:00:00Z',
      nodes: 3,
      actualNodes: 5,
      nodeHours: 9,
      actualNodeHours: 15,
      overloadPercent: 0.1,
      actualOverloadPercent: 2,
      launches: 4,
      actualLaunches: 6,
      roomsCut: 0,
      actualRoomsCut: 1,
    };

    const text = statusText(statusView(aCluster({ observedGeneration: 2, shadow }), []), nowMs);

    expect(text).toContain(
      'Trial since 3h, under this spec it would be: 3 (is 5) nodes now, 9 (is 15) node-hours, ' +
        '0.1 (is 2) % overload, 4 (is 6) launches, 0 (is 1) rooms cut.',
    );
  });

  test.each([
    [
      'how many more rooms there is space for, where a profile says what a node carries',
      { participants: 30, profile: 'm6in', shape: 'conference-10', state: 'Applied' as const },
      [
        { shape: 'conference-10', unit: 'Rooms' as const, size: 10, count: 4 },
        { shape: 'one-to-one', unit: 'Rooms' as const, size: 2, count: 1 },
        { shape: 'live', unit: 'Viewers' as const, count: 640 },
      ],
      '30 participants a node, profile m6in: Applied. Room for 4 more rooms of 10 (conference-10) or ' +
        '1 more room of 2 (one-to-one) or 640 more viewers of live.',
    ],
    [
      'whose figures hold, where it cannot be used',
      { participants: 100, profile: 'm6in', state: 'Missing' as const },
      undefined,
      '100 participants a node, profile m6in: Missing.',
    ],
  ])('tells %s', (_, capacity, freeRooms, says) => {
    const status = { observedGeneration: 2, capacity, ...(freeRooms === undefined ? {} : { freeRooms }) };
    expect(statusText(statusView(aCluster(status), []), nowMs).split('\n')[1]).toBe(says);
  });

  test('sums up in one line and tells the last decision', () => {
    const text = statusText(view, nowMs);

    expect(text).toMatch(
      /^calls\/media, mode Enforce, 2 ready of 2 wanted, 3 rooms, 40 participants, 20 % used, 160 free slots\n\n/,
    );
    expect(text).toContain('Last decision, 10m ago: 2 wanted (LoadRequiresNodes). 40 people.');
  });

  test.each([
    ['there is none', aCluster(), 'The operator has written no status yet'],
    [
      'it is about an older spec',
      aCluster({ observedGeneration: 1 }),
      'not taken the last change of the spec',
    ],
  ])('says so when %s', (_, cluster, says) => {
    expect(statusText(statusView(cluster, []), nowMs)).toContain(says);
  });
});

test.each([
  [0, '0s'],
  [119_999, '119s'],
  [120_000, '2m'],
  [7_200_000, '2h'],
  [172_800_000, '2d'],
  [-5, '0s'],
])('an age of %d ms is shown as %s', (ms, text) => {
  expect(shortAge(ms)).toBe(text);
});

describe('receipts', () => {
  const receipt = (node: string, removedAt: string) =>
    JSON.stringify({
      node,
      uid: `uid-${node}`,
      removedAt,
      because: 'Not needed.',
      nodeId: 'ND_1',
      proofs: [{}, {}],
    });
  const data = {
    '20260105T110000000Z.b': receipt('b', '2026-01-05T11:00:00.000Z'),
    '20260105T100000000Z.a': receipt('a', '2026-01-05T10:00:00.000Z'),
    'z.broken': '{',
    'z.other': '[]',
  };

  test('come oldest first, and what is none is named', () => {
    const { receipts, unreadable } = readReceipts(data, {});

    expect(receipts.map(({ node }) => node)).toEqual(['a', 'b']);
    expect(unreadable).toEqual(['z.broken', 'z.other']);
  });

  test.each([
    ['a node', { node: 'b' }, ['b']],
    ['a Pod', { uid: 'uid-a' }, ['a']],
    ['a time', { sinceMs: Date.UTC(2026, 0, 5, 10, 30) }, ['b']],
  ])('can be chosen by %s', (_, filter, nodes) => {
    expect(readReceipts(data, filter).receipts.map(({ node }) => node)).toEqual(nodes);
  });

  test('are a table for people', () => {
    expect(receiptsText(readReceipts(data, { node: 'a' }))).toBe(
      [
        'REMOVED AT             NODE   PROVEN EMPTY   DRAINED FOR   WHEN CLOSED   BECAUSE',
        '2026-01-05T10:00:00Z   a      2 times        -             -             Not needed.',
        'z.broken is no receipt and was left out.',
        'z.other is no receipt and was left out.',
      ].join('\n'),
    );
  });

  test('say who was cut, what hung, and what had to be waited for', () => {
    const times = { removedAt: '2026-01-05T10:00:00.000Z', because: 'Why.', nodeId: 'ND_1' };
    const told = {
      a: { evicted: true, roomsCut: 2, participantsCut: 5, tookSeconds: 7200 },
      b: { evicted: false, roomsCut: 0, participantsCut: 0 },
      c: { proofs: [{}, {}], tookSeconds: 60, roomsWhenClosed: 3, participantsWhenClosed: 17 },
    };
    const receipts = Object.fromEntries(
      Object.entries(told).map(([node, fields]) => [
        node,
        JSON.stringify({ node, uid: node, ...times, ...fields }),
      ]),
    );

    expect(receiptsText(readReceipts(receipts, {})).split('\n').slice(1)).toEqual([
      '2026-01-05T10:00:00Z   a      no: 5 cut in 2 rooms   2 h           -               Why.',
      '2026-01-05T10:00:00Z   b      by a stop that hung    -             -               Why.',
      '2026-01-05T10:00:00Z   c      2 times                60 s          17 in 3 rooms   Why.',
    ]);
  });

  test('that do not exist are told in a sentence', () => {
    expect(receiptsText({ receipts: [], unreadable: [] })).toBe(
      'No Media Node has been removed in that time.',
    );
  });
});

describe('the summary of a backtest', () => {
  const result = (policy: string, seed: number, nodeHours: number): SimResult => ({
    policy,
    seed,
    trace: 'week',
    rooms: 10,
    nodeHours,
    boundNodeHours: 50,
    ratio: nodeHours / 50,
    overloadShare: 0.02,
    unavoidableOverloadShare: 0.005,
    roomsCut: 0,
    participantsCut: 0,
    launches: 3,
    directionChangesPerDay: 1,
    peakNodes: 4,
    drainMinutesP50: 1,
    drainMinutesP95: 2,
    wallMs: 5,
  });

  test('pairs policies by seed and says how sure it is', () => {
    const [first, second] = summaryOf([
      result('a', 1, 100),
      result('a', 2, 110),
      result('b', 1, 120),
      result('b', 2, 132),
    ]);

    // With two values the interval is the standard error 5 times 12.706, the quantile for one degree of freedom.
    expect(first?.nodeHours.mean).toBe(105);
    expect(first?.nodeHours.halfWidth).toBeCloseTo(63.53, 2);
    expect(second?.nodeHoursAgainstFirst.mean).toBeCloseTo(1.2, 12);
    expect(second?.nodeHoursAgainstFirst.halfWidth).toBeCloseTo(0, 9);
    expect(second?.avoidableOverloadShare.mean).toBeCloseTo(0.015, 12);
  });

  test('knows no spread with one seed', () => {
    const [line] = summaryOf([result('a', 1, 100)]);

    expect(line?.nodeHours).toEqual({ mean: 100, halfWidth: null });
    expect(summaryText(line === undefined ? [] : [line])).toContain('One seed');
  });
});

describe('an address of Redis', () => {
  test.each([
    ['redis://h', {}, { mode: 'standalone', address: 'h:6379', db: 0 }],
    [
      'rediss://me@h:7000/3',
      { OVM_REDIS_PASSWORD: 'p' },
      { mode: 'standalone', address: 'h:7000', db: 3, auth: { username: 'me', password: 'p' }, tls: {} },
    ],
    ['redis://[::1]:6380', {}, { mode: 'standalone', address: '[::1]:6380', db: 0 }],
  ])('%s is understood', (url, env, config) => {
    expect(redisConfigOf(url, env)).toEqual(config);
  });
});

test.each([
  ['1', [1]],
  ['1,3', [1, 3]],
  ['2-4', [2, 3, 4]],
  ['1, 5-6', [1, 5, 6]],
])('the seeds %s are %j', (text, seeds) => {
  expect(wholeNumbers(0, 100)(text)).toEqual(seeds);
});

test('a table has no blanks at the ends of its lines', () => {
  expect(textTable([{ title: 'a' }, { title: 'b' }], [['x', '']])).toBe('A   B\nx');
});

test('an error of the API server is told without the request that people did not write', () => {
  const { exitCode, sentence } = failureOf(new UnreachableError('GET /api/v1/pods: ECONNREFUSED'));

  expect(exitCode).toBe(1);
  expect(sentence).toBe(
    'the API server does not answer (ECONNREFUSED): check the network and the context of the kubeconfig.',
  );
});
