import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Learned, priorLearned } from '../../src/core/learned.ts';
import type { MediaNode } from '../../src/core/media-nodes.ts';
import { Fortune } from '../../src/core/outlook.ts';
import { type Reserve, paceOf, reserve } from '../../src/core/reserve.ts';
import { type NodeChanges, aNode, aRoom, aSpec, nowMs, wallMs } from '../support/builders.ts';

const spec = aSpec({ capacity: { participants: 200, tracks: undefined, egressBytesPerSecond: undefined } });
const quiet = priorLearned(200);
const busy: Learned = { ...quiet, arrivals: { ...quiet.arrivals, recentPerMinute: 120 } };

/** A node with so many people in old rooms. */
function loaded(name: string, people: number, ageS = 20_000): MediaNode {
  const room = aRoom(name, { participants: people, createdAtSeconds: wallMs / 1000 - ageS });
  return aNode(name, { rooms: people === 0 ? [] : [room], load: { participants: people } });
}

function idle(name: string, emptyMs: number, changes: NodeChanges = {}): MediaNode {
  const sinceMs = nowMs - emptyMs;
  return aNode(name, {
    ...changes,
    memory: { standbySinceMs: sinceMs, emptySinceMs: sinceMs, ...changes.memory },
  });
}

interface Case {
  readonly nodes: readonly MediaNode[];
  readonly learned?: Learned;
  readonly launching?: number;
  readonly launchMs?: number;
  readonly desired?: number;
  /** Nodes that have just fallen silent, and those of them that had people. */
  readonly silent?: number;
  readonly silentBusy?: number;
}

function reserved({ nodes, learned = quiet, launching = 0, launchMs = 20_000, ...more }: Case): Reserve {
  const fortune = new Fortune(spec, learned, wallMs, paceOf(launchMs));
  const outlooks = nodes.map((node) => fortune.tell(node));
  const current = nodes.length + launching + (more.silent ?? 0);
  return reserve({
    spec,
    learned,
    launchMs,
    outlooks,
    launching,
    current,
    silentBusy: more.silentBusy ?? 0,
    desired: more.desired,
    nowMs,
    wallMs,
  });
}

const hour = 3_600_000;

