/** Whether nodes use what their profile foretells, and what is made of it. */
import { describe, expect, test } from '@jest/globals';
import { driftMs, foretoldCores, noteDrift } from '../../src/core/capacity-drift.ts';
import type { ProfileUse } from '../../src/core/capacity-profile.ts';
import type { DriftMemory } from '../../src/core/memory.ts';
import { aProfile, under } from '../support/a-profile.ts';
import { aLoad, aNode, nowMs } from '../support/builders.ts';

const costs = { cores: { base: 0.1, participant: 0.01, packetIn: 1e-5, packetOut: 2e-5, megabyte: 0.001 } };
const minuteMs = 60_000;

function useOf(spec = under(aProfile({ costs }))): ProfileUse {
  if (spec.profile === undefined) throw new Error('the spec asks for no profile');
  return spec.profile;
}

/** 2 cores by the profile, of 4. */
const load = { participants: 90, packetsInPerSecond: 20_000, packetsOutPerSecond: 40_000 };

/** Looks every 5 s at one node that uses so many times what is foretold. */
function watched(times: number, ms: number, from?: DriftMemory, startMs = nowMs): DriftMemory | undefined {
  let memory = from;
  for (let at = startMs; at <= startMs + ms; at += 5000) {
    memory = noteDrift(useOf(), [aNode('a', { load: { ...load, cpuLoad: (2 * times) / 4 } })], memory, at);
  }
  return memory;
}

describe('the cost of a load', () => {
  test('is the sum of its parts', () => {
    const { costs: read } = useOf();
    if (read === undefined) throw new Error('the profile has no costs');
    expect(foretoldCores(read, aLoad(load))).toBeCloseTo(0.1 + 0.9 + 0.2 + 0.8);
    expect(
      foretoldCores(
        read,
        aLoad({
          bytesInPerSecond: 1e6,
          bytesOutPerSecond: 2e6,
          packetsInPerSecond: 0,
          packetsOutPerSecond: 0,
        }),
      ),
    ).toBeCloseTo(0.103);
  });

  test('is not known while a part of it is not', () => {
    const { costs: read } = useOf();
    if (read === undefined) throw new Error('the profile has no costs');
    expect(foretoldCores(read, aLoad({ participants: 90 }))).toBeUndefined();
  });
});

describe('a profile', () => {
  test.each([
    ['has not drifted while nodes use a little more', 1.15, driftMs * 3, undefined],
    ['has not drifted before it was off for a quarter of an hour', 1.4, driftMs - minuteMs, undefined],
    ['has drifted when nodes have used more for that long', 1.4, driftMs, 40],
    ['has drifted when they have used less', 0.6, driftMs, -40],
  ])('%s', (_, times, ms, offPercent) => {
    expect(watched(times, ms)?.offPercent).toBe(offPercent);
  });

  test('does not drift by moments', () => {
    let memory: DriftMemory | undefined;
    let at = nowMs;
    for (let round = 0; round < 30; round += 1) {
      memory = watched(1.6, 20_000, memory, at);
      memory = watched(0.95, 100_000, memory, at + 25_000);
      at += 130_000;
    }
    expect(memory?.offPercent).toBeUndefined();
  });

  test('that has drifted says the same until it holds again, for a quarter of an hour', () => {
    const drifted = watched(1.4, driftMs);
    expect(watched(1.8, driftMs, drifted, nowMs + driftMs)?.offPercent).toBe(40);
    expect(watched(1.15, 3 * driftMs, drifted, nowMs + driftMs)?.offPercent).toBe(40);
    expect(watched(1, driftMs, drifted, nowMs + driftMs)?.offPercent).toBe(40);
    expect(watched(1, 2 * driftMs, drifted, nowMs + driftMs)?.offPercent).toBeUndefined();
  });

  test('is watched anew after a time in which nothing could be told', () => {
    const nearly = watched(1.4, driftMs - minuteMs);
    expect(watched(1.4, 2 * minuteMs, nearly, nowMs + driftMs + 5 * minuteMs)?.offPercent).toBeUndefined();
    expect(watched(1.4, 2 * minuteMs, nearly, nowMs + driftMs - minuteMs)?.offPercent).toBe(40);
  });

  test('is watched anew when it was changed', () => {
    const other = { ...useOf(), version: 'uid-profile/2' };
    const nodes = [aNode('a', { load: { ...load, cpuLoad: 0.7 } })];
    expect(noteDrift(other, nodes, watched(1.4, driftMs), nowMs + driftMs)).toMatchObject({
      version: 'uid-profile/2',
      sinceMs: nowMs + driftMs,
    });
  });

  test.each<readonly [claim: string, node: ReturnType<typeof aNode>]>([
    [
      'a node with hardly any load',
      aNode('a', { load: { participants: 1, packetsInPerSecond: 0, packetsOutPerSecond: 0, cpuLoad: 0.3 } }),
    ],
    ['a node that does not report', aNode('a', { phase: 'Suspect', load: { ...load, cpuLoad: 0.9 } })],
    ['a node whose processors are not known', aNode('a', { load: { ...load, cpuLoad: undefined } })],
    ['a node under a load test', aNode('a', { pod: { underTest: 't' }, load: { ...load, cpuLoad: 0.9 } })],
  ])('is not judged by %s', (_, node) => {
    expect(noteDrift(useOf(), [node], undefined, nowMs)).toBeUndefined();
  });

  test('without costs is never said to drift', () => {
    const nodes = [aNode('a', { load: { ...load, cpuLoad: 0.9 } })];
    expect(noteDrift(useOf(under(aProfile())), nodes, undefined, nowMs)).toBeUndefined();
  });
});
