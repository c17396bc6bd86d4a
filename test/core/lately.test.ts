import { expect, test } from '@jest/globals';
import { Lately } from '../../src/core/lately.ts';

test('what is set again and again stays, and what was not set for five minutes goes', () => {
  const held = new Lately<string>();
  const days = 2;
  for (let atS = 1e9; atS < 1e9 + days * 86_400; atS += 30) {
    held.set('stays', 'here', atS);
    // A new node every ten minutes, each under an id of its own.
    held.set(`node-${Math.floor(atS / 600)}`, 'for ten minutes', atS);
    expect(held.size).toBeLessThanOrEqual(4);
  }
  expect(held.get('stays')).toBe('here');
  expect(held.get(`node-${Math.floor(1e9 / 600)}`)).toBeUndefined();
});

test('a clock that jumps loses nothing but what would be worked out anew', () => {
  const held = new Lately<string>();
  held.set('old', 'by the first clock', 5000);
  held.set('new', 'by the second', 100);
  expect([held.get('old'), held.get('new')]).toEqual([undefined, 'by the second']);
});
