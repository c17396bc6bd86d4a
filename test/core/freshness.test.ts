import { describe, expect, test } from '@jest/globals';
import { heartbeatRefusal, noticeLoadDrop, redisRefusal } from '../../src/core/freshness.ts';
import type { MediaNode } from '../../src/core/media-nodes.ts';
import { coldMemory } from '../../src/core/memory.ts';
import { type NodeChanges, aNode, aRedisReading, aRoom, nowMs, ownWord } from '../support/builders.ts';

describe('a reading of Redis', () => {
  test.each([
    ['of this moment is good', aRedisReading(), undefined],
    ['that is 10 s old is good', aRedisReading({ atMs: nowMs - 10_000 }), undefined],
    ['that is older is not', aRedisReading({ atMs: nowMs - 10_001 }), 'RedisUnavailable'],
    ['that failed is not', { kind: 'Failed', why: 'connection refused', atMs: nowMs }, 'RedisUnavailable'],
  ] as const)('%s', (_, reading, reason) => {
    expect(redisRefusal(reading, nowMs)?.reason).toBe(reason);
  });

  test('that failed says why', () => {
    const finding = redisRefusal({ kind: 'Failed', why: 'NOAUTH', atMs: nowMs }, nowMs);
    expect(finding?.message).toBe('Redis cannot be read: NOAUTH.');
  });
});

test('a reading that is too old is told in the same words however old it is', () => {
  const [young, old] = [10_001, 600_000].map((ageMs) => redisRefusal(aRedisReading(), nowMs + ageMs));
  expect(young).toEqual({
    reason: 'RedisUnavailable',
    message: 'The last reading of Redis is older than 10 s.',
  });
  expect(old).toEqual(young);
});

describe('silence', () => {
  const silent = (name: string, sinceMs: number, changes: NodeChanges = {}): MediaNode =>
    aNode(name, {
      phase: 'Suspect',
      ...changes,
      memory: { staleSinceMs: nowMs - sinceMs, ...changes.memory },
    });
  const hung = { entry: undefined, pod: { ready: false }, memory: { served: false, staleSinceMs: nowMs } };

  test.each<readonly [claim: string, nodes: readonly MediaNode[], held: boolean]>([
    ['of nobody is fine', [aNode('m-0')], false],
    ["of one node is that node's own trouble", [silent('m-0', 5000), aNode('m-1')], false],
    ['of two at once is trouble of the bus', [silent('m-0', 5000), silent('m-1', 6000)], true],
    ['of two 10 s apart is trouble of the bus', [silent('m-0', 0), silent('m-1', 10_000)], true],
    ['of two further apart is their own', [silent('m-0', 0), silent('m-1', 10_001)], false],
    ['of two that lasts 10 min is their own', [silent('m-0', 600_000), silent('m-1', 600_000)], false],
    ['of launches that hung is their own', [silent('m-0', 0, hung), silent('m-1', 0, hung)], false],
    [
      'of all on one machine is that of the machine, while nodes elsewhere report',
      [silent('m-0', 0), silent('m-1', 0), aNode('m-2', { pod: { kubeNode: 'worker-2' } })],
      false,
    ],
    [
      'of nodes on two machines is trouble of the bus, although others report',
      [
        silent('m-0', 0),
        silent('m-1', 0, { pod: { kubeNode: 'worker-2' } }),
        aNode('m-2', { pod: { kubeNode: 'w-3' } }),
      ],
      true,
    ],
    [
      'of servers that answer but cannot register is trouble of the bus',
      [
        silent('m-0', 0, { ...hung, metrics: ownWord('m-0', { participants: 3 }) }),
        silent('m-1', 0, { ...hung, metrics: ownWord('m-1', { participants: 3 }) }),
      ],
      true,
    ],
  ])('%s', (_, nodes, held) => {
    expect(heartbeatRefusal(nodes, nowMs)?.reason).toBe(held ? 'HeartbeatsStopped' : undefined);
  });
});

describe('a drop of load', () => {
  const fleet = (...participants: readonly number[]) =>
    participants.map((count, at) => aNode(`m-${at}`, { load: { participants: count } }));
  const after = (before: readonly number[], now: readonly number[], passedMs: number) => {
    const first = noticeLoadDrop(fleet(...before), coldMemory(0), nowMs);
    return noticeLoadDrop(fleet(...now), { ...coldMemory(0), ...first }, nowMs + passedMs);
  };

  test.each([
    ['on three nodes at once freezes removals', [20, 20, 20], [10, 10, 10], 5000, true],
    ['on half of the nodes freezes removals', [20, 20, 20, 20, 20, 20], [0, 0, 0, 20, 20, 20], 5000, true],
    ['on fewer than half does not', [20, 20, 20, 20, 20, 20, 20], [0, 0, 0, 20, 20, 20, 20], 5000, false],
    ['on two nodes does not', [40, 40], [0, 0], 5000, false],
    ['of less than half the people does not', [20, 20, 20], [11, 11, 11], 5000, false],
    ['of few people does not', [9, 10, 10], [0, 0, 0], 5000, false],
    ['that takes longer than 15 s does not', [20, 20, 20], [0, 0, 0], 15_001, false],
    ['whose people are on new nodes does not', [20, 20, 20], [5, 5, 0, 20, 20], 5000, false],
    ['whose people are on the other nodes does not', [20, 20, 20, 5, 5], [5, 5, 5, 28, 27], 5000, false],
    ['of which a few came back elsewhere freezes removals', [20, 20, 20], [0, 0, 0, 29], 5000, true],
  ] as const)('%s', (_, before, now, passedMs, frozen) => {
    const { frozenUntilMs } = after(before, now, passedMs);
    expect(frozenUntilMs).toBe(frozen ? nowMs + passedMs + 1_800_000 : undefined);
  });

  test.each([
    ['is none while the records of their rooms stand', [11, 11, 11], false],
    ['is one once the records of their rooms show it too', [5, 5, 5], true],
  ] as const)('of what nodes are taken to carry %s', (_, recorded, frozen) => {
    const seen = (carried: number, records: readonly number[]) =>
      records.map((participants, at) =>
        aNode(`m-${at}`, { load: { participants: carried }, rooms: [aRoom(`m-${at}`, { participants })] }),
      );
    const first = noticeLoadDrop(seen(22, [12, 12, 12]), coldMemory(0), nowMs);
    const { frozenUntilMs } = noticeLoadDrop(
      seen(10, recorded),
      { ...coldMemory(0), ...first },
      nowMs + 5000,
    );
    expect(frozenUntilMs !== undefined).toBe(frozen);
  });

  test('ends by itself', () => {
    const frozen = { ...coldMemory(0), frozenUntilMs: nowMs };
    expect(noticeLoadDrop([], frozen, nowMs - 1).frozenUntilMs).toBe(nowMs);
    expect(noticeLoadDrop([], frozen, nowMs).frozenUntilMs).toBeUndefined();
  });

  test('is looked for in a history that stays small', () => {
    let memory = coldMemory(0);
    for (let at = 0; at < 1000; at += 1) {
      memory = { ...memory, ...noticeLoadDrop(fleet(5, 5, 5), memory, nowMs + at * 100) };
    }
    expect(memory.loadHistory.length).toBeLessThanOrEqual(16);
  });
});
