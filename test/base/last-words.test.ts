import { expect, test } from '@jest/globals';
import { lastWords } from '../../src/base/last-words.ts';

test('the last words of a process are stack and causes, and nothing else that hangs on the error', () => {
  const command = { name: 'auth', args: ['a-password'] };
  const cause = Object.assign(new TypeError('below'), { command });
  const words = lastWords(Object.assign(new Error('above', { cause }), { command }));
  expect(words).toMatch(/^Error: above\n[^]*\ncaused by TypeError: below\n/);
  expect(words).not.toContain('a-password');
});

test.each([['text with a-password'], [{ password: 'a-password' }], [null]])(
  'the last words about %j, which is no error, do not repeat it',
  (thrown) => {
    expect(lastWords(thrown)).toBe('something was thrown that is no error');
  },
);

test('the last words have an end', () => {
  expect(lastWords(new Error('x'.repeat(100_000)))).toHaveLength(8000);
});
