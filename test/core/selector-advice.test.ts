import { describe, expect, test } from '@jest/globals';
import { type NodeSelector, selectorAdvice } from '../../src/core/selector-advice.ts';
import { nodeSelector } from '../../src/manifests/livekit-config.ts';

const good: NodeSelector = {
  kind: 'any',
  sortBy: 'clients',
  algorithm: 'twochoice',
  sysloadLimit: undefined,
};
const advice = (changes: Partial<NodeSelector>, strategy: 'Packed' | 'Spread' = 'Packed') =>
  selectorAdvice({ ...good, ...changes }, strategy).join(' ');

describe('nothing is advised', () => {
  test.each<readonly [claim: string, selector: NodeSelector]>([
    ['to whom leaves it to the operator', nodeSelector(undefined)],
    ['to whom changes other things', nodeSelector({ rtc: { udp_port: 7000 } })],
    ['where load is looked at otherwise', { ...good, sortBy: 'tracks' }],
    ['where nodes above a load are passed over', { ...good, kind: 'cpuload' }],
    ['where chance decides among nodes that the operator opens', { ...good, sortBy: 'random' }],
    [
      'where chance decides and the old name is used',
      { ...good, kind: 'random', sortBy: 'random', algorithm: 'lowest' },
    ],
    ['where only the region counts', { ...good, kind: 'regionaware', sysloadLimit: 1000 }],
  ])('%s', (_, selector) => {
    expect(selectorAdvice(selector, 'Packed')).toEqual([]);
  });
});

describe('a remedy is told', () => {
  test.each<readonly [claim: string, changes: Partial<NodeSelector>, words: readonly string[]]>([
    ['for the load of whole machines', { kind: 'sysload' }, ['whole machine', 'write any']],
    ['for it within regions', { kind: 'regionaware', sysloadLimit: 0.9 }, ['sysload_limit to 1000']],
    ['for an order by machines', { sortBy: 'sysload' }, ['write clients']],
    ['for the default of OpenVidu', { kind: 'cpuload', sortBy: 'cpuload' }, ['saturated', 'write clients']],
    ['for a herd', { algorithm: 'lowest' }, ['same node', 'write twochoice']],
    [
      'for two faults, both',
      { sortBy: 'cpuload', algorithm: 'lowest' },
      ['write clients', 'write twochoice'],
    ],
    ['for a kind that does not exist', { kind: 'best' }, ['"best"', 'do not start']],
    ['for an order that does not exist', { sortBy: 'load' }, ['"load"', 'every new room fails']],
    ['for an algorithm that does not exist', { algorithm: 7 }, ['7', 'every new room fails']],
    ['for one that is taken away', { algorithm: undefined }, ['missing']],
  ])('%s', (_, changes, words) => {
    const told = advice(changes);
    for (const word of words) expect(told).toContain(word);
    expect(told).toContain('spec.mediaNodes.config.node_selector.');
  });

  test('for chance where all nodes serve', () => {
    expect(advice({ sortBy: 'random' }, 'Spread')).toContain('unevenly');
  });
});

describe('the selector that the servers get', () => {
  test('is the default with what the user says', () => {
    expect(nodeSelector({ node_selector: { sort_by: 'tracks', sysload_limit: 5 } })).toEqual({
      kind: 'any',
      sortBy: 'tracks',
      algorithm: 'twochoice',
      sysloadLimit: 5,
    });
  });

  test.each([null, [], 'any'])('is that of the servers where the user takes it away with %j', (value) => {
    expect(nodeSelector({ node_selector: value })).toMatchObject({ sortBy: 'random', algorithm: 'lowest' });
  });
});
