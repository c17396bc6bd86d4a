/** Stories of a fleet that spreads its rooms instead of packing them. */
import { describe, expect, test } from '@jest/globals';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const names = ['c-media-0', 'c-media-1', 'c-media-2', 'c-media-3'] as const;
const [first, second, third, fourth] = names;

const spread = (changes: Partial<ClusterSpec> = {}): ClusterSpec =>
  aSpec({ minNodes: 4, placement: { ...aSpec().placement, strategy: 'Spread', ceiling: 0.9 }, ...changes });

describe('with strategy Spread', () => {
  test('every node serves, however little there is to do', () => {
    const story = new Story({ spec: spread(), nodes: 4 }).at(1).load(first, 30).at(10, 'min');
    expect(story.states()).toEqual(['Serving', 'Serving', 'Serving', 'Serving']);
  });

  test('a node at its ceiling takes no new rooms while others have space, and takes them again later', () => {
    const story = new Story({ spec: spread(), nodes: 4 }).at(1).load(second, 95).at(30);
    expect(story.states()).toEqual(['Serving', 'Standby', 'Serving', 'Serving']);
    expect(story.load(second, 20).at(5, 'min').state(second)).toBe('Serving');
  });

  test.each([
    ['large', 100, 91, 82, 75],
    ['small', 10, 9, 8, 7],
  ])('a full %s node stays closed until more than one has left', (_, participants, full, fewer, few) => {
    const capacity = { ...aSpec().capacity, participants };
    const story = new Story({ spec: spread({ capacity }), nodes: 4 }).at(1).load(second, full).at(30);
    expect(story.state(second)).toBe('Standby');
    expect(story.load(second, fewer).at(40).state(second)).toBe('Standby');
    expect(story.load(second, few).at(50).state(second)).toBe('Serving');
  });

  test('nodes that no rule wants any more are closed, and leave when they are empty', () => {
    const story = new Story({ spec: spread(), nodes: 4 }).at(1);
    for (const name of names) story.load(name, 5);
    story.at(60).respec({ minNodes: 2 }).at(30, 'min');
    const states = story.states();
    expect(states.filter((state) => state === 'Serving').length).toBeGreaterThanOrEqual(1);
    expect(states).toContain('Standby');
    expect(story.deeds('RemoveNode')).toEqual([]);
    for (const name of [third, fourth]) story.load(name, 0);
    expect(story.at(60, 'min').names.length).toBeLessThan(4);
  });
});
