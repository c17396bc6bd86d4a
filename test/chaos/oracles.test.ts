import { describe, expect, test } from '@jest/globals';
import {
  ChaosJudge,
  type Figures,
  type Limits,
  type Oracle,
  type PodFact,
  type Receipt,
} from '../../lab/chaos/oracles.ts';

const limits: Limits = { min: 2, max: 3, surge: 1, maxConcurrent: 1 };

function pod(name: string, fact: Partial<PodFact> = {}): PodFact {
  return { uid: `uid-${name}`, name, ready: true, deleting: false, closed: false, ended: false, ...fact };
}

function receipt(name: string, changes: Partial<Receipt['proofs'][number]> = {}, apartMs = 2500): Receipt {
  const proof = { redisParticipants: 0, ownParticipants: 0, ownRooms: 0, relayedSignals: 0, ...changes };
  return {
    uid: `uid-${name}`,
    evicted: false,
    proofs: [
      { ...proof, atMs: 1000 },
      { ...proof, atMs: 1000 + apartMs },
    ],
  };
}

/** Three nodes that serve, of which two are asked for since long. */
function fleetOf(...names: readonly string[]): ChaosJudge {
  const judge = new ChaosJudge(limits);
  judge.asked(2, 0);
  for (const name of names) judge.pod(pod(name), 1);
  return judge;
}

const broken = (judge: ChaosJudge): readonly Oracle[] => judge.violations.map(({ oracle }) => oracle);

test('an orderly removal breaks nothing', () => {
  const judge = fleetOf('a', 'b', 'c');

  judge.pod(pod('c', { deleting: true }), 60_000);
  judge.gone('uid-c', 61_000);
  judge.receipts([receipt('c')], 62_000);

  expect(judge.violations).toEqual([]);
});

describe('breaks nothing:', () => {
  test('the removal of a node that was closed when another served in its place, though that one is not ready now', () => {
    const judge = fleetOf('a', 'b', 'c');
    judge.pod(pod('c', { closed: true }), 30_000);
    judge.pod(pod('b', { closed: false, ready: false }), 31_000);
    judge.pod(pod('c', { closed: true, deleting: true }), 60_000);
    judge.receipts([receipt('c')], 61_000);
    expect(judge.violations).toEqual([]);
  });

  test('the removal of a needless node while a probe of another fails for a moment', () => {
    const judge = fleetOf('a', 'b', 'c');
    judge.pod(pod('b', { ready: false }), 50_000);
    judge.pod(pod('c', { deleting: true }), 60_000);
    judge.receipts([receipt('c')], 61_000);
    expect(judge.violations).toEqual([]);
  });
});

