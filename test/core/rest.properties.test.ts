/** A fleet comes to rest: in a world where everything works and the load is steady, what is decided comes to an end. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

interface Settled {
  readonly people: readonly number[];
  readonly surplus: number;
  readonly spec: ClusterSpec;
}

const settled: fc.Arbitrary<Settled> = fc
  .record({
    people: fc.array(fc.nat(130), { minLength: 1, maxLength: 5 }),
    surplus: fc.nat(3),
    slots: fc.nat(150),
    minNodes: fc.constantFrom(0, 1, 3),
    maxNodes: fc.constantFrom(10, 4),
    strategy: fc.constantFrom<ClusterSpec['placement']['strategy']>('Packed', 'Packed', 'Spread'),
    priority: fc.constantFrom(1, 16, 128),
    mode: fc.constantFrom<ClusterSpec['mode']>('Enforce', 'Enforce', 'External'),
    replicas: fc.integer({ min: 0, max: 8 }),
  })
  .map(({ people, surplus, slots, strategy, priority, ...rest }) => ({
    people,
    surplus,
    spec: aSpec({
      ...rest,
      headroom: { slots, share: 0.1, largestRoom: true },
      placement: { strategy, priority, ceiling: 0.9 },
    }),
  }));

/** Deeds and steering, one line a second. */
function watch(story: Story, fromS: number, untilS: number): ReadonlySet<string> {
  const seen = new Set<string>();
  const before = story.done.length;
  for (let atS = fromS; atS <= untilS; atS += 1) {
    const { decision } = story.at(atS);
    seen.add(JSON.stringify([decision.desired, decision.steering, story.done.length - before]));
  }
  return seen;
}

/** Every surplus node has had its turn: at most eight, two at a time, a minute of emptiness each. */
const quietS = 300;

test('whatever it begins with, a fleet under a steady load comes to rest: nothing is done and nothing is steered', () => {
  fc.assert(
    fc.property(settled, ({ people, surplus, spec }) => {
      const story = new Story({ spec, nodes: people.length + surplus }).at(0);
      for (const [at, load] of people.entries()) story.load(`c-media-${at}`, load);
      story.at(quietS);
      expect([...watch(story, quietS + 1, quietS + 40)]).toHaveLength(1);
      expect(story.states()).not.toContain('Launching');
      expect(story.states()).not.toContain('Leaving');
    }),
    { seed: 20_260_301, numRuns: 40 },
  );
});

test('at rest it has no fewer nodes than the minimum, no more than the load wants, and has cut no room', () => {
  fc.assert(
    fc.property(settled, ({ people, surplus, spec }) => {
      const story = new Story({ spec, nodes: people.length + surplus }).at(0);
      for (const [at, load] of people.entries()) story.load(`c-media-${at}`, load);
      const { decision } = story.at(quietS);
      const busy = people.filter((load) => load > 0).length;
      const there = decision.nodes.length;
      expect(there).toBeGreaterThanOrEqual(Math.max(spec.minNodes, busy));
      expect(there).toBeLessThanOrEqual(Math.max(decision.desired, busy));
      expect(decision.nodes.reduce((sum, { node }) => sum + node.participants, 0)).toBe(
        people.reduce((sum, load) => sum + load, 0),
      );
    }),
    { seed: 20_260_302, numRuns: 40 },
  );
});
