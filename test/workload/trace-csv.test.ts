import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TraceParser, formatTrace, parseTrace } from '../../src/workload/trace-csv.ts';
import { TraceError } from '../../src/workload/trace-error.ts';
import type { TraceRoom } from '../../src/workload/trace.ts';

const header = 'start_s,duration_s,participants,publishers';
const aRoom: TraceRoom = { startS: 0, durationS: 60, participants: 2, publishers: 1, name: undefined };

const rooms = fc
  .array(
    fc.record({
      startS: fc.integer({ min: 0, max: 1_000_000 }),
      durationS: fc.integer({ min: 1, max: 100_000 }),
      participants: fc.integer({ min: 1, max: 500 }),
      publishers: fc.constantFrom(0, 1),
      name: fc.option(
        fc.oneof(
          fc.string({ minLength: 1 }),
          fc.constantFrom('a,b', '"', 'a"b', ' x ', 'a\r\nb', '\r', 'é\n'),
        ),
        { nil: undefined },
      ),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((list) => list.toSorted((a, b) => a.startS - b.startS));

describe('a trace', () => {
  test('is read back from its text as it was, whatever its rooms are called', () => {
    const property = fc.property(rooms, (list) => {
      expect(parseTrace(formatTrace({ name: 'any', rooms: list }), 'any')).toEqual({
        name: 'any',
        rooms: list,
      });
    });
    fc.assert(property, { seed: 20_261_121, numRuns: 300 });
  });

  test('is the same in whatever pieces it comes', () => {
    const property = fc.property(rooms, fc.integer({ min: 1, max: 7 }), (list, size) => {
      const text = formatTrace({ name: 'any', rooms: list }).replaceAll('\n', '\r\n');
      const parser = new TraceParser('any');
      for (let at = 0; at < text.length; at += size) parser.push(text.slice(at, at + size));
      expect(parser.end()).toEqual(parseTrace(text, 'any').rooms);
    });
    fc.assert(property, { seed: 20_261_121, numRuns: 100 });
  });

  test.each<[string, string, TraceRoom]>([
    ['line breaks of Windows', `${header}\r\n0,60,2,1\r\n`, aRoom],
    ['no line break at the end', `${header}\n0,60,2,1`, aRoom],
    ['a byte order mark', `\uFEFF${header}\n0,60,2,1\n`, aRoom],
    ['blank lines', `\n${header}\n\n0,60,2,1\n \n\n`, aRoom],
    ['blanks around numbers', `start_s, duration_s ,participants,publishers\n 0, 60 ,2,1\n`, aRoom],
    [
      'columns that nobody knows',
      `${header},colour,name,x\n0,60,2,1,red,daily,"a,b"\n`,
      { ...aRoom, name: 'daily' },
    ],
    [
      'quoted fields',
      `"start_s",duration_s,participants,publishers,name\n"0",60,2,1,"say ""hi"", all"\n`,
      { ...aRoom, name: 'say "hi", all' },
    ],
    ['a line break in a name', `${header},name\n0,60,2,1,"two\nlines"\n`, { ...aRoom, name: 'two\nlines' }],
    ['an empty name', `${header},name\n0,60,2,1,\n`, aRoom],
  ])('may have %s', (_, text, room) => {
    expect(parseTrace(text, 'fine').rooms).toEqual([room]);
  });

  test('has a column for names only if there is one', () => {
    expect(formatTrace({ name: 'x', rooms: [aRoom] })).toBe(`${header}\n0,60,2,1\n`);
    const named = { ...aRoom, startS: 5, name: 'daily' };
    expect(formatTrace({ name: 'x', rooms: [aRoom, named] })).toBe(
      `${header},name\n0,60,2,1,\n5,60,2,1,daily\n`,
    );
  });
});

describe('a trace that cannot be used is refused in one sentence:', () => {
  const whole = (min: number, max: number) => `wanted a whole number from ${min} to ${max}.`;
  const startRange = whole(0, 316_224_000);
  const durationRange = whole(1, 31_622_400);
  const peopleRange = whole(1, 100_000);
  const headerWanted = `wanted the header ${header}.`;
  test.each<[string, string, string]>([
    ['nothing at all', '', `line 1: found the end of the file, ${headerWanted}`],
    ['only blank lines', '\n\n', `line 3: found the end of the file, ${headerWanted}`],
    ['only a header', `${header}\n`, 'line 2: found the end of the file, wanted at least one room.'],
    ['no header', '0,60,2,1\n', `line 1, column start_s: found "0", ${headerWanted}`],
    ['another header', 'begin,end\n1,2\n', `line 1, column start_s: found "begin", ${headerWanted}`],
    [
      'another order',
      'start_s,participants,duration_s,publishers\n',
      `line 1, column duration_s: found "participants", ${headerWanted}`,
    ],
    [
      'too few columns',
      'start_s,duration_s\n',
      `line 1, column participants: found no such column, ${headerWanted}`,
    ],
    [
      'semicolons',
      'start_s;duration_s;participants;publishers\n',
      `line 1, column start_s: found "start_s;duration_s;participants;publishe…", ${headerWanted}`,
    ],
    ['a JSON file', '{"rooms": []}', `line 1, column start_s: found "{\\"rooms\\": []}", ${headerWanted}`],
    ['a missing field', `${header}\n0,60,2\n`, 'line 2: found 3 fields, wanted 4 as in the header.'],
    ['a field too many', `${header}\n0,60,2,1,9\n`, 'line 2: found 5 fields, wanted 4 as in the header.'],
    ['an empty field', `${header}\n0,,2,1\n`, `line 2, column duration_s: found nothing, ${durationRange}`],
    ['a word', `${header}\nsoon,60,2,1\n`, `line 2, column start_s: found "soon", ${startRange}`],
    ['a fraction', `${header}\n0.5,60,2,1\n`, `line 2, column start_s: found "0.5", ${startRange}`],
    ['a negative start', `${header}\n-5,60,2,1\n`, `line 2, column start_s: found "-5", ${startRange}`],
    ['a date', `${header}\n2026-03-01,60,2,1\n`, `line 2, column start_s: found "2026-03-01", ${startRange}`],
    [
      'Unix time',
      `${header}\n1767225600,60,2,1\n`,
      `line 2, column start_s: found "1767225600", ${startRange}`,
    ],
    ['an exponent', `${header}\n0,1e3,2,1\n`, `line 2, column duration_s: found "1e3", ${durationRange}`],
    [
      'a room without length',
      `${header}\n0,0,2,1\n`,
      `line 2, column duration_s: found "0", ${durationRange}`,
    ],
    ['a negative length', `${header}\n0,-1,2,1\n`, `line 2, column duration_s: found "-1", ${durationRange}`],
    [
      'a room without anybody',
      `${header}\n0,60,0,0\n`,
      `line 2, column participants: found "0", ${peopleRange}`,
    ],
    [
      'a room for a country',
      `${header}\n0,60,5000000,1\n`,
      `line 2, column participants: found "5000000", ${peopleRange}`,
    ],
    [
      'a digit too many to count',
      `${header}\n0,60,2,99999999999999999999\n`,
      `line 2, column publishers: found "99999999999999999999", ${whole(0, 100_000)}`,
    ],
    [
      'more publishers than people',
      `${header}\n0,60,2,3\n`,
      "line 2, column publishers: found 3, wanted at most the row's 2 participants.",
    ],
    [
      'rows out of order',
      `${header}\n7,60,2,1\n9,60,2,1\n8,60,2,1\n`,
      'line 4, column start_s: found 8 after 9, wanted rows in the order of start_s; sort them, for example with "(head -n 1 FILE; tail -n +2 FILE | sort -t, -k1,1n) > SORTED".',
    ],
    [
      'an error after a name of two lines',
      `${header},name\n0,60,2,1,"two\nlines"\n1,60,x,1,\n`,
      `line 4, column participants: found "x", ${peopleRange}`,
    ],
    [
      'a quote that stays open',
      `${header},name\n0,60,2,1,"daily\n1,60,2,1,\n`,
      'line 2: found a quote that is never closed, wanted a closing quote.',
    ],
    [
      'a line without end',
      `${header}\n${'9'.repeat(70_000)}`,
      'line 2: found more than 65536 characters, wanted one row of a trace.',
    ],
    [
      'a control character',
      `${header}\n\u001b[31m,60,2,1\n`,
      `line 2, column start_s: found "\\u001b[31m", ${startRange}`,
    ],
  ])('%s', (_, text, sentence) => {
    expect(complaintOf(text)).toBe(`week.csv: ${sentence}`);
  });

  function complaintOf(text: string): string {
    try {
      parseTrace(text, 'week.csv');
    } catch (error) {
      return error instanceof TraceError ? error.message : `not a TraceError: ${String(error)}`;
    }
    return 'none';
  }

  test('and the place is there for programs too', () => {
    const error = new TraceError('found a, wanted b', { file: 'f', line: 3, column: 'start_s' });
    expect(error.place).toEqual({ file: 'f', line: 3, column: 'start_s' });
    expect(error.message).toBe('f: line 3, column start_s: found a, wanted b.');
    expect(new TraceError('found a, wanted b', { file: 'f' }).message).toBe('f: found a, wanted b.');
  });
});
