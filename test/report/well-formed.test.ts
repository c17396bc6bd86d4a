import { expect, test } from '@jest/globals';
import { all, parseStrictly, textOf } from './well-formed.ts';

test.each([
  ['<a><b></a></b>'],
  ['<a>'],
  ['<a/><b/>'],
  ['<a x=1/>'],
  ['<a x="1" x="2"/>'],
  ['<a>&nbsp;</a>'],
  ['<a>fish & chips</a>'],
  ['<a>1 < 2</a>'],
  ['<br>'],
  ['text'],
  [''],
])('the reader that holds reports to their form refuses %s', (text) => {
  expect(() => parseStrictly(text)).toThrow(/tag|close|root|twice|bare|end/);
});

test('it reads what is well-formed', () => {
  const root = parseStrictly('<!doctype html>\n<a x="&quot;"><b>1 &lt; 2</b> and <br/></a>\n');
  expect(root.attributes.get('x')).toBe('"');
  expect(textOf(root)).toBe('1 < 2 and ');
  expect(all(root, 'br')).toHaveLength(1);
});
