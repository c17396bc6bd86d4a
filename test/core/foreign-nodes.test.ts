import { describe, expect, test } from '@jest/globals';
import type { DecideInput } from '../../src/core/decide-input.ts';
import type { Decision } from '../../src/core/decision.ts';
import { decide } from '../../src/core/decide.ts';
import { coldMemory } from '../../src/core/memory.ts';
import type { NodeEntry } from '../../src/core/readings.ts';
import { aPod, aRedisReading, aSpec, anEntry, anObservation, ownWord, wallMs } from '../support/builders.ts';

const ours = anEntry('c-media-0');
const stranger = (at: number, changes: Parameters<typeof anEntry>[1] = {}) =>
  anEntry(`x-media-${at}`, { ip: `10.9.0.${at}`, ...changes });

/** One pass a second with these entries; the last decision. */
function watch(
  entriesAt: (second: number) => readonly NodeEntry[],
  seconds: number,
  before?: Decision,
): { readonly last: Decision; readonly told: readonly number[] } {
  const startMs = 1_000_000;
  let last = before;
  const told: number[] = [];
  for (let second = 0; second <= seconds; second += 1) {
    const nowMs = startMs + second * 1000;
    const redis = aRedisReading({ nodes: [ours, ...entriesAt(second)], atMs: nowMs });
    const input: DecideInput = {
      clusterName: 'c',
      spec: aSpec(),
      observed: anObservation({
        pods: [aPod('c-media-0')],
        redis,
        metrics: { 'c-media-0': ownWord('c-media-0') },
      }),
      memory: last?.memory ?? coldMemory(startMs),
      nowMs,
      wallMs: wallMs + second * 1000,
      learned: undefined,
      launchMs: undefined,
    };
    last = decide(input);
    if (last.refusals.some(({ reason }) => reason === 'ForeignNodes')) told.push(second);
  }
  if (last === undefined) throw new Error('nothing was decided');
  return { last, told };
}

const finding = (decision: Decision) => decision.refusals.find(({ reason }) => reason === 'ForeignNodes');

test('servers of somebody else are told after half a minute, with their addresses, and never touched', () => {
  const { last, told } = watch(() => [stranger(1), stranger(2)], 40);

  expect(told[0]).toBe(30);
  expect(finding(last)?.message).toContain('2 media servers in Redis, at 10.9.0.1, 10.9.0.2, are no Pods');
  expect(last.actions).toEqual([]);
  expect(last.steering?.closed).not.toContain('ND_x-media-1');
});

test('of many only some addresses are named', () => {
  const many = Array.from({ length: 8 }, (_, at) => stranger(at));

  expect(finding(watch(() => many, 31).last)?.message).toContain('10.9.0.4 and 3 more, are no Pods');
});

describe('nothing is told of', () => {
  test.each<[string, (second: number) => readonly NodeEntry[]]>([
    ['our own nodes', () => []],
    ['one that is there for a moment', (second) => (second < 25 ? [stranger(1)] : [])],
    ['one that comes and goes', (second) => (second % 20 < 10 ? [stranger(1)] : [])],
    ['what an ended server left behind', () => [stranger(1, { ageMs: 60_000 })]],
    ['an entry that was never seen to beat', () => [stranger(1, { heartbeatsSeen: 0 })]],
    ['an entry that nobody can read', () => [{ kind: 'Undecodable', nodeId: 'ND_?', why: 'broken' }]],
  ])('%s', (_, entriesAt) => {
    expect(watch(entriesAt, 60).told).toEqual([]);
  });
});

test('when they are gone nothing of them is remembered', () => {
  const { last, told } = watch((second) => (second < 40 ? [stranger(1)] : []), 45);

  expect(told.at(-1)).toBe(39);
  expect(last.memory).not.toHaveProperty('strangers');
});
