import { describe, expect, test } from '@jest/globals';
import { EventLog, EventLogError, eventLine, readEventLog } from '../../src/simulate/event-log.ts';
import type { SimEvent } from '../../src/simulate/events.ts';
import { measure } from '../../src/simulate/measures.ts';
import { aBusyHour, aRoom, aTrace, baseline, play } from './a-simulation.ts';

const lines: readonly (readonly [string, SimEvent])[] = [
  ['{"t":0,"e":"launch","node":"n1"}', { t: 0, e: 'launch', node: 'n1' }],
  ['{"t":20.5,"e":"ready","node":"n1"}', { t: 20.5, e: 'ready', node: 'n1' }],
  ['{"t":1.25,"e":"cordon","node":"n1"}', { t: 1.25, e: 'cordon', node: 'n1' }],
  ['{"t":2,"e":"uncordon","node":"n1"}', { t: 2, e: 'uncordon', node: 'n1' }],
  ['{"t":9,"e":"remove","node":"n1","cut":0}', { t: 9, e: 'remove', node: 'n1', cut: 0 }],
  [
    '{"t":9,"e":"remove","node":"n1","cut":3,"lost":true}',
    { t: 9, e: 'remove', node: 'n1', cut: 3, lost: true },
  ],
  ['{"t":3,"e":"room","room":"r1","node":"n1"}', { t: 3, e: 'room', room: 'r1', node: 'n1' }],
  ['{"t":3,"e":"load","room":"a \\"b\\"","n":2}', { t: 3, e: 'load', room: 'a "b"', n: 2 }],
  ['{"t":4,"e":"end","room":"r1"}', { t: 4, e: 'end', room: 'r1' }],
];

test.each(lines)('a line reads %s', (line, event) => {
  expect(eventLine(event)).toBe(line);
  expect([...readEventLog([line])]).toEqual([event]);
});

test('the lines of a whole simulation give back every event and the same figures', async () => {
  const { events, result } = await play({ trace: aBusyHour(40), capacity: 25 });
  let text = '';
  const log = new EventLog((piece) => (text += piece));
  for (const event of events) log.take(event);
  log.end();
  const read = [...readEventLog(text.split('\n'))];
  expect(read).toEqual(events);
  expect(result).toMatchObject(measure(read, 25));
}, 30_000);

test('text comes in pieces, the last one with the end', () => {
  const pieces: string[] = [];
  const log = new EventLog((piece) => pieces.push(piece));
  for (let at = 0; at < 5000; at += 1) log.take({ t: at, e: 'end', room: `r${at}` });
  log.end();
  log.end();
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.join('').split('\n')).toHaveLength(5001);
});

describe('a line that is no event is told by its number', () => {
  const bad = [
    'nonsense',
    '[]',
    '17',
    'null',
    '{"t":0}',
    '{"t":-1,"e":"end","room":"a"}',
    '{"t":"0","e":"end","room":"a"}',
    '{"t":0,"e":"toString","room":"a"}',
    '{"t":0,"e":"load","room":"a"}',
    '{"t":0,"e":"load","room":"","n":1}',
    '{"t":0,"e":"remove","node":"n1"}',
    '{"t":0,"e":"room","room":"a"}',
  ];
  test.each(bad)('%s', (line) => {
    const read = () => [...readEventLog(['{"t":0,"e":"end","room":"a"}', '', line])];
    expect(read).toThrow(EventLogError);
    expect(read).toThrow('line 3 is no event of a simulation');
  });
});

test('people who are cut come back in another room, whose life ends when theirs would have', async () => {
  const hasty = baseline('hpa');
  const { events, result } = await play({
    trace: aTrace(aRoom(0, 30_000, 6), aRoom(0, 600, 30), aRoom(0, 600, 30)),
    policy: hasty,
    capacity: 20,
    nodesMin: 1,
  });
  const again = events.filter((event) => event.e === 'room' && event.room.includes('~'));
  expect(result.rooms).toBe(3 + again.length);
  expect(events.at(-1)).toMatchObject({ t: 30_000, e: 'end' });
});