describe('the number of nodes', () => {
  test.each<readonly [string, Case, number, string]>([
    ['stays while there is space', { nodes: [loaded('m-0', 100)] }, 1, 'RoomsHoldNodes'],
    ['grows when the last slots go', { nodes: [loaded('m-0', 175)] }, 2, 'ReserveRequiresNodes'],
    [
      'does not grow again for a node on order',
      { nodes: [loaded('m-0', 175)], launching: 1 },
      2,
      'ReserveRequiresNodes',
    ],
    [
      'does not grow while a closed node has space',
      { nodes: [loaded('m-0', 175), idle('m-1', 1000)] },
      2,
      'ReserveRequiresNodes',
    ],
    [
      'does not grow back because a node that was let go has not vanished yet',
      { nodes: [loaded('m-0', 20)], silent: 1, desired: 1 },
      1,
      'RoomsHoldNodes',
    ],
    [
      'is not below the nodes that may have rooms, whatever it was',
      { nodes: [loaded('m-0', 20), loaded('m-1', 20)], silent: 1, silentBusy: 1, desired: 1 },
      3,
      'RoomsHoldNodes',
    ],
    [
      'grows ahead of the rate at which rooms come',
      { nodes: [loaded('m-0', 20)], learned: busy },
      2,
      'ReserveRequiresNodes',
    ],
    [
      'falls by a node that has long been empty',
      { nodes: [loaded('m-0', 50), idle('m-1', hour)] },
      1,
      'RoomsHoldNodes',
    ],
    [
      'stays for a node that has just become empty',
      { nodes: [loaded('m-0', 50), idle('m-1', 30_000)] },
      2,
      'ReserveRequiresNodes',
    ],
    [
      'stays when its slots would be missed',
      { nodes: [loaded('m-0', 165), idle('m-1', hour)] },
      2,
      'ReserveRequiresNodes',
    ],
    [
      'stays when its slots will be wanted back soon',
      { nodes: [loaded('m-0', 20), idle('m-1', hour)], learned: busy },
      2,
      'ReserveRequiresNodes',
    ],
    [
      'falls to one and no further',
      { nodes: [0, 1, 2].map((at) => idle(`m-${at}`, hour)) },
      1,
      'ReserveRequiresNodes',
    ],
    [
      'never falls below the nodes with rooms',
      { nodes: [0, 1, 2].map((at) => loaded(`m-${at}`, 1)) },
      3,
      'RoomsHoldNodes',
    ],
  ])('%s', (_, given, wanted, reason) => {
    const { wanted: got, because } = reserved(given);
    expect([got, because.reason]).toEqual([wanted, reason]);
  });

  test('keeps less for short calls than for meetings, however many begin', () => {
    const nodes = [loaded('m-0', 100), loaded('m-1', 100)];
    const of = (lengthS: number): Reserve =>
      reserved({ nodes, learned: { ...busy, hazard: busy.hazard.map(() => 1 / lengthS) } });
    const [calls, meetings] = [of(240), of(3600)];
    expect(calls.keep).toBeLessThan(0.5 * meetings.keep);
    expect(calls.need).toBeLessThan(meetings.need);
    expect(calls.expected).toEqual(meetings.expected);
  });

  test('says when an empty node will have been empty for long enough', () => {
    const { wakeAtMs } = reserved({ nodes: [loaded('m-0', 50), idle('m-1', 20_000)] });
    expect(wakeAtMs).toBe(nowMs + 40_000);
  });

  test('does not fall soon after a launch where launches take long', () => {
    const launched = (agoMs: number) => [
      loaded('m-0', 50),
      idle('m-1', 5 * hour),
      aNode('m-2', { pod: { createdAtMs: wallMs - agoMs }, rooms: [] }),
    ];
    const of = (agoMs: number, launchMs: number) => reserved({ nodes: launched(agoMs), launchMs });
    expect(of(300_000, 120_000)).toMatchObject({ wanted: 3, wakeAtMs: nowMs + 600_000 });
    expect(of(1_000_000, 120_000).wanted).toBe(2);
    expect(of(300_000, 20_000).wanted).toBe(2);
    // A Pod from the future, by a clock that was set back, holds nothing for longer.
    expect(of(-hour, 120_000).wakeAtMs).toBe(nowMs + 900_000);
  });

  test('lies between what the nodes with rooms need and what is missing, and settles at once', () => {
    const aFleet = fc.array(fc.constantFrom(0, 3, 60, 120, 170, 190, 260), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        aFleet,
        fc.constantFrom(quiet, busy),
        fc.constantFrom(5000, 20_000, 300_000),
        (people, learned, launchMs) => {
          const nodes = people.map((count, at) =>
            count === 0 ? idle(`m-${at}`, hour) : loaded(`m-${at}`, count),
          );
          const first = reserved({ nodes, learned, launchMs });
          expect(first.wanted).toBeGreaterThanOrEqual(
            Math.max(1, people.filter((count) => count > 0).length),
          );
          expect(first.keep).toBeGreaterThanOrEqual(first.need);
          const launching = Math.max(0, first.wanted - nodes.length);
          const staying = nodes.toSorted((a, b) => b.participants - a.participants).slice(0, first.wanted);
          const next = reserved({ nodes: staying, learned, launchMs, launching });
          expect(next.wanted).toBe(first.wanted);
        },
      ),
      { seed: 3, numRuns: 1000 },
    );
  });
});

describe('the pace', () => {
  test.each([
    [undefined, 1, 900, 60, 0],
    [20_000, 1, 900, 60, 0],
    [120_000, 2, 1600, 120, 900],
    [210_000, 2.5, 2000, 210, 1350],
    [300_000, 3, 2400, 300, 1800],
    [3_600_000, 4, 3300, 600, 3600],
  ])('after launches of %s ms', (launchMs, z, keepS, holdS, calmS) => {
    const pace = paceOf(launchMs);
    expect(pace.z).toBeCloseTo(z, 9);
    expect([pace.keepS, pace.holdS, pace.calmS]).toEqual([keepS, holdS, calmS]);
  });

  test('is quick where launches take seconds', () => {
    expect(paceOf(3000).holdS).toBeLessThan(15);
    expect(paceOf(3000).keepS).toBeLessThan(200);
    expect(paceOf(0)).toMatchObject({ horizonS: 60, z: 1 });
  });

  test('never needs more slots than a small node has, for want of rooms', () => {
    const small = aSpec({
      capacity: { participants: 6, tracks: undefined, egressBytesPerSecond: undefined },
    });
    const fortune = new Fortune(small, priorLearned(6), wallMs, paceOf(3000));
    const outlooks = [fortune.tell(aNode('m-0', { load: { participants: 3 } }))];
    const given = {
      spec: small,
      learned: priorLearned(6),
      launchMs: 3000,
      outlooks,
      launching: 0,
      current: 1,
      silentBusy: 0,
      desired: undefined,
      nowMs,
      wallMs,
    };
    expect(reserve(given)).toMatchObject({ wanted: 1 });
    expect(reserve(given).need).toBeLessThan(1);
  });
});
