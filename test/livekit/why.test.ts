import { describe, expect, test } from '@jest/globals';
import { whyOf } from '../../src/livekit/why.ts';

describe('what an error says', () => {
  test.each([
    ['is its message', new Error('WRONGPASS invalid password'), 'WRONGPASS invalid password'],
    ['is read by its shape, whoever made it', { message: 'no such host' }, 'no such host'],
    ['is unknown where it says nothing', new Error(''), 'unknown error'],
    ['is unknown where it is no error', 'text', 'unknown error'],
    ['is cut, because it shows in the status', new Error('x'.repeat(40_000)), `${'x'.repeat(499)}…`],
  ])('%s', (_, error, why) => {
    expect(whyOf(error)).toBe(why);
  });
});
