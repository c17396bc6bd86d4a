import { describe, expect, test } from '@jest/globals';
import { SharedClock } from '../../src/loadtest/worker-clock.ts';
import { PersonFaults } from '../../src/loadtest/worker-faults.ts';
import type { Fault } from '../../src/loadtest/scenario.ts';
import { speakersOf, turnAt, turnMs } from '../../src/loadtest/worker-speakers.ts';
import { ManualTime } from './manual-time.ts';

describe('the shared clock', () => {
  test('believes the message that took least until the coordinator has measured', () => {
    const time = new ManualTime(10_000);
    const shared = new SharedClock(time);
    shared.heard(4000, undefined);
    time.stall(1000);
    shared.heard(5005, undefined);
    shared.heard(4950, undefined);
    expect(shared.nowMs()).toBe(11_000 - 5995);
    shared.heard(5000, 5990);
    shared.heard(5000, undefined);
    expect(shared.nowMs()).toBe(11_000 - 5990);
    expect(shared.toLocalMs(shared.fromLocalMs(123))).toBe(123);
  });
});

describe('who speaks', () => {
  const people = ['a', 'b', 'c', 'd', 'e', 'f'];
  const turn = { seed: 1, room: 'r', turn: 7 };

  test('is decided by the seed, in whatever order people are named', () => {
    const speakers = speakersOf(turn, people, 2);
    expect(speakers.size).toBe(2);
    expect(speakersOf(turn, people.toReversed(), 2)).toEqual(speakers);
  });

  test('is not changed among the others by somebody who leaves and was silent', () => {
    const speakers = speakersOf(turn, people, 2);
    const silent = people.find((name) => !speakers.has(name));
    expect(
      speakersOf(
        turn,
        people.filter((name) => name !== silent),
        2,
      ),
    ).toEqual(speakers);
  });

  test.each([
    ['All', 6],
    [9, 6],
    [0, 0],
  ] as const)('with %p at a time are %i of six', (count, expected) => {
    expect(speakersOf(turn, people, count).size).toBe(expected);
  });

  test('changes from turn to turn, and everybody has a turn', () => {
    const heard = new Set<string>();
    for (let at = 0; at < 40; at += 1)
      for (const name of speakersOf({ ...turn, turn: at }, people, 1)) heard.add(name);
    expect(heard.size).toBe(people.length);
    expect(turnAt(turnMs - 1)).toBe(0);
    expect(turnAt(turnMs)).toBe(1);
  });
});

describe('a fault', () => {
  const loss: Fault = { kind: 'PacketLoss', share: 0.2, ofParticipants: 1, fromMs: 1000, toMs: 2000 };
  const narrow: Fault = {
    kind: 'SubscriberBandwidth',
    kbps: 900,
    ofParticipants: 1,
    fromMs: 0,
    toMs: 20_000,
  };

  function stage(faults: readonly Fault[], identity = 'a') {
    const claims: number[] = [];
    const person = new PersonFaults(faults, 1, identity);
    const tick = (sharedMs: number): void =>
      person.tick(sharedMs, { claimBandwidth: (bits) => claims.push(bits) });
    const dropped = (): number =>
      Array.from({ length: 2000 }, () => person.isDropped()).filter(Boolean).length;
    return { tick, dropped, claims };
  }

  test('takes packets while it lasts, and none before and after', () => {
    const { tick, dropped } = stage([loss]);
    tick(999);
    expect(dropped()).toBe(0);
    tick(1000);
    expect(Math.abs(dropped() / 2000 - 0.2)).toBeLessThan(0.03);
    tick(2000);
    expect(dropped()).toBe(0);
  });

  test('adds to another one as chances do', () => {
    const { tick, dropped } = stage([loss, { ...loss, share: 0.5 }]);
    tick(1500);
    expect(Math.abs(dropped() / 2000 - 0.6)).toBeLessThan(0.04);
  });

  test('is suffered by the share of people that it names', () => {
    const some = { ...loss, ofParticipants: 0.3 };
    const suffering = Array.from({ length: 300 }, (_, index) => {
      const { tick, dropped } = stage([some], `p${index}`);
      tick(1500);
      return dropped() > 0;
    }).filter(Boolean).length;
    expect(Math.abs(suffering / 300 - 0.3)).toBeLessThan(0.1);
  });

  test('of bandwidth is claimed as a fall that ends at its figure, and taken back step by step', () => {
    const { tick, claims } = stage([narrow]);
    for (let nowMs = 0; nowMs < 19_900; nowMs += 10) tick(nowMs);
    expect(claims[0]).toBeCloseTo(9_300_000, -3);
    expect(claims).toEqual(claims.toSorted((a, b) => b - a));
    expect(claims.at(-1)).toBe(900_000);
    expect(claims).toHaveLength(100);
    for (let nowMs = 20_000; nowMs < 60_000; nowMs += 10) tick(nowMs);
    expect(claims.at(-1)).toBe(10_000_000);
    expect(claims.length).toBeLessThan(150);
  });
});