describe('a violating history is found:', () => {
  const histories: readonly (readonly [Oracle, string, (judge: ChaosJudge) => void])[] = [
    [
      'nobodyCut',
      'people are cut by a removal',
      (judge) => judge.cut({ pod: 'c', podUid: 'uid-c', participants: 2, why: 'Removal' }, 60_000),
    ],
    [
      'receipts',
      'a removal leaves no receipt',
      (judge) => {
        judge.pod(pod('c', { deleting: true }), 60_000);
        judge.receipts([receipt('b')], 61_000);
      },
    ],
    [
      'receipts',
      'the proofs are of one heartbeat',
      (judge) => {
        judge.pod(pod('c', { deleting: true }), 60_000);
        judge.receipts([receipt('c', {}, 1500)], 61_000);
      },
    ],
    [
      'receipts',
      'a proof tells of somebody',
      (judge) => {
        judge.pod(pod('c', { deleting: true }), 60_000);
        judge.receipts([receipt('c', { ownParticipants: 1 })], 61_000);
      },
    ],
    [
      'receipts',
      'a Pod is deleted with no grace and no receipt',
      (judge) => {
        judge.gone('uid-c', 60_000);
        judge.receipts([], 61_000);
      },
    ],
    [
      'neverBelowAsked',
      'three are asked for and one is removed',
      (judge) => {
        judge.asked(3, 30_000);
        judge.pod(pod('c', { deleting: true }), 60_000);
        judge.receipts([receipt('c')], 61_000);
      },
    ],
    [
      'neverBelowMin',
      'one of two is closed, with nobody in its place',
      (judge) => {
        judge.asked(1, 2);
        judge.gone('uid-c', 3);
        judge.receipts([receipt('c')], 4);
        judge.pod(pod('b', { closed: true }), 60_000);
      },
    ],
    [
      'neverBelowMin',
      'one of three is removed when another has not been ready for long',
      (judge) => {
        judge.asked(1, 2);
        judge.pod(pod('b', { ready: false }), 40_000);
        judge.pod(pod('c', { deleting: true }), 60_000);
        judge.receipts([receipt('c')], 61_000);
      },
    ],
    [
      'neverAboveMax',
      'a fifth Pod is made',
      (judge) => ['d', 'e'].forEach((name) => judge.pod(pod(name), 9)),
    ],
    [
      'oneRemovalEach',
      'a second leaves before the first is gone',
      (judge) => {
        judge.pod(pod('d'), 9);
        judge.pod(pod('c', { deleting: true }), 60_000);
        judge.pod(pod('d', { deleting: true }), 60_001);
        judge.receipts([receipt('c'), receipt('d')], 61_000);
      },
    ],
    [
      'someoneOpen',
      'every node stays closed',
      (judge) => [0, 4000, 8001].forEach((atMs) => judge.registry([false, false], atMs)),
    ],
    [
      'steadyInTime',
      'rest comes late',
      (judge) => judge.steadied(5001, { withinMs: 5000, of: 'it', atMs: 0 }),
    ],
    [
      'steadyInTime',
      'rest never comes',
      (judge) => judge.steadied(undefined, { withinMs: 5000, of: 'it', atMs: 0 }),
    ],
    ['sameEnd', 'the end is another one', (judge) => judge.sameEnd('a Pod is orphaned', 0)],
    ['noGrowth', 'memory grows', (judge) => judge.figures({ ...calm, rssMiB: 4000 }, 0)],
    ['noGrowth', 'the queue grows', (judge) => judge.figures({ ...calm, queueDepth: 40 }, 0)],
    ['noGrowth', 'watches leak', (judge) => judge.figures({ ...calm, watches: 40 }, 0)],
    ['noGrowth', 'it writes at rest', (judge) => judge.figures({ ...calm, restingWritesPerSecond: 30 }, 0)],
    ['noGrowth', 'it floods with Events', (judge) => judge.figures({ ...calm, eventsPerInjection: 300 }, 0)],
    [
      'operatorLives',
      'it ends by a defect',
      (judge) => judge.operatorEnded({ code: 1, wasTold: false, lostLease: false, words: '' }, 0),
    ],
  ];

  test.each(histories)('%s, where %s', (oracle, _says, live) => {
    const judge = fleetOf('a', 'b', 'c');
    live(judge);
    expect(broken(judge)).toEqual([oracle]);
  });

  test('neverBelowMin, where one of two is removed', () => {
    const judge = fleetOf('a', 'b');
    judge.pod(pod('b', { deleting: true }), 60_000);
    expect(broken(judge)).toEqual(['neverBelowMin', 'neverBelowAsked']);
  });
});

const calm: Figures = {
  rssMiB: 150,
  queueDepth: 0,
  watches: 5,
  redisConnections: 3,
  restingWritesPerSecond: 0,
  eventsPerInjection: 2,
  callsPerInjection: 30,
};

describe('what is not the operator’s act is not held against it:', () => {
  const histories: readonly (readonly [string, (judge: ChaosJudge) => void])[] = [
    [
      'a Pod that the laboratory takes',
      (judge) => {
        judge.taken('uid-b');
        judge.pod(pod('b', { deleting: true }), 60_000);
        judge.receipts([], 61_000);
      },
    ],
    [
      'people whom a crash cuts',
      (judge) => judge.cut({ pod: 'b', podUid: 'uid-b', participants: 3, why: 'Fault' }, 0),
    ],
    [
      'a Pod that never served',
      (judge) => {
        judge.pod(pod('d', { ready: false }), 9);
        judge.pod(pod('d', { ready: false, deleting: true }), 60_000);
        judge.receipts([], 61_000);
      },
    ],
    [
      'a removal that was under way when a node crashed',
      (judge) => {
        judge.disturbed(59_000);
        judge.pod(pod('a', { ready: false, ended: true }), 59_500);
        judge.pod(pod('c', { deleting: true }), 60_000);
        judge.receipts([receipt('c')], 61_000);
      },
    ],
    [
      'a removal by a wish that has just been taken back',
      (judge) => {
        judge.asked(3, 59_900);
        judge.pod(pod('c', { deleting: true }), 60_000);
        judge.receipts([receipt('c')], 61_000);
      },
    ],
    [
      'a moment in which all are closed',
      (judge) => [0, 4000].forEach((atMs) => judge.registry([false], atMs)),
    ],
    ['a fleet without nodes', (judge) => [0, 9000].forEach((atMs) => judge.registry([], atMs))],
    [
      'an end after the lease was lost',
      (judge) => judge.operatorEnded({ code: 1, wasTold: false, lostLease: true, words: '' }, 0),
    ],
    ['calm figures', (judge) => judge.figures(calm, 0)],
  ];

  test.each(histories)('%s', (_says, live) => {
    const judge = fleetOf('a', 'b', 'c');
    live(judge);
    expect(judge.violations).toEqual([]);
  });
});
