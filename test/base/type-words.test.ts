import { expect, test } from '@jest/globals';
import { typeWord } from '../../src/base/type-words.ts';

test.each([
  ['integer', 'a whole number'],
  ['object', 'fields'],
  ['null', undefined],
  ['toString', undefined],
  [undefined, undefined],
])('a value of the type %j is asked for as %j', (type, word) => {
  expect(typeWord(type)).toBe(word);
});
